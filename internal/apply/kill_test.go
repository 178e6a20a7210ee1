package apply_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// errKilled stands for the end of the process: nothing it does afterwards has an effect.
var errKilled = errors.New("killed")

// mortal is a journal whose process dies at one point: each of its writing methods is two points,
// before and after the record is on disk. A call to the tenant lies between an Intend that came back
// and its Settle, so the points cover "before the call" and "after the call" too.
type mortal struct {
	apply.Journal
	mu   sync.Mutex
	left int // points to live; negative: for ever
	dead bool
}

// point is one moment at which the process can die.
func (m *mortal) point() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 0 {
		m.dead = true
	}
	if m.dead {
		return errKilled
	}
	m.left--
	return nil
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *mortal) around(write func() error) error {
	if err := m.point(); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	return m.point()
}

func (m *mortal) Begin(ctx context.Context, h apply.Header, p []byte) error {
	return m.around(func() error { return m.Journal.Begin(ctx, h, p) })
}

func (m *mortal) Intend(ctx context.Context, l apply.Lease, r apply.Record) (seq uint64, err error) {
	err = m.around(func() (err error) {
		seq, err = m.Journal.Intend(ctx, l, r)
		return err
	})
	return seq, err
}

func (m *mortal) Settle(ctx context.Context, l apply.Lease, seq uint64, o []apply.ItemOutcome) error {
	return m.around(func() error { return m.Journal.Settle(ctx, l, seq, o) })
}

func (m *mortal) Finish(ctx context.Context, e apply.End) error {
	return m.around(func() error { return m.Journal.Finish(ctx, e) })
}

// life runs or resumes until the process dies at point left, or ends. It reopens the journal's file as
// a new process would.
func life(t *testing.T, f *tenant, path string, p *plan.Plan, left int) (res *apply.Result, killed bool) {
	t.Helper()
	db, j := journalFile(t, path)
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	m := &mortal{Journal: j, left: left}
	f.dead = m.isDead
	defer func() { f.dead = nil }()
	_, err := j.Header(t.Context())
	switch {
	case errors.Is(err, apply.ErrNoRun):
		res, err = apply.Run(t.Context(), deps(f, m), p)
	default:
		res, err = apply.Resume(t.Context(), deps(f, m))
	}
	switch {
	case m.isDead():
		if !errors.Is(err, errKilled) {
			t.Errorf("killed after %d points: got error %v", left, err)
		}
	case errors.Is(err, apply.ErrFinished):
	case err != nil:
		t.Fatalf("after %d points: %v", left, err)
	}
	return res, m.isDead()
}

// richPlan has every kind of call, several of each: people on three levels, an update that must read
// settings first, default roles to correct, teams to create, fill, shrink and delete.
func richPlan() drawn {
	d := drawn{tenant: newTenant(usual), plan: planOf(), users: map[string]identity.User{}, teams: map[string]identity.Group{}}
	d.tenant.defaultRoles = []string{"R0"}
	d.seed(8)
	for _, who := range [][2]string{{"NEW0", ""}, {"NEW1", "NEW0"}, {"NEW2", "NEW1"}, {"NEW3", ""}, {"NEW4", ""}, {"NEW5", ""}, {"NEW6", "OLD0"}} {
		c := createUser(who[0], who[1], "R1", "R2")
		c.DecidesAllRoles = true
		c.User.Concurrent = who[0] == "NEW2"
		d.plan.Changes = append(d.plan.Changes, c)
		d.users[who[0]] = *c.User
	}
	for n := range 4 {
		u := d.users[fmt.Sprint("OLD", n)]
		d.plan.Changes = append(d.plan.Changes, plan.Change{
			Entity: plan.User, Op: plan.Update, Key: u.UserID, RolesBefore: u.Roles, AddRoles: []string{"R3"}, RemoveRoles: []string{"R1"},
			Fields: []plan.Field{{Name: plan.FieldTimeFormat, After: "H:mm"}, {Name: plan.FieldManager, Before: u.Manager, After: "NEW3"}},
		})
		u.Roles, u.Settings.TimeFormat, u.Manager = []string{"R2", "R3"}, "H:mm", "NEW3"
		d.users[u.UserID] = u
	}
	for n := range 2 {
		d.richTeam(fmt.Sprint("Fresh ", n), plan.Create)
		d.richTeam(fmt.Sprint("Old ", n), plan.Update)
		name := fmt.Sprint("Dead ", n)
		d.tenant.teams[name] = identity.Group{Name: name}
		d.plan.Changes = append(d.plan.Changes, plan.Change{Entity: plan.Team, Op: plan.Delete, Key: name})
	}
	d.deleteUser(5)
	return d
}

