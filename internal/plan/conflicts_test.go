package plan_test

import (
	"slices"
	"strings"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func TestConflictsOfPeople(t *testing.T) {
	t.Parallel()
	add := identity.Add
	custom := func(id, login string) identity.User { return identity.User{UserID: id, LoginID: login, Active: true} }
	tests := map[string]struct {
		sso            string
		source, target []identity.User
		changes, found []string
	}{
		"a new person's e-mail belongs to someone else, letter case aside": {
			sso: "userid", source: []identity.User{withEmail("A", "a@x.example"), user("B")}, target: []identity.User{withEmail("Z", "A@X.example")},
			changes: []string{"create user B", "create team Red +B"}, found: []string{"email-taken: user A a@x.example Z"},
		},
		"an update's e-mail belongs to someone else: nothing of it, but the membership goes on": {
			sso:     "email",
			source:  []identity.User{{UserID: "A", Email: "new@x.example", Language: "de", Roles: []string{roleOne}}},
			target:  []identity.User{{UserID: "A", Email: "old@x.example", Language: "en"}, withEmail("Z", "new@x.example")},
			changes: []string{"create team Red +A"}, found: []string{"email-taken: user A new@x.example Z"},
		},
		"an e-mail that differs in letter case only is the same": {
			sso: "email", source: []identity.User{withEmail("A", "A@x.example")}, target: []identity.User{withEmail("A", "a@X.example")},
			changes: []string{"create team Red +A"},
		},
		"a duplicate with the person's e-mail": {
			sso: "email", source: []identity.User{withEmail("A", "new@x.example")}, target: []identity.User{withEmail("A", "old@x.example"), withEmail("A_1", "new@x.example")},
			changes: []string{"create team Red +A"}, found: []string{"duplicate-user: user A new@x.example A_1"},
		},
		"another person whose ID only begins alike is no duplicate": {
			sso: "email", source: []identity.User{withEmail("A", "new@x.example")}, target: []identity.User{withEmail("A_1X", "new@x.example")},
			found: []string{"email-taken: user A new@x.example A_1X"},
		},
		"two people of the source with one e-mail": {
			sso: "email", source: []identity.User{withEmail("A", "same@x.example"), withEmail("B", "Same@x.example"), user("C")},
			changes: []string{"create user C", "create team Red +C"}, found: []string{"source-email-twice: user A same@x.example B", "source-email-twice: user B same@x.example A"},
		},
		"an e-mail that its holder gives up in the same plan": {
			sso:     "email",
			source:  []identity.User{withEmail("A", "b@x.example"), withEmail("B", "free@x.example")},
			target:  []identity.User{withEmail("A", "a@x.example"), withEmail("B", "b@x.example")},
			changes: []string{"update user B email=free@x.example", "create team Red +A +B"}, found: []string{"email-taken: user A b@x.example B"},
		},
		"two people swap their e-mails": {
			sso:     "email",
			source:  []identity.User{withEmail("A", "b@x.example"), withEmail("B", "a@x.example")},
			target:  []identity.User{withEmail("A", "a@x.example"), withEmail("B", "b@x.example")},
			changes: []string{"create team Red +A +B"}, found: []string{"email-taken: user A b@x.example B", "email-taken: user B a@x.example A"},
		},
		"a login ID is someone else's": {
			sso: "custom", source: []identity.User{custom("A", "anna")}, target: []identity.User{custom("Z", "ANNA")},
			found: []string{"login-id-taken: user A anna Z"},
		},
		"two new people want one login ID": {
			sso: "custom", source: []identity.User{custom("A", "anna"), custom("B", "anna")},
			found: []string{"login-id-taken: user A anna B", "login-id-taken: user B anna A"},
		},
		"an e-mail that is the login ID of someone with another e-mail": {
			sso: "email", source: []identity.User{withEmail("A", "a@x.example")}, target: []identity.User{{UserID: "Z", Email: "z@x.example", LoginID: "a@x.example"}},
			found: []string{"login-id-taken: user A a@x.example Z"},
		},
		"nobody is created without an e-mail": {
			sso: "userid", source: []identity.User{withEmail("A", " ")}, found: []string{"no-email: user A"},
		},
		"an existing person keeps the e-mail where the source has none": {
			sso: "email", source: []identity.User{withEmail("A", " ")}, target: []identity.User{withEmail("A", "a@x.example")},
			changes: []string{"create team Red +A"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ids []string
			for _, u := range tc.source {
				ids = append(ids, u.UserID)
			}
			source := tenantOf(tc.sso, tc.source, group("Red", ids...))
			p := plan.Make(copyUsers(add, add, ids...), source, tenantOf(tc.sso, tc.target), plan.Rules{})
			check(t, p, tc.changes, tc.found)
		})
	}
}

func TestConflictsOfTeams(t *testing.T) {
	t.Parallel()
	people := []identity.User{user("A"), user("B")}
	doubled, hidden := group("P"), group("Other")
	doubled.Namesakes = 1
	unreadable := func(s identity.Snapshot) identity.Snapshot {
		s.Unreadable["P"] = "hidden: switch Ignore Content Namespace For Teams on"
		return s
	}
	row := plan.CopyTeam{Users: plan.UsersAll, UserTeams: identity.Keep, Members: identity.Add, TeamRoles: identity.Keep}
	tests := map[string]struct {
		source, target identity.Snapshot
		changes, found []string
	}{
		"two teams of the target have the name": {
			tenantOf("userid", people, group("P", "A")), tenantOf("userid", people, doubled),
			nil,
			[]string{"team-name-twice: team P"},
		},
		"two teams of the target have the name, but nothing is to do": {
			tenantOf("userid", people, group("P")), tenantOf("userid", people, doubled), nil, nil,
		},
		"two teams of the source have the name: the row is not done": {
			tenantOf("userid", people, doubled), tenantOf("userid", nil), nil, []string{"source-team-twice: team P"},
		},
		"a team of the target differs in letter case only": {
			tenantOf("userid", people, group("P", "A")), tenantOf("userid", people, group("p")),
			nil,
			[]string{"team-name-case: team P p"},
		},
		"a team of the target cannot be read, its people go on": {
			tenantOf("userid", people, group("P", "A")), unreadable(tenantOf("userid", nil, hidden)),
			[]string{"create user A"},
			[]string{"team-unreadable: team P"},
		},
		"a team of the source cannot be read": {
			unreadable(tenantOf("userid", people, hidden)), tenantOf("userid", people), nil, []string{"source-unreadable: team P"},
		},
		"a team that the source lacks": {
			tenantOf("userid", people), tenantOf("userid", people, group("P", "A")), nil, []string{"missing-in-source: team P"},
		},
		"a member whom the source lacks as a person: the others go on": {
			tenantOf("userid", people[:1], group("P", "A", "GHOST")), tenantOf("userid", nil),
			[]string{"create user A", "create team P +A"},
			[]string{"missing-in-source: user GHOST", "skip members-missing: team P GHOST"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, plan.Make(copyTeams(row, "P"), tc.source, tc.target, plan.Rules{}), tc.changes, tc.found)
		})
	}
}

