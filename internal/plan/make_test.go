package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

const (
	roleOne   = "PROFILE:t.x:One"
	roleTwo   = "PROFILE:t.x:Two"
	roleThree = "PROFILE:t.x:Three"
	roleAdmin = "PROFILE:sap.epm:BI_Admin"
)

// tenantOf makes a snapshot of people and teams; a person is in the teams that list the person.
func tenantOf(sso string, users []identity.User, teams ...identity.Group) identity.Snapshot {
	s := identity.NewSnapshot(identity.Tenant{SSO: sso, Namespace: "t.x"})
	s.RolesComplete = true
	for _, r := range worldRoles() {
		s.Roles[r] = true
	}
	for _, u := range users {
		if u.Email == "" {
			u.Email = strings.ToLower(u.UserID) + "@x.example"
		}
		if u.LoginID == "" {
			u.LoginID = u.UserID
			if sso == "email" {
				u.LoginID = u.Email
			}
		}
		s.Users[u.UserID] = &u
	}
	for _, g := range teams {
		g.Size = max(g.Size, len(g.Members))
		s.Groups[g.Name] = &g
		for _, id := range g.Members {
			if u := s.Users[id]; u != nil {
				u.Teams = append(u.Teams, g.Name)
			}
		}
	}
	return s
}

func user(id string, roles ...string) identity.User {
	return identity.User{UserID: id, Active: true, Roles: roles}
}

func withEmail(id, email string) identity.User {
	return identity.User{UserID: id, Active: true, Email: email}
}

func withManager(id, manager string) identity.User {
	return identity.User{UserID: id, Active: true, Manager: manager}
}

func group(name string, members ...string) identity.Group {
	return identity.Group{Name: name, Description: name, Members: append([]string{}, members...)}
}

func copyUsers(roles, teams identity.Action, ids ...string) plan.Request {
	var req plan.Request
	for _, id := range ids {
		req.Steps = append(req.Steps, plan.Step{Origin: "x903.csv:2", CopyUser: &plan.CopyUser{UserID: id, Users: plan.UsersAll, Roles: roles, Teams: teams}})
	}
	return req
}

func copyTeams(c plan.CopyTeam, names ...string) plan.Request {
	var req plan.Request
	for _, name := range names {
		one := c
		one.Team = name
		req.Steps = append(req.Steps, plan.Step{Origin: "--team " + name, CopyTeam: &one})
	}
	return req
}

// brief gives a plan's changes as lines, for tables.
func brief(p *plan.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		parts := []string{string(c.Op), string(c.Entity), c.Key}
		if c.Op == plan.Delete {
			out = append(out, strings.Join(parts, " "))
			continue
		}
		if c.User != nil {
			parts = append(parts, sign("+", c.User.Roles)...)
			if c.User.Manager != "" {
				parts = append(parts, "manager="+c.User.Manager)
			}
		}
		if c.Group != nil && c.Group.Description != "" {
			parts = append(parts, "description="+c.Group.Description)
		}
		for _, f := range c.Fields {
			parts = append(parts, string(f.Name)+"="+f.After)
		}
		parts = append(parts, sign("-", c.RemoveMembers)...)
		parts = append(parts, sign("-", c.RemoveRoles)...)
		parts = append(parts, sign("+", c.AddRoles)...)
		parts = append(parts, sign("+", c.AddMembers)...)
		out = append(out, strings.Join(parts, " "))
	}
	return out
}

func sign(mark string, list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, mark+strings.TrimPrefix(s, "PROFILE:"))
	}
	return out
}

// found gives a plan's conflicts and skips as lines.
func found(p *plan.Plan) []string {
	var out []string
	for _, f := range p.Conflicts {
		out = append(out, finding(f))
	}
	for _, f := range p.Skips {
		out = append(out, "skip "+finding(f))
	}
	for _, f := range p.Warnings {
		out = append(out, "warning "+finding(f))
	}
	return out
}

func finding(f plan.Finding) string {
	parts := []string{string(f.Code) + ":", string(f.Entity)}
	if f.Key != "" {
		parts = append(parts, strings.TrimPrefix(f.Key, "PROFILE:"))
	}
	if f.Name != "" {
		parts = append(parts, strings.TrimPrefix(f.Name, "PROFILE:"))
	}
	return strings.Join(slices.Concat(parts, f.Users, f.Teams), " ")
}

