package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sacbridge/internal/upstream"
)

// DefaultLeaseTTL is how long a lease lasts unless it is renewed, which happens three times as often.
const DefaultLeaseTTL = 60 * time.Second

// pollLease is how often a waiting holder asks whether a lease has become free.
const pollLease = time.Second

// HeldLease is the right to write to one tenant. It renews itself until Release, and is lost for good
// once another holder has come. All methods are safe for concurrent use; on nil, which stands for a
// tenant that nobody else writes to, they allow everything.
type HeldLease struct {
	leases Leases
	ttl    time.Duration
	clock  clock

	renewing sync.Mutex // one renewal at a time

	mu     sync.Mutex
	lease  Lease
	asked  upstream.Moment // when the call was made that took or renewed the lease last
	failed error           // of the renewals since
	cause  error           // why the lease is lost
	lost   chan struct{}

	stop    context.CancelFunc
	renewal sync.WaitGroup
	release sync.Once
}

// Hold takes the lease of a tenant, or fails with a *LeaseHeldError. The holder says who this is, for others
// that find the tenant leased, such as "transport run 0190… on host1 (pid 17)". The lease must be
// released; the end of ctx does not end it.
func Hold(ctx context.Context, leases Leases, tenantURL, holder string, ttl time.Duration) (*HeldLease, error) {
	return hold(ctx, leases, tenantURL, holder, ttl, upstream.Now)
}

func hold(ctx context.Context, leases Leases, tenantURL, holder string, ttl time.Duration, c clock) (*HeldLease, error) {
	if ttl <= 0 {
		ttl = DefaultLeaseTTL
	}
	h := &HeldLease{leases: leases, ttl: ttl, clock: c, asked: c(), lost: make(chan struct{})}
	var err error
	if h.lease, err = leases.Acquire(ctx, tenantURL, holder, ttl); err != nil {
		return nil, fmt.Errorf("take the lease on the tenant: %w", err)
	}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	h.renewal.Go(func() { h.renewUntil(keep) })
	return h, nil
}

// HoldWithin is Hold, but waits at most patience for a lease that somebody else has. It calls told with
// each holder that it waits for, once.
func HoldWithin(ctx context.Context, leases Leases, tenantURL, holder string, ttl, patience time.Duration, told func(Lease)) (*HeldLease, error) {
	over := time.NewTimer(patience)
	defer over.Stop()
	poll := time.NewTicker(pollLease)
	defer poll.Stop()
	var waitsFor uint64
	for {
		h, err := Hold(ctx, leases, tenantURL, holder, ttl)
		held, ok := errors.AsType[*LeaseHeldError](err)
		if !ok || patience <= 0 {
			return h, err
		}
		if held.Lease.Fence != waitsFor && told != nil {
			told(held.Lease)
		}
		waitsFor = held.Lease.Fence
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the lease on the tenant: %w", context.Cause(ctx))
		case <-over.C:
			return nil, err
		case <-poll.C:
		}
	}
}

// Current gives the lease as it was renewed last.
func (h *HeldLease) Current() Lease {
	if h == nil {
		return Lease{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lease
}

// Lost is closed once somebody else may write to the tenant. Err says why then.
func (h *HeldLease) Lost() <-chan struct{} {
	if h == nil {
		return nil
	}
	return h.lost
}

// Err says why the lease is lost; nil as long as it is not.
func (h *HeldLease) Err() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cause
}

// Check is nil where a write may be sent at this very moment: no other holder has come, and the lease has
// time left. A process that was stopped past the end of its lease gets ErrLeaseLost even where nobody
// came; Ensure then says whether the lease can be had again.
func (h *HeldLease) Check(ctx context.Context) error {
	if h == nil {
		return nil
	}
	if err := h.inTime(); err != nil {
		return err
	}
	if err := h.leases.Check(ctx, h.Current()); err != nil {
		return fmt.Errorf("check the lease on the tenant: %w", err)
	}
	return h.inTime() // the process may have been stopped while it looked
}

// Ensure is Check for the beginning of a piece of work: it renews a lease whose time is over as long as
// nobody else has come.
func (h *HeldLease) Ensure(ctx context.Context) error {
	if h.Check(ctx) == nil {
		return nil
	}
	h.renew(ctx)
	return h.Check(ctx)
}

// Release stops the renewal and gives the lease back. Releasing a lease that is lost does nothing.
func (h *HeldLease) Release(ctx context.Context) error {
	if h == nil {
		return nil
	}
	var err error
	h.release.Do(func() {
		h.stop()
		h.renewal.Wait()
		if err = h.leases.Release(ctx, h.Current()); err != nil {
			err = fmt.Errorf("release the lease on the tenant: %w", err)
		}
		h.lose(fmt.Errorf("%w: it was given back", ErrLeaseLost))
	})
	return err
}

// inTime fails where the lease is lost, or may be over. A twentieth of its time stays unused, for what
// is permitted still has to be sent.
func (h *HeldLease) inTime() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cause != nil {
		return h.cause
	}
	passed := h.asked.Until(h.clock())
	if passed < h.ttl-h.ttl/20 {
		return nil
	}
	err := fmt.Errorf("%w: it was not renewed for %s", ErrLeaseLost, passed.Round(time.Millisecond))
	if h.failed != nil {
		err = fmt.Errorf("%w: %w", err, h.failed)
	}
	return err
}

// renewUntil extends the lease every third of its time until ctx ends or the lease is lost.
func (h *HeldLease) renewUntil(ctx context.Context) {
	tick := time.NewTicker(h.ttl / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.lost:
			return
		case <-tick.C:
			h.renew(ctx)
		}
	}
}

// renew extends the lease. A failure other than a new holder's is tried again: the lease outlives two.
func (h *HeldLease) renew(ctx context.Context) {
	h.renewing.Lock()
	defer h.renewing.Unlock()
	asked := h.clock()
	l, err := h.leases.Renew(ctx, h.Current(), h.ttl)
	if errors.Is(err, ErrLeaseLost) {
		h.lose(fmt.Errorf("renew the lease on the tenant: %w", err))
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
	if err == nil {
		h.lease, h.asked = l, asked
	}
}

// lose ends the lease for good.
func (h *HeldLease) lose(cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cause == nil {
		h.cause = cause
		close(h.lost)
	}
}

// clock reads two clocks at once.
type clock func() upstream.Moment
