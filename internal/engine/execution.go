package engine

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// execution is one operation under way.
type execution struct {
	e       *Engine
	op      *Operation
	rep     *Report
	runID   string           // of the run that applies the plan
	resumes bool             // that run was begun earlier
	lease   *apply.HeldLease // on the target; nil where the plan is not to be applied
	calls   int              // that both sides had made before
}

func (e *Engine) newExecution(op *Operation) *execution {
	if op.Observer == nil {
		op.Observer = noObserver{}
	}
	return &execution{e: e, op: op, rep: &Report{}, calls: op.From.calls() + op.To.calls()}
}

// Change makes a plan of what is wanted and, unless op is for the plan only, applies it. The lease of the target is
// held from before the first read to the end. The report is never nil. The error is nil where all was done, or
// nothing was to do; else it says what kept the operation from that: a *NotStartedError, an *apply.LeaseHeldError, a
// *GuardsExceededError, a *ConflictsError, an *upstream.Error, the error of Approve, a *StaleError where the plan no longer
// held after a question that took long, an *LeaseLostError, a *PartialError or an *InterruptedError once it was applied.
func (e *Engine) Change(ctx context.Context, op Operation) (*Report, error) {
	x := e.newExecution(&op)
	return x.rep, x.perform(ctx, x.makePlan)
}

// Apply applies a saved plan, if nothing it was decided from has changed; else the error is a *StaleError. Otherwise
// it is like Change.
func (e *Engine) Apply(ctx context.Context, op Operation, p *plan.Plan) (*Report, error) {
	x := e.newExecution(&op)
	return x.rep, x.perform(ctx, func(ctx context.Context) error {
		x.rep.Plan = p
		return x.recheck(ctx)
	})
}

// perform is the whole way. decide puts the plan into the report.
func (x *execution) perform(ctx context.Context, decide func(context.Context) error) error {
	if err := x.e.precheck(ctx, x.op); err != nil {
		return err
	}
	if err := x.acquireLease(ctx); err != nil {
		return notStarted(ctx, err)
	}
	defer x.releaseLease(ctx)
	if err := decide(ctx); err != nil {
		return err
	}
	if x.op.Planned != nil {
		if err := x.op.Planned(x.rep); err != nil {
			return err
		}
	}
	if err := refusal(x.rep.Plan); err != nil {
		return err
	}
	if x.op.PlanOnly || x.rep.Plan.Empty() {
		return nil
	}
	if err := x.approve(ctx); err != nil {
		return err
	}
	return x.run(ctx)
}

// makePlan reads both tenants and decides. It never writes to a tenant.
func (x *execution) makePlan(ctx context.Context) error {
	defer x.op.Observer.Begin(Reading, x.op.From, x.op.To)()
	defer x.countReads()
	r, err := read(ctx, x.op)
	if err != nil {
		return err
	}
	rules := x.op.Rules
	rules.Ignored = ignoredBy(x.op.To.Conn)
	p := plan.Make(r.req, r.source, r.target, rules)
	p.Warn(r.warnings...)
	p.Tool, p.Created = x.e.tool(), x.e.d.Now().UTC().Truncate(time.Second)
	if p.ID, err = newID(); err != nil {
		return err
	}
	if err := x.judge(ctx, p); err != nil {
		return err
	}
	p.Calls = apply.Estimate(p, x.op.To.Conn)
	x.rep.Plan, x.rep.ApplyTime = p, apply.EstimateTime(p, x.op.To.Conn)
	return nil
}

// ignoredBy gives the attributes that a target is known to accept and ignore, so that plans leave them out.
func ignoredBy(target upstream.Connector) map[plan.FieldName]time.Time {
	known := target.Facts().Ignored
	if len(known) == 0 {
		return nil
	}
	out := make(map[plan.FieldName]time.Time, len(known))
	for name, since := range known {
		out[plan.FieldName(name)] = since
	}
	return out
}

func (x *execution) countReads() { x.rep.ReadCalls = x.op.From.calls() + x.op.To.calls() - x.calls }

// run carries the plan out with a fresh journal.
func (x *execution) run(ctx context.Context) error {
	j, err := x.e.d.Journals.Create(ctx, x.runID)
	if err != nil {
		return err
	}
	return x.carryOut(ctx, j, func(ctx context.Context, d apply.Deps) (*apply.Result, error) {
		return apply.Run(ctx, d, x.rep.Plan)
	})
}

// carryOut runs or resumes under the lease, and closes the journal.
func (x *execution) carryOut(ctx context.Context, j apply.Journal, do func(context.Context, apply.Deps) (*apply.Result, error)) (err error) {
	defer func() { err = errors.Join(err, j.Close()) }()
	x.op.Observer.RunStarted(x.runID)
	end := x.op.Observer.Begin(Writing, x.op.To)
	result, err := do(ctx, apply.Deps{
		Target: x.op.To.Conn, Journal: j, Lease: x.lease, Hook: x.op.Observer, Logger: x.e.d.Logger, Now: x.e.d.Now,
		RunID: x.runID, Command: x.op.Command, Job: x.op.Job,
	})
	end()
	if result == nil {
		return err
	}
	x.rep.RunID, x.rep.Result = x.runID, result
	if err != nil {
		return err
	}
	return outcome(x.rep.Plan, result, x.resumes)
}
