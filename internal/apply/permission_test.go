package apply_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/store/bolt"
)

// hands are two clocks that go forward when told to.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) read() (time.Time, time.Duration) { return h.now(), h.now().Sub(now()) }

func (h *hands) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// pausable are the leases as a process sees them that stands still while the tenant is visited.
type pausable struct {
	apply.Leases
	f *tenant
}

func (p *pausable) Renew(ctx context.Context, l apply.Lease, ttl time.Duration) (apply.Lease, error) {
	p.f.process.RLock()
	defer p.f.process.RUnlock()
	return p.Leases.Renew(ctx, l, ttl)
}

// visit is what a second run does while the first is stopped.
func visit(t *testing.T, leases apply.Leases, clock *hands, f *tenant) {
	t.Helper()
	h, err := apply.HoldByClocks(t.Context(), leases, tenantURL, time.Minute, clock.read)
	if err != nil {
		t.Error(err)
		return
	}
	defer giveBack(t, h)
	d := deps(f, &memory{})
	d.Lease, d.RunID = h, "run-2"
	f.mu.Lock()
	size, roles := len(f.teams["Old 0"].Members), slices.Clone(f.users["OLD0"].Roles)
	f.mu.Unlock()
	res, err := apply.Run(t.Context(), d, planOf(
		plan.Change{Entity: plan.Team, Op: plan.Update, Key: "Old 0", Size: size, AddMembers: []string{"EVA", "FRED"}},
		plan.Change{Entity: plan.User, Op: plan.Update, Key: "OLD0", AddRoles: []string{"R9"}, RolesBefore: roles},
	))
	if err != nil || !res.Complete() {
		t.Errorf("the second run: %v, %v", res.Entities, err)
	}
}

// A run is stopped before its k-th send, a second one comes when the lease is over, and the first goes on.
func TestARunStoppedPastItsLeaseSendsNothingAfterAnotherHolderCame(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 3} {
		for k := 1; ; k++ {
			d, clock := visited(), &hands{at: now()}
			l := usual
			l.Workers = workers
			d.tenant.limits = limitsOf(l)
			leases := bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), clock.now)
			stopped, writes := false, 0
			d.tenant.sending = func(n int) {
				if n != k || stopped {
					return
				}
				stopped = true
				d.tenant.stopped(func() {
					clock.pass(2 * time.Minute)
					visit(t, leases, clock, d.tenant)
					d.tenant.mu.Lock()
					writes = len(d.tenant.log)
					d.tenant.mu.Unlock()
				})
			}
			j := &memory{}
			h, err := apply.HoldByClocks(t.Context(), &pausable{leases, d.tenant}, tenantURL, time.Minute, clock.read)
			if err != nil {
				t.Fatal(err)
			}
			first := deps(d.tenant, j)
			first.Lease = h
			res, err := apply.Run(t.Context(), first, d.plan)
			giveBack(t, h)
			if !stopped {
				if k < 20 {
					t.Errorf("got %d sends, the plan is too small to mean anything", k)
				}
				break
			}
			if !errors.Is(err, apply.ErrLeaseLost) || !res.Interrupted {
				t.Fatalf("stopped before send %d: got %v, want the lost lease", k, err)
			}
			if got := len(d.tenant.log); got != writes {
				t.Errorf("stopped before send %d: %d writes after the second run", k, got-writes)
			}
			d.tenant.sending = nil
			if res, err = apply.Resume(t.Context(), deps(d.tenant, j)); err != nil {
				t.Fatal(err)
			}
			d.afterVisit()
			endsWell(t, &d, res, fmt.Sprint("stopped before send ", k, ", resumed"))
		}
	}
}

// visited is the rich plan with two people whom it is not about.
func visited() drawn {
	d := richPlan()
	for _, id := range []string{"EVA", "FRED"} {
		d.tenant.users[id], d.users[id] = identity.User{UserID: id}, identity.User{UserID: id}
	}
	return d
}