// richTeam creates a team with seven members and three roles, or makes an existing one like that.
func (d *drawn) richTeam(name string, op plan.Op) {
	want := identity.Group{
		Name: name, Description: "about " + name, Roles: []string{"R1", "R2", "R3"},
		Members: []string{"NEW0", "NEW1", "NEW2", "NEW3", "NEW4", "OLD0", "OLD1"},
	}
	c := plan.Change{
		Entity: plan.Team, Op: op, Key: name, Group: &identity.Group{Name: name, Description: want.Description},
		AddMembers: want.Members, AddRoles: want.Roles,
	}
	if op == plan.Update {
		old := identity.Group{Name: name, Members: []string{"OLD2", "OLD3", "OLD4"}, Roles: []string{"R4", "R5"}}
		d.tenant.teams[name] = old
		c.RemoveMembers, c.RemoveRoles, c.RolesBefore, c.Size, c.Group = old.Members, old.Roles, old.Roles, 3, nil
		c.Fields = []plan.Field{{Name: plan.FieldDescription, After: want.Description}}
	}
	d.teams[name] = want
	d.plan.Changes = append(d.plan.Changes, c)
}

func TestARunKilledAtAnyPointIsResumedToTheSameEnd(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		t.Run(fmt.Sprint("workers: ", workers), func(t *testing.T) {
			t.Parallel()
			points := 0
			for left := 0; ; left++ {
				d := richPlan()
				l := usual
				l.Workers = workers
				d.tenant.limits = func(int) upstream.Limits { return l }
				path := journalPath(t)
				if _, killed := life(t, d.tenant, path, d.plan, left); !killed {
					points = left
					break
				}
				res, _ := life(t, d.tenant, path, d.plan, -1)
				endsWell(t, &d, res, fmt.Sprint("killed after point ", left))
			}
			if points < 40 {
				t.Errorf("got %d points, the plan is too small to mean anything", points)
			}
		})
	}
}

// A life of four points is the shortest that can get anything done: two to settle what the last one left
// open, two to intend a call, which is then made.
func TestAResumedRunKilledAgainAndAgainComesToTheSameEnd(t *testing.T) {
	t.Parallel()
	for _, step := range []int{4, 5, 7, 10} {
		d := richPlan()
		path := journalPath(t)
		killed, lives := true, 0
		var res *apply.Result
		for ; killed; lives++ {
			res, killed = life(t, d.tenant, path, d.plan, step)
			if lives > 500 {
				t.Fatalf("no end with %d points a life", step)
			}
		}
		if lives < 3 {
			t.Errorf("got %d lives of %d points", lives, step)
		}
		endsWell(t, &d, res, fmt.Sprint("lives of ", step, " points"))
	}
}

