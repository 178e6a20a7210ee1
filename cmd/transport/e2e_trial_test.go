package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// scenario is a small copy of four teams that takes every kind of write, with what must come of it.
type scenario struct {
	name, platform, api string
	source, target      service.Seed
	request             plan.Request
	want                string
	before              string
}

const (
	scenarioFrom = "default"
	scenarioTo   = "email"
)

// newScenario makes the scenario for a target: "cf", "neo", or "cf/1" for a Cloud Foundry tenant that is spoken to
// by v1 only.
func newScenario(t *testing.T, name string) *scenario {
	t.Helper()
	copies := []teamCopy{
		{0, "Team 000", "replace", "replace", "replace", "replace", true},
		{1, "Team 001", "add", "add", "add", "add", true},
		{2, "Team 002", "remove", "remove", "remove", "add", false},
		{3, "Team 003", "replace", "add", "add", "add", true}, // the target lacks it
	}
	source, target := combinedStates(copies, scenarioFrom, scenarioTo)
	a := &scenario{name: name, request: combinedRequest(copies), source: source.seed(t, scenarioFrom), target: target.seed(t, scenarioTo)}
	a.platform, a.api, _ = strings.Cut(name, "/")
	a.before = target.text(t)
	want := target.clone(t)
	want.neo = a.platform == "neo" || a.api == "1"
	oracle(source, want, scenarioFrom, scenarioTo, copies)
	a.want = want.text(t)
	return a
}

// trial is one copy in the scenario under faults, followed by what a person would do about its failure.
type trial struct {
	*scenario
	workers          int
	inSource, faults []sacsim.Fault
	overHTTP         bool               // over sockets, else within the process and with a clock that jumps
	diesAt           int                // the point at which the process dies, from 1; 0: never
	halfWay          func(state string) // hears what the target is like when the first run has ended
}

// outcome is how an trial went.
type outcome struct {
	problem string // what must not be; empty where all is well
	end     string // "quiet", or what named the failure
	stats   simStats
	points  int // at which the process could have died, of a run that did not
}

// perform makes the trial. In the process it does so in a bubble whose clock jumps, so that
// Retry-After and the waits between tries take no time.
func (o trial) perform(t *testing.T) (out outcome) {
	t.Helper()
	if o.overHTTP {
		return o.try(t)
	}
	synctest.Test(t, func(t *testing.T) { out = o.try(t) })
	return out
}

func (o trial) try(t *testing.T) outcome {
	dev := newSimTenant(t, "dev", "cf", scenarioFrom, "t.A", o.source, o.overHTTP)
	prod := newSimTenant(t, "prod", o.platform, scenarioTo, "t.B", o.target, o.overHTTP)
	dev.setFaults(t, o.inSource...)
	prod.setFaults(t, o.faults...)
	out := outcome{}
	end, err := o.copyAll(t, dev, prod, &out)
	out.end, out.stats = end, prod.stats(t)
	state := prod.state(t).text(t)
	switch diff := cmp.Diff(state, o.want); {
	case err != nil:
		out.problem = err.Error()
	case diff != "":
		out.problem = "the end differs from that of a quiet run (-got +want):\n" + diff
	case len(out.stats.Violations) > 0:
		out.problem = fmt.Sprintf("the target complains: %v", out.stats.Violations)
	case strings.Contains(state, "_1"):
		out.problem = "somebody was created twice:\n" + state
	}
	if out.problem != "" {
		out.problem = "end: " + end + "\n" + out.problem
	}
	return out
}

// copyAll plans and runs. Where that fails the failure must have a name; then the faults end, and it is done
// once more in the way that fits: planned anew where nothing was written or the run came to its end with
// failures, resumed where it was interrupted.
func (o trial) copyAll(t *testing.T, dev, prod *simTenant, out *outcome) (string, error) {
	j := o.transfer(t, dev, prod, "")
	p, err := j.plan(t.Context(), o.request)
	if err != nil {
		if prod.stats(t).writeCount() > 0 || prod.state(t).text(t) != o.before {
			return "", fmt.Errorf("planning wrote: %w", err)
		}
		return "planning: " + label(err), errors.Join(hasName(err), o.finishWithoutFaults(t, dev, prod, nil))
	}
	j.life.give(o.diesAt)
	res, err := j.run(t.Context(), p)
	out.points = j.life.points()
	if o.halfWay != nil {
		o.halfWay(prod.state(t).text(t))
	}
	switch {
	case j.life.isOver():
		return "killed", o.finishWithoutFaults(t, dev, prod, j)
	case err != nil:
		return "interrupted: " + label(err), errors.Join(hasName(err), o.finishWithoutFaults(t, dev, prod, j))
	case !res.Complete():
		return "in part", errors.Join(reasoned(res), o.finishWithoutFaults(t, dev, prod, nil))
	}
	return "quiet", nil
}

// finishWithoutFaults ends the faults and brings the copy to its end: by the journal of a trip, or by a new plan.
func (o trial) finishWithoutFaults(t *testing.T, dev, prod *simTenant, old *transfer) error {
	dev.setFaults(t)
	prod.setFaults(t)
	path := ""
	if old != nil {
		path = old.path
	}
	j := o.transfer(t, dev, prod, path)
	if old != nil {
		res, err := j.resume(t.Context())
		switch {
		case errors.Is(err, apply.ErrNoRun): // stopped before the first record
			return o.finishWithoutFaults(t, dev, prod, nil)
		case errors.Is(err, apply.ErrFinished): // stopped after the last one
			return nil
		}
		if err != nil {
			return fmt.Errorf("resuming: %w, %v", err, failures(res))
		}
		if res.Complete() {
			return nil
		}
		// What the first process created without a manager cannot be had by resuming, and is told.
		if err := reasoned(res); err != nil {
			return err
		}
		return o.finishWithoutFaults(t, dev, prod, nil)
	}
	p, err := j.plan(t.Context(), o.request)
	if err != nil {
		return fmt.Errorf("planning in calm: %w", err)
	}
	res, err := j.run(t.Context(), p)
	if err != nil || !res.Complete() {
		return fmt.Errorf("the run in calm did not complete: %v, %w", failures(res), err)
	}
	return nil
}

func (o trial) transfer(t *testing.T, dev, prod *simTenant, path string) *transfer {
	t.Helper()
	j := newTransfer(t, dev, prod, o.workers, o.api)
	if path != "" {
		j.path = path
	}
	return j
}

// label is how a failure calls itself.
func label(err error) string { return fmt.Sprintf("exit %d, %s", exitCode(err), upstream.ClassOf(err)) }

// hasName requires that a failure has an exit code of its own and tells what was being done.
func hasName(err error) error {
	if code := exitCode(err); !slices.Contains([]int{exitCredentials, exitUnreachable, exitInterrupted}, code) {
		return fmt.Errorf("exit code %d is no name for a tenant that fails: %w", code, err)
	}
	return nil
}

// reasoned requires that everything a run left undone has its cause.
func reasoned(res *apply.Result) error {
	for _, e := range res.Entities {
		switch e.Status {
		case apply.Failed:
			if e.Cause == "" {
				return fmt.Errorf("%s %s failed without a cause", e.Entity, e.Key)
			}
		case apply.Partly:
			if len(e.Links) == 0 {
				return fmt.Errorf("%s %s is done in part without a link", e.Entity, e.Key)
			}
		case apply.Pending:
			return fmt.Errorf("%s %s was not reached in a run that came to its end", e.Entity, e.Key)
		case apply.Done, apply.Unchanged, apply.Skipped:
		}
	}
	return nil
}
