package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
	"sacbridge/internal/store/commit"
)

// Commit implements directory.Store.
func (s *directoryStore) Commit(ctx context.Context, source directory.SourceID, c directory.Change) (done directory.Committed, err error) {
	if s.closed.Load() {
		return done, fmt.Errorf("write %s: %w", s.db.path, ErrClosed)
	}
	err = s.db.commits.do(func(tx *bbolt.Tx) error {
		if err := ctx.Err(); err != nil {
			return refuse(err)
		}
		b := buckets{tx: tx, prefix: sourcePrefix(tx, source)}
		writes, err := commit.Plan(&planReader{b}, &c)
		if refused, ok := errors.AsType[*commit.Refusal](err); ok {
			return refuse(refused.Unwrap())
		}
		if err != nil {
			return err
		}
		done = writes.Answer
		return b.carryOut(source, writes)
	})
	if err != nil {
		return directory.Committed{}, err
	}
	if done.Seq > 0 {
		s.db.committed.notify()
	}
	return done, nil
}

// planReader reads a source for a plan: commit.Reader. The prefix is nil where the source was never written to.
type planReader struct{ buckets }

var _ commit.Reader = (*planReader)(nil)

// Record implements commit.Reader.
func (r *planReader) Record(kind directory.Kind, id directory.ID) (record directory.Record, found bool, err error) {
	raw := r.raw(kind, id)
	if raw == nil {
		return record, false, nil
	}
	record, err = store.DecodeRecord(id, raw)
	return record, err == nil, err
}

// Header implements commit.Reader.
func (r *planReader) Header(kind directory.Kind, id directory.ID) (h directory.Header, found bool, err error) {
	raw := r.raw(kind, id)
	if raw == nil {
		return h, false, nil
	}
	h, err = store.DecodeHeader(id, raw)
	return h, err == nil, err
}

// Holder implements commit.Reader.
func (r *planReader) Holder(index directory.Index, key []byte, other directory.ID) (holder directory.ID, found bool, err error) {
	if r.prefix == nil {
		return holder, false, nil
	}
	ix := indexOf(index)
	if ix.unique {
		value := r.bucket(ix.bucket).Get(r.key(key))
		copy(holder[:], value)
		return holder, value != nil && holder != other, nil
	}
	low := r.key(ix.kind, key, []byte{0})
	c := r.bucket(ix.bucket).Cursor()
	for key, _ := c.Seek(low); bytes.HasPrefix(key, low); key, _ = c.Next() {
		if holder = lastID(key); holder != other {
			return holder, true, nil
		}
	}
	return holder, false, nil
}

// HasMember implements commit.Reader.
func (r *planReader) HasMember(group, member directory.ID) (bool, error) {
	return r.prefix != nil && r.bucket(bucketMembers).Get(r.key(group[:], member[:])) != nil, nil
}

// Member implements commit.Reader.
func (r *planReader) Member(group, member directory.ID) (directory.MemberEdge, error) {
	return store.DecodeEdge(group, member, r.bucket(bucketMembers).Get(r.key(group[:], member[:])))
}

// Members implements commit.Reader.
func (r *planReader) Members(group directory.ID, limit int) ([]directory.ID, error) {
	return r.secondIDs(bucketMembers, group, limit), nil
}

// Groups implements commit.Reader.
func (r *planReader) Groups(member directory.ID) ([]directory.ID, error) {
	return r.secondIDs(bucketGroups, member, 0), nil
}

// secondIDs lists the second ids of the keys that begin with one, all where limit is 0.
func (r *planReader) secondIDs(bucket []byte, first directory.ID, limit int) (ids []directory.ID) {
	if r.prefix == nil {
		return nil
	}
	low := r.key(first[:])
	c := r.bucket(bucket).Cursor()
	for key, _ := c.Seek(low); bytes.HasPrefix(key, low) && (limit == 0 || len(ids) < limit); key, _ = c.Next() {
		ids = append(ids, lastID(key))
	}
	return ids
}

// Tombstone implements commit.Reader.
func (r *planReader) Tombstone(kind directory.Kind, id directory.ID) (d directory.DeletedRecord, found bool, err error) {
	raw := r.tombstone(kind, id)
	if raw == nil {
		return d, false, nil
	}
	d, err = store.DecodeDeleted(id, raw)
	return d, err == nil, err
}

// HasTombstone implements commit.Reader.
func (r *planReader) HasTombstone(kind directory.Kind, id directory.ID) (bool, error) {
	return r.tombstone(kind, id) != nil, nil
}

// Purged implements commit.Reader.
func (r *planReader) Purged(id directory.ID) (directory.Seq, error) { return r.purged(id), nil }

// Last implements commit.Reader.
func (r *planReader) Last() (directory.Seq, error) { return r.last(), nil }
