package engine

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/apply"
)

// acquireLease acquires the lease of the target, which stands before the first read of a plan that is to be applied.
func (x *execution) acquireLease(ctx context.Context) (err error) {
	if x.op.PlanOnly {
		return nil
	}
	if x.runID == "" {
		if x.runID, err = newID(); err != nil {
			return err
		}
	}
	x.lease, err = apply.HoldWithin(ctx, x.e.d.Leases, x.op.To.Tenant().URL, x.e.holder(x.runID), apply.DefaultLeaseTTL, x.op.Wait, x.op.Observer.WaitingForLease)
	return err
}

// releaseLease releases the lease, also where ctx has ended. One that cannot be released expires by itself.
func (x *execution) releaseLease(ctx context.Context) {
	if err := x.lease.Release(context.WithoutCancel(ctx)); err != nil {
		x.e.d.Logger.WarnContext(ctx, "the lease on the tenant runs out by itself", "error", err)
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
// engine's time for questions: then it is released, so that a forgotten question locks nobody out. An answer after
// that, or after the lease was lost for another reason, acquires it again and has the plan checked like a saved one, for
// anybody may have written meanwhile. Where nobody is asked, and so nobody has looked at the plan since, it is not
// applied.
func (x *execution) approve(ctx context.Context) error {
	if x.op.Approve != nil {
		if err := x.ask(ctx); err != nil {
			return err
		}
	}
	err := x.lease.Ensure(ctx)
	switch {
	case err == nil || !errors.Is(err, apply.ErrLeaseLost):
		return err
	case x.op.Approve == nil:
		return &LeaseLostError{err}
	}
	return x.reacquireLease(ctx)
}

// ask waits for an answer, and releases the lease where it does not come in time.
func (x *execution) ask(ctx context.Context) error {
	answered := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.limitQuestion(ctx, answered)
	}()
	err := x.op.Approve(ctx, x.rep.Plan)
	close(answered)
	<-done
	return err
}

// limitQuestion releases the lease where the question is not answered in time.
func (x *execution) limitQuestion(ctx context.Context, answered <-chan struct{}) {
	timer := time.NewTimer(x.e.d.QuestionTime)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
		x.releaseLease(ctx)
		x.op.Observer.LeaseReleased(x.e.d.QuestionTime)
	}
}

// reacquireLease acquires the lease again after others could have had it.
func (x *execution) reacquireLease(ctx context.Context) error {
	if err := x.acquireLease(ctx); err != nil {
		return err
	}
	if err := x.recheck(ctx); err != nil {
		return err
	}
	return refusal(x.rep.Plan)
}