func TestTwoNewTeamsThatDifferInLetterCaseOnly(t *testing.T) {
	t.Parallel()
	row := plan.CopyTeam{Users: plan.UsersNone, Members: identity.Keep}
	p := plan.Make(copyTeams(row, "Red", "RED", "Blue"), tenantOf("userid", nil, group("Red"), group("RED"), group("Blue")), tenantOf("userid", nil), plan.Rules{})
	check(t, p, []string{"create team Blue"}, []string{"team-name-case: team RED Red", "team-name-case: team Red RED"})
}

func TestMissingPeopleAndRoles(t *testing.T) {
	t.Parallel()
	gone := "PROFILE:t.x:Gone"
	source := tenantOf("userid", []identity.User{user("A", gone, roleOne), user("B", gone), user("C", "PROFILE:sap.epm:New_One")})
	target := tenantOf("userid", []identity.User{user("B")})
	t.Run("a missing role is reported once and stops only its links", func(t *testing.T) {
		t.Parallel()
		p := plan.Make(copyUsers(identity.Add, identity.Keep, "A", "B"), source, target, plan.Rules{})
		check(t, p, []string{"create user A +t.x:One"}, []string{"missing-role: role t.x:Gone A B"})
	})
	t.Run("a role whose absence is not known is planned", func(t *testing.T) {
		t.Parallel()
		unsure := clone(target)
		unsure.RolesComplete = false
		p := plan.Make(copyUsers(identity.Add, identity.Keep, "B"), source, unsure, plan.Rules{})
		check(t, p, []string{"update user B +t.x:Gone"}, nil)
	})
	t.Run("a role that SAP delivers is there, listed or not", func(t *testing.T) {
		t.Parallel()
		p := plan.Make(copyUsers(identity.Add, identity.Keep, "C"), source, target, plan.Rules{})
		check(t, p, []string{"create user C +sap.epm:New_One"}, nil)
	})
	t.Run("a team needs a missing role", func(t *testing.T) {
		t.Parallel()
		g := group("P")
		g.Roles = []string{gone, roleTwo}
		p := plan.Make(copyTeams(plan.CopyTeam{Users: plan.UsersNone, TeamRoles: identity.Replace}, "P"), tenantOf("userid", nil, g), target, plan.Rules{})
		check(t, p, []string{"create team P +t.x:Two"}, []string{"missing-role: role t.x:Gone P"})
	})
	t.Run("a person whom the source lacks ends only that row", func(t *testing.T) {
		t.Parallel()
		p := plan.Make(copyUsers(identity.Add, identity.Keep, "NOBODY", "C", "NOBODY"), source, target, plan.Rules{})
		check(t, p, []string{"create user C +sap.epm:New_One"}, []string{"missing-in-source: user NOBODY"})
	})
	t.Run("many members whom the target lacks are named in one skip", func(t *testing.T) {
		t.Parallel()
		var ids []string
		for i := range 25 {
			ids = append(ids, "U"+string(rune('A'+i)))
		}
		p := plan.Make(copyTeams(plan.CopyTeam{Users: plan.UsersNone, Members: identity.Add}, "P"), tenantOf("userid", nil, group("P", ids...)), tenantOf("userid", nil, group("P")), plan.Rules{})
		check(t, p, nil, []string{"skip members-missing: team P " + strings.Join(ids, " ")})
	})
}

