package apply_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// usual are the limits of most tests.
var usual = upstream.Limits{
	Workers: 3, Page: 200, Lookup: 4, CreateBatch: 3, UpdateBatch: 2, DeleteBatch: 2,
	DeleteCalls: 1, GroupCreateCalls: 2, GroupDeleteCalls: 1,
	AddChunk: 3, RemoveChunk: 2, RoleChunk: 2, Reread: 4,
}

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func noWait(int, time.Duration) time.Duration { return 0 }

// memory is a journal that forgets with the process.
type memory struct {
	mu      sync.Mutex
	begun   bool
	header  apply.Header
	plan    []byte
	records []apply.Record
	end     *apply.End
}

func (j *memory) Begin(_ context.Context, h apply.Header, p []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.begun {
		return apply.ErrJournalUsed
	}
	j.begun, j.header, j.plan = true, h, p
	return nil
}

func (j *memory) Header(context.Context) (apply.Header, error) {
	if !j.begun {
		return j.header, apply.ErrNoRun
	}
	return j.header, nil
}
func (j *memory) Plan(context.Context) ([]byte, error) { return j.plan, nil }

func (j *memory) Intend(_ context.Context, l apply.Lease, r apply.Record) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.Seq, r.Fence = uint64(len(j.records))+1, l.Fence
	j.records = append(j.records, r)
	return r.Seq, nil
}

func (j *memory) Settle(_ context.Context, _ apply.Lease, seq uint64, outcomes []apply.ItemOutcome) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records[seq-1].Settled, j.records[seq-1].Outcomes = true, outcomes
	return nil
}

func (j *memory) Finish(_ context.Context, end apply.End) error {
	j.end = &end
	return nil
}

func (j *memory) Records(_ context.Context, yield func(apply.Record) bool) error {
	for _, r := range slices.Clone(j.records) {
		if !yield(r) {
			break
		}
	}
	return nil
}

func (j *memory) End(context.Context) (apply.End, bool, error) {
	if j.end == nil {
		return apply.End{}, false, nil
	}
	return *j.end, true, nil
}
func (j *memory) Close() error { return nil }

// deps are the dependencies of a run that waits for nothing.
func deps(f *tenant, j apply.Journal) apply.Deps {
	return apply.Deps{Target: f, Journal: j, Now: now, Wait: noWait, RunID: "run-1"}
}

// mustRun carries p out and wants no error and no breach of the contract.
func mustRun(t *testing.T, f *tenant, p *plan.Plan) *apply.Result {
	t.Helper()
	res, err := apply.Run(t.Context(), deps(f, &memory{}), p)
	if err != nil {
		t.Fatal(err)
	}
	noBreach(t, f)
	return res
}

func noBreach(t *testing.T, f *tenant) {
	t.Helper()
	if len(f.breaches) > 0 {
		t.Errorf("breaches of the contract: %q\ncalls: %q", f.breaches, f.log)
	}
	if d := f.doubles(); len(d) > 0 {
		t.Errorf("created twice: %q", d)
	}
}

// statuses gives the results as "op entity key: status".
func statuses(res *apply.Result) (out []string) {
	for _, e := range res.Entities {
		out = append(out, fmt.Sprintf("%s %s %s: %s", e.Op, e.Entity, e.Key, e.Status))
	}
	return out
}

func createUser(id, manager string, roles ...string) plan.Change {
	return plan.Change{
		Entity: plan.User, Op: plan.Create, Key: id,
		User: &identity.User{UserID: id, Email: id + "@x.test", Active: true, Manager: manager, Roles: roles},
	}
}

func planOf(changes ...plan.Change) *plan.Plan {
	return &plan.Plan{
		Version: 1, ID: "plan-1", Changes: changes,
		Source: identity.Tenant{URL: "https://a.example.test"}, Target: identity.Tenant{URL: "https://b.example.test"},
	}
}

