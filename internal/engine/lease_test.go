package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim/service"
)

func TestTheLeaseStandsBeforeTheFirstReadAndGoesWithTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unleased := func(r *http.Request) {
		if !strings.HasPrefix(w.holder(), "test run ") {
			t.Errorf("%s %s without the lease, which %q holds", r.Method, r.URL, w.holder())
		}
	}
	w.dev.hear(unleased)
	w.prod.hear(unleased)
	op := w.copyTeam(identity.Add)
	op.Approve = func(context.Context, *plan.Plan) error {
		unleased(&http.Request{Method: "question"})
		return nil
	}
	if _, err := w.engine().Change(t.Context(), op); err != nil {
		t.Fatal(err)
	}
	if _, writes := w.prod.counts(); writes == 0 || w.holder() != "" {
		t.Errorf("%d writes, and %q holds the lease; want some, and nobody", writes, w.holder())
	}
}

func TestAPlanThatIsOnlyShownTakesNoLeaseAndWaitsForNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hold("somebody else")()
	op := w.copyTeam(identity.Add)
	op.PlanOnly = true
	w.prod.hear(func(*http.Request) {
		if w.holder() != "somebody else" {
			t.Errorf("%q holds the lease", w.holder())
		}
	})
	report, err := w.engine().Change(t.Context(), op)
	if err != nil || len(report.Plan.Changes) == 0 || report.Result != nil {
		t.Errorf("got %+v, %v; want a plan and no result", report, err)
	}
	w.wantNoWrites()
}

func TestALeaseOfSomebodyElseRefusesTheOperationBeforeAnyCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hold("somebody else")()
	p := savedPlan(w)
	calls, _ := w.prod.counts()
	for name, do := range map[string]func() (*engine.Report, error){
		"a change":     func() (*engine.Report, error) { return w.engine().Change(t.Context(), w.copyTeam(identity.Add)) },
		"a saved plan": func() (*engine.Report, error) { return w.engine().Apply(t.Context(), w.copyTeam(identity.Add), p) },
	} {
		report, err := do()
		held, ok := errors.AsType[*apply.LeaseHeldError](err)
		if !ok || held.Lease.Holder != "somebody else" || report == nil {
			t.Errorf("%s: got %v, want to be told who holds the lease", name, err)
		}
		if after, _ := w.prod.counts(); after != calls {
			t.Errorf("%s made %d calls", name, after-calls)
		}
	}
}

// savedPlan makes the plan that copies team Finance.
func savedPlan(w *world) *plan.Plan {
	w.t.Helper()
	op := w.copyTeam(identity.Add)
	op.PlanOnly = true
	report, err := w.engine().Change(w.t.Context(), op)
	if err != nil {
		w.t.Fatal(err)
	}
	return report.Plan
}

func TestALeaseIsWaitedForAndItsHolderTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait time.Duration
		got  bool
	}{
		"long enough":       {10 * time.Minute, true},
		"not long enough":   {time.Minute, false},
		"not at all":        {0, false},
		"until interrupted": {-1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				release := w.hold("job nightly")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(3*time.Minute, release)
				op, seen := w.copyTeam(identity.Add), &watcher{}
				op.Wait, op.Observer = tt.wait, seen
				if tt.wait < 0 {
					op.Wait = 10 * time.Minute
					time.AfterFunc(time.Minute, cancel)
				}
				began := time.Now()
				_, err := w.engine().Change(ctx, op)
				took := time.Since(began).Round(time.Second)
				if (err == nil) != tt.got {
					t.Errorf("got %v after %s", err, took)
				}
				if tt.got != (took >= 3*time.Minute) || tt.wait == 0 && took > 0 || tt.wait < 0 && took != time.Minute {
					t.Errorf("ended after %s", took)
				}
				if told := len(seen.told) > 0 && seen.told[0] == "waiting for job nightly"; told != (tt.wait != 0) {
					t.Errorf("told %v", seen.told)
				}
				if calls, _ := w.prod.counts(); !tt.got && calls > 0 {
					t.Errorf("%d calls, want none", calls)
				}
				<-time.After(5 * time.Minute) // so that the other holder has gone
			})
		})
	}
}

