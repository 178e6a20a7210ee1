package apply_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

// A call takes effect and its answer is lost with the process; the next one looks and does not send it again.
func TestAResumedRunSendsNothingAgainThatTookEffect(t *testing.T) {
	t.Parallel()
	team := func(c plan.Change) plan.Change {
		c.Entity, c.Op, c.Key = plan.Team, plan.Update, "T"
		return c
	}
	for name, c := range map[string]struct {
		op     string
		change plan.Change
		answer error // nil: none, for the process dies
	}{
		"a person is created":          {"create users", createUser("ANNA", ""), nil},
		"a team is created":            {"create team", plan.Change{Entity: plan.Team, Op: plan.Create, Key: "N"}, nil},
		"a team is created, after 401": {"create team", plan.Change{Entity: plan.Team, Op: plan.Create, Key: "N"}, failure(upstream.Credentials)},
		"members come":                 {"write team", team(plan.Change{AddMembers: []string{"BERT"}}), nil},
		"members go":                   {"write team", team(plan.Change{RemoveMembers: []string{"OLD"}}), nil},
		"roles change":                 {"write team", team(plan.Change{RolesBefore: []string{"R1"}, AddRoles: []string{"R2"}, RemoveRoles: []string{"R1"}}), nil},
		"a description":                {"write team", team(plan.Change{Fields: []plan.Field{{Name: plan.FieldDescription, After: "new"}}}), nil},
		"a person is deleted":          {"delete users", plan.Change{Entity: plan.User, Op: plan.Delete, Key: "OLD"}, nil},
		"a team is deleted":            {"delete team", plan.Change{Entity: plan.Team, Op: plan.Delete, Key: "T"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, path := newTenant(usual), journalPath(t)
			f.users["OLD"], f.users["BERT"] = identity.User{UserID: "OLD"}, identity.User{UserID: "BERT"}
			f.teams["T"] = identity.Group{Name: "T", Members: []string{"OLD"}, Roles: []string{"R1"}}
			db, j := journalFile(t, path)
			m := &mortal{Journal: j, left: -1}
			f.dead = m.isDead
			f.before = func(string, int) (error, bool) {
				if c.answer != nil {
					return c.answer, true
				}
				m.mu.Lock()
				defer m.mu.Unlock()
				m.dead = true
				return errDead, true
			}
			if res, err := apply.Run(t.Context(), deps(f, m), planOf(c.change)); err == nil && !res.Interrupted {
				t.Errorf("got %+v, want the run to stop", res)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			f.before = nil
			res, _ := life(t, f, path, nil, -1)
			if !res.Complete() || f.opNumber[c.op] != 1 {
				t.Errorf("got %v and %q, want one call", res.Entities, f.log)
			}
			noBreach(t, f)
		})
	}
}

// A create whose answer was lost cannot be looked at; the next process knows from when on the entity is the run's own.
func TestAResumedRunKnowsWhenACreateWasTriedFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]plan.Change{
		"a person": createUser("ANNA", ""), "a team": {Entity: plan.Team, Op: plan.Create, Key: "N"},
	} {
		f, j := newTenant(usual), &memory{}
		f.before = func(string, int) (error, bool) { return failure(upstream.Unknown), true }
		f.reads = func(int) error { return failure(upstream.RetryLater) }
		if res, err := apply.Run(t.Context(), deps(f, j), planOf(c)); err != nil || res.Entities[0].Status != apply.Failed {
			t.Fatalf("%s: got %v, %v, want it failed", name, res.Entities, err)
		}
		f.before, f.reads = nil, nil
		later := deps(f, j)
		later.Now = func() time.Time { return now().Add(time.Hour) }
		res, err := apply.Resume(t.Context(), later)
		if err != nil || !res.Complete() || res.Entities[0].Adopted {
			t.Errorf("%s: got %v, %v, want it to be the run's own", name, res.Entities, err)
		}
	}
}