func TestRandomPlansSurviveRandomKills(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := draw(rt, usual)
		path := journalPath(t)
		var res *apply.Result
		killed := true
		for killed {
			res, killed = life(t, d.tenant, path, d.plan, rapid.IntRange(2, 25).Draw(rt, "points"))
		}
		res, err := withNewPlan(t.Context(), d.tenant, res)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := d.differs(d.tenant); diff != "" || !res.Complete() {
			rt.Errorf("complete: %v, state (-got +want):\n%s", res.Complete(), diff)
		}
		if len(d.tenant.breaches)+len(d.tenant.doubles()) > 0 {
			rt.Errorf("breaches: %q, created twice: %q", d.tenant.breaches, d.tenant.doubles())
		}
	})
}

// TestACallLostAtTheKillIsLookedAtFirst loses the answer of a call that took effect, with the process.
func TestACallLostAtTheKillIsLookedAtFirst(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{true, false} {
		for _, op := range []string{"create users", "update users", "create team", "write team", "delete users", "delete team"} {
			for n := 1; n <= 2; n++ {
				t.Run(fmt.Sprintf("%s, number %d, with effect: %v", op, n, effect), func(t *testing.T) {
					t.Parallel()
					d := richPlan()
					path := journalPath(t)
					db, j := journalFile(t, path)
					m := &mortal{Journal: j, left: -1}
					d.tenant.dead = m.isDead
					d.tenant.before = func(o string, k int) (error, bool) {
						if o != op || k != n {
							return nil, true
						}
						m.mu.Lock()
						m.dead = true
						m.mu.Unlock()
						return errDead, effect
					}
					if _, err := apply.Run(t.Context(), deps(d.tenant, m), d.plan); !errors.Is(err, errKilled) {
						t.Errorf("got %v, want the process to die", err)
					}
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
					d.tenant.before = nil
					res, _ := life(t, d.tenant, path, d.plan, -1)
					endsWell(t, &d, res, "resumed")
				})
			}
		}
	}
}

// endsWell wants what the plan led to, after the new plan that the result may ask for.
func endsWell(t *testing.T, d *drawn, res *apply.Result, when string) {
	t.Helper()
	res, err := withNewPlan(t.Context(), d.tenant, res)
	if err != nil {
		t.Fatalf("%s: the new plan: %v", when, err)
	}
	if diff := d.differs(d.tenant); diff != "" {
		t.Errorf("%s: state of the tenant (-got +want):\n%s", when, diff)
	}
	if len(d.tenant.breaches)+len(d.tenant.doubles()) > 0 {
		t.Errorf("%s: breaches: %q, created twice: %q", when, d.tenant.breaches, d.tenant.doubles())
	}
	if !res.Complete() {
		t.Errorf("%s: not complete: %v", when, res.Entities)
	}
}

// A team write whose answer is lost with the process is looked at by its resumption, and not sent again where
// it took effect; the chunks may be others by then.
func TestATeamWriteThatTookEffectBeforeTheKillIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, chunk := range []int{3, 1} {
		f, j := newTenant(usual), &memory{}
		for _, id := range []string{"A", "B", "C", "D"} {
			f.users[id] = identity.User{UserID: id}
		}
		f.teams["T"] = identity.Group{Name: "T", Members: []string{"D"}}
		m := &mortal{Journal: j, left: -1}
		f.before = func(string, int) (error, bool) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.dead = true
			return errDead, true
		}
		p := planOf(plan.Change{
			Entity: plan.Team, Op: plan.Update, Key: "T", Size: 1, AddMembers: []string{"A", "B", "C"},
			DecidesAllMembers: true, MembersBefore: []string{"D"},
		})
		if _, err := apply.Run(t.Context(), deps(f, m), p); !errors.Is(err, errKilled) {
			t.Fatalf("got %v, want the process to die", err)
		}
		f.before = nil
		l := usual
		l.AddChunk = chunk
		f.limits = limitsOf(l)
		res, err := apply.Resume(t.Context(), deps(f, j))
		if err != nil || !res.Complete() || f.opNumber["write team"] != 1 {
			t.Errorf("chunks of %d: got %v, %v after %d writes, want it done by the first", chunk, res.Entities, err, f.opNumber["write team"])
		}
	}
}