// TestAQuestionThatWaits answers a question late, and lets something happen meanwhile.
func TestAQuestionThatWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after     time.Duration
		meanwhile func(w *world) // 20 minutes after the question, or nothing
		want      any            // an error to find; nil: the plan is applied
		checked   bool           // the plan is checked like a saved one
		says      error          // the answer; nil: yes
	}{
		"a quick answer keeps the lease":                              {after: time.Second},
		"a slow answer keeps the lease":                               {after: 14 * time.Minute},
		"a late answer takes the lease anew and has the plan checked": {after: 40 * time.Minute, checked: true},
		"a late answer to a plan that no longer holds": {
			after: 40 * time.Minute, checked: true, want: &engine.StaleError{},
			meanwhile: func(w *world) { w.prod.edit(w.t, service.Edit{Team: "Finance", AddMembers: []string{"ANNA"}}) },
		},
		"a late answer while somebody else has the lease": {
			after: 40 * time.Minute, want: &apply.LeaseHeldError{},
			meanwhile: func(w *world) { w.t.Cleanup(w.hold("somebody else")) },
		},
		"a late no": {after: 40 * time.Minute, says: errNo, want: errNo},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, seen := newWorld(t), &watcher{}
				op := w.copyTeam(identity.Add)
				op.Observer = seen
				op.Approve = func(context.Context, *plan.Plan) error {
					answer(w, tt.after, tt.meanwhile)
					return tt.says
				}
				report, err := w.engine().Change(t.Context(), op)
				if !sameKind(err, tt.want) {
					t.Errorf("got %v, want %T", err, tt.want)
				}
				if _, writes := w.prod.counts(); (writes > 0) != (tt.want == nil) || (report.Result != nil) != (tt.want == nil) {
					t.Errorf("%d writes and result %v", writes, report.Result)
				}
				if checked := strings.Contains(strings.Join(seen.told, "\n"), "checking dev prod"); checked != tt.checked {
					t.Errorf("checked %v, want %v: %v", checked, tt.checked, seen.told)
				}
				if gave := strings.Contains(strings.Join(seen.told, "\n"), "gave back after 15m0s"); gave != (tt.after > 15*time.Minute) {
					t.Errorf("told %v", seen.told)
				}
				if tt.meanwhile == nil && w.holder() != "" {
					t.Errorf("%q still holds the lease", w.holder())
				}
			})
		})
	}
}

var errNo = errors.New("no")

// answer waits, looks who holds the lease on the way, and lets things happen.
func answer(w *world, after time.Duration, meanwhile func(*world)) {
	w.t.Helper()
	asked := time.Now()
	for time.Since(asked) < after {
		<-time.After(min(time.Minute-time.Millisecond, after-time.Since(asked)))
		waited := time.Since(asked)
		if ours := strings.HasPrefix(w.holder(), "test run "); ours != (waited < 15*time.Minute) && meanwhile == nil {
			w.t.Errorf("after %s the lease is held by %q", waited, w.holder())
		}
		if meanwhile != nil && waited > 20*time.Minute {
			meanwhile(w)
			meanwhile = func(*world) {}
		}
	}
}

