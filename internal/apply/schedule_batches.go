package apply

import (
	"slices"

	"sacbridge/internal/plan"
)

// split divides a list into the fewest batches of at most size, all about equally long.
func split[T any](list []T, size int) [][]T {
	if len(list) == 0 {
		return nil
	}
	n := parts(len(list), size)
	out := make([][]T, 0, n)
	for k := range n {
		from, to := k*len(list)/n, (k+1)*len(list)/n
		out = append(out, list[from:to:to])
	}
	return out
}

// parts is how many pieces of at most size n things make.
func parts(n, size int) int {
	size = max(size, 1)
	return (n + size - 1) / size
}

// managerLevels groups the people of the changes idx by how many managers among them they have above
// them. A manager outside idx does not count; a loop is broken where it is entered.
func managerLevels(p *plan.Plan, idx []int) [][]int {
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
			up, known = managerOf(p, idx[up], at)
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

// managerOf gives the place in at of the manager of the person of change i.
func managerOf(p *plan.Plan, i int, at map[string]int) (n int, ok bool) {
	u := p.Changes[i].User
	if u == nil || u.Manager == "" {
		return 0, false
	}
	n, ok = at[u.Manager]
	return n, ok
}