func TestRoleNamesAreTranslated(t *testing.T) {
	t.Parallel()
	source := tenantOf("userid", []identity.User{user("A", "PROFILE:t.dev:One", "PROFILE:t.dev:Old", roleAdmin, "PROFILE:t.else:Own", "Short")})
	source.Tenant.Namespace = "t.dev"
	target := tenantOf("userid", []identity.User{user("A")})
	target.RolesComplete = false
	table := map[string]string{"PROFILE:t.dev:Old": roleTwo}
	tests := map[string]struct {
		options plan.Options
		from    string
		want    string
	}{
		"verbatim unless asked, table or not":         {plan.Options{RoleTable: table}, "t.dev", "+sap.epm:BI_Admin +t.dev:Old +t.dev:One +t.else:Own +Short"},
		"the source's namespace becomes the target's": {plan.Options{TranslateRoles: true}, "t.dev", "+sap.epm:BI_Admin +t.else:Own +t.x:Old +t.x:One +Short"},
		"exceptions win": {plan.Options{TranslateRoles: true, RoleTable: table}, "t.dev", "+sap.epm:BI_Admin +t.else:Own +t.x:One +t.x:Two +Short"},
		"an unknown namespace translates nothing": {plan.Options{TranslateRoles: true}, "", "+sap.epm:BI_Admin +t.dev:Old +t.dev:One +t.else:Own +Short"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := clone(source)
			from.Tenant.Namespace = tc.from
			req := copyUsers(identity.Add, identity.Keep, "A")
			req.Options = tc.options
			check(t, plan.Make(req, from, target, plan.Rules{}), []string{"update user A " + tc.want}, nil)
		})
	}
}

