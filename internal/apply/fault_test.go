package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// ops are the kinds of calls as the fake tenant names them.
var ops = []string{"create users", "update users", "create team", "write team", "delete users", "delete team"}

func failure(class upstream.Class) *upstream.Error {
	return &upstream.Error{Class: class, Op: "call", Status: 500, Detail: "injected"}
}

// on makes the calls of a kind fail that pick chooses by number.
func on(op string, pick func(n int) bool, err error, effect bool) func(string, int) (error, bool) {
	return func(o string, n int) (error, bool) {
		if o == op && pick(n) {
			return err, effect
		}
		return nil, true
	}
}

func number(k int) func(int) bool { return func(n int) bool { return n == k } }
func upTo(k int) func(int) bool   { return func(n int) bool { return n <= k } }
func always(int) bool             { return true }

func TestAnUnknownOutcomeIsLookedAtBeforeAnythingIsRepeated(t *testing.T) {
	t.Parallel()
	for _, op := range ops {
		for _, effect := range []bool{true, false} {
			for _, class := range []upstream.Class{upstream.Unknown, upstream.RetryLater, upstream.RetryNow, ""} {
				if effect && (class == upstream.RetryLater || class == upstream.RetryNow) {
					continue // these classes promise that there was none
				}
				t.Run(fmt.Sprintf("%s: %q, with effect: %v", op, class, effect), func(t *testing.T) {
					t.Parallel()
					d := richPlan()
					d.tenant.before = on(op, upTo(2), failure(class), effect)
					res, err := apply.Run(t.Context(), deps(d.tenant, &memory{}), d.plan)
					if err != nil {
						t.Fatal(err)
					}
					endsWell(t, &d, res, "run")
				})
			}
		}
	}
}

func TestAWriteThatTookEffectIsNotSentAgain(t *testing.T) {
	t.Parallel()
	d := richPlan()
	quiet := d.tenant.clone()
	mustRun(t, quiet, d.plan)
	for _, op := range []string{"create users", "create team", "write team", "delete users", "delete team"} {
		f := d.tenant.clone()
		f.before = on(op, number(1), failure(upstream.Unknown), true)
		mustRun(t, f, d.plan)
		if got, want := f.opNumber[op], quiet.opNumber[op]; got != want {
			t.Errorf("%s: got %d calls, want the %d of a quiet run: %q", op, got, want, f.log)
		}
	}
}

func TestACreateThatTakesEffectAfterTheLookIsNotTakenForAConflict(t *testing.T) {
	t.Parallel()
	for op, c := range map[string]plan.Change{
		"create users": createUser("ANNA", ""),
		"create team":  {Entity: plan.Team, Op: plan.Create, Key: "Finance"},
	} {
		f := newTenant(usual)
		f.before = func(o string, n int) (error, bool) {
			if o == op && n == 1 {
				return failure(upstream.Unknown), false
			}
			return nil, true
		}
		d := deps(f, &memory{})
		d.Wait = func(int, time.Duration) time.Duration {
			f.mu.Lock()
			defer f.mu.Unlock()
			if op == "create users" {
				f.create(c.User)
			} else {
				f.teams["Finance"] = identity.Group{Name: "Finance", Ref: "late"}
			}
			return 0
		}
		res, err := apply.Run(t.Context(), d, planOf(c))
		if err != nil || !res.Complete() {
			t.Errorf("%s: got %v and error %v, want it done", op, res.Entities, err)
		}
		noBreach(t, f)
	}
}

