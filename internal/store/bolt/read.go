package bolt

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// maxLogBytes is how much of the feed one read gives at most: a group filled in one go makes an event of
// megabytes.
const maxLogBytes = 4 << 20

// checkEvery is after how many entries a long read looks whether its caller has gone.
const checkEvery = 1024

// snapshot is a snapshot of one source: directory.ReadTx.
type snapshot struct {
	buckets
	ctx context.Context
}

var _ directory.ReadTx = (*snapshot)(nil)

// raw gives the stored bytes of a record, valid while the transaction lasts.
func (b *buckets) raw(kind directory.Kind, id directory.ID) []byte {
	if b.prefix == nil {
		return nil
	}
	return b.bucket(recordBucket(kind)).Get(b.key(id[:]))
}

// Get implements directory.ReadTx.
func (r *snapshot) Get(kind directory.Kind, id directory.ID) (directory.Record, error) {
	raw := r.raw(kind, id)
	if raw == nil {
		return directory.Record{}, directory.ErrNotFound
	}
	record, err := store.DecodeRecord(id, raw)
	return record.Clone(), err
}

// Header implements directory.ReadTx.
func (r *snapshot) Header(kind directory.Kind, id directory.ID) (directory.Header, error) {
	raw := r.raw(kind, id)
	if raw == nil {
		return directory.Header{}, directory.ErrNotFound
	}
	return store.DecodeHeader(id, raw)
}

// Headers implements directory.ReadTx.
func (r *snapshot) Headers(kind directory.Kind, ids []directory.ID) ([]directory.Header, error) {
	headers := make([]directory.Header, 0, len(ids))
	for n, id := range ids {
		raw := r.raw(kind, id)
		if raw == nil {
			continue
		}
		h, err := store.DecodeHeader(id, raw)
		if err != nil {
			return nil, err
		}
		headers = append(headers, h)
		if n%checkEvery == checkEvery-1 && r.ctx.Err() != nil {
			break
		}
	}
	return headers, r.ctx.Err()
}

// Records implements directory.ReadTx.
func (r *snapshot) Records(kind directory.Kind, ids []directory.ID) ([]directory.Record, error) {
	records := make([]directory.Record, 0, len(ids))
	for n, id := range ids {
		raw := r.raw(kind, id)
		if raw == nil {
			continue
		}
		record, err := store.DecodeRecord(id, raw)
		if err != nil {
			return nil, err
		}
		records = append(records, record.Clone())
		if n%checkEvery == checkEvery-1 && r.ctx.Err() != nil {
			break
		}
	}
	return records, r.ctx.Err()
}

// Lookup implements directory.ReadTx.
func (r *snapshot) Lookup(ix directory.Index, key []byte) (directory.ID, error) {
	if kept := indexOf(ix); kept.unique && ix.Field != directory.ByID {
		return r.holder(kept, key)
	}
	for e, err := range r.Range(ix, directory.Span{From: key, To: append(bytes.Clone(key), 1), Limit: 1}) {
		return e.ID, err
	}
	return directory.ID{}, directory.ErrNotFound
}

// holder reads one entry of a unique index.
func (r *snapshot) holder(ix index, key []byte) (id directory.ID, err error) {
	if r.prefix == nil {
		return id, directory.ErrNotFound
	}
	value := r.bucket(ix.bucket).Get(r.key(key))
	if len(value) != store.IDLen {
		return id, directory.ErrNotFound
	}
	copy(id[:], value)
	return id, nil
}

// Range implements directory.ReadTx.
func (r *snapshot) Range(ix directory.Index, span directory.Span) iter.Seq2[directory.Entry, error] {
	kept := indexOf(ix)
	return func(yield func(directory.Entry, error) bool) {
		lead, n := len(r.prefix)+len(kept.kind), 0
		for key, value := range r.entries(kept, span.From, span.To, span.Desc) {
			if n++; n <= span.Skip {
				continue
			}
			e, ok := kept.decode(ix.Field, key[lead:], value)
			if !ok {
				yield(e, fmt.Errorf("index %s: key %x: %w", kept.bucket, key, store.ErrFormat))
				return
			}
			if !yield(e, nil) || n-span.Skip == span.Limit {
				return
			}
		}
		if err := r.ctx.Err(); err != nil {
			yield(directory.Entry{}, err)
		}
	}
}

// entries lists the entries of an index in a range. It stops early when the caller has gone.
func (r *snapshot) entries(ix index, from, to []byte, desc bool) iter.Seq2[[]byte, []byte] {
	if r.prefix == nil {
		return func(func([]byte, []byte) bool) {}
	}
	low, high := r.key(ix.kind, from), directory.KeyAfter(r.key(ix.kind))
	if to != nil {
		high = r.key(ix.kind, to)
	}
	return r.walk(ix.bucket, low, high, desc)
}

// walk lists the entries of a bucket from low (included) to high (excluded; nil is the end).
func (r *snapshot) walk(bucket, low, high []byte, desc bool) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := r.bucket(bucket).Cursor()
		key, value := seek(c, low, high, desc)
		for n := 1; key != nil && inRange(key, low, high); n++ {
			if n%checkEvery == 0 && r.ctx.Err() != nil || !yield(key, value) {
				return
			}
			if desc {
				key, value = c.Prev()
			} else {
				key, value = c.Next()
			}
		}
	}
}

func inRange(key, low, high []byte) bool {
	return bytes.Compare(key, low) >= 0 && (high == nil || bytes.Compare(key, high) < 0)
}

// seek puts a cursor on the first entry of a walk.
func seek(c *bbolt.Cursor, low, high []byte, desc bool) (key, value []byte) {
	if !desc {
		return c.Seek(low)
	}
	if high == nil {
		return c.Last()
	}
	if key, _ := c.Seek(high); key == nil {
		return c.Last()
	}
	return c.Prev()
}

// Scan implements directory.ReadTx.
func (r *snapshot) Scan(kind directory.Kind, after directory.ID, desc bool) iter.Seq2[directory.Record, error] {
	return func(yield func(directory.Record, error) bool) {
		ix := index{bucket: recordBucket(kind)}
		var from, to []byte
		if !after.IsZero() && desc {
			to = after[:]
		} else if !after.IsZero() {
			from = append(after[:], 0)
		}
		for key, value := range r.entries(ix, from, to, desc) {
			var id directory.ID
			copy(id[:], key[len(r.prefix):])
			record, err := store.DecodeRecord(id, value)
			if !yield(record, err) || err != nil {
				return
			}
		}
		if err := r.ctx.Err(); err != nil {
			yield(directory.Record{}, err)
		}
	}
}

// Count implements directory.ReadTx.
func (r *snapshot) Count(kind directory.Kind) (int64, error) {
	if r.prefix == nil {
		return 0, nil
	}
	return int64(r.counter(byte(kind))), nil //nolint:gosec // a number of records
}

// Last implements directory.ReadTx.
func (r *snapshot) Last() (directory.Seq, error) {
	return r.last(), nil
}

// last gives the number of the last event; 0 where there is none.
func (b *buckets) last() directory.Seq {
	if b.prefix == nil {
		return 0
	}
	return directory.Seq(b.counter(counterLast))
}
