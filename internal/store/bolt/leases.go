package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/apply"
	"sacbridge/internal/store"
)

var bucketLease = []byte("lease")

// ErrLeaseFile says that the file of leases cannot be read. It has no backup and needs none.
var ErrLeaseFile = errors.New("the lease file is damaged, or it is not one of sacbridge: end every program that uses it, then remove the file; " +
	"it holds nothing but who may write to which tenant, and what was learnt about tenants")

// leaseTimeout is how long one operation on a lease file waits for the others', which take milliseconds.
const leaseTimeout = 5 * time.Second

// leases keeps one entry per tenant: its last lease. A released one stays with Expires zero, so that
// fencing numbers only ever grow.
type leases struct {
	write func(fn func(tx *bbolt.Tx) error) error
	read  func(fn func(tx *bbolt.Tx) error) error
	now   func() time.Time
}

// update changes the lease of a tenant, unless the caller has gone.
func (s *leases) update(ctx context.Context, tenant string, fn func(tx *bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("lease of %s: %w", tenant, err)
	}
	return s.write(fn)
}

// stored gives a tenant's last lease, unless the caller has gone.
func (s *leases) stored(ctx context.Context, tenant string) (l apply.Lease, err error) {
	if err := ctx.Err(); err != nil {
		return l, fmt.Errorf("lease of %s: %w", tenant, err)
	}
	err = s.read(func(tx *bbolt.Tx) (err error) {
		l, err = readLease(tx, tenant)
		return err
	})
	return l, err
}

// LeaseFile gives the leases in the file at path, by the clock now. The file is opened for the moment of
// each operation, so that several processes can share it; it is created by the first Acquire.
func LeaseFile(path string, now func() time.Time) apply.Leases {
	f := &leaseFile{path: path, timeout: leaseTimeout}
	return &leases{write: f.update, read: f.view, now: now}
}

// leaseFile is a file that is open only while an operation lasts.
type leaseFile struct {
	path    string
	timeout time.Duration // how long to wait for other processes
	mu      sync.Mutex    // goroutines queue here, for the file's own lock is polled
}

// open opens the file, or says what to do about it.
func (f *leaseFile) open(o *bbolt.Options) (*bbolt.DB, error) {
	o.Timeout = f.timeout
	file, err := openFile(f.path, o)
	switch {
	case errors.Is(err, ErrInUse):
		return nil, fmt.Errorf("open %s: %w for longer than any use takes: a program was stopped in the middle of one (Ctrl-Z, SIGSTOP, a paused "+
			"machine); let it go on (fg, kill -CONT) or end it", f.path, ErrInUse)
	case isDamage(err):
		return nil, fmt.Errorf("open %s: %w", f.path, ErrLeaseFile)
	}
	return file, err
}

func (f *leaseFile) update(fn func(tx *bbolt.Tx) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.open(&bbolt.Options{})
	if err != nil {
		return err
	}
	err = file.Update(fn)
	if refused, ok := errors.AsType[*refusal](err); ok {
		err = refused.err
	} else if err != nil {
		err = explain(f.path, "write", err)
	}
	return errors.Join(err, file.Close())
}

// view reads a file that need not exist: fn does not run then.
func (f *leaseFile) view(fn func(tx *bbolt.Tx) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if info, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	file, err := f.open(&bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(file.View(fn), file.Close())
}

// Acquire implements apply.Leases.
func (s *leases) Acquire(ctx context.Context, tenant, holder string, ttl time.Duration) (l apply.Lease, err error) {
	err = s.update(ctx, tenant, func(tx *bbolt.Tx) error {
		old, err := readLease(tx, tenant)
		if err != nil {
			return err
		}
		now := s.now()
		if now.Before(old.Expires) {
			return refuse(&apply.LeaseHeldError{Lease: old})
		}
		l = apply.Lease{Tenant: tenant, Holder: holder, Fence: old.Fence + 1, Expires: now.Add(ttl)}
		return writeLease(tx, l)
	})
	return l, err
}

// Holder implements apply.Leases.
func (s *leases) Holder(ctx context.Context, tenant string) (l apply.Lease, ok bool, err error) {
	l, err = s.stored(ctx, tenant)
	return l, err == nil && s.now().Before(l.Expires), err
}

// Renew implements apply.Leases. A lease that has run out can be renewed as long as nobody else came.
func (s *leases) Renew(ctx context.Context, l apply.Lease, ttl time.Duration) (apply.Lease, error) {
	err := s.update(ctx, l.Tenant, func(tx *bbolt.Tx) error {
		stored, err := readLease(tx, l.Tenant)
		if err != nil {
			return err
		}
		if !isSame(stored, l) {
			return refuse(apply.ErrLeaseLost)
		}
		l.Expires = s.now().Add(ttl)
		return writeLease(tx, l)
	})
	return l, err
}

// Check implements apply.Leases.
func (s *leases) Check(ctx context.Context, l apply.Lease) error {
	stored, err := s.stored(ctx, l.Tenant)
	if err != nil {
		return err
	}
	return holds(stored, l, s.now())
}

// checkLease fails with ErrLeaseLost where l, of leases in the same file, is outdated or over at now.
func checkLease(tx *bbolt.Tx, l apply.Lease, now time.Time) error {
	stored, err := readLease(tx, l.Tenant)
	if err != nil {
		return err
	}
	return holds(stored, l, now)
}

// holds fails with ErrLeaseLost unless l is the stored lease and lasts at now.
func holds(stored, l apply.Lease, now time.Time) error {
	if !isSame(stored, l) || !now.Before(stored.Expires) {
		return apply.ErrLeaseLost
	}
	return nil
}

// Release implements apply.Leases.
func (s *leases) Release(ctx context.Context, l apply.Lease) error {
	return s.update(ctx, l.Tenant, func(tx *bbolt.Tx) error {
		stored, err := readLease(tx, l.Tenant)
		if err != nil || !isSame(stored, l) {
			return err
		}
		stored.Expires = time.Time{}
		return writeLease(tx, stored)
	})
}

// isSame reports whether l is the stored lease, given out and not released.
func isSame(stored, l apply.Lease) bool {
	return stored.Fence == l.Fence && stored.Holder == l.Holder && !stored.Expires.IsZero()
}

// readLease gives a tenant's last lease; the zero lease where there never was one.
func readLease(tx *bbolt.Tx, tenant string) (l apply.Lease, err error) {
	b := tx.Bucket(bucketLease)
	if b == nil {
		return l, nil
	}
	value := b.Get([]byte(store.Fold(tenant)))
	if value == nil {
		return l, nil
	}
	if err := store.Decode(value, &l); err != nil {
		return l, fmt.Errorf("lease of %s: %w", tenant, err)
	}
	return l, nil
}

func writeLease(tx *bbolt.Tx, l apply.Lease) error {
	b, err := tx.CreateBucketIfNotExists(bucketLease)
	if err != nil {
		return err
	}
	value, err := store.Encode(l)
	if err != nil {
		return err
	}
	return b.Put([]byte(store.Fold(l.Tenant)), value)
}
