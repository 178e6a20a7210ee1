package engine_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim/service"
)

// limitOf is a guard above so many.
func limitOf(n int) plan.Guard { return plan.Guard{Count: &n} }

// removal puts n more people into prod's team and gives the operation that takes them out again, under a limit on
// removed memberships.
func (w *world) removal(n, limit int) engine.Operation {
	w.t.Helper()
	people := make([]string, n)
	for i := range people {
		people[i] = fmt.Sprintf("X%d", i+1)
	}
	w.prod.edit(w.t, service.Edit{Team: "Finance", AddMembers: people})
	op := w.copyTeam(identity.Replace)
	op.Rules.Guards.MaxMemberRemoval = limitOf(limit)
	return op
}

func TestWhatRunsOfTheLastDaySpentCountsForTheNextOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		remove := func(n int, allow ...int) error {
			op := w.removal(n, 4)
			if len(allow) > 0 {
				op.Allow.MaxMemberRemoval = limitOf(allow[0])
			}
			_, err := w.engine().Change(t.Context(), op)
			return err
		}
		for i, step := range []struct {
			what  string
			n     int
			allow []int
			later time.Duration
			held  bool
		}{
			{"the first run removes three", 3, nil, 0, false}, // there are three at first
			{"two more would be five", 2, nil, time.Hour, true},
			{"one more is four", 1, nil, time.Hour, false},
			{"a person allows two more", 2, []int{2}, time.Hour, false},
			{"what is allowed is not too much either", 3, []int{2}, time.Hour, true},
			{"nothing is left of the limit", 1, nil, time.Hour, true},
			{"the three of the first are forgotten after a day, what was allowed does not count", 3, nil, 20 * time.Hour, false},
			{"now it is four again", 1, nil, time.Minute, true},
		} {
			<-time.After(step.later)
			err := remove(step.n, step.allow...)
			if held := sameKind(err, &engine.GuardsExceededError{}); held != step.held || err != nil && !held {
				t.Errorf("step %d, %s: got %v, want it held: %v", i, step.what, err, step.held)
			}
			if step.held { // they are still there
				w.prod.edit(t, service.Edit{Team: "Finance", RemoveMembers: w.prod.members(t, "Finance")})
				w.prod.edit(t, service.Edit{Team: "Finance", AddMembers: []string{"ANNA"}})
			}
		}
	})
}

func TestRunsOnAnotherTenantDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := newSimTenant(t, "test", prodSeed)
	op := w.removal(3, 3)
	op.To = other.side(t)
	for name, op := range map[string]engine.Operation{"the other tenant": op, "prod": w.removal(3, 3)} {
		if _, err := w.engine().Change(t.Context(), op); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASavedPlanIsJudgedByWhatWasSpentSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.removal(3, 4)
	op.PlanOnly = true
	report, err := w.engine().Change(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	p := report.Plan
	if _, err := w.engine().Change(t.Context(), w.removal(3, 4)); err != nil {
		t.Fatal(err)
	}
	// Somebody puts everything back, so that the plan holds, but the limit is used up.
	w.prod.edit(t, service.Edit{Team: "Finance", RemoveMembers: w.prod.members(t, "Finance")},
		service.Edit{Team: "Finance", AddMembers: []string{"X1", "X2", "X3"}}, service.Edit{User: "BEN", Delete: true})
	if _, err := w.engine().Apply(t.Context(), w.copyTeam(identity.Replace), p); !sameKind(err, &engine.GuardsExceededError{}) {
		t.Errorf("got %v, want it held", err)
	}
	allowed := w.copyTeam(identity.Replace)
	allowed.Allow.MaxMemberRemoval = limitOf(3)
	if _, err := w.engine().Apply(t.Context(), allowed, p); err != nil {
		t.Errorf("a person has allowed it: %v", err)
	}
}

func TestAnInterruptedRunCountsWithAllThatItsPlanDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := interrupted(w) // adds two, removes nobody
	run, err := w.engine().Run(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got := run.End.Spent; got == nil || *got != run.Plan.Spends() || got.Create != 1 {
		t.Errorf("got %+v, want all that the plan spends: %+v", got, run.Plan.Spends())
	}
	report, err := w.engine().Change(t.Context(), w.removal(3, 10))
	if err != nil || report.Plan.Rules.Spent.Tenant.Create != 1 {
		t.Errorf("got %v and %+v, want the create of the interrupted run in it", err, report.Plan.Rules.Spent)
	}
}

func TestALimitOfTheRunThatIsNarrowerHoldsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.removal(3, 10)
	op.Allow.MaxMemberRemoval = limitOf(2)
	report, err := w.engine().Change(t.Context(), op)
	if !sameKind(err, &engine.GuardsExceededError{}) || len(report.Plan.Exceeded) != 1 || report.Plan.Exceeded[0].Limit != 2 {
		t.Errorf("got %v, want it held by the limit of the run", err)
	}
	w.wantNoWrites()
}

