package bolt

import (
	"fmt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
	"sacbridge/internal/store/commit"
)

// carryOut writes what a plan says. Every error is the file's.
func (b *buckets) carryOut(source directory.SourceID, w *commit.Writes) error {
	if err := b.ensureSource(source); err != nil {
		return err
	}
	for i := range w.Records {
		if err := b.writeRecord(&w.Records[i]); err != nil {
			return err
		}
	}
	if err := b.writeMembers(w.Members); err != nil {
		return err
	}
	if err := b.writeTombstones(w); err != nil {
		return err
	}
	return b.writeEvents(w.Events)
}

// ensureSource gives a new source its prefix.
func (b *buckets) ensureSource(source directory.SourceID) error {
	if b.prefix != nil {
		return nil
	}
	sources := b.bucket(bucketSource)
	n, err := sources.NextSequence()
	if err != nil {
		return err
	}
	b.prefix = store.SeqKey(n)[4:]
	return sources.Put([]byte(source), b.prefix)
}

// writeRecord writes one record, its index entries and the count of its kind.
func (b *buckets) writeRecord(w *commit.RecordWrite) error {
	if w.After == nil {
		return b.removeRecord(w.Before)
	}
	kind, id := w.After.Kind, w.After.ID
	if w.Before == nil {
		if err := b.addCount(kind, 1); err != nil {
			return err
		}
		if err := b.bucket(bucketPurged).Delete(b.key(id[:])); err != nil {
			return err
		}
	}
	if err := b.writeIndexes(w.Before, &w.After.Header); err != nil {
		return fmt.Errorf("write %s %s: %w", kind, id, err)
	}
	return b.appending(recordBucket(kind)).Put(b.key(id[:]), store.EncodeRecord(w.After))
}

func (b *buckets) removeRecord(h *directory.Header) error {
	if err := b.writeIndexes(h, nil); err != nil {
		return fmt.Errorf("remove %s %s: %w", h.Kind, h.ID, err)
	}
	if err := b.bucket(recordBucket(h.Kind)).Delete(b.key(h.ID[:])); err != nil {
		return err
	}
	return b.addCount(h.Kind, -1)
}

func (b *buckets) addCount(kind directory.Kind, n int64) error {
	return b.setCounter(byte(kind), b.counter(byte(kind))+uint64(n)) //nolint:gosec // wraps to a subtraction
}

// writeIndexes writes the entries that differ between two headers; nil has none.
func (b *buckets) writeIndexes(old, now *directory.Header) error {
	var before, after []directory.IndexEntry
	kind := directory.User
	if old != nil {
		before, kind = old.Entries(), old.Kind
	}
	if now != nil {
		after, kind = now.Entries(), now.Kind
	}
	for _, e := range before {
		if !hasEntry(after, e) {
			ix := indexOf(directory.Index{Kind: kind, Field: e.Field})
			key, _ := ix.encode(b, e.Key, old.ID)
			if err := b.bucket(ix.bucket).Delete(key); err != nil {
				return err
			}
		}
	}
	for _, e := range after {
		if hasEntry(before, e) {
			continue
		}
		ix := indexOf(directory.Index{Kind: kind, Field: e.Field})
		key, value := ix.encode(b, e.Key, now.ID)
		bucket := b.unordered(ix.bucket)
		if e.Field == directory.ByModified {
			bucket = b.appending(ix.bucket)
		}
		if err := bucket.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

func hasEntry(entries []directory.IndexEntry, e directory.IndexEntry) bool {
	for i := range entries {
		if entries[i].Field == e.Field && string(entries[i].Key) == string(e.Key) {
			return true
		}
	}
	return false
}

// writeMembers writes memberships in both directions. They come sorted, which keeps neighbours on one page.
func (b *buckets) writeMembers(writes []commit.MemberWrite) error {
	members, groups := b.bucket(bucketMembers), b.bucket(bucketGroups)
	for i := range writes {
		w := &writes[i]
		forth, back := b.key(w.Group[:], w.Member[:]), b.key(w.Member[:], w.Group[:])
		if w.Add {
			if err := members.Put(forth, store.EncodeEdge(w.MemberEdge)); err != nil {
				return err
			}
			if err := groups.Put(back, nil); err != nil {
				return err
			}
			continue
		}
		if err := members.Delete(forth); err != nil {
			return err
		}
		if err := groups.Delete(back); err != nil {
			return err
		}
	}
	return nil
}

// writeTombstones writes the deleted records that come, and removes those that were restored or purged.
func (b *buckets) writeTombstones(w *commit.Writes) error {
	bucket := b.bucket(bucketDeleted)
	for i := range w.Tombstones {
		d := &w.Tombstones[i]
		if err := bucket.Put(b.key([]byte{byte(d.Kind)}, d.ID[:]), store.EncodeDeleted(d)); err != nil {
			return err
		}
	}
	for _, gone := range w.NoLonger {
		if err := bucket.Delete(b.key([]byte{byte(gone.Kind)}, gone.ID[:])); err != nil {
			return err
		}
	}
	for _, p := range w.Purged {
		if err := b.bucket(bucketPurged).Put(b.key(p.ID[:]), store.SeqKey(uint64(p.Last))); err != nil {
			return err
		}
	}
	return nil
}

// writeEvents appends to the feed.
func (b *buckets) writeEvents(events []directory.Event) error {
	for i := range events {
		if err := b.appending(bucketLog).Put(b.key(store.SeqKey(uint64(events[i].Seq))), store.EncodeEvent(&events[i])); err != nil {
			return err
		}
	}
	if n := len(events); n > 0 {
		return b.setCounter(counterLast, uint64(events[n-1].Seq))
	}
	return nil
}
