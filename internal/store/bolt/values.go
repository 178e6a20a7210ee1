package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"sacbridge/internal/store"
)

// bucketTokens holds the bearer tokens of the bridge's sources by their hash.
var bucketTokens = []byte("token")

// bucketFacts holds what was learnt about tenants, by their addresses.
var bucketFacts = []byte("facts")

// values is one bucket of values: store.Values.
type values struct {
	write  func(fn func(tx *bbolt.Tx) error) error
	read   func(fn func(tx *bbolt.Tx) error) error
	bucket []byte
	// version counts in memory where no other process has the file; nil: the bucket itself counts.
	version *atomic.Uint64
}

// Tokens gives the place for the bearer tokens of the bridge's sources.
func (db *DB) Tokens() store.Values {
	return &values{write: db.commits.do, read: db.view, bucket: bucketTokens, version: &db.tokenVersion}
}

// FactsFile gives the place for what was learnt about tenants, in the file of leases at path. Like [LeaseFile] it has
// the file open for the moment of each operation, and the first write creates it.
func FactsFile(path string) store.Values {
	f := &leaseFile{path: path, timeout: leaseTimeout}
	return &values{write: f.update, read: f.view, bucket: bucketFacts}
}

// update makes a durable write to the bucket, unless the caller has gone.
func (v *values) update(ctx context.Context, write func(*bbolt.Bucket) error) error {
	return v.write(func(tx *bbolt.Tx) error {
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
	found := false
	err := v.read(func(tx *bbolt.Tx) error {
		b := tx.Bucket(v.bucket)
		if b == nil {
			return nil
		}
		record := b.Get([]byte(key))
		if found = record != nil; !found {
			return nil
		}
		return v.reader([]byte(key), record)(into)
	})
	if err == nil && !found {
		return store.ErrNoValue
	}
	return err
}

// Put implements store.Values.
func (v *values) Put(ctx context.Context, key string, value any) error {
	record, err := store.Encode(value)
	if err != nil {
		return err
	}
	return v.changed(v.update(ctx, func(b *bbolt.Bucket) error { return errors.Join(v.count(b), b.Put([]byte(key), record)) }))
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
		return errors.Join(v.count(b), b.Delete([]byte(key)))
	}))
}

// count notes a write in the bucket, where that is what counts.
func (v *values) count(b *bbolt.Bucket) error {
	if v.version != nil {
		return nil
	}
	_, err := b.NextSequence()
	return err
}

// changed counts a write that succeeded, where memory is what counts.
func (v *values) changed(err error) error {
	if err == nil && v.version != nil {
		v.version.Add(1)
	}
	return err
}

// Version implements store.Values.
func (v *values) Version(ctx context.Context) (version uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if v.version != nil {
		return v.version.Load(), nil
	}
	err = v.read(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(v.bucket); b != nil {
			version = b.Sequence()
		}
		return nil
	})
	return version, err
}

// Each implements store.Values.
func (v *values) Each(ctx context.Context, visit func(key string, read func(into any) error) error) error {
	return v.read(func(tx *bbolt.Tx) error {
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