// ledgerOf gives what the world's runs spent, as their journals tell it.
func ledgerOf(t *testing.T, w *world) []plan.Amounts {
	t.Helper()
	var all []plan.Amounts
	runs, err := w.engine().Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		run, err := w.engine().Run(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *run.End.Spent)
	}
	slices.Reverse(all)
	return all
}

func TestAFinishedRunCountsWithWhatItDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prod.fail(t, `[{"match":{"method":"POST","path":"scim2/(Users|Bulk)$"},"prob":1,"action":"status","status":400}]`)
	report, err := w.engine().Change(t.Context(), w.removal(3, 10))
	partial, ok := sameKind(err, &engine.PartialError{}), report.Result != nil
	if !partial || !ok {
		t.Fatalf("got %v", err)
	}
	failed := engine.TallyOf(report.Result.Entities)[apply.Failed]
	if spent := ledgerOf(t, w); failed == 0 || len(spent) != 1 || spent[0].Create != 0 || spent[0].MemberRemoval != 3 {
		t.Errorf("%d failed, spent %+v; want three removals and no create", failed, spent)
	}
}

// TestAShareIsOneOfAllThereAre limits creating to a share.
func TestAShareIsOneOfAllThereAre(t *testing.T) {
	t.Parallel()
	tenPercent := 10.0
	for name, tt := range map[string]struct {
		people, copied int
		counted, held  bool
	}{
		"a large tenant":               {1000, 20, true, false},
		"a tenant that is small":       {150, 20, true, true},
		"too small for shares":         {50, 20, true, false},
		"no share could be so large":   {1000, 5, false, false},
		"the tenant cannot be counted": {0, 20, false, false}, // so what was read counts, and that is little
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, counted := newWorld(t), false
			op := w.copyTeam(identity.Add)
			for i := range tt.copied - 1 { // and BEN
				id := fmt.Sprintf("N%d", i)
				w.dev.edit(t, service.Edit{User: id, Create: true}, service.Edit{Team: "Finance", AddMembers: []string{id}})
			}
			op.Rules.Guards.MaxCreate = plan.Guard{Percent: &tenPercent}
			if tt.people > 0 {
				op.To.Count = func(context.Context) (people, teams int, err error) {
					counted = true
					return tt.people, 1, nil
				}
			}
			report, err := w.engine().Change(t.Context(), op)
			if held := sameKind(err, &engine.GuardsExceededError{}); held != tt.held || err != nil && !held {
				t.Errorf("got %v, want it held: %v", err, tt.held)
			}
			if counted != tt.counted || tt.counted && report.Plan.Rules.Population.People != tt.people {
				t.Errorf("counted %v: %+v", counted, report.Plan.Rules.Population)
			}
		})
	}
}

func TestATenantThatCannotBeCountedEndsTheOperation(t *testing.T) {
	t.Parallel()
	w, nothing := newWorld(t), 0.0
	op := w.copyTeam(identity.Add)
	op.Rules.Guards.MaxCreate = plan.Guard{Percent: &nothing}
	op.To.Count = func(context.Context) (people, teams int, err error) { return 0, 0, errNo }
	if _, err := w.engine().Change(t.Context(), op); err == nil || err.Error() != "count what the target tenant prod has: no" {
		t.Errorf("got %v", err)
	}
	w.wantNoWrites()
}

// TestARunCountsFromItsLastWrite leaves journals as processes do that were killed or ended, with and without the word on
// what the plan spends, which earlier versions did not write.
func TestARunCountsFromItsLastWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spends *plan.Amounts
		ago    time.Duration // of the last call
		end    *apply.End
		want   int
	}{
		"of this version":         {&plan.Amounts{MemberRemoval: 7}, time.Hour, nil, 7},
		"of an earlier version":   {nil, time.Hour, nil, 3},
		"written to two days ago": {nil, 48 * time.Hour, nil, 0},
		"resumed an hour ago":     {nil, 48 * time.Hour, &apply.End{At: time.Now().Add(-time.Hour), Spent: &plan.Amounts{MemberRemoval: 2}}, 2},
		"ended two days ago":      {nil, time.Hour, &apply.End{At: time.Now().Add(-48 * time.Hour), Spent: &plan.Amounts{MemberRemoval: 2}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			op := w.removal(3, 100)
			op.PlanOnly = true
			report, err := w.engine().Change(t.Context(), op)
			if err != nil {
				t.Fatal(err)
			}
			w.leaveRun(report.Plan, tt.spends, time.Now().Add(-tt.ago), tt.end)
			report, err = w.engine().Change(t.Context(), op)
			if err != nil || report.Plan.Rules.Spent.Tenant.MemberRemoval != tt.want {
				t.Errorf("got %+v, %v, want %d removals spent", report.Plan.Rules.Spent, err, tt.want)
			}
		})
	}
}