// sameKind reports whether err is what is wanted: the same error, or one of the same type.
func sameKind(err error, want any) bool {
	switch want := want.(type) {
	case nil:
		return err == nil
	case *engine.StaleError:
		return isA[*engine.StaleError](err)
	case *engine.GuardsExceededError:
		return isA[*engine.GuardsExceededError](err)
	case *engine.LeaseLostError:
		return isA[*engine.LeaseLostError](err)
	case *engine.PartialError:
		return isA[*engine.PartialError](err)
	case *engine.ProtectedError:
		return isA[*engine.ProtectedError](err)
	case *engine.NotStartedError:
		return isA[*engine.NotStartedError](err)
	case *apply.LeaseHeldError:
		return isA[*apply.LeaseHeldError](err)
	case error:
		return errors.Is(err, want)
	}
	return false
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestALeaseThatIsLostDuringTheQuestionHasThePlanChecked lets another holder come while the process seems to sleep.
func TestALeaseThatIsLostDuringTheQuestionHasThePlanChecked(t *testing.T) {
	t.Parallel()
	for meanwhile, edits := range map[string][]service.Edit{
		"nothing changed": nil, "somebody wrote": {{Team: "Finance", AddMembers: []string{"ANNA"}}},
	} {
		t.Run(meanwhile, func(t *testing.T) {
			t.Parallel()
			w, seen := newWorld(t), &watcher{}
			op := w.copyTeam(identity.Add)
			op.Observer = seen
			op.Approve = func(context.Context, *plan.Plan) error {
				w.takeAway(edits...)
				return nil
			}
			_, err := w.engine().Change(t.Context(), op)
			if stale := sameKind(err, &engine.StaleError{}); stale != (edits != nil) || !stale && err != nil {
				t.Errorf("got %v", err)
			}
			if _, writes := w.prod.counts(); (writes > 0) != (edits == nil) {
				t.Errorf("%d writes", writes)
			}
			want := []string{"reading dev prod", "end of reading dev prod", "checking dev prod", "end of checking dev prod"}
			if diff := cmp.Diff(seen.told[:min(len(seen.told), 4)], want); diff != "" {
				t.Errorf("told (-got +want):\n%s", diff)
			}
		})
	}
}

// TestWhoeverLostTheLeaseWritesNothing lets another holder come at each call of a plan that nobody is asked about.
func TestWhoeverLostTheLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	points := 1
	for at := 1; at <= points; at++ {
		w := newWorld(t)
		p := savedPlan(w)
		for name, do := range map[string]func() (*engine.Report, error){
			"a change":     func() (*engine.Report, error) { return w.engine().Change(t.Context(), w.copyTeam(identity.Add)) },
			"a saved plan": func() (*engine.Report, error) { return w.engine().Apply(t.Context(), w.copyTeam(identity.Add), p) },
		} {
			seen, reads := 0, 0
			w.prod.hear(func(*http.Request) {
				if seen++; seen == at {
					w.takeAway()
				}
				if _, writes := w.prod.counts(); writes == 0 {
					reads = seen
				}
			})
			report, err := do()
			w.prod.hear(nil)
			if !errors.Is(err, apply.ErrLeaseLost) || at <= reads && !sameKind(err, &engine.LeaseLostError{}) {
				t.Errorf("%s, lost at call %d: got %v", name, at, err)
			}
			points = max(points, reads)
			w.wantNoWrites()
			if w.holder() != "" || report.Result != nil && !report.Result.Interrupted {
				t.Errorf("%s, lost at call %d: result %+v, and %q holds the lease", name, at, report.Result, w.holder())
			}
		}
	}
	if points < 4 {
		t.Errorf("lost at %d calls only", points)
	}
}

// takeAway lets somebody else have the lease for as long as it takes to make edits.
func (w *world) takeAway(edits ...service.Edit) {
	w.t.Helper()
	l, _, err := w.leases.Holder(w.t.Context(), "http://prod.example.test")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.leases.Release(w.t.Context(), l); err != nil {
		w.t.Fatal(err)
	}
	defer w.hold("somebody else")()
	w.prod.edit(w.t, edits...)
}