func TestARefusedDeleteIsLookedAtWhereAnEarlierTryMayHaveWorked(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.users["OLD"] = identity.User{UserID: "OLD"}
	f.before = func(_ string, n int) (error, bool) {
		if n == 1 {
			return failure(upstream.Unknown), false
		}
		return failure(upstream.Refused), false
	}
	d := deps(f, &memory{})
	d.Wait = func(int, time.Duration) time.Duration { // the first takes effect late
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.users, "OLD")
		return 0
	}
	res, err := apply.Run(t.Context(), d, planOf(plan.Change{Entity: plan.User, Op: plan.Delete, Key: "OLD"}))
	if err != nil || !res.Complete() {
		t.Errorf("got %v, %v, want it done", res.Entities, err)
	}
}

func TestATeamThatCannotBeReadIsAdoptedUnlessItsNameWasTaken(t *testing.T) {
	t.Parallel()
	for class, want := range map[upstream.Class]apply.EntityResult{
		upstream.Unknown: {Status: apply.Done, Adopted: true}, upstream.Conflict: {Status: apply.Failed},
	} {
		f := newTenant(usual)
		f.before = on("create team", always, failure(class), false)
		f.reads = func(int) error { return &upstream.UnreadableError{Name: "T"} }
		res := mustRun(t, f, planOf(plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T"}))
		if e := res.Entities[0]; e.Status != want.Status || e.Adopted != want.Adopted {
			t.Errorf("%s: got %s (%s), adopted %v", class, e.Status, e.Cause, e.Adopted)
		}
	}
}

func TestAnAdoptedTeamStaysAdoptedWhenTheRunIsResumed(t *testing.T) {
	t.Parallel()
	f, j := newTenant(usual), &memory{}
	f.teams["T"] = identity.Group{Name: "T"}
	f.users["OLD"] = identity.User{UserID: "OLD"}
	f.before = func(op string, _ int) (error, bool) {
		if op == "write team" {
			return failure(upstream.Credentials), false
		}
		return nil, true
	}
	p := planOf(plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T", AddMembers: []string{"OLD"}})
	if _, err := apply.Run(t.Context(), deps(f, j), p); err == nil {
		t.Fatal("the run has ended")
	}
	f.before = nil
	res, err := apply.Resume(t.Context(), deps(f, j))
	if err != nil || !res.Complete() || !res.Entities[0].Adopted {
		t.Errorf("got %+v, %v, want it done and adopted", res.Entities, err)
	}
}

// A run that decided about whole sets is stopped before each of its writes; its own earlier ones are no other's change.
func TestARunIsNotInItsOwnWayWhereWholeSetsAreCompared(t *testing.T) {
	t.Parallel()
	for stop := 1; ; stop++ {
		l := usual
		l.AddChunk, l.RemoveChunk, l.RoleChunk = 1, 1, 1
		f, j := newTenant(l), &memory{}
		for _, id := range []string{"A", "B", "C", "D"} {
			f.users[id] = identity.User{UserID: id, Roles: []string{"R1"}}
		}
		f.teams["T"] = identity.Group{Name: "T", Members: []string{"A", "B"}, Roles: []string{"R1", "R2"}}
		f.before = func(_ string, _ int) (error, bool) {
			if len(f.log) == stop {
				return failure(upstream.Credentials), false
			}
			return nil, true
		}
		p := planOf(
			plan.Change{
				Entity: plan.Team, Op: plan.Update, Key: "T", Size: 2, DecidesAllMembers: true, DecidesAllRoles: true,
				MembersBefore: []string{"A", "B"}, RemoveMembers: []string{"A", "B"}, AddMembers: []string{"C", "D"},
				RolesBefore: []string{"R1", "R2"}, RemoveRoles: []string{"R1", "R2"}, AddRoles: []string{"R3", "R4"},
			},
			plan.Change{Entity: plan.User, Op: plan.Update, Key: "A", DecidesAllRoles: true, RolesBefore: []string{"R1"}, AddRoles: []string{"R2"}},
			plan.Change{Entity: plan.User, Op: plan.Update, Key: "B", RolesBefore: []string{"R1"}, AddRoles: []string{"R2"}},
		)
		res, err := apply.Run(t.Context(), deps(f, j), p)
		stopped := err != nil
		if f.before = nil; stopped {
			res, err = apply.Resume(t.Context(), deps(f, j))
		}
		if err != nil || !res.Complete() {
			t.Errorf("stopped at write %d: got %v, %v", stop, res.Entities, err)
		}
		for i := range res.Entities {
			if w := res.Entities[i].Warnings; len(w) > 0 {
				t.Errorf("stopped at write %d: warned without a reason: %q", stop, w)
			}
		}
		want := identity.Group{Name: "T", Members: []string{"C", "D"}, Roles: []string{"R3", "R4"}}
		if diff := cmp.Diff(f.teams["T"], want); diff != "" {
			t.Errorf("stopped at write %d (-got +want):\n%s", stop, diff)
		}
		if !stopped {
			break
		}
	}
}

// One of two roles cannot be granted at first, and the rest of an exact set is resumed.
func TestTheRestOfAnExactRoleSetIsResumedUnlessSomebodyChangedIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile []string
		want      apply.Status
		roles     []string
	}{
		"nobody changed it":   {nil, apply.Done, []string{"R1", "R2", "R9"}},
		"somebody granted R5": {[]string{"R5"}, apply.Failed, []string{"R1", "R2", "R5"}},
	} {
		f, j := newTenant(usual), &memory{}
		f.roles = map[string]bool{"R1": true, "R2": true}
		f.users["OLD"] = identity.User{UserID: "OLD", Roles: []string{"R1"}}
		p := planOf(plan.Change{
			Entity: plan.User, Op: plan.Update, Key: "OLD", DecidesAllRoles: true, RolesBefore: []string{"R1"}, AddRoles: []string{"R2", "R9"},
		})
		if res, err := apply.Run(t.Context(), deps(f, j), p); err != nil || res.Entities[0].Status != apply.Partly {
			t.Fatalf("%s: got %v, %v", name, res.Entities, err)
		}
		f.roles["R9"] = true
		u := f.users["OLD"]
		u.Roles = union(u.Roles, c.meanwhile)
		f.users["OLD"] = u
		res, err := apply.Resume(t.Context(), deps(f, j))
		if err != nil || res.Entities[0].Status != c.want {
			t.Errorf("%s: got %v, %v, want %s", name, res.Entities, err, c.want)
		}
		if diff := cmp.Diff(f.users["OLD"].Roles, c.roles); diff != "" {
			t.Errorf("%s: roles (-got +want):\n%s", name, diff)
		}
	}
}

// looking are leases where something happens during the n-th look.
type looking struct {
	apply.Leases
	n    int
	then func()
}

func (l *looking) Check(ctx context.Context, lease apply.Lease) error {
	err := l.Leases.Check(ctx, lease)
	if l.n--; l.n == 0 {
		l.then()
	}
	return err
}

func TestAProcessStoppedWhileItLooksAtItsLeaseMayNotWrite(t *testing.T) {
	t.Parallel()
	clock := &hands{at: now()}
	leases := &looking{Leases: bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), now), n: 1, then: func() { clock.pass(time.Hour) }}
	h, err := apply.HoldByClocks(t.Context(), leases, tenantURL, time.Minute, clock.read)
	if err != nil {
		t.Fatal(err)
	}
	defer giveBack(t, h)
	if err := h.Check(t.Context()); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("got %v, want ErrLeaseLost", err)
	}
}