// openings counts which runs' journals are opened.
type openings struct {
	apply.Journals
	opened []string
}

func (o *openings) Open(ctx context.Context, runID string) (apply.Journal, error) {
	o.opened = append(o.opened, runID)
	return o.Journals.Open(ctx, runID)
}

// TestOnlyJournalsThatCanMatterAreOpened leaves a recent run and one of long ago.
func TestOnlyJournalsThatCanMatterAreOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.removal(3, 100)
	op.PlanOnly = true
	report, err := w.engine().Change(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	spends := plan.Amounts{MemberRemoval: 1}
	w.leaveRun(report.Plan, &spends, time.Now().Add(-40*24*time.Hour), nil)
	w.leaveRun(report.Plan, &spends, time.Now().Add(-time.Hour), nil)
	unlimited := op
	unlimited.Rules.Guards = plan.Guards{}
	for name, tt := range map[string]struct {
		op   engine.Operation
		want int
	}{
		"the limit may be used up: the recent one": {op, 1}, "there is no limit: none": {unlimited, 0},
	} {
		counted := &openings{Journals: w.journals}
		e := engine.New(engine.Deps{Program: "test", Version: "1", Leases: w.leases, Journals: counted})
		if _, err := e.Change(t.Context(), tt.op); err != nil || len(counted.opened) != tt.want {
			t.Errorf("%s: opened %v, %v", name, counted.opened, err)
		}
	}
}

// leaveRun leaves the journal of a run that was begun weeks before it made its last call, and was killed unless it has an end.
func (w *world) leaveRun(p *plan.Plan, spends *plan.Amounts, at time.Time, end *apply.End) {
	w.t.Helper()
	id := idOf(at.Add(-20 * 24 * time.Hour))
	j, err := w.journals.Create(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var encoded bytes.Buffer
	z := gzip.NewWriter(&encoded)
	if err := errors.Join(plan.Encode(z, p), z.Close()); err != nil {
		w.t.Fatal(err)
	}
	h := apply.Header{RunID: id, PlanID: p.ID, Target: p.Target.URL, Started: at.Add(-time.Minute), Spends: spends}
	if err := j.Begin(w.t.Context(), h, encoded.Bytes()); err != nil {
		w.t.Fatal(err)
	}
	if _, err := j.Intend(w.t.Context(), apply.Lease{}, apply.Record{Kind: apply.KindRemoveMembers, Team: "Finance", Keys: []string{"X1"}, At: at}); err != nil {
		w.t.Fatal(err)
	}
	if end != nil {
		if err := j.Finish(w.t.Context(), *end); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// TestWhatAPersonAllowsThoughNoGuardHoldsCounts allows what the guard lets pass anyway.
func TestWhatAPersonAllowsThoughNoGuardHoldsCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	allowed := w.removal(3, 4)
	allowed.Allow.MaxMemberRemoval = limitOf(3)
	if _, err := w.engine().Change(t.Context(), allowed); err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine().Change(t.Context(), w.removal(2, 4)); !sameKind(err, &engine.GuardsExceededError{}) {
		t.Errorf("got %v, want it held, for five are more than the guard allows", err)
	}
}

func TestAJobHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		job  string
		held bool
	}{
		"the job itself, once more":  {"nightly", true},
		"another job":                {"weekly", false},
		"a person, who is in no job": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			remove := func(n int, job string) error {
				op := w.removal(n, 100)
				op.Job, op.Rules.JobGuards = job, &plan.Guards{MaxMemberRemoval: limitOf(4)}
				_, err := w.engine().Change(t.Context(), op)
				return err
			}
			if err := remove(3, "nightly"); err != nil {
				t.Fatal(err)
			}
			if err := remove(2, tt.job); sameKind(err, &engine.GuardsExceededError{}) != tt.held || err != nil && !tt.held {
				t.Errorf("got %v, want it held: %v", err, tt.held)
			}
		})
	}
}

// idOf is the ID of a run that was begun at a time.
func idOf(begun time.Time) string {
	id := uuid.Must(uuid.NewV7())
	ms := uint64(begun.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id.String()
}
