package apply

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"sacbridge/internal/plan"
)

// A team whose new members come to be one reading after the other is written in several parts, so that the
// last of them has few members left. That may take a twentieth more requests than the run needs at least, no
// part is so small that it saves nothing, and there are not many: tenants answer a write with the whole team.
const (
	extraShare = 20
	minPart    = 20
	mostParts  = 6 // or as many as there are writes to the team anyway
)

// teamPlan is a team's writes on their way into tasks.
type teamPlan struct {
	change  int
	work    teamWrites
	ordered []string // whom to add, in the order in which they can be
	waves   []wave   // ordered, cut where the next reading has to be waited for
	parts   int
	least   int // requests in one part, without the creation
	calls   int
}

// wave is a number of members who can be added once a task has ended; -1: at once.
type wave struct{ after, members int }

// writeTeams makes the tasks that create teams and write them.
func (b *scheduler) writeTeams(teams []int) {
	plans := make([]*teamPlan, len(teams))
	for n, i := range teams {
		plans[n] = b.planTeam(i)
	}
	b.spread(plans)
	for _, t := range plans {
		before := -1
		for _, part := range b.cut(t) {
			if before >= 0 {
				part.after = append(part.after, before)
			}
			before = b.add(part)
		}
	}
}

// planTeam puts the members whom a team gets in the order in which they can be added.
func (b *scheduler) planTeam(i int) *teamPlan {
	t := &teamPlan{change: i, work: b.left.team(i), parts: 1}
	t.ordered = t.work.addMembers
	if len(b.usable) == 0 {
		t.waves = []wave{{after: -1, members: len(t.ordered)}}
		return t
	}
	byTask := map[int][]string{}
	for _, member := range t.ordered {
		n, ok := b.usable[member]
		if !ok {
			n = -1
		}
		byTask[n] = append(byTask[n], member)
	}
	t.ordered = make([]string, 0, len(t.ordered))
	for _, n := range slices.Sorted(maps.Keys(byTask)) {
		t.waves = append(t.waves, wave{after: n, members: len(byTask[n])})
		t.ordered = append(t.ordered, byTask[n]...)
	}
	return t
}

// spread gives teams more parts as long as the additional requests stay within bounds, the largest first.
func (b *scheduler) spread(plans []*teamPlan) {
	total := schedule{phases: [][]task{b.tasks}}.calls()
	for _, t := range plans {
		t.least = b.callsOf(t, 1)
		t.calls = t.least
		total += t.least
	}
	budget := parts(total, extraShare)
	most := func(t *teamPlan) int { return min(len(t.waves), max(mostParts, t.least)) }
	waiting := slices.DeleteFunc(slices.Clone(plans), func(t *teamPlan) bool { return most(t) < 2 })
	slices.SortStableFunc(waiting, func(x, y *teamPlan) int { return -cmp.Compare(len(x.ordered), len(y.ordered)) })
	for len(waiting) > 0 && budget > 0 {
		waiting = slices.DeleteFunc(waiting, func(t *teamPlan) bool {
			if t.parts >= most(t) || len(t.ordered) < (t.parts+1)*minPart {
				return true
			}
			calls := b.callsOf(t, t.parts+1)
			if calls-t.calls > budget {
				return true
			}
			budget -= calls - t.calls
			t.parts, t.calls = t.parts+1, calls
			return false
		})
	}
}

// callsOf is what a team's writes take in so many parts.
func (b *scheduler) callsOf(t *teamPlan, count int) int {
	work, calls := t.work, 0
	for part := range t.split(count) {
		sum := task{members: part.members}
		b.price(&sum, &work)
		calls += sum.calls
	}
	return calls
}

// portion is what comes into one part of a team's writes.
type portion struct {
	waves   []wave
	members []string
}

// split deals the waves of a team out to parts. The last parts have the fewest waves.
func (t *teamPlan) split(count int) iter.Seq[portion] {
	return func(yield func(portion) bool) {
		members, waves := t.ordered, t.waves
		for k := range count {
			n, size := parts(len(waves), count-k), 0
			for _, w := range waves[:n] {
				size += w.members
			}
			if !yield(portion{waves[:n], members[:size:size]}) {
				return
			}
			members, waves = members[size:], waves[n:]
		}
	}
}

// cut makes the tasks of a team, one for each part.
func (b *scheduler) cut(t *teamPlan) []task {
	tasks := make([]task, 0, t.parts)
	work := t.work
	for portion := range t.split(t.parts) {
		k := len(tasks)
		part := task{kind: writeTeam, changes: []int{t.change}, part: k, last: k == t.parts-1, members: portion.members}
		for _, w := range portion.waves {
			if w.after >= 0 {
				part.after = append(part.after, w.after)
			}
		}
		if k == 0 && b.p.Changes[t.change].Op == plan.Create && !t.work.created {
			part.calls, part.seconds = b.limits.GroupCreateCalls, readTime
		}
		b.price(&part, &work)
		tasks = append(tasks, part)
	}
	return tasks
}

// price follows a part's writes and adds their requests and time.
func (b *scheduler) price(part *task, work *teamWrites) {
	work.addMembers = part.members
	work.trim(b.costs.Limits(work.size).MaxMembers)
	for !work.empty() {
		u := work.next(b.costs.Limits(work.size))
		calls := b.costs.GroupCalls(&u)
		part.calls += calls
		part.seconds += teamSeconds(work.size, len(u.AddMembers)+len(u.RemoveMembers), len(u.AddRoles)+len(u.RemoveRoles), calls)
		work.take(&u)
	}
}