// journalFile opens a journal on disk, without the fsync.
func journalFile(t *testing.T, path string) (*bolt.DB, apply.Journal) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return db, db.Journal()
}

func journalPath(t *testing.T) string { return filepath.Join(t.TempDir(), "run.db") }

// drawn is a random plan with a tenant to carry it out on, and what must come of it.
type drawn struct {
	tenant *tenant
	plan   *plan.Plan
	users  map[string]identity.User
	teams  map[string]identity.Group
}

// draw makes a plan of all kinds of changes, and works out its effect without any of the engine's code.
func draw(rt *rapid.T, l upstream.Limits) drawn {
	d := drawn{tenant: newTenant(l), plan: planOf(), users: map[string]identity.User{}, teams: map[string]identity.Group{}}
	if l.Reread > 0 && rapid.Bool().Draw(rt, "default roles") {
		d.tenant.defaultRoles = []string{"R0"}
	}
	roles := []string{"R1", "R2", "R3", "R4", "R5"}
	someRoles := rapid.SliceOfNDistinct(rapid.SampledFrom(roles), 0, 4, rapid.ID[string])
	old := rapid.IntRange(0, 8).Draw(rt, "people there")
	fresh := rapid.IntRange(0, 12).Draw(rt, "people to create")
	d.seed(old)
	for n := range fresh {
		d.createUser(rt, n, union(someRoles.Draw(rt, "roles"), nil))
	}
	for n := range old {
		switch rapid.SampledFrom([]string{"keep", "update", "delete"}).Draw(rt, "fate") {
		case "update":
			d.updateUser(rt, n, someRoles)
		case "delete":
			d.deleteUser(n)
		}
	}
	for n := range rapid.IntRange(0, 4).Draw(rt, "teams") {
		d.team(rt, fmt.Sprint("Team ", n), someRoles)
	}
	return d
}

func (d *drawn) seed(n int) {
	for i := range n {
		u := identity.User{UserID: fmt.Sprint("OLD", i), Ref: fmt.Sprint("old-", i), Email: "old@x.test", Roles: []string{"R1", "R2"}}
		u.Settings.DateFormat, u.Settings.CleanUpDays = "d.M.y", 7
		if i > 0 {
			u.Manager = fmt.Sprint("OLD", i-1)
		}
		d.tenant.users[u.UserID] = u
		u.Ref = ""
		d.users[u.UserID] = u
	}
}

func (d *drawn) createUser(rt *rapid.T, n int, roles []string) {
	manager := ""
	if n > 0 && rapid.Bool().Draw(rt, "managed") {
		manager = fmt.Sprint("NEW", rapid.IntRange(0, n-1).Draw(rt, "manager"))
	}
	c := createUser(fmt.Sprint("NEW", n), manager, roles...)
	c.DecidesAllRoles = rapid.Bool().Draw(rt, "exact roles")
	c.User.Concurrent = rapid.Bool().Draw(rt, "concurrent")
	// The order of the changes is the planner's, but the levels are the engine's to see to.
	d.plan.Changes = slices.Insert(d.plan.Changes, rapid.IntRange(0, len(d.plan.Changes)).Draw(rt, "place"), c)
	want := *c.User
	if !c.DecidesAllRoles {
		want.Roles = union(want.Roles, d.tenant.defaultRoles)
	}
	d.users[c.Key] = want
}

