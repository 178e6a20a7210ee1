package bolt

import (
	"errors"
	"fmt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// Log implements directory.ReadTx.
func (r *snapshot) Log(after directory.Seq, limit int) (events []directory.Event, err error) {
	last, err := r.Last()
	if err == nil {
		err = aheadOf(after, last)
	}
	if err != nil {
		return nil, err
	}
	if r.prefix == nil {
		return nil, nil
	}
	if floor := directory.Seq(r.counter(counterFloor)); after < floor {
		return nil, fmt.Errorf("events after %d (kept: after %d): %w", after, floor, directory.ErrTrimmed)
	}
	size := 0
	low := r.key(store.SeqKey(uint64(after) + 1))
	for key, value := range r.walk(bucketLog, low, directory.KeyAfter(r.key()), false) {
		if len(events) >= limit || size > maxLogBytes {
			break
		}
		seq, _ := store.Seq(key[len(r.prefix):])
		e, err := store.DecodeEvent(directory.Seq(seq), value)
		if err != nil {
			return nil, err
		}
		events, size = append(events, e), size+len(value)
	}
	return events, r.ctx.Err()
}

// aheadOf says that no event has a reader's number yet.
func aheadOf(after, last directory.Seq) error {
	if after <= last {
		return nil
	}
	return fmt.Errorf("events after %d (the last is %d): %w", after, last, directory.ErrAhead)
}

// History implements directory.ReadTx. It follows the record's events from the last one back.
func (r *snapshot) History(id directory.ID, before directory.Seq, limit int) (events []directory.Event, err error) {
	if r.prefix == nil {
		return nil, nil
	}
	seq, err := r.lastOf(id)
	if err != nil {
		return nil, err
	}
	floor := directory.Seq(r.counter(counterFloor))
	if e, err := r.event(before); err == nil && e.ID == id && before > floor {
		seq = e.Prev // before is where the page above ended: no need to come from the end again
	}
	for n := 1; seq > floor && len(events) < limit; n++ {
		if n%checkEvery == 0 && r.ctx.Err() != nil {
			break
		}
		e, err := r.event(seq)
		if err != nil {
			return nil, err
		}
		if before == 0 || seq < before {
			events = append(events, e)
		}
		seq = e.Prev
	}
	return events, r.ctx.Err()
}

func (b *buckets) event(seq directory.Seq) (directory.Event, error) {
	return store.DecodeEvent(seq, b.bucket(bucketLog).Get(b.key(store.SeqKey(uint64(seq)))))
}

// lastOf finds the last event of a record that is there, deleted or purged; 0 where the id is unknown.
func (r *snapshot) lastOf(id directory.ID) (directory.Seq, error) {
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		if h, err := r.Header(kind, id); !errors.Is(err, directory.ErrNotFound) {
			return h.Last, err
		}
		if d, err := r.Deleted(kind, id); !errors.Is(err, directory.ErrNotFound) {
			return d.Last, err
		}
	}
	return r.purged(id), nil
}

// purged gives the last event of a record that is gone for good; 0 where there is none.
func (b *buckets) purged(id directory.ID) directory.Seq {
	if b.prefix == nil {
		return 0
	}
	return directory.Seq(number(b.bucket(bucketPurged).Get(b.key(id[:]))))
}

// tombstone gives the stored bytes of a deleted record; nil where there is none.
func (b *buckets) tombstone(kind directory.Kind, id directory.ID) []byte {
	if b.prefix == nil {
		return nil
	}
	return b.bucket(bucketDeleted).Get(b.key([]byte{byte(kind)}, id[:]))
}

// Deleted implements directory.ReadTx.
func (r *snapshot) Deleted(kind directory.Kind, id directory.ID) (directory.DeletedRecord, error) {
	raw := r.tombstone(kind, id)
	if raw == nil {
		return directory.DeletedRecord{}, directory.ErrNotFound
	}
	return store.DecodeDeleted(id, raw)
}

// AllDeleted implements directory.ReadTx.
func (r *snapshot) AllDeleted(kind directory.Kind, after directory.ID, limit int) (all []directory.DeletedRecord, err error) {
	if r.prefix == nil {
		return nil, nil
	}
	low := r.key([]byte{byte(kind)})
	high := directory.KeyAfter(low)
	if !after.IsZero() {
		low = r.key([]byte{byte(kind)}, after[:], []byte{0})
	}
	for key, value := range r.walk(bucketDeleted, low, high, false) {
		if len(all) >= limit {
			break
		}
		d, err := store.DecodeDeleted(lastID(key), value)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, r.ctx.Err()
}
