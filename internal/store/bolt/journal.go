package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"sacbridge/internal/apply"
	"sacbridge/internal/store"
)

// The buckets of a journal: the run, and by sequence number what was intended and what became of it.
var (
	bucketRun     = []byte("run")
	bucketIntent  = []byte("intent")
	bucketOutcome = []byte("outcome")

	keyHeader = []byte("header")
	keyPlan   = []byte("plan")
	keyEnd    = []byte("end")
)

// recordsPage is how many records one read transaction gives, so that a slow reader holds no pages.
const recordsPage = 256

// journal is the journal of the run that a file holds.
type journal struct {
	db     *DB
	leases apply.Leases // where they are not in the file itself
	closed atomic.Bool
}

// update makes a durable write.
func (j *journal) update(ctx context.Context, fn func(tx *bbolt.Tx) error) error {
	if err := j.usable(ctx); err != nil {
		return err
	}
	return j.db.commits.do(fn)
}

func (j *journal) view(ctx context.Context, fn func(tx *bbolt.Tx) error) error {
	if err := j.usable(ctx); err != nil {
		return err
	}
	return j.db.view(fn)
}

// updateUnder makes a durable write unless lease l is over or outdated. Leases in the same file are looked at in
// the transaction of the write; others right before, since no lock of another file may be held while this one syncs:
// a process that is stopped then would keep everybody from every tenant.
func (j *journal) updateUnder(ctx context.Context, l apply.Lease, fn func(tx *bbolt.Tx) error) error {
	switch {
	case l == apply.Lease{}:
		return j.update(ctx, fn)
	case j.leases != nil:
		if err := j.usable(ctx); err != nil {
			return err
		}
		if err := j.leases.Check(ctx, l); err != nil {
			return fmt.Errorf("journal %s: %w", j.db.path, err)
		}
		return j.update(ctx, fn)
	}
	return j.update(ctx, func(tx *bbolt.Tx) error {
		if err := checkLease(tx, l, j.db.now()); err != nil {
			return refuse(fmt.Errorf("journal %s: %w", j.db.path, err))
		}
		return fn(tx)
	})
}

// usable fails where the journal is closed or the caller has gone.
func (j *journal) usable(ctx context.Context) error {
	err := ctx.Err()
	if j.closed.Load() {
		err = ErrClosed
	}
	if err != nil {
		return fmt.Errorf("journal %s: %w", j.db.path, err)
	}
	return nil
}

