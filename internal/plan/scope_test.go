package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	anna := identity.User{UserID: "ANNA", LoginID: "map-anna", Email: "Anna@x.example", Manager: "BOSS", Roles: []string{"PROFILE:t.dev:One", roleAdmin}}
	p, sec := group("P", "ANNA", "BO"), group("Sec", "ANNA")
	p.Roles, sec.Roles = []string{"PROFILE:t.dev:Two"}, []string{"PROFILE:t.dev:Three"}
	world := tenantOf("custom", []identity.User{anna, user("BO")}, p, sec)
	world.Tenant.Namespace = "t.dev"
	const one, two, three = roleOne, roleTwo, roleThree
	row := func(change func(*plan.CopyTeam)) plan.Request {
		c := plan.CopyTeam{Users: plan.UsersNone, UserRoles: identity.Keep, UserTeams: identity.Keep, TeamRoles: identity.Keep, Members: identity.Keep}
		change(&c)
		return copyTeams(c, "P")
	}
	with := func(req plan.Request, o plan.Options) plan.Request {
		req.Options = o
		return req
	}
	people, emails := []string{"ANNA", "BO", "BOSS"}, []string{"anna@x.example", "bo@x.example"}
	tests := map[string]struct {
		req            plan.Request
		sso            string
		source, target identity.Scope
	}{
		"one person, keep and keep": {
			copyUsers(identity.Keep, identity.Keep, "ANNA"), "userid",
			identity.Scope{UserIDs: []string{"ANNA"}},
			identity.Scope{UserIDs: []string{"ANNA", "BOSS"}, Emails: []string{"anna@x.example"}},
		},
		"one person, add and add, into a tenant with custom login IDs": {
			with(copyUsers(identity.Add, identity.Add, "ANNA"), plan.Options{TranslateRoles: true}), "custom",
			identity.Scope{UserIDs: []string{"ANNA"}},
			identity.Scope{
				UserIDs: []string{"ANNA", "BOSS"}, Emails: []string{"anna@x.example"}, LoginIDs: []string{"map-anna"},
				Groups: []string{"P", "Sec"}, Roles: []string{roleAdmin, one},
			},
		},
		"a person whom the source lacks": {
			copyUsers(identity.Add, identity.Add, "NOBODY"), "userid",
			identity.Scope{UserIDs: []string{"NOBODY"}},
			identity.Scope{},
		},
		"leaving teams reads no team": {
			copyUsers(identity.Remove, identity.Remove, "ANNA"), "userid",
			identity.Scope{UserIDs: []string{"ANNA"}},
			identity.Scope{UserIDs: []string{"ANNA", "BOSS"}, Emails: []string{"anna@x.example"}},
		},
		"secondary roles need the source's teams": {
			with(copyUsers(identity.Keep, identity.Replace, "ANNA"), plan.Options{TranslateRoles: true, SecondaryRoles: true}), "userid",
			identity.Scope{UserIDs: []string{"ANNA"}, AllGroups: true},
			identity.Scope{UserIDs: []string{"ANNA", "BOSS"}, Emails: []string{"anna@x.example"}, Groups: []string{"P", "Sec"}, Roles: []string{three, two}},
		},
		"a team's name and roles need no members": {
			with(row(func(c *plan.CopyTeam) { c.TeamRoles = identity.Replace }), plan.Options{TranslateRoles: true}), "userid",
			identity.Scope{Groups: []string{"P"}},
			identity.Scope{Groups: []string{"P"}, Roles: []string{two}},
		},
		"members only ask whether the people exist": {
			row(func(c *plan.CopyTeam) { c.Members = identity.Add }), "userid",
			identity.Scope{Groups: []string{"P"}, MembersOf: []string{"P"}},
			identity.Scope{Groups: []string{"P"}, MembersOf: []string{"P"}, UserIDs: []string{"ANNA", "BO"}},
		},
		"removed members are read as people, to know the System Owner": {
			row(func(c *plan.CopyTeam) { c.Members = identity.Remove }), "userid",
			identity.Scope{Groups: []string{"P"}, MembersOf: []string{"P"}},
			identity.Scope{Groups: []string{"P"}, MembersOf: []string{"P"}, People: true},
		},
		"people without their teams": {
			row(func(c *plan.CopyTeam) { c.Users, c.UserRoles = plan.UsersMissing, identity.Add }), "userid",
			identity.Scope{Groups: []string{"P"}, MembersOf: []string{"P"}, People: true},
			identity.Scope{Groups: []string{"P"}, UserIDs: people, Emails: emails, Roles: []string{roleAdmin, "PROFILE:t.dev:One"}},
		},
		"people with all their teams": {
			row(func(c *plan.CopyTeam) { c.Users, c.UserTeams, c.Members = plan.UsersAll, identity.Add, identity.Add }), "userid",
			identity.Scope{Groups: []string{"P"}, MembersOf: []string{"P"}, People: true},
			identity.Scope{Groups: []string{"P", "Sec"}, MembersOf: []string{"P"}, UserIDs: people, Emails: emails},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(plan.SourceScope(tc.req), tc.source, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("source (-got +want):\n%s", diff)
			}
			target := identity.Tenant{SSO: tc.sso, Namespace: "t.x"}
			if diff := cmp.Diff(plan.TargetScope(tc.req, world, target), tc.target, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("target (-got +want):\n%s", diff)
			}
		})
	}
	t.Run("a team that the source lacks asks for nothing", func(t *testing.T) {
		t.Parallel()
		req := copyTeams(plan.CopyTeam{Users: plan.UsersAll, Members: identity.Add}, "Nowhere")
		got := plan.TargetScope(req, world, identity.Tenant{})
		if diff := cmp.Diff(got, identity.Scope{}, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
}

func TestFindStaleNamesEveryDifference(t *testing.T) {
	t.Parallel()
	source := tenantOf("email", []identity.User{user("A"), withManager("B", "BOSS")}, group("P", "A", "B"))
	target := tenantOf("email", []identity.User{user("A")}, group("P"), group("Other"))
	target.Unreadable["Locked"] = "hidden"
	row := plan.CopyTeam{Users: plan.UsersAll, UserTeams: identity.Add, Members: identity.Add}
	p := plan.Make(copyTeams(row, "P"), source, target, plan.Rules{})
	user := func(what, side, id string) plan.Stale {
		return plan.Stale{Side: side, Entity: plan.User, Key: id, What: what}
	}
	team := func(what, side, name string) plan.Stale {
		return plan.Stale{Side: side, Entity: plan.Team, Key: name, What: what}
	}
	tests := map[string]struct {
		change func(source, target identity.Snapshot)
		want   []plan.Stale
	}{
		"nothing changed": {func(_, _ identity.Snapshot) {}, nil},
		"what no plan looks at": {func(_, target identity.Snapshot) {
			target.Users["A"].Ref, target.Groups["P"].Ref, target.Groups["P"].Size = "new-ref", "new-ref", 99
		}, nil},
		"a role, an e-mail, the teams of a person": {func(source, target identity.Snapshot) {
			source.Users["A"].Roles = []string{roleOne}
			source.Users["B"].Email = "else@x.example"
			target.Users["A"].Teams = []string{"Other"}
		}, []plan.Stale{user("changed", "source", "A"), user("changed", "source", "B"), user("changed", "target", "A")}},
		"somebody gone, somebody come": {func(source, target identity.Snapshot) {
			delete(source.Users, "B")
			target.Users["B"] = &identity.User{UserID: "B"}
			target.Users["C"] = &identity.User{UserID: "C"}
		}, []plan.Stale{user("gone", "source", "B"), user("new", "target", "B"), user("new", "target", "C")}},
		"members and description of teams": {func(source, target identity.Snapshot) {
			source.Groups["P"].Members = []string{"A"}
			target.Groups["P"].Description = "Another"
			delete(target.Groups, "Other")
		}, []plan.Stale{team("changed", "source", "P"), team("gone", "target", "Other"), team("changed", "target", "P")}},
		"a team that can be read by now": {func(_, target identity.Snapshot) {
			delete(target.Unreadable, "Locked")
			target.Groups["Locked"] = &identity.Group{Name: "Locked"}
		}, []plan.Stale{team("changed", "target", "Locked")}},
		"a manager who has come": {func(_, target identity.Snapshot) {
			target.Users["BOSS"] = &identity.User{UserID: "BOSS"}
		}, []plan.Stale{user("new", "target", "BOSS")}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nowSource, nowTarget := clone(source), clone(target)
			nowTarget.Unreadable = map[string]string{"Locked": "hidden"}
			tc.change(nowSource, nowTarget)
			if diff := cmp.Diff(p.FindStale(nowSource, nowTarget), tc.want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
	if got := p.TargetFingerprints["user:BOSS"]; got != "-" {
		t.Errorf("got print %q for a person who was asked for and is not there, want -", got)
	}
	if got := p.TargetFingerprints["user:A"]; len(got) != 16 {
		t.Errorf("got print %q, want 16 hex digits", got)
	}
}
