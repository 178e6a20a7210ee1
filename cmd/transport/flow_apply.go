package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
)

// applyPlan carries the plan out with a fresh journal and shows the result.
func (a *app) applyPlan(ctx context.Context, w work, rep *report) error {
	runID, err := newID()
	if err != nil {
		return err
	}
	j, err := w.place.create(runID)
	if err != nil {
		return err
	}
	return a.carryOut(ctx, w, j, runID, rep, func(ctx context.Context, d apply.Deps) (*apply.Result, error) {
		return apply.Run(ctx, d, rep.Plan)
	})
}

// carryOut runs or resumes with the lease on the target and progress on stderr, shows the result and
// closes the journal.
func (a *app) carryOut(ctx context.Context, w work, j apply.Journal, runID string, rep *report, do func(context.Context, apply.Deps) (*apply.Result, error)) (err error) {
	defer func() { err = errors.Join(err, w.place.put(context.WithoutCancel(ctx), runID, j)) }()
	m := a.startMeter("writing to "+w.to.tenant.Name, both(w.to))
	result, err := do(ctx, apply.Deps{
		Target: w.to.conn, Journal: j, Leases: w.place.leaseFile(), Holder: holder(runID),
		Hook: m, Logger: a.logger(), Now: a.Now, RunID: runID, Command: w.command,
	})
	m.stop()
	if _, held := errors.AsType[*apply.LeaseHeldError](err); held || result == nil {
		return err
	}
	rep.Applied, rep.Result = true, result
	if w.flags.output != cli.AsJSON {
		if verr := (resultView{result: result, lost: w.lost, paint: a.paint()}).write(a.Out); verr != nil {
			return errors.Join(err, verr)
		}
	}
	if err != nil && result.Interrupted {
		a.Say("Go on with: transport runs resume %s", runID)
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
