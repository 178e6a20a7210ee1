package bolt

import (
	"fmt"
	"time"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// write puts a planned unit into its transaction. Every error is the file's.
func (u *unit) write() (done directory.Committed, err error) {
	if err := u.ensureSource(); err != nil {
		return done, err
	}
	last := u.count(markLast)
	events := u.settle(directory.Seq(last))
	for _, s := range u.states {
		if err := u.writeState(s); err != nil {
			return done, fmt.Errorf("write %s %s: %w", s.now.Kind, s.now.ID, err)
		}
	}
	if err := u.writeEdges(u.edges); err != nil {
		return done, err
	}
	if err := u.writeGraves(); err != nil {
		return done, err
	}
	for i := range events {
		done.Seq = events[i].Seq
		if err := u.grow(bucketLog).Put(u.key(store.SeqKey(uint64(done.Seq))), store.EncodeEvent(&events[i])); err != nil {
			return done, err
		}
	}
	if len(events) > 0 {
		if err := u.setCount(markLast, uint64(done.Seq)); err != nil {
			return done, err
		}
	}
	for _, s := range u.answers {
		done.Headers = append(done.Headers, s.now.Header)
	}
	for i := range u.purges {
		done.More = done.More || u.purges[i].more
	}
	done.Dropped = u.dropped
	return done, nil
}

// ensureSource gives a new source its prefix.
func (u *unit) ensureSource() error {
	if u.prefix != nil {
		return nil
	}
	sources := u.open(bucketSource)
	n, err := sources.NextSequence()
	if err != nil {
		return err
	}
	u.prefix = store.SeqKey(n)[4:]
	return sources.Put([]byte(u.source), u.prefix)
}

// settle numbers the revisions and makes the events from behind last on, deletions at the end.
func (u *unit) settle(last directory.Seq) (events []directory.Event) {
	at := moment(u.change.At)
	add := func(op directory.Op, h *directory.Header) *directory.Event {
		last++
		events = append(events, directory.Event{
			Seq: last, Prev: h.Last, At: at, By: u.change.By, Op: op, Kind: h.Kind, ID: h.ID, Revision: h.Revision,
		})
		h.Last = last
		return &events[len(events)-1]
	}
	for _, s := range u.states {
		if s.op == directory.Deleted || !s.put && len(s.delta) == 0 {
			continue
		}
		added, removed := s.idsOf(true), s.idsOf(false)
		s.now.Revision++
		s.now.Members += int64(len(added) - len(removed))
		s.now.Modified = later(at, s.now.Modified)
		e := add(s.op, &s.now.Header)
		e.Changed, e.Added, e.Removed = s.changed, added, removed
	}
	for i := range u.buried {
		add(directory.Deleted, &u.buried[i].Header)
	}
	for i := range u.purges {
		if !u.purges[i].more {
			add(directory.Purged, &u.purges[i].deleted.Header)
		}
	}
	return events
}

// later gives at, or the first moment after before where the clock has not moved on.
func later(at, before time.Time) time.Time {
	if at.After(before) {
		return at
	}
	return before.Add(time.Millisecond)
}

// writeState writes one record, its index lines, its memberships and the count of its kind.
func (u *unit) writeState(s *state) error {
	kind, id := s.now.Kind, s.now.ID
	if s.op == directory.Deleted {
		if err := u.writeIndexes(&s.old.Header, nil); err != nil {
			return err
		}
		if err := u.open(recordBucket(kind)).Delete(u.key(id[:])); err != nil {
			return err
		}
		return u.addCount(kind, -1)
	}
	if !s.put && len(s.delta) == 0 {
		return nil
	}
	var old *directory.Header
	if s.existed {
		old = &s.old.Header
	} else {
		if err := u.addCount(kind, 1); err != nil {
			return err
		}
		if err := u.open(bucketPurged).Delete(u.key(id[:])); err != nil {
			return err
		}
	}
	if err := u.writeIndexes(old, &s.now.Header); err != nil {
		return err
	}
	if err := u.grow(recordBucket(kind)).Put(u.key(id[:]), store.EncodeRecord(&s.now)); err != nil {
		return err
	}
	edges := make([]edgeWrite, 0, len(s.delta))
	for _, w := range s.delta {
		edges = append(edges, w)
	}
	return u.writeEdges(edges)
}

func (u *unit) addCount(kind directory.Kind, n int64) error {
	return u.setCount(byte(kind), u.count(byte(kind))+uint64(n)) //nolint:gosec // wraps to a subtraction
}

// writeIndexes writes the lines that differ between two headers; nil has none.
func (u *unit) writeIndexes(old, now *directory.Header) error {
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
			key, _ := ix.line(&u.buckets, e.Key, old.ID)
			if err := u.open(ix.bucket).Delete(key); err != nil {
				return err
			}
		}
	}
	for _, e := range after {
		if hasEntry(before, e) {
			continue
		}
		ix := indexOf(directory.Index{Kind: kind, Field: e.Field})
		key, value := ix.line(&u.buckets, e.Key, now.ID)
		bucket := u.sorted(ix.bucket)
		if e.Field == directory.ByModified {
			bucket = u.grow(ix.bucket)
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

// writeGraves writes the deleted records that come and removes those that were raised or purged.
func (u *unit) writeGraves() error {
	graves := u.open(bucketDeleted)
	for i := range u.buried {
		d := &u.buried[i]
		if err := graves.Put(u.key([]byte{byte(d.Kind)}, d.ID[:]), store.EncodeDeleted(d)); err != nil {
			return err
		}
	}
	for _, s := range u.raised {
		if err := graves.Delete(u.key([]byte{byte(s.now.Kind)}, s.now.ID[:])); err != nil {
			return err
		}
	}
	for i := range u.purges {
		if err := u.writePurge(&u.purges[i]); err != nil {
			return err
		}
	}
	return nil
}
