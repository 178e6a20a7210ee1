package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// keeper holds the lease on the target for one run. A nil keeper stands for a run without leases.
type keeper struct {
	leases Leases
	ttl    time.Duration
	log    *slog.Logger

	mu    sync.Mutex
	lease Lease
}

// takeLease acquires the lease that d asks for.
func takeLease(ctx context.Context, d *Deps) (*keeper, error) {
	if d.Leases == nil {
		return nil, nil
	}
	l, err := d.Leases.Acquire(ctx, d.Target.Tenant().URL, d.Holder, d.LeaseTTL)
	if err != nil {
		return nil, fmt.Errorf("take the lease on the tenant: %w", err)
	}
	return &keeper{leases: d.Leases, ttl: d.LeaseTTL, log: d.Logger, lease: l}, nil
}

// current gives the lease as it was last renewed; the zero Lease in a run without leases.
func (k *keeper) current() Lease {
	if k == nil {
		return Lease{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lease
}

// check fails unless the lease still holds, and gives it; the zero Lease in a run without leases.
func (k *keeper) check(ctx context.Context) (Lease, error) {
	if k == nil {
		return Lease{}, nil
	}
	l := k.current()
	if err := k.leases.Check(ctx, l); err != nil {
		return Lease{}, fmt.Errorf("check the lease on the tenant: %w", err)
	}
	return l, nil
}

// renew extends the lease every third of its time until ctx ends, or tells lost once it is lost. Other
// failures are tried again: the lease outlives two of them.
func (k *keeper) renew(ctx context.Context, lost func(error)) {
	tick := time.NewTicker(k.ttl / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l, err := k.leases.Renew(context.WithoutCancel(ctx), k.current(), k.ttl)
		switch {
		case errors.Is(err, ErrLeaseLost):
			lost(fmt.Errorf("renew the lease on the tenant: %w", err))
			return
		case err != nil:
			k.log.WarnContext(ctx, "the lease on the tenant could not be renewed", "error", err)
		default:
			k.mu.Lock()
			k.lease = l
			k.mu.Unlock()
		}
	}
}

// release gives the lease back.
func (k *keeper) release(ctx context.Context) error {
	if k == nil {
		return nil
	}
	if err := k.leases.Release(ctx, k.current()); err != nil {
		return fmt.Errorf("release the lease on the tenant: %w", err)
	}
	return nil
}
