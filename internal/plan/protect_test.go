package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func TestProtected(t *testing.T) {
	t.Parallel()
	all := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Replace, TeamRoles: identity.Replace, Members: identity.Replace}
	owner := user("OWNER", identity.SystemOwnerRole)
	withRoles := func(g identity.Group, roles ...string) identity.Group {
		g.Roles = roles
		return g
	}
	tests := map[string]struct {
		protect        plan.Protect
		source, target identity.Snapshot
		row            plan.CopyTeam
		changes, found []string
	}{
		"the System Owner keeps fields, role links and memberships": {
			source:  tenantOf("userid", []identity.User{user("OWNER", roleOne), user("A")}, group("P", "OWNER", "A")),
			target:  tenantOf("userid", []identity.User{owner, user("A")}, group("P"), group("Own", "OWNER")),
			row:     all,
			changes: []string{"update team P +A"},
			found: []string{
				"skip owner-membership: user OWNER Own P",
				"skip owner-unchanged: user OWNER",
			},
		},
		"a replaced team keeps the System Owner": {
			source:  tenantOf("userid", []identity.User{user("A")}, group("P", "A")),
			target:  tenantOf("userid", []identity.User{owner, user("A"), user("Z")}, group("P", "OWNER", "Z")),
			row:     plan.CopyTeam{Users: plan.UsersNone, Members: identity.Replace},
			changes: []string{"update team P -Z +A"},
			found:   []string{"skip owner-membership: user OWNER P"},
		},
		"a protected person who would not change is no skip": {
			protect: plan.Protect{Users: []string{"A"}},
			source:  tenantOf("userid", []identity.User{user("A")}, group("P", "A")),
			target:  tenantOf("userid", []identity.User{user("A")}, group("P", "A")),
			row:     all,
		},
		"a protected person is not created, and no member": {
			protect: plan.Protect{Users: []string{"A"}},
			source:  tenantOf("userid", []identity.User{user("A"), user("B")}, group("P", "A", "B"), group("Sec", "A")),
			target:  tenantOf("userid", nil),
			row:     all,
			changes: []string{"create user B", "create team P +B"},
			found:   []string{"skip protected-not-created: user A"},
		},
		"a protected team": {
			protect: plan.Protect{Teams: []string{"P"}},
			source:  tenantOf("userid", []identity.User{user("A")}, withRoles(group("P", "A"), roleOne), group("Sec", "A")),
			target:  tenantOf("userid", nil, group("P", "Z")),
			row:     all,
			changes: []string{"create user A", "create team Sec +A"},
			found:   []string{"skip protected-team: team P"},
		},
		"a protected role is neither added nor removed": {
			protect: plan.Protect{Roles: []string{roleOne, roleTwo}},
			source:  tenantOf("userid", []identity.User{user("A", roleOne, roleThree)}, withRoles(group("P", "A"), roleOne)),
			target:  tenantOf("userid", []identity.User{user("A", roleTwo, roleAdmin)}, withRoles(group("P", "A"), roleTwo)),
			row:     all,
			changes: []string{"update user A -sap.epm:BI_Admin +t.x:Three"},
			found: []string{
				"skip protected-role: team P t.x:One", "skip protected-role: team P t.x:Two",
				"skip protected-role: user A t.x:One", "skip protected-role: user A t.x:Two",
			},
		},
		"nobody is made System Owner": {
			source:  tenantOf("userid", []identity.User{owner}, withRoles(group("P", "OWNER"), identity.SystemOwnerRole)),
			target:  tenantOf("userid", nil),
			row:     all,
			changes: []string{"create user OWNER", "create team P +OWNER"},
			found: []string{
				"skip owner-role: team P",
				"skip owner-role: user OWNER",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, plan.Make(copyTeams(tc.row, "P"), tc.source, tc.target, plan.Rules{Protect: tc.protect}), tc.changes, tc.found)
		})
	}
}

func TestAProtectedPersonWithATakenEmailIsSkippedNotInConflict(t *testing.T) {
	t.Parallel()
	p := plan.Make(copyUsers(identity.Keep, identity.Keep, "A"), tenantOf("email", []identity.User{withEmail("A", "new@x.example")}),
		tenantOf("email", []identity.User{withEmail("A", "old@x.example"), withEmail("Z", "new@x.example")}), plan.Rules{Protect: plan.Protect{Users: []string{"A"}}})
	check(t, p, nil, []string{"skip protected-user: user A"})
}

func TestASavedPlanIsHeldAgainstWhatIsProtectedNow(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Changes: []plan.Change{
		{Entity: plan.User, Op: plan.Create, Key: "NEW", User: &identity.User{UserID: "NEW", Roles: []string{roleOne}}},
		{Entity: plan.User, Op: plan.Update, Key: "A", AddRoles: []string{roleTwo}},
		{Entity: plan.Team, Op: plan.Update, Key: "P", AddMembers: []string{"A", "B"}, RemoveMembers: []string{"C"}, RemoveRoles: []string{roleOne}},
	}}
	for name, tc := range map[string]struct {
		protect plan.Protect
		want    []string
	}{
		"nothing":                 {plan.Protect{}, nil},
		"somebody else":           {plan.Protect{Users: []string{"Z"}, Teams: []string{"A"}, Roles: []string{"PROFILE:t.x:Other"}}, nil},
		"a user who changes":      {plan.Protect{Users: []string{"A"}}, []string{"protected-membership: user A P", "protected-user: user A"}},
		"a user who leaves":       {plan.Protect{Users: []string{"C"}}, []string{"protected-membership: user C P"}},
		"a user who is created":   {plan.Protect{Users: []string{"NEW"}}, []string{"protected-not-created: user NEW"}},
		"a team":                  {plan.Protect{Teams: []string{"P"}}, []string{"protected-team: team P"}},
		"a role, given and taken": {plan.Protect{Roles: []string{roleOne}}, []string{"protected-role: team P t.x:One", "protected-role: user NEW t.x:One"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range p.ProtectedChanges(tc.protect) {
				got = append(got, finding(s))
			}
			if diff := cmp.Diff(got, tc.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}