func check(t *testing.T, p *plan.Plan, changes, findings []string) {
	t.Helper()
	if diff := cmp.Diff(brief(p), changes, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("changes (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(found(p), findings, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("conflicts and skips (-got +want):\n%s", diff)
	}
}

func TestPeopleAreCreatedManagersFirst(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source, target []identity.User
		changes, found []string
	}{
		"a chain from the bottom up": {
			source:  []identity.User{withManager("A", "B"), withManager("B", "C"), withManager("C", "")},
			changes: []string{"create user C", "create user B manager=C", "create user A manager=B"},
		},
		"a manager who exists already is kept": {
			source: []identity.User{withManager("A", "OLD")}, target: []identity.User{withManager("OLD", "")},
			changes: []string{"create user A manager=OLD"},
		},
		"a loop is cut at its first user ID and tied afterwards": {
			source:  []identity.User{withManager("C", "A"), withManager("A", "B"), withManager("B", "C"), withManager("D", "B")},
			changes: []string{"create user A", "create user C manager=A", "create user B manager=C", "create user D manager=B", "update user A manager=B"},
		},
		"somebody who is their own manager": {
			source:  []identity.User{withManager("A", "A")},
			changes: []string{"create user A", "update user A manager=A"},
		},
		"two loops": {
			source:  []identity.User{withManager("A", "B"), withManager("B", "A"), withManager("D", "C"), withManager("C", "D")},
			changes: []string{"create user A", "create user C", "create user B manager=A", "create user D manager=C", "update user A manager=B", "update user C manager=D"},
		},
		"a manager whom the target lacks stops the link only": {
			source: []identity.User{withManager("A", "BOSS"), withManager("B", "BOSS"), withManager("C", "BOSS")}, target: []identity.User{withManager("C", "A")},
			changes: []string{"create user A", "create user B"},
			found:   []string{"missing-manager: user BOSS A B C"},
		},
		"a manager who cannot be created is missing too": {
			source: []identity.User{withManager("A", "B"), withEmail("B", "taken@x.example")}, target: []identity.User{withEmail("Z", "Taken@x.example")},
			changes: []string{"create user A"},
			found:   []string{"email-taken: user B taken@x.example Z", "missing-manager: user B A"},
		},
		"a manager is taken away as in the source": {
			source: []identity.User{withManager("A", "")}, target: []identity.User{withManager("A", "B"), withManager("B", "")},
			changes: []string{"update user A manager="},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ids []string
			for _, u := range tc.source {
				ids = append(ids, u.UserID)
			}
			p := plan.Make(copyUsers(identity.Keep, identity.Keep, ids...), tenantOf("userid", tc.source), tenantOf("userid", tc.target), plan.Rules{})
			check(t, p, tc.changes, tc.found)
		})
	}
}

