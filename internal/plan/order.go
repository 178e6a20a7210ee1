package plan

import (
	"cmp"
	"slices"

	"sacbridge/internal/identity"
)

// orderManagers sorts new people so that managers come before their reports, by level and user ID.
// A loop of managers is cut at its first user ID: that person is made without manager, and the manager
// is returned, by the person's user ID, to be tied once all of the loop exist.
func orderManagers(users []*identity.User) (ordered []*identity.User, loopManagers map[string]string) {
	sorted := slices.Clone(users)
	slices.SortFunc(sorted, func(a, b *identity.User) int { return cmp.Compare(a.UserID, b.UserID) })
	loopManagers = map[string]string{}
	for _, u := range cutLoops(sorted) {
		loopManagers[u.UserID] = u.Manager
		u.Manager = ""
	}
	level := levels(sorted)
	slices.SortStableFunc(sorted, func(a, b *identity.User) int { return cmp.Compare(level[a.UserID], level[b.UserID]) })
	return sorted, loopManagers
}

// byUserID lists people for finding managers; no manager is nobody.
func byUserID(users []*identity.User) map[string]*identity.User {
	out := make(map[string]*identity.User, len(users))
	for _, u := range users {
		out[u.UserID] = u
	}
	delete(out, "")
	return out
}

// cutLoops gives one person of each loop of managers: the first by user ID, for users are sorted.
func cutLoops(sorted []*identity.User) []*identity.User {
	byID := byUserID(sorted)
	var out []*identity.User
	seen := make(map[string]int, len(sorted)) // user ID to the walk that came by, from 1
	for i, start := range sorted {
		u := start
		for u != nil && seen[u.UserID] == 0 {
			seen[u.UserID] = i + 1
			u = byID[u.Manager]
		}
		if u == nil || seen[u.UserID] != i+1 {
			continue // the walk ended, or ran into an earlier one
		}
		first := u
		for v := byID[u.Manager]; v != u; v = byID[v.Manager] {
			if v.UserID < first.UserID {
				first = v
			}
		}
		out = append(out, first)
	}
	return out
}

// levels gives how many managers above a person are among the same people. There are no loops.
func levels(sorted []*identity.User) map[string]int {
	byID := byUserID(sorted)
	level := make(map[string]int, len(sorted))
	var path []*identity.User
	for _, start := range sorted {
		path = path[:0]
		u := start
		for u != nil {
			if _, known := level[u.UserID]; known {
				break
			}
			path = append(path, u)
			u = byID[u.Manager]
		}
		base := 0
		if u != nil {
			base = level[u.UserID] + 1
		}
		for i := len(path) - 1; i >= 0; i-- {
			level[path[i].UserID] = base
			base++
		}
	}
	return level
}