// Begin implements apply.Journal.
func (j *journal) Begin(ctx context.Context, h apply.Header, encodedPlan []byte) error {
	header, err := store.Encode(h)
	if err != nil {
		return err
	}
	return j.update(ctx, func(tx *bbolt.Tx) error {
		if tx.Bucket(bucketRun) != nil {
			return refuse(fmt.Errorf("%s: %w", j.db.path, apply.ErrJournalUsed))
		}
		var run *bbolt.Bucket
		var errs []error
		for _, name := range [][]byte{bucketIntent, bucketOutcome, bucketRun} {
			b, err := tx.CreateBucket(name)
			run, errs = b, append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		return errors.Join(run.Put(keyHeader, header), run.Put(keyPlan, encodedPlan))
	})
}

// get reads a copy of one value of the run; ErrNoRun where there is no run.
func (j *journal) get(ctx context.Context, key []byte) (value []byte, err error) {
	err = j.view(ctx, func(tx *bbolt.Tx) error {
		run := tx.Bucket(bucketRun)
		if run == nil {
			return fmt.Errorf("%s: %w", j.db.path, apply.ErrNoRun)
		}
		value = bytes.Clone(run.Get(key))
		return nil
	})
	return value, err
}

// Header implements apply.Journal.
func (j *journal) Header(ctx context.Context) (h apply.Header, err error) {
	value, err := j.get(ctx, keyHeader)
	if err != nil {
		return h, err
	}
	return h, store.Decode(value, &h)
}

// Plan implements apply.Journal.
func (j *journal) Plan(ctx context.Context) ([]byte, error) { return j.get(ctx, keyPlan) }

// Intend implements apply.Journal.
func (j *journal) Intend(ctx context.Context, l apply.Lease, r apply.Record) (seq uint64, err error) {
	r.Seq, r.Fence, r.Settled, r.Outcomes = 0, l.Fence, false, nil
	value, err := store.Encode(r)
	if err != nil {
		return 0, err
	}
	err = j.updateUnder(ctx, l, func(tx *bbolt.Tx) error {
		b, err := j.bucket(tx, bucketIntent)
		if err != nil {
			return err
		}
		if seq, err = b.NextSequence(); err != nil {
			return err
		}
		return b.Put(store.SeqKey(seq), value)
	})
	if err != nil {
		return 0, err
	}
	return seq, nil
}

// bucket gives a bucket that only ever grows at its end, so that its pages can be filled.
func (j *journal) bucket(tx *bbolt.Tx, name []byte) (*bbolt.Bucket, error) {
	b := tx.Bucket(name)
	if b == nil {
		return nil, refuse(fmt.Errorf("%s: %w", j.db.path, apply.ErrNoRun))
	}
	b.FillPercent = 1
	return b, nil
}

// errSettled says that a record has its outcome already.
var errSettled = errors.New("the record is settled")

// Settle implements apply.Journal. The lease is looked at only where an outcome is to be replaced.
func (j *journal) Settle(ctx context.Context, l apply.Lease, seq uint64, outcomes []apply.ItemOutcome) error {
	value, err := store.Encode(outcomes)
	if err != nil {
		return err
	}
	err = j.update(ctx, func(tx *bbolt.Tx) error { return j.putOutcome(tx, seq, value, false) })
	if !errors.Is(err, errSettled) {
		return err
	}
	return j.updateUnder(ctx, l, func(tx *bbolt.Tx) error { return j.putOutcome(tx, seq, value, true) })
}

// putOutcome stores what became of an intended call.
func (j *journal) putOutcome(tx *bbolt.Tx, seq uint64, value []byte, replace bool) error {
	key := store.SeqKey(seq)
	intents, err := j.bucket(tx, bucketIntent)
	if err != nil {
		return err
	}
	if intents.Get(key) == nil {
		return refuse(fmt.Errorf("%s: no record %d to settle", j.db.path, seq))
	}
	b, err := j.bucket(tx, bucketOutcome)
	if err != nil {
		return err
	}
	if !replace && b.Get(key) != nil {
		return refuse(errSettled)
	}
	return b.Put(key, value)
}

// Finish implements apply.Journal.
func (j *journal) Finish(ctx context.Context, end apply.End) error {
	value, err := store.Encode(end)
	if err != nil {
		return err
	}
	return j.update(ctx, func(tx *bbolt.Tx) error {
		b, err := j.bucket(tx, bucketRun)
		if err != nil {
			return err
		}
		return b.Put(keyEnd, value)
	})
}

// Records implements apply.Journal. It reads page by page, so yield may take its time and write.
func (j *journal) Records(ctx context.Context, yield func(apply.Record) bool) error {
	for next := uint64(1); ; {
		page, err := j.page(ctx, next)
		if err != nil {
			return err
		}
		for i := range page {
			if !yield(page[i]) {
				return nil
			}
		}
		if len(page) < recordsPage {
			return nil
		}
		next = page[len(page)-1].Seq + 1
	}
}

// page reads records from sequence number next on.
func (j *journal) page(ctx context.Context, next uint64) (page []apply.Record, err error) {
	err = j.view(ctx, func(tx *bbolt.Tx) error {
		intents, outcomes := tx.Bucket(bucketIntent), tx.Bucket(bucketOutcome)
		if intents == nil || outcomes == nil {
			return fmt.Errorf("%s: %w", j.db.path, apply.ErrNoRun)
		}
		c := intents.Cursor()
		for key, value := c.Seek(store.SeqKey(next)); key != nil && len(page) < recordsPage; key, value = c.Next() {
			r, err := decodeRecord(key, value, outcomes.Get(key))
			if err != nil {
				return fmt.Errorf("%s: %w", j.db.path, err)
			}
			page = append(page, r)
		}
		return nil
	})
	return page, err
}

// decodeRecord joins an intent with its outcomes, which are nil where it is not settled.
func decodeRecord(key, intent, outcomes []byte) (r apply.Record, err error) {
	seq, ok := store.Seq(key)
	if !ok {
		return r, fmt.Errorf("record key %x: %w", key, store.ErrFormat)
	}
	if err := store.Decode(intent, &r); err != nil {
		return r, fmt.Errorf("record %d: %w", seq, err)
	}
	r.Seq = seq
	if outcomes == nil {
		return r, nil
	}
	r.Settled = true
	if err := store.Decode(outcomes, &r.Outcomes); err != nil {
		return r, fmt.Errorf("outcomes of record %d: %w", seq, err)
	}
	return r, nil
}

// End implements apply.Journal.
func (j *journal) End(ctx context.Context) (end apply.End, ok bool, err error) {
	value, err := j.get(ctx, keyEnd)
	if err != nil || value == nil {
		return end, false, err
	}
	err = store.Decode(value, &end)
	return end, err == nil, err
}

// Close implements apply.Journal. The file stays open until DB.Close.
func (j *journal) Close() error {
	j.closed.Store(true)
	return nil
}
