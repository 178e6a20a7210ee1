package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/apply"
)

// takeLease takes the lease of the target before anything is read for a plan that is to be applied. The
// caller releases it in the end.
func (a *app) takeLease(ctx context.Context, w *work) (release func(), err error) {
	if w.plansOnly(a) {
		return func() {}, nil
	}
	if w.runID == "" {
		if w.runID, err = newID(); err != nil {
			return nil, err
		}
	}
	w.lease, err = apply.Hold(ctx, w.place.leaseFile(), w.to.origin(), holder(w.runID), apply.DefaultLeaseTTL)
	if err != nil {
		return nil, err
	}
	return func() {
		if err := w.lease.Release(context.WithoutCancel(ctx)); err != nil {
			a.logger().WarnContext(ctx, "the lease on the tenant runs out by itself", "error", err)
		}
	}, nil
}

// applyPlan carries the plan out with a fresh journal and shows the result.
func (a *app) applyPlan(ctx context.Context, w work, rep *show.Report) error {
	j, err := w.place.create(ctx, w.runID)
	if err != nil {
		return err
	}
	return a.carryOut(ctx, w, j, rep, func(ctx context.Context, d apply.Deps) (*apply.Result, error) {
		return apply.Run(ctx, d, rep.Plan)
	})
}

// carryOut runs or resumes under the lease on the target with progress on stderr, shows the result and
// closes the journal.
func (a *app) carryOut(ctx context.Context, w work, j apply.Journal, rep *show.Report, do func(context.Context, apply.Deps) (*apply.Result, error)) (err error) {
	defer func() { err = errors.Join(err, j.Close()) }()
	m := show.StartMeter(&a.World, "writing to "+w.to.tenant.Name, both(w.to))
	result, err := do(ctx, apply.Deps{
		Target: w.to.conn, Journal: j, Lease: w.lease,
		Hook: m, Logger: a.logger(), Now: a.Now, RunID: w.runID, Command: w.command,
	})
	m.Stop()
	if result == nil {
		return err
	}
	rep.Applied, rep.Result = true, result
	if w.flags.output != cli.AsJSON {
		if verr := (show.Result{Result: result, NoList: w.lost, Paint: a.Paint()}).Write(a.Out); verr != nil {
			return errors.Join(err, verr)
		}
	}
	if err != nil && result.Interrupted {
		a.Say("Go on with: transport runs resume %s", w.runID)
	}
	if err != nil {
		return err
	}
	return resultError(rep.Plan, result)
}

// holder tells others who has the lease on a tenant.
func holder(runID string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return fmt.Sprintf("%son %s (pid %d)", runHolder(runID), host, os.Getpid())
}

// runHolder is what the names of all holders of one run begin with.
func runHolder(runID string) string { return "transport run " + runID + " " }
