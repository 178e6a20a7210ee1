package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func TestRunsAreListedWithWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stopped := interrupted(w)
	w.prod.fail(t, `[{"match":{"method":"PATCH"},"prob":1,"action":"status","status":400}]`)
	partial, err := w.engine().Change(t.Context(), w.copyTeam(identity.Add))
	if !sameKind(err, &engine.PartialError{}) {
		t.Fatal(err)
	}
	w.prod.fail(t, "[]")
	done, err := w.engine().Change(t.Context(), w.copyTeam(identity.Add))
	if err != nil {
		t.Fatal(err)
	}
	open, err := w.journals.Create(t.Context(), "01990000-0000-7000-8000-000000000000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }() // it holds no run
	runs, err := w.engine().Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]engine.RunStatus{}
	for _, r := range runs {
		got[r.ID] = r.Status
		if begun := r.Started.UTC().Year(); begun < 2020 {
			t.Errorf("run %s began in %d", r.Status, begun)
		}
		if r.Resumable() != (r.ID == stopped || r.ID == partial.RunID) {
			t.Errorf("run %s: resumable %v", r.Status, r.Resumable())
		}
		if r.Status == engine.RunDone && (r.Command != "test copy" || r.Target != "http://prod.example.test" || r.Done != 1 || r.Started.After(r.Ended)) {
			t.Errorf("got %+v", r)
		}
	}
	want := map[string]engine.RunStatus{
		stopped: engine.RunInterrupted, partial.RunID: engine.RunPartial, done.RunID: engine.RunDone,
		"01990000-0000-7000-8000-000000000000": engine.RunRunning,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("statuses (-got +want):\n%s", diff)
	}
}

func TestARunIsFoundByTheBeginningOfItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := interrupted(w), interrupted(w)
	run, err := w.engine().Run(t.Context(), first)
	if err != nil || run.ID != first || run.Plan == nil || run.End == nil || len(run.Calls) == 0 {
		t.Errorf("got %+v, %v", run, err)
	}
	if second[:4] != first[:4] {
		t.Fatalf("%s and %s begin differently", first, second)
	}
	for prefix, want := range map[string]string{first[:4]: "2 runs begin with", "ffff": `there is no run "ffff"`} {
		_, err := w.engine().Run(t.Context(), prefix)
		if !sameKind(err, &engine.NotStartedError{}) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", prefix, err, want)
		}
	}
}

func TestAnInterruptedRunIsResumedToItsEndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := interrupted(w)
	connect := func(p *plan.Plan) (engine.Operation, error) {
		if p.Target.Name != "prod" {
			t.Errorf("the plan is for %q", p.Target.Name)
		}
		return w.copyTeam(identity.Add), nil
	}
	report, err := w.engine().Resume(t.Context(), id, connect)
	if err != nil || report.RunID != id || !report.Result.Complete() {
		t.Errorf("got %+v, %v", report, err)
	}
	if diff := cmp.Diff(w.prod.members(t, "Finance"), []string{"ANNA", "BEN", "X1", "X2", "X3"}); diff != "" {
		t.Errorf("members (-got +want):\n%s", diff)
	}
	if report, err = w.engine().Resume(t.Context(), id, connect); !errors.Is(err, apply.ErrFinished) || report.RunID != id {
		t.Errorf("got %+v, %v, want a finished run", report, err)
	}
	if w.holder() != "" {
		t.Errorf("%q still holds the lease", w.holder())
	}
}

func TestARunIsNotResumedWhateverStandsInItsWay(t *testing.T) {
	t.Parallel()
	errOther := errors.New("that name leads elsewhere")
	for name, tt := range map[string]struct {
		connect func(w *world) (engine.Operation, error)
		want    any
	}{
		"its tenants cannot be connected": {func(*world) (engine.Operation, error) { return engine.Operation{}, errOther }, errOther},
		"what it changes is protected by now": {func(w *world) (engine.Operation, error) {
			op := w.copyTeam(identity.Add)
			op.Rules.Protect.Teams = []string{"Finance"}
			return op, nil
		}, &engine.ProtectedError{}},
		"a secret is missing": {func(w *world) (engine.Operation, error) {
			op := w.copyTeam(identity.Add)
			op.To.Credentials = func() error { return errOther }
			return op, nil
		}, &engine.NotStartedError{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := interrupted(w)
			calls, _ := w.prod.counts()
			_, err := w.engine().Resume(t.Context(), id, func(*plan.Plan) (engine.Operation, error) { return tt.connect(w) })
			if !sameKind(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if after, _ := w.prod.counts(); after != calls || w.holder() != "" {
				t.Errorf("%d calls, and %q holds the lease", after-calls, w.holder())
			}
			if _, err := w.engine().Run(t.Context(), id); err != nil {
				t.Errorf("the journal is left open: %v", err)
			}
		})
	}
}

func TestPruneTakesAwayWhatIsDoneAndOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stopped := interrupted(w)
		old, err := w.engine().Change(t.Context(), w.copyTeam(identity.Add))
		if err != nil {
			t.Fatal(err)
		}
		prune := func(before time.Time) []string {
			runs, err := w.engine().Runs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			gone, err := w.engine().Prune(t.Context(), before)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, r := range w.engine().Prunable(runs, before) {
				told = append(told, r.ID)
			}
			if diff := cmp.Diff(told, gone); diff != "" {
				t.Errorf("told before they went (-got +want):\n%s", diff)
			}
			return gone
		}
		if gone := prune(time.Now().Add(time.Hour)); len(gone) > 0 {
			t.Errorf("%v are gone, though the guards still count them", gone)
		}
		<-time.After(48 * time.Hour)
		fresh, err := w.engine().Change(t.Context(), w.removal(1, 10))
		if err != nil {
			t.Fatal(err)
		}
		if gone := prune(old.Result.Ended); len(gone) > 0 {
			t.Errorf("%v are gone, though none ended before that", gone)
		}
		if diff := cmp.Diff(prune(time.Now()), []string{old.RunID}); diff != "" {
			t.Errorf("pruned (-got +want):\n%s", diff)
		}
		left, err := w.engine().RunIDs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(left, []string{fresh.RunID, stopped}); diff != "" {
			t.Errorf("left (-got +want):\n%s", diff)
		}
	})
}

func TestAPlanThatNoLongerHoldsIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, seen := savedPlan(w), &watcher{}
	op := w.copyTeam(identity.Add)
	op.Observer = seen
	for _, want := range [][]plan.Stale{nil, {
		{Side: "target", Entity: plan.Team, Key: "Finance", What: "changed"}, {Side: "target", Entity: plan.User, Key: "ANNA", What: "changed"},
	}} {
		if want != nil {
			w.prod.edit(t, addAnna)
		}
		got, err := w.engine().FindStale(t.Context(), op, p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("stale (-got +want):\n%s", diff)
		}
	}
	report, err := w.engine().Apply(context.WithoutCancel(t.Context()), op, p)
	if !sameKind(err, &engine.StaleError{}) || len(report.Stale) != 2 || report.Result != nil {
		t.Errorf("got %+v, %v", report, err)
	}
	w.wantNoWrites()
}

func TestASavedPlanOfWhatIsProtectedByNowIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, op := savedPlan(w), w.copyTeam(identity.Add)
	op.Rules.Protect.Users = []string{"ANNA"}
	_, err := w.engine().Apply(t.Context(), op, p)
	if e, ok := errors.AsType[*engine.ProtectedError](err); !ok || len(e.Hits) == 0 || e.Hits[0].Key != "ANNA" && e.Hits[0].Key != "Finance" {
		t.Errorf("got %v", err)
	}
	w.wantNoWrites()
}
