package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"sacbridge/internal/store"
)

// bucketTokens holds the bearer tokens of the bridge's sources by their hash.
var bucketTokens = []byte("token")

// values is one bucket of values: store.Values.
type values struct {
	db     *DB
	bucket []byte
}

// Tokens gives the place for the bearer tokens of the bridge's sources.
func (db *DB) Tokens() store.Values { return &values{db, bucketTokens} }

// Put implements store.Values.
func (v *values) Put(ctx context.Context, key string, value any) error {
	record, err := store.Encode(value)
	if err != nil {
		return err
	}
	return v.db.commits.do(func(tx *bbolt.Tx) error {
		if err := ctx.Err(); err != nil {
			return refuse(err)
		}
		b, err := tx.CreateBucketIfNotExists(v.bucket)
		if err != nil {
			return err
		}
		return b.Put([]byte(key), record)
	})
}

// Delete implements store.Values.
func (v *values) Delete(ctx context.Context, key string) error {
	return v.db.commits.do(func(tx *bbolt.Tx) error {
		if err := ctx.Err(); err != nil {
			return refuse(err)
		}
		if b := tx.Bucket(v.bucket); b != nil {
			return b.Delete([]byte(key))
		}
		return nil
	})
}

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
			return visit(string(key), func(into any) error {
				if err := store.Decode(record, into); err != nil {
					return fmt.Errorf("%s %q: %w", v.bucket, key, err)
				}
				return nil
			})
		})
	})
}
