package apply_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

func TestARunLeadsToWhatThePlanSaysWithTheEstimatedCalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := usual
		l.Workers, l.Lookup = rapid.IntRange(0, 8).Draw(rt, "workers"), rapid.IntRange(1, 5).Draw(rt, "lookup")
		l.CreateBatch, l.UpdateBatch = rapid.IntRange(1, 5).Draw(rt, "create batch"), rapid.IntRange(1, 5).Draw(rt, "update batch")
		l.AddChunk, l.RemoveChunk = rapid.IntRange(1, 9).Draw(rt, "add chunk"), rapid.IntRange(1, 9).Draw(rt, "remove chunk")
		l.RoleChunk, l.Reread = rapid.IntRange(1, 4).Draw(rt, "role chunk"), rapid.IntRange(0, 5).Draw(rt, "reread")
		d := draw(rt, l)
		d.tenant.limits = func(size int) upstream.Limits {
			tuned := l
			tuned.AddChunk = max(1, l.AddChunk-size/3)
			return tuned
		}
		quiet := len(d.tenant.defaultRoles) == 0 // default roles take corrections, which no estimate foresees
		estimate := apply.Estimate(d.plan, d.tenant)
		res, err := apply.Run(t.Context(), deps(d.tenant, &memory{}), d.plan)
		if err != nil {
			rt.Fatal(err)
		}
		if !res.Complete() {
			rt.Errorf("not complete: %v", res.Entities)
		}
		if diff := d.differs(d.tenant); diff != "" {
			rt.Errorf("state of the tenant (-got +want):\n%s", diff)
		}
		if len(d.tenant.breaches)+len(d.tenant.doubles()) > 0 {
			rt.Errorf("breaches: %q, created twice: %q", d.tenant.breaches, d.tenant.doubles())
		}
		if res.Calls != d.tenant.requests {
			rt.Errorf("got %d calls in the result, want the %d that came", res.Calls, d.tenant.requests)
		}
		if quiet && estimate != d.tenant.requests {
			rt.Errorf("got an estimate of %d, want the %d calls that came: %q", estimate, d.tenant.requests, d.tenant.log)
		}
	})
}

