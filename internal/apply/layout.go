package apply

import (
	"slices"

	"sacbridge/internal/plan"
)

// layout is a plan's changes, by their index, in the order in which they are carried out.
type layout struct {
	creates     [][]int // people, by level: managers before their reports
	updates     []int   // people
	teams       []int   // creates and updates
	deletes     [][]int // people, by level: reports before their managers
	teamDeletes []int
}

// arrange puts the changes of p in order.
func arrange(p *plan.Plan) layout {
	var lay layout
	var created, deleted []int
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case c.Entity == plan.User && c.Op == plan.Create:
			created = append(created, i)
		case c.Entity == plan.User && c.Op == plan.Update:
			lay.updates = append(lay.updates, i)
		case c.Entity == plan.User:
			deleted = append(deleted, i)
		case c.Op == plan.Delete:
			lay.teamDeletes = append(lay.teamDeletes, i)
		default:
			lay.teams = append(lay.teams, i)
		}
	}
	lay.creates = levels(p, created)
	lay.deletes = levels(p, deleted)
	slices.Reverse(lay.deletes)
	return lay
}

// levels groups the people of the changes idx by how many managers among them they have above them. A
// manager outside idx does not count; a loop is cut where it is entered.
func levels(p *plan.Plan, idx []int) [][]int {
	at := make(map[string]int, len(idx))
	for n, i := range idx {
		at[p.Changes[i].Key] = n
	}
	const unknown, onPath = -1, -2
	depth := slices.Repeat([]int{unknown}, len(idx))
	var path []int
	var out [][]int
	for n := range idx {
		path = path[:0]
		up, known := n, true
		for known && depth[up] == unknown {
			depth[up] = onPath
			path = append(path, up)
			up, known = superior(p, idx[up], at)
		}
		above := -1
		if known && depth[up] >= 0 {
			above = depth[up]
		}
		for _, m := range slices.Backward(path) {
			above++
			depth[m] = above
		}
	}
	for n, i := range idx {
		for len(out) <= depth[n] {
			out = append(out, nil)
		}
		out[depth[n]] = append(out[depth[n]], i)
	}
	return out
}

// superior gives the place in at of the manager of the person of change i.
func superior(p *plan.Plan, i int, at map[string]int) (n int, ok bool) {
	u := p.Changes[i].User
	if u == nil || u.Manager == "" {
		return 0, false
	}
	n, ok = at[u.Manager]
	return n, ok
}

// split cuts idx into the fewest batches of at most size, all about equally long.
func split(idx []int, size int) [][]int {
	if len(idx) == 0 {
		return nil
	}
	n := parts(len(idx), size)
	return slices.Collect(slices.Chunk(idx, parts(len(idx), n)))
}

// parts is how many pieces of at most size n things make.
func parts(n, size int) int {
	size = max(size, 1)
	return (n + size - 1) / size
}