func TestACreateThatWasCutOffHalfWayIsCompleted(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.before = func(op string, n int) (error, bool) {
		if op != "create users" || n > 1 {
			return nil, true
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.create(&identity.User{UserID: "ANNA", Email: "ANNA@x.test", Active: true})
		return failure(upstream.Unknown), false
	}
	c := createUser("ANNA", "")
	c.User.Photos = []string{"https://p.test/1"}
	res := mustRun(t, f, planOf(c))
	if !res.Complete() {
		t.Errorf("got %v, want it done", res.Entities)
	}
	if diff := cmp.Diff(f.users["ANNA"].Photos, c.User.Photos); diff != "" {
		t.Errorf("photos (-got +want):\n%s", diff)
	}
}

func TestSomebodyElsesUserIsNoSuccess(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.before = on("create users", number(1), failure(upstream.Unknown), false)
	f.users["ANNA"] = identity.User{UserID: "ANNA", Email: "another@x.test"}
	res := mustRun(t, f, planOf(createUser("ANNA", "")))
	if got, want := res.Entities[0].Status, apply.Failed; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatKeepsFailingFailsAloneWithItsCause(t *testing.T) {
	t.Parallel()
	for _, class := range []upstream.Class{
		upstream.RetryNow, upstream.RetryLater, upstream.Unknown, upstream.Refused, upstream.Gone, upstream.Conflict,
	} {
		for _, op := range []string{"update users", "write team", "create team"} {
			t.Run(op+": "+string(class), func(t *testing.T) {
				t.Parallel()
				d := richPlan()
				d.tenant.defaultRoles = nil // no corrections, which are updates too
				d.tenant.before = on(op, always, failure(class), false)
				l, run := &listener{}, deps(d.tenant, &memory{})
				run.Hook = l
				res, err := apply.Run(t.Context(), run, d.plan)
				if err != nil {
					t.Fatal(err)
				}
				noBreach(t, d.tenant)
				if p := l.heard[len(l.heard)-1]; p.Done != p.Total || p.Failed == 0 {
					t.Errorf("got progress %+v, want all of it done or given up", p)
				}
				for _, e := range res.Entities {
					hit := (op == "update users" && e.Entity == plan.User && e.Op == plan.Update) ||
						(op == "write team" && e.Entity == plan.Team && e.Op != plan.Delete) ||
						(op == "create team" && e.Entity == plan.Team && e.Op == plan.Create)
					switch {
					case hit && (e.Status != apply.Failed || !strings.Contains(e.Cause, "injected")):
						t.Errorf("%s %s: got %s (%s), want it failed with its cause", e.Op, e.Key, e.Status, e.Cause)
					case !hit && e.Status != apply.Done:
						t.Errorf("%s %s: got %s (%s), want it done", e.Op, e.Key, e.Status, e.Cause)
					}
				}
				if res.Complete() || res.Interrupted {
					t.Errorf("got complete %v, interrupted %v, want neither", res.Complete(), res.Interrupted)
				}
			})
		}
	}
}

func TestADeleteOfSomebodyWhoIsGoneIsDone(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.before = on("delete team", always, failure(upstream.Gone), false)
	res := mustRun(t, f, planOf(
		plan.Change{Entity: plan.User, Op: plan.Delete, Key: "NOBODY"},
		plan.Change{Entity: plan.Team, Op: plan.Delete, Key: "Nothing"},
	))
	want := []string{"delete user NOBODY: done", "delete team Nothing: done"}
	if diff := cmp.Diff(statuses(res), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestAnUnknownRoleCostsOnlyItsLinks(t *testing.T) {
	t.Parallel()
	l := usual
	l.Workers, l.CreateBatch = 1, 1
	f := newTenant(l)
	f.roles = map[string]bool{"R1": true}
	f.users["OLD"] = identity.User{UserID: "OLD"}
	f.teams["Old"] = identity.Group{Name: "Old"}
	p := planOf(
		createUser("ANNA", "", "R1", "R9"), createUser("BERT", "", "R8", "R9"),
		plan.Change{Entity: plan.User, Op: plan.Update, Key: "OLD", AddRoles: []string{"R1", "R7"}},
		plan.Change{Entity: plan.Team, Op: plan.Create, Key: "New", AddRoles: []string{"R1", "R6"}, AddMembers: []string{"ANNA"}},
		plan.Change{Entity: plan.Team, Op: plan.Update, Key: "Old", AddRoles: []string{"R9"}},
	)
	p.Changes[0].DecidesAllRoles = true
	before := cmp.Diff(p, nil)
	res := mustRun(t, f, p)
	if after := cmp.Diff(p, nil); after != before {
		t.Error("the plan was changed")
	}
	const cause = "the tenant does not know this role"
	role := func(keys ...string) (out []apply.LinkFailure) {
		for _, key := range keys {
			out = append(out, apply.LinkFailure{Kind: apply.RoleLink, Key: key, Cause: cause, Code: "unknown"})
		}
		return out
	}
	want := [][]apply.LinkFailure{role("R9"), role("R9", "R8"), role("R7"), {{Kind: apply.RoleLink, Key: "R6", Cause: "the tenant does not know it", Code: "unknown"}}, role("R9")}
	for n, e := range res.Entities {
		if diff := cmp.Diff(e.Links, want[n]); diff != "" || e.Status != apply.Partly {
			t.Errorf("%s %s is %s, links (-got +want):\n%s", e.Op, e.Key, e.Status, diff)
		}
	}
	users, teams := f.state()
	got := [][]string{users["ANNA"].Roles, users["BERT"].Roles, users["OLD"].Roles, teams["New"].Roles, teams["New"].Members, teams["Old"].Roles}
	if diff := cmp.Diff(got, [][]string{{"R1"}, nil, {"R1"}, {"R1"}, {"ANNA"}, nil}, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("what the tenant holds (-got +want):\n%s", diff)
	}
	if got, want := f.opNumber["create users"], 4; got != want {
		t.Errorf("got %d calls to create people, want %d: R9 is refused once and then known", got, want)
	}
	if res.Complete() {
		t.Error("the run counts as complete")
	}
}

func TestAPersonWhoCannotBeCreatedIsLeftOutOfTeamsAndAsManager(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	p := planOf(
		createUser("BOSS", ""), createUser("ANNA", "BOSS"), createUser("CARL", "STRANGER"),
		plan.Change{Entity: plan.User, Op: plan.Update, Key: "BOSS", Fields: []plan.Field{{Name: plan.FieldLanguage, After: "en"}}},
		plan.Change{Entity: plan.User, Op: plan.Update, Key: "CARL", Fields: []plan.Field{{Name: plan.FieldManager, After: "BOSS"}}},
		plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T", AddMembers: []string{"ANNA", "BOSS"}},
	)
	f.before = func(op string, n int) (error, bool) {
		if op == "create users" && n == 1 {
			return failure(upstream.Conflict), false
		}
		return nil, true
	}
	l := usual
	l.Workers, l.CreateBatch = 1, 1
	f.limits = func(int) upstream.Limits { return l }
	res := mustRun(t, f, p)
	want := []string{
		"create user BOSS: failed", "create user ANNA: done in part", "create user CARL: done in part",
		"update user BOSS: failed", "update user CARL: done in part", "create team T: done in part",
	}
	if diff := cmp.Diff(statuses(res), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	_, teams := f.state()
	if diff := cmp.Diff(teams["T"].Members, []string{"ANNA"}); diff != "" {
		t.Errorf("members (-got +want):\n%s", diff)
	}
	if got := res.Entities[5].Links[0]; got.Key != "BOSS" || !strings.Contains(got.Cause, "injected") {
		t.Errorf("got %v, want BOSS with the cause", got)
	}
	if got := f.opNumber["update users"]; got != 0 {
		t.Errorf("got %d updates, want none: nothing is left to send", got)
	}
}

func TestMembersWhomTheTenantDropsAreNotSentForEver(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	for _, id := range []string{"A", "B", "C", "D", "E"} {
		f.users[id] = identity.User{UserID: id}
	}
	f.dropped["B"], f.dropped["E"] = true, true
	f.teams["T"] = identity.Group{Name: "T"}
	res := mustRun(t, f, planOf(plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", AddMembers: []string{"A", "B", "C", "D", "E"}}))
	var lost []string
	for _, link := range res.Entities[0].Links {
		lost = append(lost, string(link.Kind)+" "+link.Key)
	}
	if diff := cmp.Diff(lost, []string{"member B", "member E"}); diff != "" || f.opNumber["write team"] != 2 {
		t.Errorf("%d writes, links (-got +want):\n%s", f.opNumber["write team"], diff)
	}
}

func TestAFullTeamTakesWhatFits(t *testing.T) {
	t.Parallel()
	l := usual
	l.MaxMembers = 3
	f := newTenant(l)
	for _, id := range []string{"A", "B", "C", "D"} {
		f.users[id] = identity.User{UserID: id}
	}
	f.teams["T"] = identity.Group{Name: "T", Members: []string{"A", "B"}}
	p := planOf(plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", Size: 2, RemoveMembers: []string{"A"}, AddMembers: []string{"C", "D", "E"}})
	estimate := apply.Estimate(p, f)
	res := mustRun(t, f, p)
	_, teams := f.state()
	if diff := cmp.Diff(teams["T"].Members, []string{"B", "C", "D"}); diff != "" || len(res.Entities[0].Links) != 1 {
		t.Errorf("links %v, members (-got +want):\n%s", res.Entities[0].Links, diff)
	}
	if f.requests != estimate {
		t.Errorf("got %d calls, want the estimated %d", f.requests, estimate)
	}
}

func TestAHalfDoneTeamWriteIsResumedWithTheDifference(t *testing.T) {
	t.Parallel()
	l := usual
	l.AddChunk = 4
	f := newTenant(l)
	for _, id := range []string{"A", "B", "C", "D", "E"} {
		f.users[id] = identity.User{UserID: id}
	}
	f.teams["T"] = identity.Group{Name: "T"}
	f.before = func(op string, n int) (error, bool) {
		if op != "write team" || n != 1 {
			return nil, true
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.teams["T"] = identity.Group{Name: "T", Members: []string{"A", "C"}}
		return failure(upstream.Unknown), false
	}
	p := planOf(plan.Change{
		Entity: plan.Team, Op: plan.Update, Key: "T", AddMembers: []string{"A", "B", "C", "D", "E"},
		Fields: []plan.Field{{Name: plan.FieldDescription, After: "new"}},
	})
	res := mustRun(t, f, p)
	_, teams := f.state()
	want := identity.Group{Name: "T", Description: "new", Members: []string{"A", "B", "C", "D", "E"}}
	if diff := cmp.Diff(teams["T"], want, cmpopts.EquateEmpty()); diff != "" || !res.Complete() {
		t.Errorf("complete %v, team (-got +want):\n%s", res.Complete(), diff)
	}
	if got := f.log[len(f.log)-1]; got != "write team T -0 -[] +[] +3" {
		t.Errorf("got %q, want the three missing members in one write", got)
	}
}

func TestAResumedRunSetsTheManagerWhoCouldNotBeCreatedBefore(t *testing.T) {
	t.Parallel()
	l := usual
	l.Workers = 1
	f := newTenant(l)
	f.users["CARL"] = identity.User{UserID: "CARL"}
	refuse := true
	f.before = func(op string, _ int) (error, bool) {
		if op == "create users" && refuse {
			return failure(upstream.Conflict), false
		}
		return nil, true
	}
	p := planOf(createUser("BOSS", ""), plan.Change{Entity: plan.User, Op: plan.Update, Key: "CARL", Fields: []plan.Field{
		{Name: plan.FieldLanguage, After: "en"}, {Name: plan.FieldManager, After: "BOSS"},
	}})
	j := &memory{}
	res, err := apply.Run(t.Context(), deps(f, j), p)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(statuses(res), []string{"create user BOSS: failed", "update user CARL: done in part"}); diff != "" {
		t.Errorf("first (-got +want):\n%s", diff)
	}
	refuse = false
	if res, err = apply.Resume(t.Context(), deps(f, j)); err != nil {
		t.Fatal(err)
	}
	noBreach(t, f)
	if diff := cmp.Diff(statuses(res), []string{"create user BOSS: done", "update user CARL: done"}); diff != "" {
		t.Errorf("resumed (-got +want):\n%s", diff)
	}
	users, _ := f.state()
	if got := users["CARL"]; got.Manager != "BOSS" || got.Language != "en" {
		t.Errorf("got manager %q and language %q, want BOSS and en", got.Manager, got.Language)
	}
}

func TestWhatStopsEverythingStopsAtOnceAndIsResumable(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]*upstream.Error{
		"credentials":                {Class: upstream.Credentials, Op: "call", Status: 401},
		"unreachable":                {Class: upstream.RetryNow, Op: "call", Unreachable: true},
		"unreachable after the send": {Class: upstream.Unknown, Op: "call", Unreachable: true},
	} {
		for _, op := range ops {
			t.Run(name+": "+op, func(t *testing.T) {
				t.Parallel()
				d := richPlan()
				l := usual
				l.Workers = 1
				d.tenant.limits = func(int) upstream.Limits { return l }
				effect := cause.Class == upstream.Unknown
				stopped := 0
				d.tenant.before = func(o string, n int) (error, bool) {
					if o == op && n >= 2 {
						stopped++
						return cause, effect
					}
					return nil, true
				}
				path := journalPath(t)
				db, j := journalFile(t, path)
				res, err := apply.Run(t.Context(), deps(d.tenant, j), d.plan)
				if got := upstream.ClassOf(err); got != cause.Class {
					t.Errorf("got class %q of %v, want %q", got, err, cause.Class)
				}
				if stopped != 1 || !res.Interrupted {
					t.Errorf("got %d calls that failed, interrupted %v, want 1 and true", stopped, res.Interrupted)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				d.tenant.before = nil
				res, _ = life(t, d.tenant, path, d.plan, -1)
				endsWell(t, &d, res, "resumed")
			})
		}
	}
}

// A Bulk answer says that people were created. As long as nobody could look, they do not count as done.
func TestReadsThatFailForeverAreToldAndStopNothingElse(t *testing.T) {
	t.Parallel()
	d, j := richPlan(), &memory{}
	d.tenant.reads = func(int) error { return failure(upstream.RetryLater) }
	d.tenant.before = on("create team", number(1), failure(upstream.Unknown), true)
	res, err := apply.Run(t.Context(), deps(d.tenant, j), d.plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range res.Entities {
		switch {
		case e.Entity == plan.User && e.Op == plan.Create && (e.Status != apply.Failed || !contains(e.Cause, "nobody could look") || e.CauseKey != "unknown outcome/not-shown"):
			t.Errorf("%s: got %s, %s (%s), want it failed: nobody has seen it", e.Key, e.Status, e.CauseKey, e.Cause)
		case e.Entity == plan.User && e.Op == plan.Update && e.Status != apply.Failed:
			t.Errorf("%s: got %s, want failed: nobody could be read before the write", e.Key, e.Status)
		}
	}
	failed := slices.DeleteFunc(statuses(res), func(s string) bool { return !strings.HasPrefix(s, "create team") || !strings.HasSuffix(s, "failed") })
	if len(failed) != 1 {
		t.Errorf("got failed teams %q, want the one whose creation is uncertain", failed)
	}
	d.tenant.reads = nil
	if res, err = apply.Resume(t.Context(), deps(d.tenant, j)); err != nil {
		t.Fatal(err)
	}
	endsWell(t, &d, res, "resumed")
}

func TestReadsThatFailOnceAreRepeated(t *testing.T) {
	t.Parallel()
	d := richPlan()
	d.tenant.reads = func(n int) error {
		if n%2 == 1 {
			return failure(upstream.RetryNow)
		}
		return nil
	}
	d.tenant.before = on("create users", number(1), failure(upstream.Unknown), true)
	l := usual
	l.Workers = 1
	d.tenant.limits = func(int) upstream.Limits { return l }
	res, err := apply.Run(t.Context(), deps(d.tenant, &memory{}), d.plan)
	if err != nil {
		t.Fatal(err)
	}
	endsWell(t, &d, res, "run")
}

func TestAReadThatNobodyCanMakeStopsTheRun(t *testing.T) {
	t.Parallel()
	d := richPlan()
	l := usual
	l.Workers = 1 // with more, calls that were begun beside the reading go on
	d.tenant.limits = limitsOf(l)
	calls, reads := 0, 0
	d.tenant.reads = func(int) error {
		d.tenant.mu.Lock()
		defer d.tenant.mu.Unlock()
		if reads++; reads == 1 {
			calls = len(d.tenant.log)
		}
		return failure(upstream.Credentials)
	}
	res, err := apply.Run(t.Context(), deps(d.tenant, &memory{}), d.plan)
	if upstream.ClassOf(err) != upstream.Credentials || !res.Interrupted {
		t.Errorf("got %v, interrupted %v, want the refused credentials to stop it", err, res.Interrupted)
	}
	if after := d.tenant.log[calls:]; reads != 1 || len(after) > 0 {
		t.Errorf("got %d readings and then the calls %q, want one reading and nothing after it", reads, after)
	}
}

func TestCorrectionsThatFailLeaveThePersonCreated(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.defaultRoles = []string{"R0"}
	f.before = on("update users", always, failure(upstream.Refused), false)
	exact, licence := createUser("ANNA", ""), createUser("BERT", "")
	exact.DecidesAllRoles, licence.User.Concurrent = true, true
	res := mustRun(t, f, planOf(exact, licence))
	var got []string
	for _, e := range res.Entities {
		for _, l := range e.Links {
			got = append(got, fmt.Sprint(e.Key, " ", e.Status, " ", l.Kind, " ", l.Key))
		}
	}
	want := []string{"ANNA done in part role default roles", "BERT done in part licence concurrent"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestACancelledRunLetsTheCallInFlightEnd(t *testing.T) {
	t.Parallel()
	for _, op := range ops {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			d := richPlan()
			l := usual
			l.Workers = 1
			d.tenant.limits = func(int) upstream.Limits { return l }
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			d.tenant.before = func(o string, n int) (error, bool) {
				if ctx.Err() != nil {
					t.Errorf("%s number %d was started after the end", o, n)
				}
				if o == op && n == 2 {
					cancel()
				}
				return nil, true
			}
			path := journalPath(t)
			db, j := journalFile(t, path)
			res, err := apply.Run(ctx, deps(d.tenant, j), d.plan)
			if !errors.Is(err, context.Canceled) || !res.Interrupted {
				t.Errorf("got %v, interrupted %v, want the run cancelled", err, res.Interrupted)
			}
			if err := j.Records(t.Context(), func(r apply.Record) bool {
				if !r.Settled {
					t.Errorf("call %d (%s) is not settled", r.Seq, r.Kind)
				}
				return true
			}); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			d.tenant.before = nil
			res, _ = life(t, d.tenant, path, d.plan, -1)
			endsWell(t, &d, res, "resumed")
		})
	}
}

// full is a journal on a disk that is full from the n-th intent on.
type full struct {
	memory
	left int
}

var errFull = errors.New("no space left on device")

func (j *full) Intend(ctx context.Context, l apply.Lease, r apply.Record) (uint64, error) {
	j.mu.Lock()
	j.left--
	out := j.left < 0
	j.mu.Unlock()
	if out {
		return 0, errFull
	}
	return j.memory.Intend(ctx, l, r)
}

func TestNothingIsWrittenWithoutTheJournal(t *testing.T) {
	t.Parallel()
	for left := range 12 {
		d := richPlan()
		j := &full{left: left}
		res, err := apply.Run(t.Context(), deps(d.tenant, j), d.plan)
		if !errors.Is(err, errFull) || !res.Interrupted {
			t.Errorf("disk full after %d: got %v, interrupted %v", left, err, res.Interrupted)
		}
		if got := len(d.tenant.log); got > left {
			t.Errorf("disk full after %d: got %d writes: %q", left, got, d.tenant.log)
		}
		j.left = 1000
		res, err = apply.Resume(t.Context(), deps(d.tenant, j))
		if err != nil {
			t.Fatal(err)
		}
		endsWell(t, &d, res, "resumed")
	}
}
