package bolt

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// directoryStore is the directory that a file holds.
type directoryStore struct {
	db       *DB
	closed   atomic.Bool
	prefixes sync.Map // of sources that were read before: a prefix never changes
}

// Directory gives the directory that the file holds, and makes its buckets where there are none. Where
// the rules of folding have changed since the indexes were made, they are made anew, after a backup.
func (db *DB) Directory() (directory.Store, error) {
	if err := db.prepareDirectory(); err != nil {
		return nil, explain(db.path, "open the directory of", err)
	}
	return &directoryStore{db: db}, nil
}

// View implements directory.Store.
func (s *directoryStore) View(ctx context.Context, source directory.SourceID, fn func(directory.ReadTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return fmt.Errorf("read %s: %w", s.db.path, ErrClosed)
	}
	return s.db.view(func(tx *bbolt.Tx) error {
		return fn(&snapshot{buckets: buckets{tx: tx, prefix: s.prefixOf(tx, source)}, ctx: ctx})
	})
}

// Get implements directory.Store.
func (s *directoryStore) Get(ctx context.Context, source directory.SourceID, kind directory.Kind, id directory.ID) (r directory.Record, err error) {
	err = s.View(ctx, source, func(tx directory.ReadTx) error {
		r, err = tx.Get(kind, id)
		return err
	})
	return r, err
}

// Find implements directory.Store.
func (s *directoryStore) Find(ctx context.Context, source directory.SourceID, ix directory.Index, key []byte) (r directory.Record, err error) {
	err = s.View(ctx, source, func(tx directory.ReadTx) error {
		id, err := tx.Lookup(ix, key)
		if err != nil {
			return err
		}
		r, err = tx.Get(ix.Kind, id)
		return err
	})
	return r, err
}

// Sources implements directory.Store.
func (s *directoryStore) Sources(ctx context.Context) (all []directory.SourceID, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.closed.Load() {
		return nil, fmt.Errorf("read %s: %w", s.db.path, ErrClosed)
	}
	err = s.db.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketSource).ForEach(func(name, _ []byte) error {
			all = append(all, directory.SourceID(name))
			return nil
		})
	})
	return all, err
}

// prefixOf gives the prefix of a source in a snapshot, and keeps it. A snapshot taken before a source was first
// written to finds nothing under its prefix.
func (s *directoryStore) prefixOf(tx *bbolt.Tx, source directory.SourceID) []byte {
	if kept, ok := s.prefixes.Load(source); ok {
		return kept.([]byte) //nolint:forcetypeassert // the only type kept
	}
	prefix := bytes.Clone(sourcePrefix(tx, source))
	if prefix != nil {
		s.prefixes.Store(source, prefix)
	}
	return prefix
}

// Wait implements directory.Store.
func (s *directoryStore) Wait(ctx context.Context, source directory.SourceID, after directory.Seq) (last directory.Seq, err error) {
	for {
		changed := s.db.committed.next()
		err := s.View(ctx, source, func(tx directory.ReadTx) (err error) {
			last, err = tx.Last()
			return err
		})
		if err == nil {
			err = aheadOf(after, last)
		}
		if err != nil {
			return 0, err
		}
		if last > after {
			return last, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Trim implements directory.Store.
func (s *directoryStore) Trim(ctx context.Context, source directory.SourceID, before time.Time, limit int) (more bool, err error) {
	if s.closed.Load() {
		return false, fmt.Errorf("write %s: %w", s.db.path, ErrClosed)
	}
	err = s.db.commits.do(func(tx *bbolt.Tx) error {
		if err := ctx.Err(); err != nil {
			return refuse(err)
		}
		b := buckets{tx: tx, prefix: sourcePrefix(tx, source)}
		if b.prefix == nil {
			return nil
		}
		old, err := b.eventsBefore(before, limit)
		if err != nil || len(old) == 0 {
			return err
		}
		more = len(old) == limit
		return b.forget(old)
	})
	return more, err
}

// eventsBefore lists the oldest events from before a moment.
func (b *buckets) eventsBefore(before time.Time, limit int) (old []directory.Event, err error) {
	c := b.bucket(bucketLog).Cursor()
	for key, value := c.Seek(b.prefix); bytes.HasPrefix(key, b.prefix) && len(old) < limit; key, value = c.Next() {
		seq, _ := store.Seq(key[len(b.prefix):])
		e, err := store.DecodeEvent(directory.Seq(seq), value)
		if err != nil {
			return nil, err
		}
		if !e.At.Before(before) {
			break
		}
		old = append(old, e)
	}
	return old, nil
}

// forget removes events from the feed, and with them from the history of their records.
func (b *buckets) forget(old []directory.Event) error {
	for i := range old {
		e := &old[i]
		if err := b.bucket(bucketLog).Delete(b.key(store.SeqKey(uint64(e.Seq)))); err != nil {
			return err
		}
		if e.Op == directory.Purged && b.purged(e.ID) == e.Seq {
			if err := b.bucket(bucketPurged).Delete(b.key(e.ID[:])); err != nil {
				return err
			}
		}
	}
	return b.setCounter(counterFloor, uint64(old[len(old)-1].Seq))
}

// Backup implements directory.Store.
func (s *directoryStore) Backup(ctx context.Context, w io.Writer) error {
	return s.db.Backup(ctx, w)
}

// Close implements directory.Store. Whoever waits is told; the file stays open until DB.Close.
func (s *directoryStore) Close() error {
	s.closed.Store(true)
	s.db.committed.notify()
	return nil
}
