package engine

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// change is one work under way.
type change struct {
	e     *Engine
	w     *Work
	rep   *Report
	runID string           // of the run that applies the plan
	lease *apply.HeldLease // on the target; nil where the plan is not to be applied
	calls int              // that both sides had made before
}

func (e *Engine) newChange(w *Work) *change {
	if w.Observer == nil {
		w.Observer = nobody{}
	}
	return &change{e: e, w: w, rep: &Report{}, calls: w.From.calls() + w.To.calls()}
}

// Change makes a plan of what is wanted and, unless w is for the plan only, applies it. The lease of the target is
// held from before the first read to the end. The report is never nil. The error is nil where all was done, or
// nothing was to do; else it says what kept the work from that: a *NotStartedError, an *apply.LeaseHeldError, a
// *HeldError, a *ConflictsError, an *upstream.Error, the error of Approve, a *StaleError where the plan no longer
// held after a question that took long, a *PartialError or an *InterruptedError once it was applied.
func (e *Engine) Change(ctx context.Context, w Work) (*Report, error) {
	c := e.newChange(&w)
	return c.rep, c.perform(ctx, c.makePlan)
}

// Apply applies a saved plan, if nothing it was decided from has changed; else the error is a *StaleError. Otherwise
// it is like Change.
func (e *Engine) Apply(ctx context.Context, w Work, p *plan.Plan) (*Report, error) {
	c := e.newChange(&w)
	return c.rep, c.perform(ctx, func(ctx context.Context) error {
		c.rep.Plan = p
		return c.recheck(ctx)
	})
}

// perform is the whole way. decide puts the plan into the report.
func (c *change) perform(ctx context.Context, decide func(context.Context) error) error {
	if err := c.e.precheck(ctx, c.w); err != nil {
		return err
	}
	if err := c.takeLease(ctx); err != nil {
		return err
	}
	defer c.giveLeaseBack(ctx)
	if err := decide(ctx); err != nil {
		return err
	}
	if c.w.Planned != nil {
		if err := c.w.Planned(c.rep); err != nil {
			return err
		}
	}
	if err := verdict(c.rep.Plan); err != nil {
		return err
	}
	if c.w.PlanOnly || c.rep.Plan.Empty() {
		return nil
	}
	if err := c.approve(ctx); err != nil {
		return err
	}
	return c.run(ctx)
}

// makePlan reads both tenants and decides. It never writes to a tenant.
func (c *change) makePlan(ctx context.Context) error {
	defer c.w.Observer.Begin(Reading, c.w.From, c.w.To)()
	defer c.countReads()
	r, err := read(ctx, c.w)
	if err != nil {
		return err
	}
	p := plan.Make(r.req, r.source, r.target, c.w.Rules)
	p.Tool, p.Created = c.e.tool(), c.e.d.Now().UTC().Truncate(time.Second)
	if p.ID, err = newID(); err != nil {
		return err
	}
	if err := c.judge(ctx, p); err != nil {
		return err
	}
	p.Calls = apply.Estimate(p, c.w.To.Conn)
	c.rep.Plan = p
	return nil
}

func (c *change) countReads() { c.rep.ReadCalls = c.w.From.calls() + c.w.To.calls() - c.calls }

// run carries the plan out with a fresh journal.
func (c *change) run(ctx context.Context) error {
	j, err := c.e.d.Journals.Create(ctx, c.runID)
	if err != nil {
		return err
	}
	return c.carryOut(ctx, j, func(ctx context.Context, d apply.Deps) (*apply.Result, error) {
		return apply.Run(ctx, d, c.rep.Plan)
	})
}

// carryOut runs or resumes under the lease, and closes the journal.
func (c *change) carryOut(ctx context.Context, j apply.Journal, do func(context.Context, apply.Deps) (*apply.Result, error)) (err error) {
	defer func() { err = errors.Join(err, j.Close()) }()
	end := c.w.Observer.Begin(Writing, c.w.To)
	result, err := do(ctx, apply.Deps{
		Target: c.w.To.Conn, Journal: j, Lease: c.lease, Hook: c.w.Observer, Logger: c.e.d.Logger, Now: c.e.d.Now,
		RunID: c.runID, Command: c.w.Command, Job: c.w.Job,
	})
	end()
	if result == nil {
		return err
	}
	c.rep.RunID, c.rep.Result = c.runID, result
	if err != nil {
		return err
	}
	return outcome(c.rep.Plan, result)
}
