package engine

import (
	"context"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// recheck finds out whether the plan of the report, which was made some time ago, may still be applied: nothing that
// it was decided from has changed, nothing that it changes has been protected since, and other runs have not used up
// the guards' window.
func (x *execution) recheck(ctx context.Context) error {
	p := x.rep.Plan
	stale, err := findStale(ctx, x.op, p)
	x.countReads()
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		x.rep.Stale = stale
		return &StaleError{stale}
	}
	if err := stillAllowed(p, x.op.Rules.Protect); err != nil {
		return err
	}
	x.rep.ApplyTime = apply.EstimateTime(p, x.op.To.Conn)
	return x.judge(ctx, p)
}

// FindStale reads what p was decided from once more and tells what is not as it was. It writes nothing and takes no
// lease. Of the operation only the endpoints and the observer count.
func (e *Engine) FindStale(ctx context.Context, op Operation, p *plan.Plan) ([]plan.Stale, error) {
	return findStale(ctx, e.newExecution(&op).op, p)
}

func findStale(ctx context.Context, op *Operation, p *plan.Plan) ([]plan.Stale, error) {
	defer op.Observer.Begin(Checking, op.From, op.To)()
	again := *op
	again.Request = FixedRequest(p.Request)
	r, err := read(ctx, &again)
	if err != nil {
		return nil, err
	}
	return p.FindStale(r.source, r.target), nil
}

// stillAllowed refuses a plan that changes what has been protected since it was made.
func stillAllowed(p *plan.Plan, protect plan.Protect) error {
	if hits := p.ProtectedChanges(protect); len(hits) > 0 {
		return &ProtectedError{hits}
	}
	return nil
}