// afterVisit adds what the second run did to what must come of the plan.
func (d *drawn) afterVisit() {
	g := d.teams["Old 0"]
	g.Members = union(g.Members, []string{"EVA", "FRED"})
	d.teams["Old 0"] = g
	u := d.users["OLD0"]
	u.Roles = union(u.Roles, []string{"R9"})
	d.users["OLD0"] = u
}

func TestARunStoppedPastItsLeaseGoesOnWhereNobodyCame(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		d, clock := richPlan(), &hands{at: now()}
		stopped := false
		d.tenant.sending = func(n int) {
			if n == k {
				stopped = true
				clock.pass(2 * time.Minute)
			}
		}
		h, err := apply.HoldByClocks(t.Context(), bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), clock.now), tenantURL, time.Minute, clock.read)
		if err != nil {
			t.Fatal(err)
		}
		first := deps(d.tenant, &memory{})
		first.Lease = h
		res, err := apply.Run(t.Context(), first, d.plan)
		giveBack(t, h)
		if err != nil {
			t.Fatalf("stopped before send %d: %v", k, err)
		}
		endsWell(t, &d, res, fmt.Sprint("stopped before send ", k))
		if !stopped {
			break
		}
	}
}

func TestARunThatIsToEndSendsNothingMore(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		d := richPlan()
		ctx, cancel := context.WithCancel(t.Context())
		writes := -1
		d.tenant.sending = func(n int) {
			if n == k {
				d.tenant.mu.Lock()
				writes = len(d.tenant.log)
				d.tenant.mu.Unlock()
				cancel()
			}
		}
		l := usual
		l.Workers = 1
		d.tenant.limits = limitsOf(l)
		j := &memory{}
		res, err := apply.Run(ctx, deps(d.tenant, j), d.plan)
		cancel()
		if writes < 0 {
			break
		}
		if !errors.Is(err, context.Canceled) || !res.Interrupted || len(d.tenant.log) != writes {
			t.Errorf("ended before send %d: %v, %d writes afterwards", k, err, len(d.tenant.log)-writes)
		}
		for _, rec := range j.records {
			for _, o := range rec.Outcomes {
				if !rec.Settled || !o.OK && o.Class != "not sent" {
					t.Errorf("ended before send %d: record %+v", k, rec)
				}
			}
		}
		d.tenant.sending = nil
		if res, err = apply.Resume(t.Context(), deps(d.tenant, j)); err != nil {
			t.Fatal(err)
		}
		endsWell(t, &d, res, fmt.Sprint("ended before send ", k, ", resumed"))
	}
}

