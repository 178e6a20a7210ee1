package apply_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Links that a tenant accepts and leaves out are failed links; resume makes them once the tenant does.
func TestWhatTheTenantLeavesOutIsToldAndMadeByResume(t *testing.T) {
	t.Parallel()
	old := identity.User{UserID: "OLD", Roles: []string{"R1"}}
	for name, c := range map[string]struct {
		change plan.Change
		links  []string
	}{
		"a role of a new person":      {createUser("ANNA", "", "R1", "R9"), []string{"role R9 dropped"}},
		"a role of a person":          {plan.Change{Entity: plan.User, Op: plan.Update, Key: "OLD", AddRoles: []string{"R2", "R9"}, RolesBefore: old.Roles}, []string{"role R9 dropped"}},
		"an attribute of a person":    {plan.Change{Entity: plan.User, Op: plan.Update, Key: "OLD", Fields: []plan.Field{{Name: plan.FieldLanguage, After: "zz"}}}, []string{"attribute language ignored"}},
		"an attribute, with role":     {plan.Change{Entity: plan.User, Op: plan.Update, Key: "OLD", AddRoles: []string{"R2"}, RolesBefore: old.Roles, Fields: []plan.Field{{Name: plan.FieldLanguage, After: "zz"}}}, []string{"attribute language ignored"}},
		"a role of a team":            {plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", AddRoles: []string{"R2", "R9"}}, []string{"role R9 dropped"}},
		"a member of a team":          {plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", AddMembers: []string{"OLD", "LOST"}}, []string{"member LOST dropped"}},
		"the description of a team":   {plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", Fields: []plan.Field{{Name: plan.FieldDescription, After: "zz"}}}, []string{"attribute description ignored"}},
		"an unknown role of a person": {createUser("ANNA", "", "R1", "R7"), []string{"role R7 unknown"}},
		"an unknown manager":          {createUser("ANNA", "BOSS", "R1"), []string{"manager BOSS unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, j, l := newTenant(usual), &memory{}, &listener{}
			f.users["OLD"], f.users["LOST"] = old, identity.User{UserID: "LOST"}
			f.teams["T"] = identity.Group{Name: "T"}
			f.dropped = map[string]bool{"R9": true, "LOST": true, "zz": true}
			f.roles = map[string]bool{"R1": true, "R2": true, "R9": true}
			quiet := f.clone()
			quiet.dropped, quiet.roles = nil, nil
			quiet.users["BOSS"] = identity.User{UserID: "BOSS"}
			d := deps(f, j)
			d.Hook = l
			res, err := apply.Run(t.Context(), d, planOf(c.change))
			if err != nil {
				t.Fatal(err)
			}
			var links []string
			for _, link := range res.Entities[0].Links {
				links = append(links, fmt.Sprint(link.Kind, " ", link.Key, " ", link.Code))
			}
			if diff := cmp.Diff(links, c.links); diff != "" || res.Entities[0].Status != apply.Partly {
				t.Errorf("%s, links (-got +want):\n%s", res.Entities[0].Status, diff)
			}
			if diff := cmp.Diff(l.settled, res.Entities); diff != "" {
				t.Errorf("what the hook heard (-got +want):\n%s", diff)
			}
			again, err := apply.Resume(t.Context(), deps(f, j)) // nothing has changed
			if err != nil || again.Complete() || len(again.Entities[0].Links) != len(c.links) {
				t.Errorf("resumed in vain: got %v, %v", again.Entities, err)
			}
			f.dropped, f.roles = nil, nil
			f.users["BOSS"] = identity.User{UserID: "BOSS"}
			if res, err = apply.Resume(t.Context(), deps(f, j)); err != nil || !res.Complete() {
				t.Errorf("resumed: got %v, %v", res.Entities, err)
			}
			mustRun(t, quiet, planOf(c.change))
			users, teams := f.state()
			wantUsers, wantTeams := quiet.state()
			if diff := cmp.Diff(users, wantUsers, cmpopts.EquateEmpty()) + cmp.Diff(teams, wantTeams, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the end (-got +want):\n%s", diff)
			}
			noBreach(t, f)
		})
	}
}

// Between a run and its resumption somebody changes what the run had done; the rest is still to be made.
func TestResumeLeavesAloneWhatSomebodyChangedMeanwhile(t *testing.T) {
	t.Parallel()
	f, j := newTenant(usual), &memory{}
	f.defaultRoles = []string{"R0"}
	f.roles = map[string]bool{"R0": true, "R1": true, "R2": true}
	f.users["OLD"] = identity.User{UserID: "OLD", Roles: []string{"R1"}}
	f.users["OTHER"] = identity.User{UserID: "OTHER"}
	f.teams["T"] = identity.Group{Name: "T"}
	exact := createUser("ANNA", "", "R1", "R9")
	exact.DecidesAllRoles = true
	p := planOf(exact, createUser("BERT", "", "R1"),
		plan.Change{
			Entity: plan.User, Op: plan.Update, Key: "OLD", RolesBefore: []string{"R1"}, AddRoles: []string{"R2", "R9"}, RemoveRoles: []string{"R1"},
			Fields: []plan.Field{{Name: plan.FieldLanguage, After: "en"}},
		},
		plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", AddRoles: []string{"R1", "R9"}, AddMembers: []string{"ANNA", "OLD"}},
	)
	p.Changes[1].DecidesAllRoles = true
	res, err := apply.Run(t.Context(), deps(f, j), p)
	if err != nil || res.Complete() {
		t.Fatalf("got %v, %v", res.Entities, err)
	}
	edit := func(id string, change func(u *identity.User)) {
		u := f.users[id]
		change(&u)
		f.users[id] = u
	}
	edit("ANNA", func(u *identity.User) { u.Roles, u.Language = []string{"R0"}, "fr" })
	edit("BERT", func(u *identity.User) { u.Roles = []string{"R0", "R1"} })
	edit("OLD", func(u *identity.User) { u.Roles, u.Language = []string{"R1"}, "fr" })
	f.teams["T"] = identity.Group{Name: "T", Members: []string{"OTHER"}}
	f.roles["R9"] = true
	if res, err = apply.Resume(t.Context(), deps(f, j)); err != nil {
		t.Fatal(err)
	}
	users, teams := f.state()
	got := []any{users["ANNA"].Roles, users["ANNA"].Language, users["BERT"].Roles, users["OLD"].Roles, users["OLD"].Language, teams["T"].Roles, teams["T"].Members}
	want := []any{[]string{"R0", "R9"}, "fr", []string{"R0", "R1"}, []string{"R1", "R9"}, "fr", []string{"R9"}, []string{"OTHER"}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("the end (-got +want):\n%s", diff)
	}
	if !res.Complete() {
		t.Errorf("not complete: %v", res.Entities)
	}
}

// A second administrator grants, takes and sets things at every journal point; nothing of it is lost.
func TestNobodysChangeIsLostAtAnyPoint(t *testing.T) {
	t.Parallel()
	for _, die := range []bool{false, true} {
		t.Run(fmt.Sprint("the process dies there: ", die), func(t *testing.T) {
			t.Parallel()
			for n := 0; ; n++ {
				d := visited()
				l := usual
				l.Workers = 1
				d.tenant.limits = limitsOf(l)
				j := &watched{memory: &memory{}, at: n, do: func() { administer(d.tenant) }, die: die}
				res, err := apply.Run(t.Context(), deps(d.tenant, j), d.plan)
				if j.points <= n {
					break
				}
				if die {
					j.die = false
					res, err = apply.Resume(t.Context(), deps(d.tenant, j.memory))
				}
				if err != nil {
					t.Fatal(err)
				}
				if res, err = withNewPlan(t.Context(), d.tenant, res); err != nil {
					t.Fatal(err)
				}
				users, teams := d.tenant.state()
				for _, id := range administered {
					u, there := users[id]
					if there && (!has(u.Roles, "R9") || u.Settings.NumberFormat != "1 2") {
						t.Errorf("point %d: %s has %v and %+v", n, id, u.Roles, u.Settings)
					}
				}
				if g := teams["Old 0"]; !has(g.Members, "EVA") || !has(g.Roles, "R9") {
					t.Errorf("point %d: the team has %v and %v", n, g.Members, g.Roles)
				}
				if !res.Complete() {
					t.Errorf("point %d: not complete: %v", n, res.Entities)
				}
			}
		})
	}
}

var administered = []string{"OLD0", "OLD1", "OLD4", "EVA"}

// administer is what the second administrator does.
func administer(f *tenant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range administered {
		if u, ok := f.users[id]; ok {
			u.Roles, u.Settings.NumberFormat = union(u.Roles, []string{"R9"}), "1 2"
			f.users[id] = u
		}
	}
	g := f.teams["Old 0"]
	g.Members, g.Roles = union(g.Members, []string{"EVA"}), union(g.Roles, []string{"R9"})
	f.teams["Old 0"] = g
}

// watched is a journal that does something at one of its points, before and after each record.
type watched struct {
	*memory
	at, points int
	do         func()
	die        bool
}

func (w *watched) point() error {
	w.points++
	if w.points == w.at+1 {
		w.do()
	}
	if w.die && w.points > w.at {
		return errKilled
	}
	return nil
}

func (w *watched) Intend(ctx context.Context, l apply.Lease, r apply.Record) (seq uint64, err error) {
	if err := w.point(); err != nil {
		return 0, err
	}
	if seq, err = w.memory.Intend(ctx, l, r); err == nil {
		err = w.point()
	}
	return seq, err
}

func (w *watched) Settle(ctx context.Context, l apply.Lease, seq uint64, o []apply.ItemOutcome) error {
	if err := w.point(); err != nil {
		return err
	}
	if err := w.memory.Settle(ctx, l, seq, o); err != nil {
		return err
	}
	return w.point()
}

func TestEqualFailuresShareTheirKey(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	p := planOf()
	for n := range 40 {
		id := fmt.Sprint("U", n)
		f.users[id] = identity.User{UserID: id, Language: id}
		p.Changes = append(p.Changes,
			plan.Change{Entity: plan.User, Op: plan.Update, Key: id, Fields: []plan.Field{{Name: plan.FieldLanguage, Before: "de", After: "en"}}},
			plan.Change{Entity: plan.User, Op: plan.Update, Key: "GONE" + id, Fields: []plan.Field{{Name: plan.FieldLanguage, Before: "de", After: "en"}}},
		)
	}
	keys := map[string]int{}
	for _, e := range mustRun(t, f, p).Entities {
		keys[e.CauseKey]++
	}
	if diff := cmp.Diff(keys, map[string]int{"changed/changed-meanwhile": 40, "gone/status-400": 40}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// An old journal does not tell who was looked at. Whether a role came with the creation cannot be told any more.
func TestPeopleOfAnOldJournalAreLookedAt(t *testing.T) {
	t.Parallel()
	f, j := newTenant(usual), &memory{}
	f.defaultRoles = []string{"R0"}
	c := createUser("ANNA", "", "R1")
	c.DecidesAllRoles = true
	p := planOf(c) // and nobody whose creation would show which roles are the tenant's default
	f.create(c.User)
	j.begun, j.plan = true, encoded(t, p)
	j.header = apply.Header{RunID: "r", Target: f.Tenant().URL}
	j.records = []apply.Record{{Seq: 1, Kind: apply.KindCreateUsers, Keys: []string{"ANNA"}, Settled: true, Outcomes: []apply.ItemOutcome{{Key: "ANNA", OK: true}}}}
	res, err := apply.Resume(t.Context(), deps(f, j))
	if err != nil || len(res.Entities[0].Links) != 1 || res.Entities[0].Links[0].Key != "R0" {
		t.Fatalf("got %v, %v", res.Entities, err)
	}
	if res, err = withNewPlan(t.Context(), f, res); err != nil || !res.Complete() {
		t.Fatalf("the new plan: %v, %v", res.Entities, err)
	}
	if diff := cmp.Diff(f.users["ANNA"].Roles, []string{"R1"}); diff != "" || f.creates["user ANNA"] != 1 {
		t.Errorf("created %d times, roles (-got +want):\n%s", f.creates["user ANNA"], diff)
	}
}

func TestAResumedRunTellsTheHookWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	f, j, l := newTenant(usual), &memory{}, &listener{}
	f.before = on("create users", number(2), failure(upstream.Refused), false)
	limits := usual
	limits.Workers, limits.CreateBatch = 1, 1
	f.limits = limitsOf(limits)
	p := planOf(createUser("ANNA", ""), createUser("BERT", ""))
	if res, err := apply.Run(t.Context(), deps(f, j), p); err != nil || res.Complete() {
		t.Fatalf("got %v, %v", res.Entities, err)
	}
	d := deps(f, j)
	d.Hook = l
	res, err := apply.Resume(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l.settled, res.Entities); diff != "" || res.Entities[0].Ref == "" || res.Entities[1].Ref == "" {
		t.Errorf("refs %q and %q, heard (-got +want):\n%s", res.Entities[0].Ref, res.Entities[1].Ref, diff)
	}
}

// A journal of the first program, which was killed while it created a team, is resumed.
func TestARunOfTheFirstProgramIsResumed(t *testing.T) {
	t.Parallel()
	packed, err := os.Open(filepath.Join("..", "..", "testdata", "earlier", "journal-interrupted.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }() // only read
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	path := journalPath(t)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	db, j := journalFile(t, path)
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	f := newTenant(usual)
	f.url = "http://127.0.0.1:18762"
	for _, id := range []string{"ANNA", "BERT", "CARA"} {
		f.users[id] = identity.User{UserID: id}
	}
	f.teams["Finance"] = identity.Group{Name: "Finance"}
	res, err := apply.Resume(t.Context(), deps(f, j))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.teams["Finance"].Members, []string{"ANNA", "BERT", "CARA"}); diff != "" || f.opNumber["create users"]+f.opNumber["create team"] != 0 {
		t.Errorf("calls %q, members (-got +want):\n%s", f.log, diff)
	}
	for _, e := range res.Entities {
		if e.Status == apply.Failed || e.Status == apply.Pending {
			t.Errorf("%s %s: %s (%s)", e.Op, e.Key, e.Status, e.Cause)
		}
	}
}
