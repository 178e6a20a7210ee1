package bolt

import (
	"fmt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// Log implements directory.ReadTx.
func (r *reading) Log(after directory.Seq, limit int) (events []directory.Event, err error) {
	if r.prefix == nil {
		return nil, nil
	}
	if floor := directory.Seq(r.count(markFloor)); after < floor {
		return nil, fmt.Errorf("events after %d (kept: after %d): %w", after, floor, directory.ErrTrimmed)
	}
	size := 0
	low := r.key(store.SeqKey(uint64(after) + 1))
	for key, value := range r.walk(bucketLog, low, next(r.key()), false) {
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

// History implements directory.ReadTx.
func (r *reading) History(id directory.ID, before directory.Seq, limit int) (events []directory.Event, err error) {
	if r.prefix == nil {
		return nil, nil
	}
	low := r.key(id[:])
	high := next(low)
	if before > 0 {
		high = r.key(id[:], store.SeqKey(uint64(before)))
	}
	log := r.open(bucketLog)
	for key := range r.walk(bucketHistory, low, high, true) {
		if len(events) >= limit {
			break
		}
		seq, _ := store.Seq(key[len(low):])
		e, err := store.DecodeEvent(directory.Seq(seq), log.Get(r.key(store.SeqKey(seq))))
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, r.ctx.Err()
}

// Deleted implements directory.ReadTx.
func (r *reading) Deleted(kind directory.Kind, id directory.ID) (directory.DeletedRecord, error) {
	if r.prefix == nil {
		return directory.DeletedRecord{}, directory.ErrNotFound
	}
	raw := r.open(bucketDeleted).Get(r.key([]byte{byte(kind)}, id[:]))
	if raw == nil {
		return directory.DeletedRecord{}, directory.ErrNotFound
	}
	return store.DecodeDeleted(id, raw)
}

// AllDeleted implements directory.ReadTx.
func (r *reading) AllDeleted(kind directory.Kind, after directory.ID, limit int) (all []directory.DeletedRecord, err error) {
	if r.prefix == nil {
		return nil, nil
	}
	low := r.key([]byte{byte(kind)})
	high := next(low)
	if !after.IsZero() {
		low = r.key([]byte{byte(kind)}, after[:], []byte{0})
	}
	for key, value := range r.walk(bucketDeleted, low, high, false) {
		if len(all) >= limit {
			break
		}
		d, err := store.DecodeDeleted(tail(key), value)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, r.ctx.Err()
}