func (d *drawn) updateUser(rt *rapid.T, n int, someRoles *rapid.Generator[[]string]) {
	u, ok := d.users[fmt.Sprint("OLD", n)]
	if !ok {
		return // deleted with a manager
	}
	c := plan.Change{Entity: plan.User, Op: plan.Update, Key: u.UserID, RolesBefore: u.Roles}
	c.Fields = []plan.Field{
		{Name: plan.FieldEmail, Before: "old@x.test", After: "new@x.test"},
		{Name: plan.FieldActive, Before: "false", After: "true"},
		{Name: plan.FieldPhotos, After: "https://p.test/1\nhttps://p.test/2"},
	}
	u.Email, u.Active, u.Photos = "new@x.test", true, []string{"https://p.test/1", "https://p.test/2"}
	if rapid.Bool().Draw(rt, "a setting") {
		c.Fields = append(c.Fields, plan.Field{Name: plan.FieldTimeFormat, After: "H:mm"})
		u.Settings.TimeFormat = "H:mm"
	}
	wanted := union(someRoles.Draw(rt, "new roles"), nil)
	c.AddRoles, c.RemoveRoles = without(wanted, u.Roles), without(u.Roles, wanted)
	if len(c.AddRoles)+len(c.RemoveRoles) > 0 {
		u.Roles = wanted
	}
	d.users[u.UserID] = u
	d.plan.Changes = append(d.plan.Changes, c)
}

// deleteUser deletes a person with all their reports, whom the seed put in one line.
func (d *drawn) deleteUser(n int) {
	for i := n; ; i++ {
		id := fmt.Sprint("OLD", i)
		u, ok := d.users[id]
		if !ok {
			return
		}
		delete(d.users, id)
		d.plan.Changes = append(d.plan.Changes, plan.Change{Entity: plan.User, Op: plan.Delete, Key: id, User: &u})
	}
}

func (d *drawn) team(rt *rapid.T, name string, someRoles *rapid.Generator[[]string]) {
	everybody := slices.Sorted(maps.Keys(d.users))
	var some *rapid.Generator[[]string]
	if some = rapid.Just[[]string](nil); len(everybody) > 0 {
		some = rapid.SliceOfNDistinct(rapid.SampledFrom(everybody), 0, len(everybody), rapid.ID[string])
	}
	want := identity.Group{Name: name, Description: "about " + name, Roles: union(someRoles.Draw(rt, "team roles"), nil)}
	want.Members = union(some.Draw(rt, "members"), nil)
	c := plan.Change{Entity: plan.Team, Key: name, Op: plan.Create, Group: &identity.Group{Name: name, Description: want.Description}}
	switch rapid.SampledFrom([]string{"create", "update", "delete"}).Draw(rt, "team's fate") {
	case "delete":
		d.tenant.teams[name] = identity.Group{Name: name}
		d.plan.Changes = append(d.plan.Changes, plan.Change{Entity: plan.Team, Op: plan.Delete, Key: name})
		return
	case "update":
		there := func(id string) bool { _, ok := d.tenant.users[id]; return ok }
		before := slices.DeleteFunc(some.Draw(rt, "members before"), func(id string) bool { return !there(id) })
		old := identity.Group{Name: name, Ref: "ref " + name, Members: union(before, nil), Roles: union(someRoles.Draw(rt, "roles before"), nil)}
		d.tenant.teams[name] = old
		c = plan.Change{Entity: plan.Team, Key: name, Op: plan.Update, Ref: old.Ref, Size: len(old.Members), RolesBefore: old.Roles}
		c.Fields = []plan.Field{{Name: plan.FieldDescription, After: want.Description}}
		c.RemoveMembers, c.RemoveRoles = without(old.Members, want.Members), without(old.Roles, want.Roles)
		c.AddMembers, c.AddRoles = without(want.Members, old.Members), without(want.Roles, old.Roles)
	default:
		c.AddMembers, c.AddRoles = want.Members, want.Roles
	}
	d.teams[name] = want
	d.plan.Changes = append(d.plan.Changes, c)
}

// differs tells how the tenant differs from what the plan must have led to.
func (d *drawn) differs(f *tenant) string {
	users, teams := f.state()
	return cmp.Diff(users, d.users, cmpopts.EquateEmpty()) + cmp.Diff(teams, d.teams, cmpopts.EquateEmpty())
}

func limitsOf(l upstream.Limits) func(int) upstream.Limits {
	return func(int) upstream.Limits { return l }
}

func has(list []string, key string) bool { return slices.Contains(list, key) }

func contains(text, part string) bool { return strings.Contains(text, part) }