func TestFieldsOfAnExistingPerson(t *testing.T) {
	t.Parallel()
	source := identity.User{
		UserID: "A", LoginID: "map-new", Email: "New@x.example", GivenName: "New", FamilyName: "New", DisplayName: "New", Active: false, Concurrent: true, Language: "de", ExternalID: "new",
		Settings: identity.Settings{DataLanguage: "fr", DateFormat: "yyyy/MM/dd", TimeFormat: "h:mm:ss a", NumberFormat: "1.234,56", CleanUpDays: 30, NotifyByEmail: true},
		Manager:  "BOSS", Photos: []string{"https://p.example/b", "https://p.example/a", ""},
	}
	target := identity.User{
		UserID: "A", LoginID: "map-old", Email: "old@x.example", GivenName: "Old", FamilyName: "Old", DisplayName: "Old", Active: true, Language: "en", ExternalID: "old",
		Settings: identity.Settings{DataLanguage: "en", DateFormat: "MMM d, yyyy", TimeFormat: "H:mm:ss", NumberFormat: "1,234.56"}, Ref: "ref-a",
	}
	rest := []plan.Field{
		{Name: plan.FieldConcurrent, Before: "false", After: "true"},
		{Name: plan.FieldLanguage, Before: "en", After: "de"},
		{Name: plan.FieldDataLanguage, Before: "en", After: "fr"},
		{Name: plan.FieldDateFormat, Before: "MMM d, yyyy", After: "yyyy/MM/dd"},
		{Name: plan.FieldTimeFormat, Before: "H:mm:ss", After: "h:mm:ss a"},
		{Name: plan.FieldNumberFormat, Before: "1,234.56", After: "1.234,56"},
		{Name: plan.FieldCleanUpDays, Before: "0", After: "30"},
		{Name: plan.FieldNotify, Before: "false", After: "true"},
		{Name: plan.FieldPhotos, After: "https://p.example/a\nhttps://p.example/b"},
		{Name: plan.FieldManager, After: "BOSS"},
	}
	email := plan.Field{Name: plan.FieldEmail, Before: "old@x.example", After: "new@x.example"}
	login := func(after string) plan.Field {
		return plan.Field{Name: plan.FieldLoginID, Before: "map-old", After: after}
	}
	inactive := plan.Field{Name: plan.FieldActive, Before: "true", After: "false"}
	tests := map[string]struct {
		from, to string
		active   plan.ActiveMode
		first    []plan.Field // before the rest
	}{
		"mode default writes the e-mail":                 {"default", "default", plan.ActiveKeep, []plan.Field{email}},
		"mode email writes the e-mail":                   {"custom", "email", plan.ActiveKeep, []plan.Field{email}},
		"mode userid leaves e-mail and login ID":         {"custom", "userid", plan.ActiveKeep, nil},
		"custom to custom copies the login ID":           {"custom", "custom", plan.ActiveKeep, []plan.Field{login("map-new")}},
		"email to custom makes the user ID the login ID": {"email", "custom", plan.ActiveKeep, []plan.Field{login("A")}},
		"userid to custom leaves the login ID":           {"userid", "custom", plan.ActiveKeep, nil},
		"active follows the source where asked":          {"userid", "userid", plan.ActiveSource, []plan.Field{inactive}},
		"active true leaves somebody active alone":       {"userid", "userid", plan.ActiveTrue, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := copyUsers(identity.Keep, identity.Keep, "A")
			req.Options.Active = tc.active
			p := plan.Make(req, tenantOf(tc.from, []identity.User{source}), tenantOf(tc.to, []identity.User{target, user("BOSS")}), plan.Rules{})
			want := []plan.Change{{
				Entity: plan.User, Op: plan.Update, Key: "A", Ref: "ref-a", Fields: append(tc.first, rest...),
				Reasons: []string{"x903.csv:2: user fields follow the source"},
			}}
			if diff := cmp.Diff(p.Changes, want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestPhotosAreTakenAwayAsInTheSource(t *testing.T) {
	t.Parallel()
	old := identity.User{UserID: "A", Active: true, Photos: []string{"https://p.example/a"}}
	p := plan.Make(copyUsers(identity.Keep, identity.Keep, "A"), tenantOf("userid", []identity.User{user("A")}), tenantOf("userid", []identity.User{old}), plan.Rules{})
	check(t, p, []string{"update user A photos="}, nil)
}

func TestANewPersonHasAllThatTheSourceTells(t *testing.T) {
	t.Parallel()
	source := identity.User{
		UserID: "A", LoginID: "Map-A", Email: "A.Lind@X.example", Ref: "source-ref", GivenName: "Anna", FamilyName: "Lind", DisplayName: "Anna Lind",
		Active: false, Concurrent: true, Language: "de", ExternalID: "source-external", Photos: []string{"https://p.example/a"}, Roles: []string{roleTwo, roleOne},
		Settings: identity.Settings{DataLanguage: "fr", DateFormat: "yyyy/MM/dd", TimeFormat: "h:mm:ss a", NumberFormat: "1.234,56", CleanUpDays: 30, NotifyByEmail: true},
	}
	tests := map[string]struct {
		from, to, login string
		roles           identity.Action
		wantRoles       []string
		exact           bool
	}{
		"mode default logs in by e-mail, add gives the roles": {"custom", "default", "a.lind@x.example", identity.Add, []string{roleOne, roleTwo}, false},
		"mode email, replace gives exactly the roles":         {"userid", "email", "a.lind@x.example", identity.Replace, []string{roleOne, roleTwo}, true},
		"mode userid, keep gives no role":                     {"custom", "userid", "A", identity.Keep, nil, false},
		"custom to custom, remove gives no role":              {"custom", "custom", "Map-A", identity.Remove, nil, false},
		"email to custom":                                     {"email", "custom", "A", identity.Keep, nil, false},
		"userid to custom":                                    {"userid", "custom", "A", identity.Keep, nil, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan.Make(copyUsers(tc.roles, identity.Keep, "A"), tenantOf(tc.from, []identity.User{source}), tenantOf(tc.to, nil), plan.Rules{})
			want := source
			want.Ref, want.ExternalID, want.Email, want.Active = "", "", "a.lind@x.example", true
			want.LoginID, want.Roles = tc.login, tc.wantRoles
			if len(p.Changes) != 1 {
				t.Fatalf("got %d changes, want 1", len(p.Changes))
			}
			if diff := cmp.Diff(p.Changes[0].User, &want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if got := p.Changes[0].DecidesAllRoles; got != tc.exact {
				t.Errorf("got exact roles %t, want %t", got, tc.exact)
			}
		})
	}
}

func TestSomebodyInactiveInTheSourceIsDeactivatedAfterTheCreateWhereAsked(t *testing.T) {
	t.Parallel()
	req := copyUsers(identity.Keep, identity.Keep, "A")
	req.Options.Active = plan.ActiveSource
	zero := 0
	rules := plan.Rules{Guards: plan.Guards{MaxDeactivate: plan.Guard{Count: &zero}}}
	p := plan.Make(req, tenantOf("userid", []identity.User{{UserID: "A"}}), tenantOf("userid", nil), rules)
	check(t, p, []string{"create user A", "update user A active=false"}, nil)
	if want := (plan.Counts{CreateUsers: 1}); p.Counts != want || len(p.Exceeded) > 0 {
		t.Errorf("got counts %+v and trips %+v, want %+v and none", p.Counts, p.Exceeded, want)
	}
}

func TestRowsForOnePersonActOneAfterTheOther(t *testing.T) {
	t.Parallel()
	source := tenantOf("userid", []identity.User{user("A", roleOne)}, group("Red", "A"))
	step := func(roles, teams identity.Action) plan.Step {
		return plan.Step{Origin: "row", CopyUser: &plan.CopyUser{UserID: "A", Users: plan.UsersAll, Roles: roles, Teams: teams}}
	}
	tests := map[string]struct {
		target  identity.Snapshot
		steps   []plan.Step
		changes []string
	}{
		"what one row adds and the next removes vanishes": {
			target: tenantOf("userid", []identity.User{user("A")}, group("Red")),
			steps:  []plan.Step{step(identity.Add, identity.Add), step(identity.Remove, identity.Remove)},
		},
		"what one row removes and the next adds vanishes": {
			target: tenantOf("userid", []identity.User{user("A", roleOne)}, group("Red", "A")),
			steps:  []plan.Step{step(identity.Remove, identity.Remove), step(identity.Replace, identity.Replace)},
		},
		"the second row updates whom the first creates": {
			target:  tenantOf("userid", nil),
			steps:   []plan.Step{step(identity.Keep, identity.Keep), step(identity.Add, identity.Add)},
			changes: []string{"create user A +t.x:One", "create team Red +A"},
		},
		"a team that the plan creates stays when its member leaves again": {
			target:  tenantOf("userid", []identity.User{user("A", roleOne)}),
			steps:   []plan.Step{step(identity.Keep, identity.Add), step(identity.Keep, identity.Remove)},
			changes: []string{"create team Red"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, plan.Make(plan.Request{Steps: tc.steps}, source, tc.target, plan.Rules{}), tc.changes, nil)
		})
	}
}

func TestTeamsOfTheTargetThatWereNotRead(t *testing.T) {
	t.Parallel()
	left := user("A")
	left.Teams = []string{"Elsewhere"}
	t.Run("replace leaves a team that only the person's own list tells of", func(t *testing.T) {
		t.Parallel()
		p := plan.Make(copyUsers(identity.Keep, identity.Replace, "A"), tenantOf("userid", []identity.User{user("A")}), tenantOf("userid", []identity.User{left}), plan.Rules{})
		check(t, p, []string{"update team Elsewhere -A"}, nil)
	})
	t.Run("members replace cannot be decided without the target's members", func(t *testing.T) {
		t.Parallel()
		unread := identity.Group{Name: "P", Size: 4}
		p := plan.Make(copyTeams(plan.CopyTeam{Users: plan.UsersNone, Members: identity.Replace}, "P"),
			tenantOf("userid", nil, group("P")), tenantOf("userid", nil, unread), plan.Rules{})
		check(t, p, nil, []string{"members-unread: team P replace"})
	})
	t.Run("the source's members were not read", func(t *testing.T) {
		t.Parallel()
		unread := identity.Group{Name: "P", Size: 4}
		p := plan.Make(copyTeams(plan.CopyTeam{Users: plan.UsersNone, Members: identity.Add}, "P"),
			tenantOf("userid", nil, unread), tenantOf("userid", nil, group("P")), plan.Rules{})
		check(t, p, nil, []string{"source-members-unread: team P"})
	})
}

func TestSecondaryTeamsAndDescriptions(t *testing.T) {
	t.Parallel()
	sec := group("Sec", "A")
	sec.Roles = []string{"PROFILE:t.dev:One", roleAdmin}
	primary := group("P", "A")
	primary.Description = strings.Repeat("ä", 1030)
	source := tenantOf("userid", []identity.User{user("A")}, sec, primary)
	source.Tenant.Namespace = "t.dev"
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Keep, UserTeams: identity.Add, TeamRoles: identity.Keep, Members: identity.Keep}
	tests := map[string]struct {
		name    plan.NameMode
		options plan.Options
		changes []string
	}{
		"secondary teams are created bare": {
			plan.NameKeep,
			plan.Options{},
			[]string{"create user A", "create team P +A", "create team Sec +A"},
		},
		"secondary teams get the translated role links where asked": {
			plan.NameKeep,
			plan.Options{SecondaryRoles: true, TranslateRoles: true},
			[]string{"create user A", "create team P +A", "create team Sec +sap.epm:BI_Admin +t.x:One +A"},
		},
		"a description is cut at 1,024 characters": {
			plan.NameCopy,
			plan.Options{},
			[]string{"create user A", "create team P description=" + strings.Repeat("ä", 1024) + " +A", "create team Sec +A"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := row
			c.Name = tc.name
			req := copyTeams(c, "P")
			req.Options = tc.options
			var warned []string
			if name == "a description is cut at 1,024 characters" {
				warned = []string{"warning description-cut: team P"}
			}
			check(t, plan.Make(req, source, tenantOf("userid", nil), plan.Rules{}), tc.changes, warned)
		})
	}
}

func TestReasonsNameStepAndAction(t *testing.T) {
	t.Parallel()
	req := copyTeams(plan.CopyTeam{Users: plan.UsersNone, Members: identity.Add, TeamRoles: identity.Add}, "P")
	for range 30 {
		req.Steps = append(req.Steps, req.Steps[0])
	}
	source := group("P", "A")
	source.Roles = []string{roleOne}
	p := plan.Make(req, tenantOf("userid", nil, source), tenantOf("userid", []identity.User{user("A")}, group("P")), plan.Rules{})
	got := p.Changes[0].Reasons
	if diff := cmp.Diff(got, []string{"--team P: members add", "--team P: team roles add"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestManyReasonsEndInOneWord(t *testing.T) {
	t.Parallel()
	var req plan.Request
	var people []identity.User
	for i := range 40 {
		id := "U" + string(rune('A'+i))
		people = append(people, user(id))
		req.Steps = append(req.Steps, plan.Step{Origin: "row " + id, CopyUser: &plan.CopyUser{UserID: id, Users: plan.UsersAll, Teams: identity.Add}})
	}
	var ids []string
	for _, u := range people {
		ids = append(ids, u.UserID)
	}
	p := plan.Make(req, tenantOf("userid", people, group("Red", ids...)), tenantOf("userid", people, group("Red")), plan.Rules{})
	got := p.Changes[0].Reasons
	if len(got) != 21 || got[20] != "and further steps" {
		t.Errorf("got %d reasons, the last %q; want 20 and a last word", len(got), got[len(got)-1])
	}
}

func TestATeamsChangeTellsAllThatApplyingNeeds(t *testing.T) {
	t.Parallel()
	src, old := group("P", "A", "B"), group("P", "B", "Z")
	src.Description, src.Roles = "New", []string{roleTwo, roleOne}
	old.Ref, old.Roles, old.Size = "ref-p", []string{roleThree, roleTwo}, 2
	people := []identity.User{user("A"), user("B"), user("Z")}
	row := plan.CopyTeam{Users: plan.UsersAll, Members: identity.Replace, TeamRoles: identity.Replace, Name: plan.NameCopy}
	p := plan.Make(copyTeams(row, "P"), tenantOf("userid", people, src), tenantOf("userid", people, old, group("Q")), plan.Rules{})
	want := []plan.Change{{
		Entity: plan.Team, Op: plan.Update, Key: "P", Ref: "ref-p", Size: 2,
		Fields:      []plan.Field{{Name: plan.FieldDescription, Before: "P", After: "New"}},
		RolesBefore: []string{roleThree, roleTwo}, AddRoles: []string{roleOne}, RemoveRoles: []string{roleThree}, DecidesAllRoles: true,
		AddMembers: []string{"A"}, RemoveMembers: []string{"Z"}, DecidesAllMembers: true, MembersBefore: []string{"B", "Z"},
		Reasons: []string{"--team P: name copy", "--team P: members replace", "--team P: team roles replace"},
	}}
	if diff := cmp.Diff(p.Changes, want); diff != "" {
		t.Errorf("changes (-got +want):\n%s", diff)
	}
	counts := plan.Counts{UpdateTeams: 1, AddRoles: 1, RemoveRoles: 1, AddMembers: 1, RemoveMembers: 1, UnchangedUsers: 2}
	if diff := cmp.Diff(p.Counts, counts); diff != "" {
		t.Errorf("counts (-got +want):\n%s", diff)
	}
	again := plan.Make(copyTeams(row, "P"), tenantOf("userid", people, src), carryOut(tenantOf("userid", people, old), p), plan.Rules{})
	if diff := cmp.Diff(again.Counts, plan.Counts{UnchangedUsers: 2, UnchangedTeams: 1}); diff != "" {
		t.Errorf("counts of the next plan (-got +want):\n%s", diff)
	}
}

func TestAChangeIsExactWhereAnActionDecidedAboutTheWholeSet(t *testing.T) {
	t.Parallel()
	people := []identity.User{user("A", roleOne), user("B")}
	src := group("P", "A")
	src.Roles = []string{roleOne}
	old := group("P", "B")
	old.Roles = []string{roleTwo}
	source, target := tenantOf("userid", people, src), tenantOf("userid", []identity.User{user("A", roleTwo), user("B")}, old)
	type exact struct{ personRoles, teamRoles, teamMembers bool }
	tests := map[string]struct {
		userRoles, teamRoles, members []identity.Action // of each row
		want                          exact
	}{
		"add":                            {[]identity.Action{"add"}, []identity.Action{"add"}, []identity.Action{"add"}, exact{}},
		"replace":                        {[]identity.Action{"replace"}, []identity.Action{"replace"}, []identity.Action{"replace"}, exact{true, true, true}},
		"replace, then add":              {[]identity.Action{"replace", "add"}, []identity.Action{"replace", "add"}, []identity.Action{"replace", "add"}, exact{true, true, true}},
		"intersect takes what is not in": {[]identity.Action{"add"}, []identity.Action{"intersect"}, []identity.Action{"add"}, exact{false, true, false}},
		"exclude leaves what is not in":  {[]identity.Action{"add"}, []identity.Action{"exclude"}, []identity.Action{"add"}, exact{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var req plan.Request
			for i := range tc.members {
				row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: tc.userRoles[i], TeamRoles: tc.teamRoles[i], Members: tc.members[i]}
				req.Steps = append(req.Steps, copyTeams(row, "P").Steps...)
			}
			p := plan.Make(req, source, target, plan.Rules{})
			var got exact
			for _, c := range p.Changes {
				if c.Entity == plan.User {
					got.personRoles = c.DecidesAllRoles
				} else {
					got.teamRoles, got.teamMembers = c.DecidesAllRoles, c.DecidesAllMembers
				}
				if before := len(c.MembersBefore) > 0; before != c.DecidesAllMembers {
					t.Errorf("got members before %q with exact members %t", c.MembersBefore, c.DecidesAllMembers)
				}
			}
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
	t.Run("a team that is made has no set before", func(t *testing.T) {
		t.Parallel()
		row := plan.CopyTeam{Users: plan.UsersNone, TeamRoles: identity.Replace, Members: identity.Replace}
		c := plan.Make(copyTeams(row, "P"), source, tenantOf("userid", people), plan.Rules{}).Changes[0]
		if c.DecidesAllRoles || c.DecidesAllMembers || c.MembersBefore != nil {
			t.Errorf("got %+v, want a plain create", c)
		}
	})
}