// A role, a member and an attribute that somebody else changed since the plan was made.
func TestWhatSomebodyElseChangedIsKeptAndToldOrAConflict(t *testing.T) {
	t.Parallel()
	user := func(c plan.Change) plan.Change {
		c.Entity, c.Op, c.Key, c.RolesBefore = plan.User, plan.Update, "ANNA", []string{"R1", "R2"}
		c.AddRoles, c.RemoveRoles = []string{"R3"}, []string{"R1"}
		return c
	}
	team := func(c plan.Change) plan.Change {
		c.Entity, c.Op, c.Key, c.RolesBefore, c.Size = plan.Team, plan.Update, "T", []string{"R1", "R2"}, 1
		c.AddRoles, c.RemoveRoles, c.AddMembers = []string{"R3"}, []string{"R1"}, []string{"BERT"}
		return c
	}
	for name, c := range map[string]struct {
		change  plan.Change
		status  apply.Status
		told    string // in the cause or in a warning
		member  bool   // somebody else's member comes instead of the role
		wantOld bool   // nothing is written
	}{
		"a role of a person, add and remove: kept":  {user(plan.Change{}), apply.Done, "role R9 was added", false, false},
		"a role of a person, replace: a conflict":   {user(plan.Change{DecidesAllRoles: true}), apply.Failed, "role R9 was added", false, true},
		"a role of a team, add and remove: kept":    {team(plan.Change{}), apply.Done, "role R9 was added", false, false},
		"a role of a team, replace: a conflict":     {team(plan.Change{DecidesAllRoles: true}), apply.Failed, "role R9 was added", false, true},
		"a member of a team, add: kept":             {team(plan.Change{}), apply.Done, "", true, false},
		"a member of a team, replace: a conflict":   {team(plan.Change{DecidesAllMembers: true, MembersBefore: []string{"ANNA"}}), apply.Failed, "member CARL was added", true, true},
		"an attribute of a person: always conflict": {user(plan.Change{Fields: []plan.Field{{Name: plan.FieldEmail, Before: "b@x", After: "a@x"}}}), apply.Failed, `email was "b@x" for the plan and is "other@x" now`, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, resumed := range []bool{false, true} {
				f, j := newTenant(usual), &memory{}
				roles, members := []string{"R1", "R2", "R9"}, []string{"ANNA"}
				if c.member {
					roles, members = []string{"R1", "R2"}, []string{"ANNA", "CARL"}
				}
				for _, id := range []string{"ANNA", "BERT", "CARL"} {
					f.users[id] = identity.User{UserID: id, Email: "other@x", Roles: roles}
				}
				f.teams["T"] = identity.Group{Name: "T", Roles: roles, Members: members}
				before := f.clone()
				res, err := apply.Run(t.Context(), deps(f, j), planOf(c.change))
				if resumed && c.status == apply.Failed {
					res, err = apply.Resume(t.Context(), deps(f, j))
				}
				if err != nil {
					t.Fatal(err)
				}
				e := res.Entities[0]
				if said := fmt.Sprint(e.Cause, e.Warnings); e.Status != c.status || !contains(said, c.told) || c.status == apply.Failed && !contains(said, "make a new plan") {
					t.Errorf("got %s: %s, want %s and %q told", e.Status, said, c.status, c.told)
				}
				users, teams := f.state()
				_, oldTeams := before.state()
				oldUsers, _ := before.state()
				if diff := cmp.Diff(users, oldUsers) + cmp.Diff(teams, oldTeams); (diff == "") != c.wantOld {
					t.Errorf("what was written: %s", diff)
				}
				for _, role := range roles[1:] {
					if !has(users["ANNA"].Roles, role) || !has(teams["T"].Roles, role) || !has(teams["T"].Members, members[len(members)-1]) {
						t.Errorf("somebody else's change is lost: %v, %v", users["ANNA"], teams["T"])
					}
				}
			}
		})
	}
}

// What was not sent needs no look: nothing of it can have reached the tenant.
func TestWhatWasNotSentIsNotLookedFor(t *testing.T) {
	t.Parallel()
	for _, change := range []plan.Change{
		createUser("ANNA", ""),
		{Entity: plan.Team, Op: plan.Update, Key: "T", AddRoles: []string{"R1"}},
		{Entity: plan.User, Op: plan.Delete, Key: "BERT"},
		{Entity: plan.Team, Op: plan.Delete, Key: "T"},
	} {
		reads := [2]int{}
		for run := range reads {
			l := usual
			l.Reread = 0
			f, clock := newTenant(l), &hands{at: now()}
			f.teams["T"], f.users["BERT"] = identity.Group{Name: "T"}, identity.User{UserID: "BERT"}
			f.sending = func(n int) {
				if n == 1 && run == 1 {
					clock.pass(2 * time.Minute)
				}
			}
			leases := bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), clock.now)
			h, err := apply.HoldByClocks(t.Context(), leases, tenantURL, time.Minute, clock.read)
			if err != nil {
				t.Fatal(err)
			}
			d := deps(f, &memory{})
			d.Lease = h
			res, err := apply.Run(t.Context(), d, planOf(change))
			giveBack(t, h)
			if err != nil || !res.Complete() || f.sends != 1+run {
				t.Errorf("%s %s: %v after %d sends: %v", change.Op, change.Key, err, f.sends, res.Entities)
			}
			reads[run] = f.readCount
		}
		if reads[0] != reads[1] {
			t.Errorf("%s %s: %d reads where a send was refused, %d otherwise", change.Op, change.Key, reads[1], reads[0])
		}
	}
}
