package plan_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func limit(count int, percent float64) plan.Guard {
	var g plan.Guard
	if count >= 0 {
		g.Count = &count
	}
	if percent >= 0 {
		g.Percent = &percent
	}
	return g
}

// crowd makes n people who hold a role and are in the team P.
func crowd(n int, active bool, role string) identity.Snapshot {
	var people []identity.User
	var ids []string
	for i := range n {
		id := fmt.Sprintf("U%04d", i)
		ids = append(ids, id)
		people = append(people, identity.User{UserID: id, Active: active, Roles: []string{role}})
	}
	return tenantOf("userid", people, group("P", ids...))
}

func TestGuardsTrip(t *testing.T) {
	t.Parallel()
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Keep, TeamRoles: identity.Keep, Members: identity.Keep}
	leave := row
	leave.UserRoles, leave.UserTeams = identity.Keep, identity.Remove
	tests := map[string]struct {
		source, target identity.Snapshot
		row            plan.CopyTeam
		active         plan.ActiveMode
		guards         plan.Guards
		want           []plan.ExceededGuard
	}{
		"creating is not limited by default": {
			source: crowd(200, true, roleOne), target: tenantOf("userid", nil), row: row, guards: plan.DefaultGuards(),
		},
		"a limit on creating": {
			source: crowd(3, true, roleOne), target: tenantOf("userid", nil), row: row, guards: plan.Guards{MaxCreate: limit(2, -1)},
			want: []plan.ExceededGuard{{Guard: "max_create", Count: 3, Limit: 2}},
		},
		"as many as allowed is fine": {
			source: crowd(2, true, roleOne), target: tenantOf("userid", nil), row: row, guards: plan.Guards{MaxCreate: limit(2, -1)},
		},
		"a share counts from 100 on": {
			source: crowd(99, true, roleOne), target: crowd(99, true, roleTwo), row: row, guards: plan.Guards{MaxUpdate: limit(-1, 5)},
		},
		"a share of the people read": {
			source: crowd(100, true, roleOne), target: crowd(100, true, roleTwo), row: row, guards: plan.Guards{MaxUpdate: limit(-1, 5)},
			want: []plan.ExceededGuard{{
				Guard: "max_update", Count: 100, Of: 100, Percent: 5,
			}},
		},
		"role links are limited to 25 by default": {
			source: crowd(26, true, roleOne), target: crowd(26, true, roleTwo), row: row, guards: plan.DefaultGuards(),
			want: []plan.ExceededGuard{{
				Guard: "max_role_removal", Count: 26, Of: 26, Limit: 25,
			}},
		},
		"deactivation is limited to ten by default": {
			source: crowd(11, false, roleOne), target: crowd(11, true, roleOne), row: row, active: plan.ActiveSource, guards: plan.DefaultGuards(),
			want: []plan.ExceededGuard{{
				Guard: "max_deactivate", Count: 11, Of: 11, Limit: 10,
			}},
		},
		"a tenth of 100 memberships and more": {
			source: crowd(11, true, roleOne), target: crowd(100, true, roleOne), row: leave, guards: plan.DefaultGuards(),
			want: []plan.ExceededGuard{{
				Guard: "max_member_removal", Count: 11, Of: 100, Percent: 10,
			}},
		},
		"a limit of zero allows nothing": {
			source: crowd(1, true, roleOne), target: crowd(1, true, roleOne), row: leave, guards: plan.Guards{MaxMemberRemoval: limit(0, -1)},
			want: []plan.ExceededGuard{{
				Guard: "max_member_removal", Count: 1, Of: 1,
			}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := copyTeams(tc.row, "P")
			req.Options.Active = tc.active
			p := plan.Make(req, tc.source, tc.target, plan.Rules{Guards: tc.guards})
			if diff := cmp.Diff(p.Exceeded, tc.want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if got, want := p.Verdict() == plan.Stopped, len(tc.want) > 0; got != want || p.Applicable() == want {
				t.Errorf("got verdict %q with %d trips", p.Verdict(), len(tc.want))
			}
		})
	}
}

