package engine

import (
	"context"
	"errors"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// Resume goes on with a run that did not come to its end, by the beginning of its ID. Its plan was approved when it
// started. connect gives the operation for the tenants that the plan speaks of, of which what is wanted, the guards and
// the approval do not count. The report's error is [apply.ErrFinished] where there is nothing to do; otherwise it is
// like Change.
func (e *Engine) Resume(ctx context.Context, prefix string, connect func(*plan.Plan) (Operation, error)) (_ *Report, err error) {
	id, j, err := e.openRun(ctx, prefix)
	if err != nil {
		return &Report{}, err
	}
	carried := false
	defer func() {
		if !carried {
			err = errors.Join(err, j.Close())
		}
	}()
	p, err := apply.StoredPlan(ctx, j)
	if err != nil {
		return &Report{}, wrap("read run "+id, err)
	}
	op, err := connect(p)
	if err != nil {
		return &Report{}, err
	}
	x := e.newExecution(&op)
	x.runID, x.resumes, x.rep.Plan = id, true, p
	if err := x.prepareToResume(ctx); err != nil {
		return x.rep, err
	}
	defer x.releaseLease(ctx)
	carried = true
	return x.rep, x.carryOut(ctx, j, apply.Resume)
}

// prepareToResume checks everything that needs no call, and takes the lease.
func (x *execution) prepareToResume(ctx context.Context) error {
	if err := stillAllowed(x.rep.Plan, x.op.Rules.Protect); err != nil {
		return err
	}
	if err := x.e.precheck(ctx, x.op); err != nil {
		return err
	}
	if err := x.reclaimLease(ctx); err != nil {
		return notStarted(ctx, err)
	}
	return notStarted(ctx, x.acquireLease(ctx))
}