func TestARunStoppedWhileItLooksAtItsLeaseSendsNothing(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 4; n++ {
		f, before := newTenant(usual), false
		ctx, stop := context.WithCancel(t.Context())
		leases := &looking{Leases: leaseFile(t), n: n, then: func() {
			before = len(f.log) == 0
			stop()
		}}
		d := deps(f, &memory{})
		d.Lease = held(t, leases, "the first", time.Minute)
		_, _ = apply.Run(ctx, d, planOf(createUser("ANNA", ""))) // how it ends is not the question
		if before && len(f.log) > 0 {
			t.Errorf("stopped at look %d: sent %q", n, f.log)
		}
		if n == 1 && !before {
			t.Error("nobody looked before the send")
		}
		stop()
	}
}

// overheard lets a test hear the permission that writes are made under.
type overheard struct {
	*tenant
	permission upstream.Permission
}

func (o *overheard) Writer(p upstream.Permission) upstream.Writer {
	o.permission = p
	return o.tenant.Writer(p)
}

func TestAStoppingRunEndsTheWaitsOfItsCalls(t *testing.T) {
	t.Parallel()
	f := &overheard{tenant: newTenant(usual)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	f.before = func(string, int) (error, bool) {
		stop()
		select {
		case <-f.permission.Stopping():
		case <-time.After(10 * time.Second):
			t.Error("waits go on")
		}
		return nil, true
	}
	d := deps(f.tenant, &memory{})
	d.Target = f
	_, _ = apply.Run(ctx, d, planOf(createUser("ANNA", ""))) // how it ends is not the question
	if f.opNumber["create users"] != 1 {
		t.Errorf("got %q, want a create", f.log)
	}
}

func TestWhatARunSpentIsWhatItMayHaveDone(t *testing.T) {
	t.Parallel()
	team := plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", RemoveMembers: []string{"A", "B"}}
	person := plan.Change{Entity: plan.User, Op: plan.Update, Key: "A", RolesBefore: []string{"R1"}, RemoveRoles: []string{"R1"}, AddRoles: []string{"R9"}}
	for name, c := range map[string]struct {
		changes []plan.Change
		refused bool // every write of a team
		once    bool // a person allowed the removal of members
		want    plan.Amounts
		spends  plan.Amounts // as told at the begin
	}{
		"all is done":                {[]plan.Change{team}, false, false, plan.Amounts{MemberRemoval: 2}, plan.Amounts{MemberRemoval: 2}},
		"a team that failed":         {[]plan.Change{team}, true, false, plan.Amounts{MemberRemoval: 2}, plan.Amounts{MemberRemoval: 2}},
		"a person done in part":      {[]plan.Change{person}, false, false, plan.Amounts{Update: 1, RoleRemoval: 1}, plan.Amounts{Update: 1, RoleRemoval: 1}},
		"what a person allowed":      {[]plan.Change{team}, false, true, plan.Amounts{}, plan.Amounts{}},
		"allowed, and it has failed": {[]plan.Change{team}, true, true, plan.Amounts{}, plan.Amounts{}},
	} {
		f, j := newTenant(usual), &memory{}
		f.roles = map[string]bool{"R1": true}
		f.users["A"], f.users["B"] = identity.User{UserID: "A", Roles: []string{"R1"}}, identity.User{UserID: "B"}
		f.teams["T"] = identity.Group{Name: "T", Members: []string{"A", "B"}}
		if c.refused {
			f.before = on("write team", always, failure(upstream.Refused), false)
		}
		p := planOf(c.changes...)
		amounts := plan.AmountsOf(c.changes)
		p.Counts.UpdateUsers, p.Counts.RemoveRoles, p.Counts.RemoveMembers = amounts.Update, amounts.RoleRemoval, amounts.MemberRemoval
		p.Rules.Guards.MaxMemberRemoval.Once = c.once
		if _, err := apply.Run(t.Context(), deps(f, j), p); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprint(*j.end.Spent, *j.header.Spends), fmt.Sprint(c.want, c.spends)); diff != "" {
			t.Errorf("%s: spent, and told to spend (-got +want):\n%s", name, diff)
		}
	}
}

// losing are leases that say at a renewal that somebody else has come, and nothing of it afterwards.
type losing struct{ apply.Leases }

func (*losing) Renew(context.Context, apply.Lease, time.Duration) (apply.Lease, error) {
	return apply.Lease{}, apply.ErrLeaseLost
}

func TestALeaseThatIsLostStaysLostWhateverTheClockSaysLater(t *testing.T) {
	t.Parallel()
	clock := &hands{at: now()}
	leases := &losing{bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), now)}
	h, err := apply.HoldByClocks(t.Context(), leases, tenantURL, time.Minute, clock.read)
	if err != nil {
		t.Fatal(err)
	}
	defer giveBack(t, h)
	clock.pass(time.Hour)
	_ = h.Ensure(t.Context()) // it hears that somebody came
	clock.pass(-time.Hour)
	if err := h.Check(t.Context()); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("got %v, want ErrLeaseLost", err)
	}
}