// TestTrial1UserIDsThatTheTargetDoesNotKeep is about accounts that nobody would find again.
func TestTrial1UserIDsThatTheTargetDoesNotKeep(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		platform, sso, id string
		onlyV1            bool
		target            []identity.User
		found             string // "" where the person is created
	}{
		"a point on NEO":                       {platform: "neo", sso: "userid", id: "JOHN.DOE", found: "user-id-not-kept: user JOHN.DOE JOHNDOE"},
		"where that is taken it is numbered":   {platform: "neo", sso: "userid", id: "JOHN.DOE", target: []identity.User{user("JOHNDOE")}, found: "user-id-not-kept: user JOHN.DOE JOHNDOE_1"},
		"a quote on NEO under SSO email":       {platform: "neo", sso: "email", id: "O'NEIL", found: "user-id-not-kept: user O'NEIL ONEIL"},
		"a letter beyond A to Z, SSO custom":   {platform: "neo", sso: "custom", id: "Ä1", found: "user-id-not-kept: user Ä1 1"},
		"an @ under SSO userid":                {platform: "neo", sso: "userid", id: "A@B", found: "user-id-refused: user A@B"},
		"nothing but an emoji":                 {platform: "neo", sso: "default", id: "😀", found: "user-id-refused: user 😀"},
		"an existing one is updated":           {platform: "neo", sso: "userid", id: "JOHN.DOE", target: []identity.User{user("JOHN.DOE")}},
		"a plain one on NEO":                   {platform: "neo", sso: "email", id: "JOHN_DOE1"},
		"a point where only v1 is to be used":  {platform: "cf", onlyV1: true, sso: "userid", id: "JOHN.DOE", found: "user-id-not-kept: user JOHN.DOE JOHNDOE"},
		"a point on CF":                        {platform: "cf", sso: "email", id: "JOHN.DOE"},
		"a blank on CF":                        {platform: "cf", sso: "email", id: "JOHN DOE", found: "user-id-refused: user JOHN DOE"},
		"a slash on CF":                        {platform: "cf", sso: "email", id: "A/B", found: "user-id-refused: user A/B"},
		"small letters on CF":                  {platform: "cf", sso: "email", id: "anna", found: "user-id-not-kept: user anna ANNA"},
		"a zero-width blank on CF":             {platform: "cf", sso: "email", id: "A\u200bB", found: "user-id-refused: user A\u200bB"},
		"an e-mail of NEO under SSO email":     {platform: "neo", sso: "email", id: "A@X.EXAMPLE", found: "user-id-not-kept: user A@X.EXAMPLE A"},
		"a per cent sign and a number on NEO":  {platform: "neo", sso: "default", id: "A%2FB", found: "user-id-not-kept: user A%2FB A2FB"},
		"a trailing blank is another ID on CF": {platform: "cf", sso: "userid", id: "ANNA ", found: "user-id-refused: user ANNA "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := tenantOf(tt.sso, []identity.User{withEmail(tt.id, "person@x.example"), user("BERT")}, group("Red", tt.id, "BERT"))
			target := tenantOf(tt.sso, tt.target)
			target.Tenant.Platform, target.Tenant.OnlyV1 = tt.platform, tt.onlyV1
			p := plan.Make(copyUsers(identity.Keep, identity.Add, tt.id, "BERT"), source, target, plan.Rules{})
			var found []string
			for _, f := range p.Conflicts {
				found = append(found, strings.TrimSpace(string(f.Code)+": "+string(f.Entity)+" "+f.Key+" "+f.Name))
			}
			if got := strings.Join(found, "; "); got != strings.TrimSpace(tt.found) {
				t.Errorf("conflicts %q, want %q", got, tt.found)
			}
			for i := range p.Changes {
				c := &p.Changes[i]
				if tt.found != "" && (c.Key == tt.id || slices.Contains(c.AddMembers, tt.id)) {
					t.Errorf("the plan writes all the same: %+v", c)
				}
			}
			if !slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Key == "BERT" && c.Op == plan.Create }) {
				t.Error("the other person is not created")
			}
		})
	}
}

// TestTrial1TeamNamesThatNoPathCanHold is about teams that v1 would take for another resource.
func TestTrial1TeamNamesThatNoPathCanHold(t *testing.T) {
	t.Parallel()
	for platform, teams := range map[string]map[string]bool{
		identity.PlatformNEO: {".": false, "..": false, "A/B": true, "Red": true, "\u00a0": false},
		identity.PlatformCF:  {".": true, "..": true, "A/B": true, " ": false},
	} {
		for name, fits := range teams {
			source := tenantOf("userid", []identity.User{user("A")}, group(name, "A"))
			target := tenantOf("userid", []identity.User{user("A")})
			target.Tenant.Platform = platform
			req := copyTeams(plan.CopyTeam{Users: plan.UsersNone, Members: identity.Add, TeamRoles: identity.Keep, UserRoles: identity.Keep, UserTeams: identity.Keep}, name)
			p := plan.Make(req, source, target, plan.Rules{})
			refused := slices.ContainsFunc(p.Conflicts, func(f plan.Finding) bool { return f.Code == plan.TeamNameRefused && f.Key == name })
			if refused == fits || (len(p.Changes) > 0) != fits {
				t.Errorf("%s, team %q: conflicts %v, %d changes", platform, name, p.Conflicts, len(p.Changes))
			}
		}
	}
}
