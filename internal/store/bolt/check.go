package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// maxFaults is how many faults a report lists; the others are counted.
const maxFaults = 1000

// Check implements directory.Store.
func (s *directoryStore) Check(ctx context.Context) (directory.Report, error) { return s.db.Check(ctx) }

// Check compares everything the directory in the file keeps twice: records with index entries, memberships in both
// directions, counters with what they count, the feed with the histories that it holds. It reads one snapshot while
// others go on writing. A file without a directory has no faults.
func (db *DB) Check(ctx context.Context) (directory.Report, error) {
	var report directory.Report
	err := db.view(func(tx *bbolt.Tx) error {
		for _, name := range directoryBuckets() {
			if tx.Bucket(name) == nil {
				return nil
			}
		}
		sources := tx.Bucket(bucketSource).Cursor()
		for name, prefix := sources.First(); name != nil; name, prefix = sources.Next() {
			c := &sourceCheck{
				snapshot: snapshot{buckets: buckets{tx: tx, prefix: bytes.Clone(prefix)}, ctx: ctx},
				source:   directory.SourceID(name), report: &report, inHistory: bits{},
			}
			c.all()
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return unowned(tx, &report)
	})
	if err != nil {
		return report, fmt.Errorf("check %s: %w", db.path, err)
	}
	return report, nil
}

// sourceCheck is the check of one source.
type sourceCheck struct {
	snapshot
	source    directory.SourceID
	report    *directory.Report
	inHistory bits // the events that a record or a later event leads to
}

func (c *sourceCheck) fault(kind directory.FaultKind, bucket, key []byte, detail string, args ...any) {
	addFault(c.report, directory.Fault{
		Kind: kind, Source: c.source, Where: string(bucket), Key: fmt.Sprintf("%x", key), Detail: fmt.Sprintf(detail, args...),
	})
}

func addFault(report *directory.Report, f directory.Fault) {
	if len(report.Faults) >= maxFaults {
		report.More++
		return
	}
	report.Faults = append(report.Faults, f)
}

func (c *sourceCheck) all() {
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		c.records(kind)
		for _, field := range [...]directory.Field{directory.ByName, directory.ByExternalID, directory.ByEmail, directory.ByModified} {
			if kind == directory.User || field != directory.ByEmail {
				c.index(directory.Index{Kind: kind, Field: field})
			}
		}
	}
	c.members()
	c.groups()
	c.deleted()
	c.feed()
}

// each lists the entries of a bucket that belong to the source.
func (c *sourceCheck) each(bucket []byte, fn func(key, value []byte)) {
	for key, value := range c.walk(bucket, c.prefix, directory.KeyAfter(c.prefix), false) {
		fn(key, value)
	}
}

// records compares each record with its index entries, and the counters with the records.
func (c *sourceCheck) records(kind directory.Kind) {
	bucket := recordBucket(kind)
	found := int64(0)
	c.each(bucket, func(key, value []byte) {
		found++
		record, err := store.DecodeRecord(lastID(key), value)
		if err != nil || record.Kind != kind || len(key) != len(c.prefix)+store.IDLen {
			c.fault(directory.FaultUnreadable, bucket, key, "the record cannot be read: %v", err)
			return
		}
		if !json.Valid(record.JSON) {
			c.fault(directory.FaultUnreadable, bucket, key, "the resource is no JSON")
		}
		c.follow(record.Last, record.ID, bucket, key)
		for _, e := range record.Entries() {
			ix := indexOf(directory.Index{Kind: kind, Field: e.Field})
			k, v := ix.encode(&c.buckets, e.Key, record.ID)
			if at, got := c.bucket(ix.bucket).Cursor().Seek(k); !bytes.Equal(at, k) || ix.unique && !bytes.Equal(got, v) {
				c.fault(directory.FaultMissingIndex, ix.bucket, k, "%s %s is not listed", kind, record.ID)
			}
		}
		if kind == directory.Group {
			c.memberCount(&record.Header)
		}
	})
	c.report.Records += found
	if counted, _ := c.Count(kind); counted != found {
		c.fault(directory.FaultCount, bucketCount, c.key([]byte{byte(kind)}), "%d of kind %s are counted, %d are there", counted, kind, found)
	}
}

func (c *sourceCheck) memberCount(h *directory.Header) {
	found := int64(0)
	low := c.key(h.ID[:])
	for range c.walk(bucketMembers, low, directory.KeyAfter(low), false) {
		found++
	}
	if found != h.Members {
		c.fault(directory.FaultCount, bucketGroup, low, "%d members are counted, %d are there", h.Members, found)
	}
}

