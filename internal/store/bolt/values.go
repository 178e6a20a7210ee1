package bolt

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"sacbridge/internal/store"
)

// bucketTokens holds the bearer tokens of the bridge's sources by their hash.
var bucketTokens = []byte("token")

// values is one bucket of values: store.Values.
type values struct {
	db      *DB
	bucket  []byte
	version *atomic.Uint64 // in memory, for no other process has the file
}

// Tokens gives the place for the bearer tokens of the bridge's sources.
func (db *DB) Tokens() store.Values { return &values{db, bucketTokens, &db.tokenVersion} }

// update makes a durable write to the bucket, unless the caller has gone.
func (v *values) update(ctx context.Context, write func(*bbolt.Bucket) error) error {
	return v.db.commits.do(func(tx *bbolt.Tx) error {
		if err := ctx.Err(); err != nil {
			return refuse(err)
		}
		b, err := tx.CreateBucketIfNotExists(v.bucket)
		if err != nil {
			return err
		}
		return write(b)
	})
}

// reader gives the function that decodes a value.
func (v *values) reader(key, record []byte) func(into any) error {
	return func(into any) error {
		if err := store.Decode(record, into); err != nil {
			return fmt.Errorf("%s %q: %w", v.bucket, key, err)
		}
		return nil
	}
}

// Get implements store.Values.
func (v *values) Get(ctx context.Context, key string, into any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return v.db.view(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(v.bucket); b != nil {
			if record := b.Get([]byte(key)); record != nil {
				return v.reader([]byte(key), record)(into)
			}
		}
		return store.ErrNoValue
	})
}

// Put implements store.Values.
func (v *values) Put(ctx context.Context, key string, value any) error {
	record, err := store.Encode(value)
	if err != nil {
		return err
	}
	return v.changed(v.update(ctx, func(b *bbolt.Bucket) error { return b.Put([]byte(key), record) }))
}

// Update implements store.Values.
func (v *values) Update(ctx context.Context, key string, change func(read func(into any) error) (any, error)) error {
	return v.update(ctx, func(b *bbolt.Bucket) error {
		old := b.Get([]byte(key))
		if old == nil {
			return refuse(store.ErrNoValue)
		}
		value, err := change(v.reader([]byte(key), old))
		if err != nil {
			return refuse(err)
		}
		record, err := store.Encode(value)
		if err != nil {
			return refuse(err)
		}
		return b.Put([]byte(key), record)
	})
}

// Delete implements store.Values.
func (v *values) Delete(ctx context.Context, key string) error {
	return v.changed(v.update(ctx, func(b *bbolt.Bucket) error {
		if b.Get([]byte(key)) == nil {
			return refuse(store.ErrNoValue)
		}
		return b.Delete([]byte(key))
	}))
}

// changed counts a write that succeeded.
func (v *values) changed(err error) error {
	if err == nil {
		v.version.Add(1)
	}
	return err
}

// Version implements store.Values.
func (v *values) Version(ctx context.Context) (uint64, error) { return v.version.Load(), ctx.Err() }

// Each implements store.Values.
func (v *values) Each(ctx context.Context, visit func(key string, read func(into any) error) error) error {
	return v.db.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(v.bucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(key, record []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return visit(string(key), v.reader(key, record))
		})
	})
}
