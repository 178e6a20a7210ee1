package engine

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/apply"
)

// takeLease takes the lease of the target, which stands before the first read of a plan that is to be applied.
func (c *change) takeLease(ctx context.Context) (err error) {
	if c.w.PlanOnly {
		return nil
	}
	if c.runID == "" {
		if c.runID, err = newID(); err != nil {
			return err
		}
	}
	c.lease, err = apply.HoldWithin(ctx, c.e.d.Leases, c.w.To.Tenant().URL, c.e.holder(c.runID), apply.DefaultLeaseTTL, c.w.Wait, c.w.Observer.Waiting)
	return err
}

// giveLeaseBack gives the lease back, also where ctx has ended. One that cannot be given back runs out by itself.
func (c *change) giveLeaseBack(ctx context.Context) {
	if err := c.lease.Release(context.WithoutCancel(ctx)); err != nil {
		c.e.d.Logger.WarnContext(ctx, "the lease on the tenant runs out by itself", "error", err)
	}
}

// CheckFree fails with an *apply.LeaseHeldError where somebody is writing to the tenant now.
func (e *Engine) CheckFree(ctx context.Context, tenantURL string) error {
	l, held, err := e.d.Leases.Holder(ctx, tenantURL)
	if err != nil {
		return wrap("look who is writing to "+tenantURL, err)
	}
	if held {
		return &apply.LeaseHeldError{Lease: l}
	}
	return nil
}

// approve asks whether to go on, where anybody is to be asked. The lease is held meanwhile, but not for longer than the
// engine's patience: then it is given back, so that a forgotten question locks nobody out. Where it was lost, by that or
// for another reason, also while the plan was being made, it is taken anew and the plan checked like a saved one, for
// anybody may have written meanwhile.
func (c *change) approve(ctx context.Context) error {
	if c.w.Approve != nil {
		if err := c.ask(ctx); err != nil {
			return err
		}
	}
	err := c.lease.Ensure(ctx)
	if err == nil || !errors.Is(err, apply.ErrLeaseLost) {
		return err
	}
	return c.startAnew(ctx)
}

// ask waits for an answer, and gives the lease back where it does not come in time.
func (c *change) ask(ctx context.Context) error {
	answered := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.limitQuestion(ctx, answered)
	}()
	err := c.w.Approve(ctx, c.rep.Plan)
	close(answered)
	<-done
	return err
}

// limitQuestion gives the lease back where the question is not answered in time.
func (c *change) limitQuestion(ctx context.Context, answered <-chan struct{}) {
	timer := time.NewTimer(c.e.d.Patience)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
		c.giveLeaseBack(ctx)
		c.w.Observer.GaveBack(c.e.d.Patience)
	}
}

// startAnew takes the lease again after others could have had it.
func (c *change) startAnew(ctx context.Context) error {
	if err := c.takeLease(ctx); err != nil {
		return err
	}
	if err := c.recheck(ctx); err != nil {
		return err
	}
	return verdict(c.rep.Plan)
}