// index looks for the record of each index entry.
func (c *sourceCheck) index(ix directory.Index) {
	kept := indexOf(ix)
	low := c.key(kept.kind)
	for key, value := range c.walk(kept.bucket, low, directory.KeyAfter(low), false) {
		e, ok := kept.decode(ix.Field, key[len(low):], value)
		if !ok {
			c.fault(directory.FaultUnreadable, kept.bucket, key, "the key cannot be read")
			continue
		}
		h, err := c.Header(ix.Kind, e.ID)
		if err != nil || !hasEntry(h.Entries(), directory.IndexEntry{Field: ix.Field, Key: e.Key}) {
			c.fault(directory.FaultOrphanIndex, kept.bucket, key, "%s %s has no such value", ix.Kind, e.ID)
		}
	}
}

// members compares each membership with its other direction and with the records it joins.
func (c *sourceCheck) members() {
	c.each(bucketMembers, func(key, value []byte) {
		c.report.Edges++
		group, member, ok := c.pair(key)
		e, err := store.DecodeEdge(group, member, value)
		if !ok || err != nil {
			c.fault(directory.FaultUnreadable, bucketMembers, key, "the membership cannot be read")
			return
		}
		back := c.key(member[:], group[:])
		if at, _ := c.bucket(bucketGroups).Cursor().Seek(back); !bytes.Equal(at, back) {
			c.fault(directory.FaultLoneEdge, bucketMembers, key, "member %s does not know group %s", member, group)
		}
		if c.raw(directory.Group, group) == nil && c.tombstone(directory.Group, group) == nil {
			c.fault(directory.FaultStrangeEdge, bucketMembers, key, "there is no group %s", group)
		}
		if c.raw(e.Kind, member) == nil {
			c.fault(directory.FaultStrangeEdge, bucketMembers, key, "there is no %s %s", e.Kind, member)
		}
	})
}

// groups compares the other direction.
func (c *sourceCheck) groups() {
	c.each(bucketGroups, func(key, _ []byte) {
		member, group, ok := c.pair(key)
		if !ok {
			c.fault(directory.FaultUnreadable, bucketGroups, key, "the membership cannot be read")
		} else if c.bucket(bucketMembers).Get(c.key(group[:], member[:])) == nil {
			c.fault(directory.FaultLoneEdge, bucketGroups, key, "group %s does not know member %s", group, member)
		}
	})
}

// pair parts a key of gm or mg.
func (c *sourceCheck) pair(key []byte) (first, second directory.ID, ok bool) {
	rest := key[len(c.prefix):]
	if len(rest) != 2*store.IDLen {
		return first, second, false
	}
	copy(first[:], rest)
	copy(second[:], rest[store.IDLen:])
	return first, second, true
}

func (c *sourceCheck) deleted() {
	c.each(bucketDeleted, func(key, value []byte) {
		d, err := store.DecodeDeleted(lastID(key), value)
		switch {
		case err != nil:
			c.fault(directory.FaultUnreadable, bucketDeleted, key, "the deleted record cannot be read: %v", err)
		case c.raw(d.Kind, d.ID) != nil:
			c.fault(directory.FaultOrphanIndex, bucketDeleted, key, "%s %s is deleted and there", d.Kind, d.ID)
		default:
			c.follow(d.Last, d.ID, bucketDeleted, key)
		}
	})
}

// unowned looks for entries that belong to no source.
func unowned(tx *bbolt.Tx, report *directory.Report) error {
	known := map[string]bool{}
	err := tx.Bucket(bucketSource).ForEach(func(_, prefix []byte) error {
		known[string(prefix)] = true
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range directoryBuckets()[1:] {
		c := tx.Bucket(name).Cursor()
		for key, _ := c.First(); key != nil; {
			prefix := bytes.Clone(key[:min(len(key), 4)])
			if !known[string(prefix)] && !bytes.Equal(key, keyOwnPage) {
				addFault(report, directory.Fault{Kind: directory.FaultUnreadable, Where: string(name), Key: fmt.Sprintf("%x", key), Detail: "the key belongs to no source"})
			}
			if key = nil; directory.KeyAfter(prefix) != nil {
				key, _ = c.Seek(directory.KeyAfter(prefix))
			}
		}
	}
	return nil
}
