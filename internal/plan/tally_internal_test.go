package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
)

func TestDeletesAreCountedAndGuarded(t *testing.T) {
	t.Parallel()
	var changes []Change
	for range 7 {
		changes = append(changes, Change{Entity: User, Op: Delete, User: &identity.User{}}, Change{Entity: Team, Op: Delete, Group: &identity.Group{}})
	}
	var c Counts
	c.tally(changes)
	if diff := cmp.Diff(c, Counts{DeleteUsers: 7, DeleteTeams: 7}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	p := Plan{Rules: Rules{Guards: DefaultGuards()}, Counts: c, Read: Population{People: 200, Teams: 50}}
	p.Judge()
	want := []ExceededGuard{{
		Guard: "max_delete", Count: 14, Of: 250, Limit: 10,
	}}
	if diff := cmp.Diff(p.Exceeded, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestAMembershipCountsOnce(t *testing.T) {
	t.Parallel()
	s := identity.NewSnapshot(identity.Tenant{})
	s.Users["A"] = &identity.User{Roles: []string{"r", "s"}, Teams: []string{"Read", "Unread", "Elsewhere"}}
	s.Groups["Read"] = &identity.Group{Members: []string{"A", "B"}, Roles: []string{"r"}}
	s.Groups["Unread"] = &identity.Group{Size: 5}
	want := Population{People: 1, Teams: 2, RoleLinks: 3, Memberships: 4}
	if got := populationOf(s); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
