package plan

import (
	"fmt"
	"strings"

	"sacbridge/internal/identity"
)

const (
	// minPopulation is how many must have been read before a share of them counts.
	minPopulation = 100
	// minTrusted is how many members a target team must have before the source's share counts.
	minTrusted = 10
)

// DefaultGuards gives the limits that hold where the configuration sets none: create and update none,
// deactivate and delete 10 and 2 %, role removal 25 and 5 %, member removal 100 and 10 %. An empty
// source team removes nobody, nor does one with less than a fifth of a target team of ten or more.
func DefaultGuards() Guards {
	limit := func(count int, percent float64) Guard { return Guard{Count: &count, Percent: &percent} }
	return Guards{
		MaxDeactivate: limit(10, 2), MaxDelete: limit(10, 2),
		MaxRoleRemoval: limit(25, 5), MaxMemberRemoval: limit(100, 10),
		MinSourceSize: limit(1, 20),
	}
}

// population is how much of each kind a plan read in the target.
type population struct{ people, teams, roleLinks, memberships int }

// readOf counts what a snapshot holds. A membership counts once, whether it came with the team or the
// person.
func readOf(s identity.Snapshot) population {
	n := population{people: len(s.Users), teams: len(s.Groups)}
	for _, g := range s.Groups {
		n.roleLinks += len(g.Roles)
		n.memberships += len(g.Members)
	}
	for _, u := range s.Users {
		n.roleLinks += len(u.Roles)
		for _, name := range u.Teams {
			if g := s.Groups[name]; g == nil || g.Members == nil {
				n.memberships++
			}
		}
	}
	return n
}

// trips gives the guards that the counts exceed. Creating, updating and deactivating count people,
// deleting counts people and teams, removals count links.
func trips(g Guards, c Counts, read population) []Trip {
	var out []Trip
	check := func(name, what string, guard Guard, count, of int) {
		if t, over := guard.trip(count, of); over {
			t.Guard = name
			t.Message = t.message(what)
			out = append(out, t)
		}
	}
	check("max_create", "people created", g.MaxCreate, c.CreateUsers, read.people)
	check("max_update", "people updated", g.MaxUpdate, c.UpdateUsers, read.people)
	check("max_deactivate", "people deactivated", g.MaxDeactivate, c.DeactivateUsers, read.people)
	check("max_delete", "people and teams deleted", g.MaxDelete, c.DeleteUsers+c.DeleteTeams, read.people+read.teams)
	check("max_role_removal", "role links removed", g.MaxRoleRemoval, c.RemoveRoles, read.roleLinks)
	check("max_member_removal", "memberships removed", g.MaxMemberRemoval, c.RemoveMembers, read.memberships)
	return out
}

// trip judges one count. The trip names the limit that was exceeded: the count before the share.
func (g Guard) trip(count, of int) (Trip, bool) {
	t := Trip{Count: count, Of: of}
	if g.Count != nil && count > *g.Count {
		t.Limit = *g.Count
		return t, true
	}
	if g.Percent != nil && of >= minPopulation && float64(count)*100 > *g.Percent*float64(of) {
		t.Percent = *g.Percent
		return t, true
	}
	return t, false
}

// message says which rule was exceeded, by what, and how to go on.
func (t Trip) message(what string) string {
	limit := fmt.Sprintf("the limit of %d", t.Limit)
	if t.Percent > 0 {
		limit = fmt.Sprintf("the limit of %g %%", t.Percent)
	}
	share := ""
	if t.Of > 0 {
		share = fmt.Sprintf(" (%.1f %% of %d read)", float64(t.Count)*100/float64(t.Of), t.Of)
	}
	return fmt.Sprintf("%s: %d %s%s, over %s; if that is meant, allow it for this run with --%s %d",
		t.Guard, t.Count, what, share, limit, strings.ReplaceAll(t.Guard, "_", "-"), t.Count)
}