func TestAShortSourceTeamRemovesNobody(t *testing.T) {
	t.Parallel()
	replace := plan.CopyTeam{Users: plan.UsersNone, Members: identity.Replace}
	part := crowd(2, true, roleOne)
	part.Groups["P"].Size = 12
	teamless := crowd(1, true, roleOne)
	teamless.Users["U0000"].Teams = nil
	tests := map[string]struct {
		source, target identity.Snapshot
		row            plan.CopyTeam
		guards         plan.Guards
		added, removed int
		found          plan.Finding
	}{
		"an empty source team": {
			crowd(0, true, roleOne), crowd(3, true, roleOne), replace, plan.DefaultGuards(),
			0, 0,
			plan.Finding{Code: plan.SourceTooSmall, Limit: 1},
		},
		"an empty source team where that is allowed": {
			crowd(0, true, roleOne), crowd(3, true, roleOne), replace, plan.Guards{MinSourceSize: limit(0, -1)}, 0, 3, plan.Finding{},
		},
		"an empty source team for an empty target team": {
			crowd(0, true, roleOne), crowd(0, true, roleOne), replace, plan.DefaultGuards(), 0, 0, plan.Finding{},
		},
		"less than a fifth": {
			crowd(2, true, roleOne), crowd(11, true, roleOne), replace, plan.DefaultGuards(),
			0, 0,
			plan.Finding{Code: plan.SourceShareTooSmall, Count: 2, Of: 11, Percent: 20},
		},
		"less than a fifth of a small team": {
			crowd(1, true, roleOne), crowd(9, true, roleOne), replace, plan.DefaultGuards(), 0, 8, plan.Finding{},
		},
		"removing a few of many is what remove is for": {
			crowd(2, true, roleOne), crowd(50, true, roleOne), plan.CopyTeam{Users: plan.UsersNone, Members: identity.Remove}, plan.DefaultGuards(), 0, 2, plan.Finding{},
		},
		"a list shorter than the team's size": {
			part, crowd(5, true, roleOne), replace, plan.Guards{}, 0, 0, plan.Finding{Code: plan.SourceReadShort, Count: 2, Of: 12},
		},
		"people who come still come": {
			crowd(2, true, roleOne), tenantOf("userid", []identity.User{user("U0000"), user("U0001"), user("X")}, group("P", "X")),
			replace,
			plan.Guards{MinSourceSize: limit(3, -1)},
			2, 0,
			plan.Finding{Code: plan.SourceTooSmall, Count: 2, Limit: 3},
		},
		"people whose own list of teams was cut short, too": {
			teamless, crowd(1, true, roleOne),
			plan.CopyTeam{Users: plan.UsersAll, UserTeams: identity.Replace, Members: identity.Keep},
			plan.Guards{MinSourceSize: limit(2, -1)},
			0, 0,
			plan.Finding{Code: plan.SourceTooSmall, Count: 1, Limit: 2},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan.Make(copyTeams(tc.row, "P"), tc.source, tc.target, plan.Rules{Guards: tc.guards})
			if p.Counts.AddMembers != tc.added || p.Counts.RemoveMembers != tc.removed {
				t.Errorf("got %d added, %d removed, want %d, %d", p.Counts.AddMembers, p.Counts.RemoveMembers, tc.added, tc.removed)
			}
			var want []plan.Finding
			if tc.found.Code != "" {
				tc.found.Entity, tc.found.Key = plan.Team, "P"
				want = append(want, tc.found)
			}
			if diff := cmp.Diff(p.Conflicts, want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("conflicts (-got +want):\n%s", diff)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	one := []plan.Change{{Entity: plan.Team, Op: plan.Create, Key: "P"}}
	conflict := []plan.Finding{{Code: plan.EmailTaken}}
	strict := plan.Request{Options: plan.Options{Strict: true}}
	tests := map[string]struct {
		p          plan.Plan
		want       plan.Verdict
		applicable bool
	}{
		"changes only":                      {plan.Plan{Changes: one}, plan.Ready, true},
		"changes and conflicts":             {plan.Plan{Changes: one, Conflicts: conflict}, plan.Partial, true},
		"nothing":                           {plan.Plan{}, plan.Nothing, false},
		"conflicts and nothing else":        {plan.Plan{Conflicts: conflict}, plan.Blocked, false},
		"strict with conflicts":             {plan.Plan{Changes: one, Conflicts: conflict, Request: strict}, plan.Blocked, false},
		"strict without conflicts":          {plan.Plan{Changes: one, Request: strict}, plan.Ready, true},
		"a guard outranks strict conflicts": {plan.Plan{Changes: one, Conflicts: conflict, Request: strict, Exceeded: []plan.ExceededGuard{{}}}, plan.Stopped, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.p.Verdict(); got != tc.want || tc.p.Applicable() != tc.applicable {
				t.Errorf("got %q, applicable %t, want %q, %t", got, tc.p.Applicable(), tc.want, tc.applicable)
			}
		})
	}
}