func TestAPlanThatNobodyMayCarryOutIsRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	held := planOf(createUser("ANNA", ""))
	held.Exceeded = []plan.ExceededGuard{{Guard: "max_create"}}
	for name, p := range map[string]*plan.Plan{
		"a plan held by a guard":               held,
		"a plan with a number that is none":    planOf(plan.Change{Entity: plan.User, Op: plan.Update, Key: "A", Fields: []plan.Field{{Name: plan.FieldCleanUpDays, After: "soon"}}}),
		"a plan that creates it knows not who": planOf(plan.Change{Entity: plan.User, Op: plan.Create, Key: "A"}),
	} {
		f, j := newTenant(usual), &memory{}
		res, err := apply.Run(t.Context(), deps(f, j), p)
		if err == nil || res == nil || j.begun || f.requests != 0 {
			t.Errorf("%s: got error %v, result %v, %d calls", name, err, res, f.requests)
		}
		if errors.Is(err, apply.ErrGuardExceeded) != (p == held) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAJournalServesOneRun(t *testing.T) {
	t.Parallel()
	f, j := newTenant(usual), &memory{}
	if _, err := apply.Resume(t.Context(), deps(f, j)); !errors.Is(err, apply.ErrNoRun) {
		t.Errorf("resume of nothing: got %v, want ErrNoRun", err)
	}
	p := planOf(createUser("ANNA", ""))
	first, err := apply.Run(t.Context(), deps(f, j), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply.Run(t.Context(), deps(f, j), p); !errors.Is(err, apply.ErrJournalUsed) {
		t.Errorf("second run: got %v, want ErrJournalUsed", err)
	}
	calls := f.requests
	again, err := apply.Resume(t.Context(), deps(f, j))
	if !errors.Is(err, apply.ErrFinished) || f.requests != calls {
		t.Errorf("resume of a finished run: got %v and %d calls, want ErrFinished and none", err, f.requests-calls)
	}
	if diff := cmp.Diff(again.Entities, first.Entities); diff != "" || again.RunID != "run-1" {
		t.Errorf("run %s, results (-got +want):\n%s", again.RunID, diff)
	}
}

func TestARunIsResumedOnItsOwnTenantOnly(t *testing.T) {
	t.Parallel()
	f, j := newTenant(usual), &memory{}
	if err := j.Begin(t.Context(), apply.Header{RunID: "r", Target: "https://other.example.test"}, encoded(t, planOf(createUser("A", "")))); err != nil {
		t.Fatal(err)
	}
	if _, err := apply.Resume(t.Context(), deps(f, j)); err == nil || f.requests != 0 {
		t.Errorf("got %v and %d calls, want a refusal", err, f.requests)
	}
}

func TestAJournalThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	p := planOf(createUser("ANNA", ""))
	for name, c := range map[string]struct {
		plan   []byte
		record apply.Record
	}{
		"no plan":                    {[]byte("?"), apply.Record{}},
		"a record of another person": {encoded(t, p), apply.Record{Kind: apply.KindCreateUsers, Keys: []string{"BERT"}, Settled: true}},
		"an open record of another":  {encoded(t, p), apply.Record{Kind: apply.KindCreateUsers, Keys: []string{"BERT"}}},
		"a record of another team":   {encoded(t, p), apply.Record{Kind: apply.KindAddMembers, Team: "T", Settled: true}},
		"an open record of a team":   {encoded(t, p), apply.Record{Kind: apply.KindAddMembers, Team: "T"}},
		"a record of no known kind":  {encoded(t, p), apply.Record{Kind: "dance", Keys: []string{"ANNA"}, Settled: true}},
	} {
		f, j := newTenant(usual), &memory{}
		j.begun, j.plan, j.records = true, c.plan, []apply.Record{c.record}
		j.header = apply.Header{RunID: "r", Target: f.Tenant().URL}
		if _, err := apply.Resume(t.Context(), deps(f, j)); err == nil || f.requests != 0 {
			t.Errorf("%s: got %v and %d calls, want an error", name, err, f.requests)
		}
	}
}

func encoded(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(plan.Encode(z, p), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnUpdateWritesEveryFieldAndNoOther(t *testing.T) {
	t.Parallel()
	before := identity.User{
		UserID: "ANNA", LoginID: "l", Email: "e", GivenName: "g", FamilyName: "f", DisplayName: "d", Language: "de", Manager: "M", Photos: []string{"p"},
		Settings: identity.Settings{DataLanguage: "1", DateFormat: "2", TimeFormat: "3", NumberFormat: "4", CleanUpDays: 5, NotifyByEmail: true},
	}
	for _, c := range []struct {
		name   plan.FieldName
		before string
		after  string
		want   func(u *identity.User)
	}{
		{plan.FieldEmail, "e", "x", func(u *identity.User) { u.Email = "x" }},
		{plan.FieldLoginID, "l", "x", func(u *identity.User) { u.LoginID = "x" }},
		{plan.FieldGivenName, "g", "x", func(u *identity.User) { u.GivenName = "x" }},
		{plan.FieldFamilyName, "f", "x", func(u *identity.User) { u.FamilyName = "x" }},
		{plan.FieldDisplayName, "d", "x", func(u *identity.User) { u.DisplayName = "x" }},
		{plan.FieldActive, "false", "true", func(u *identity.User) { u.Active = true }},
		{plan.FieldConcurrent, "false", "true", func(u *identity.User) { u.Concurrent = true }},
		{plan.FieldLanguage, "de", "x", func(u *identity.User) { u.Language = "x" }},
		{plan.FieldManager, "M", "", func(u *identity.User) { u.Manager = "" }},
		{plan.FieldPhotos, "p", "", func(u *identity.User) { u.Photos = nil }},
		{plan.FieldDataLanguage, "1", "x", func(u *identity.User) { u.Settings.DataLanguage = "x" }},
		{plan.FieldDateFormat, "2", "x", func(u *identity.User) { u.Settings.DateFormat = "x" }},
		{plan.FieldTimeFormat, "3", "x", func(u *identity.User) { u.Settings.TimeFormat = "x" }},
		{plan.FieldNumberFormat, "4", "x", func(u *identity.User) { u.Settings.NumberFormat = "x" }},
		{plan.FieldCleanUpDays, "5", "30", func(u *identity.User) { u.Settings.CleanUpDays = 30 }},
		{plan.FieldNotify, "true", "false", func(u *identity.User) { u.Settings.NotifyByEmail = false }},
	} {
		t.Run(string(c.name), func(t *testing.T) {
			t.Parallel()
			for _, lost := range []bool{false, true} {
				f := newTenant(usual)
				f.users["ANNA"] = before
				if lost { // the reading before the repeat must see that it is as wanted, or the write would come twice
					f.before = on("update users", number(1), failure(upstream.Unknown), true)
				}
				mustRun(t, f, planOf(plan.Change{Entity: plan.User, Op: plan.Update, Key: "ANNA", Fields: []plan.Field{{Name: c.name, Before: c.before, After: c.after}}}))
				want := before
				c.want(&want)
				if diff := cmp.Diff(f.users["ANNA"], want, cmpopts.EquateEmpty()); diff != "" || f.updated != 1 {
					t.Errorf("lost answer %v: written %d times, person (-got +want):\n%s", lost, f.updated, diff)
				}
			}
		})
	}
}

func TestAnUpdateOfSomebodyWhoWentAwayFails(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	res := mustRun(t, f, planOf(plan.Change{Entity: plan.User, Op: plan.Update, Key: "A", Fields: []plan.Field{{Name: plan.FieldTimeFormat, After: "x"}}}))
	if got, want := res.Entities[0].Status, apply.Failed; got != want || f.opNumber["update users"] != 1 {
		t.Errorf("got %s after %d updates, want %s after one", got, f.opNumber["update users"], want)
	}
}

func TestAnUnreadableTeamExistsAndIsWrittenBlindly(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.teams["hidden"] = identity.Group{Name: "hidden"}
	f.before = on("write team", number(1), failure(upstream.Unknown), true)
	res := mustRun(t, f, planOf(plan.Change{Entity: plan.Team, Op: plan.Update, Key: "hidden", AddRoles: []string{"R1"}}))
	if !res.Complete() || f.opNumber["write team"] != 2 {
		t.Errorf("got %v after %d writes, want it done with the second", res.Entities, f.opNumber["write team"])
	}
	f.before = on("create team", number(1), failure(upstream.Unknown), true)
	delete(f.teams, "hidden")
	if res = mustRun(t, f, planOf(plan.Change{Entity: plan.Team, Op: plan.Create, Key: "hidden"})); !res.Complete() {
		t.Errorf("got %v, want it created", res.Entities)
	}
}

func TestSkipsAreInTheResult(t *testing.T) {
	t.Parallel()
	p := planOf(createUser("ANNA", ""))
	p.Skips = []plan.Finding{{Code: plan.OwnerUnchanged, Entity: plan.User, Key: "OWNER"}}
	p.Counts.UnchangedUsers, p.Counts.UnchangedTeams = 3, 4
	res := mustRun(t, newTenant(usual), p)
	want := apply.EntityResult{Entity: plan.User, Key: "OWNER", Status: apply.Skipped, Finding: &p.Skips[0]}
	if diff := cmp.Diff(res.Entities[1], want); diff != "" || res.Unchanged != 7 || !res.Complete() {
		t.Errorf("unchanged %d, complete %v, skip (-got +want):\n%s", res.Unchanged, res.Complete(), diff)
	}
}

// listener keeps what a hook heard.
type listener struct {
	heard   []apply.Progress
	settled []apply.EntityResult
}

func (l *listener) Progress(p apply.Progress) { l.heard = append(l.heard, p) }

func (l *listener) Settled(e apply.EntityResult) { l.settled = append(l.settled, e) }

func TestProgressOnlyGrowsAndEndsAtTheTotal(t *testing.T) {
	t.Parallel()
	d, l := richPlan(), &listener{}
	d.tenant.before = on("write team", number(2), failure(upstream.RetryLater), false)
	run := deps(d.tenant, &memory{})
	run.Hook = l
	if _, err := apply.Run(t.Context(), run, d.plan); err != nil {
		t.Fatal(err)
	}
	var last apply.Progress
	phases := []string{}
	for _, p := range l.heard {
		if p.Done < last.Done || p.Calls < last.Calls || p.Retries < last.Retries || p.Done > p.Total {
			t.Fatalf("got %+v after %+v", p, last)
		}
		if p.Phase != last.Phase {
			phases = append(phases, p.Phase)
		}
		last = p
	}
	if diff := cmp.Diff(phases, []string{"users", "teams", "deletes"}); diff != "" {
		t.Errorf("phases (-got +want):\n%s", diff)
	}
	want := apply.Progress{Phase: "deletes", Done: last.Total, Total: last.Total, Calls: d.tenant.requests, EstCalls: last.EstCalls, Retries: 1, Current: last.Current}
	if diff := cmp.Diff(last, want); diff != "" {
		t.Errorf("the end (-got +want):\n%s", diff)
	}
}

func BenchmarkRunOfALargePlan(b *testing.B) {
	const people, links = 80_000, 108_450
	l := usual
	l.CreateBatch, l.AddChunk, l.Workers, l.Lookup = 30, 4590, 8, 50
	p := planOf()
	for n := range people {
		p.Changes = append(p.Changes, createUser(fmt.Sprintf("U%06d", n), ""))
	}
	for n := range 4 {
		c := plan.Change{Entity: plan.Team, Op: plan.Create, Key: fmt.Sprint("T", n)}
		for m := range links / 4 {
			c.AddMembers = append(c.AddMembers, p.Changes[(n*20_000+m)%people].Key)
		}
		p.Changes = append(p.Changes, c)
	}
	b.ReportAllocs()
	for b.Loop() {
		res, err := apply.Run(b.Context(), deps(newTenant(l), &memory{}), p)
		if err != nil || !res.Complete() {
			b.Fatal(err)
		}
	}
}