func TestAResumedRunTakesOverTheLeaseOfItsKilledProcessOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		holder func(id string) string
		takes  bool
	}{
		"its own process, which was killed": {func(id string) string { return "test run " + id + " on host1 (pid 1)" }, true},
		"another run":                       {func(string) string { return "test run other on host1 (pid 1)" }, false},
		"a run whose ID begins so":          {func(id string) string { return "test run " + id + "0 on host1 (pid 1)" }, false},
		"another program's run":             {func(id string) string { return "other run " + id + " on host1 (pid 1)" }, false},
		"a program that names the run":      {func(id string) string { return "repair of test run " + id + " on host1 (pid 1)" }, false},
		"somebody without a name":           {func(string) string { return "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := interrupted(w)
			l, err := w.leases.Acquire(t.Context(), "http://prod.example.test", tt.holder(id), time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			calls, _ := w.prod.counts()
			_, err = w.engine().Resume(t.Context(), id, func(*plan.Plan) (engine.Operation, error) { return w.copyTeam(identity.Add), nil })
			if tt.takes {
				if err != nil || w.holder() != "" {
					t.Errorf("got %v, and %q holds the lease; want the run at its end", err, w.holder())
				}
				return
			}
			held, ok := errors.AsType[*apply.LeaseHeldError](err)
			if after, _ := w.prod.counts(); !ok || held.Lease.Fence != l.Fence || after != calls || w.holder() != l.Holder {
				t.Errorf("got %v after %d calls, and %q holds the lease; want it left with %q", err, after-calls, w.holder(), l.Holder)
			}
		})
	}
}

// interrupted leaves a run that was killed before its first call, and gives its ID.
func interrupted(w *world) string {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	w.prod.hear(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/Bulk") || r.Method == http.MethodPatch {
			stop()
		}
	})
	defer w.prod.hear(nil)
	report, err := w.engine().Change(ctx, w.copyTeam(identity.Add))
	if !errors.Is(err, context.Canceled) || report.Result == nil || !report.Result.Interrupted {
		w.t.Fatalf("got %v and %+v, want an interrupted run", err, report.Result)
	}
	return report.RunID
}

func TestWhoWritesToATenantIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.engine().CheckFree(t.Context(), "http://prod.example.test"); err != nil {
		t.Errorf("nobody writes: %v", err)
	}
	defer w.hold("somebody else")()
	err := w.engine().CheckFree(t.Context(), "http://prod.example.test")
	if held, ok := errors.AsType[*apply.LeaseHeldError](err); !ok || held.Lease.Holder != "somebody else" {
		t.Errorf("got %v", err)
	}
}

// TestARunThatLosesItsLeaseSendsNoMore lets somebody else write while the first write is under way.
func TestARunThatLosesItsLeaseSendsNoMore(t *testing.T) {
	t.Parallel()
	for _, resumed := range []bool{false, true} {
		w := newWorld(t)
		id := ""
		if resumed {
			id = interrupted(w)
		}
		_, before := w.prod.counts()
		lost := false
		w.prod.hear(func(r *http.Request) {
			if write := r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/scim") && !strings.HasSuffix(r.URL.Path, ".search"); write && !lost {
				lost = true
				w.takeAway()
			}
		})
		var err error
		if resumed {
			_, err = w.engine().Resume(t.Context(), id, func(*plan.Plan) (engine.Operation, error) { return w.copyTeam(identity.Add), nil })
		} else {
			_, err = w.engine().Change(t.Context(), w.copyTeam(identity.Add))
		}
		if _, writes := w.prod.counts(); err == nil || !lost || writes != before+1 {
			t.Errorf("resumed %v: %d writes, %v; want the one that was under way", resumed, writes-before, err)
		}
	}
}

// TestALateAnswerIsHeldByAGuardWhoseLimitOthersUsedUp lets another run of the same kind come while a question waits.
func TestALateAnswerIsHeldByAGuardWhoseLimitOthersUsedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.removal(3, 4)
	op.Approve = func(ctx context.Context, _ *plan.Plan) error {
		w.takeAway()
		if _, err := w.engine().Change(ctx, w.removal(3, 4)); err != nil {
			t.Error(err)
		}
		w.prod.edit(t, service.Edit{Team: "Finance", RemoveMembers: w.prod.members(t, "Finance")},
			service.Edit{Team: "Finance", AddMembers: []string{"X1", "X2", "X3"}}, service.Edit{User: "BEN", Delete: true})
		return nil
	}
	report, err := w.engine().Change(t.Context(), op)
	if !sameKind(err, &engine.GuardsExceededError{}) || report.Result != nil {
		t.Errorf("got %v and result %+v, want it held", err, report.Result)
	}
}
