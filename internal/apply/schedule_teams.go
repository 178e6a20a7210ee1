package apply

import (
	"cmp"
	"slices"

	"sacbridge/internal/plan"
)

// The writes to a team are one task, or several parts one after the other. What needs no new person comes first where
// that takes no more requests: the creation of the team, its roles, whoever leaves it. Members who come to be one
// reading after the other can be added in several parts, so that few are left once the last of them are there; each
// part takes a request more. All such requests stay within a share of what the run needs at least, together with
// the readings that are more than there could be at least. Nor are there many parts: tenants answer a write with the
// whole team.
const (
	extraShare  = 20  // one request more for so many
	leastSaving = 1.0 // seconds that a further part has to save
	mostParts   = 6   // or as many as there are writes to the team anyway
	mostTried   = 64  // places that are tried for a further part
)

// teamPlan is how the writes of a team are divided into parts.
type teamPlan struct {
	change  int
	writes  teamWrites
	members []string      // whom to add, in the order in which they can be
	batches []memberBatch // of members
	parts   []int         // how many batches each part and those before it have; the last has all
	calls   int           // requests, without the creation
	end     float64       // seconds until the last part is written
}

// memberBatch is members who can be added once the same task has ended.
type memberBatch struct {
	after     int     // that task; -1: at once
	upTo      int     // members of this batch and of those before it
	available float64 // seconds until all of them can be added
}

// writeTeams makes the tasks that create teams and write them.
func (b *scheduler) writeTeams(teams []int) {
	ends := endTimes(newListOrder(b.tasks), b.limits.Workers)
	plans := make([]*teamPlan, len(teams))
	for n, i := range teams {
		plans[n] = b.planTeam(i, ends)
	}
	b.addParts(plans)
	for _, t := range plans {
		before := -1
		for _, part := range b.teamTasks(t) {
			if before >= 0 {
				part.dependsOn = append(part.dependsOn, before)
			}
			before = b.add(part)
		}
	}
}

// planTeam puts the members whom a team gets in the order in which they can be added, all in one part, with what
// needs none of them in a part of its own where that costs nothing.
func (b *scheduler) planTeam(i int, ends []float64) *teamPlan {
	t := &teamPlan{change: i, writes: b.remaining.team(i)}
	t.members = t.writes.addMembers
	b.orderMembers(t, ends)
	t.parts = []int{len(t.batches)}
	t.calls, t.end = b.costOf(t, t.parts)
	if last := len(t.batches) - 1; last >= 0 && t.batches[last].after >= 0 && b.hasOtherWrites(t) {
		early := []int{0, len(t.batches)}
		if calls, end := b.costOf(t, early); calls <= t.calls {
			t.parts, t.calls, t.end = early, calls, end
		}
	}
	return t
}

// hasOtherWrites reports whether there is more to do to a team than to add members.
func (b *scheduler) hasOtherWrites(t *teamPlan) bool {
	others := t.writes
	others.addMembers = nil
	return b.creates(t) || !others.empty()
}

// creates reports whether the team is still to be created.
func (b *scheduler) creates(t *teamPlan) bool {
	return b.p.Changes[t.change].Op == plan.Create && !t.writes.created
}

// orderMembers sorts the members of a team by the task after which they can be added, and makes the batches.
func (b *scheduler) orderMembers(t *teamPlan, ends []float64) {
	if len(t.members) == 0 {
		return
	}
	if len(b.availableAfter) == 0 {
		t.batches = []memberBatch{{after: -1, upTo: len(t.members)}}
		return
	}
	type entry struct {
		member string
		after  int
	}
	entries := make([]entry, len(t.members))
	for n, member := range t.members {
		entries[n] = entry{member, -1}
		if task, ok := b.availableAfter[member]; ok {
			entries[n].after = task
		}
	}
	slices.SortStableFunc(entries, func(x, y entry) int { return cmp.Compare(x.after, y.after) })
	t.members = make([]string, len(entries))
	available := 0.0
	for n, e := range entries {
		t.members[n] = e.member
		if n == 0 || e.after != entries[n-1].after {
			if e.after >= 0 {
				available = max(available, ends[e.after])
			}
			t.batches = append(t.batches, memberBatch{after: e.after, available: available})
		}
		t.batches[len(t.batches)-1].upTo = n + 1
	}
}

// addParts gives teams more parts as long as the additional requests stay within bounds, those first that are written
// last.
func (b *scheduler) addParts(plans []*teamPlan) {
	calls := b.extraCalls(plans)
	candidates := slices.Clone(plans)
	slices.SortStableFunc(candidates, func(x, y *teamPlan) int { return -cmp.Compare(x.end, y.end) })
	most := make(map[*teamPlan]int, len(candidates))
	for _, t := range candidates {
		most[t] = max(mostParts, t.calls)
	}
	for len(candidates) > 0 && calls > 0 {
		candidates = slices.DeleteFunc(candidates, func(t *teamPlan) bool {
			better, ok := b.withFurtherPart(t)
			if !ok || len(better.parts) > most[t] || better.calls-t.calls > calls {
				return true
			}
			calls -= better.calls - t.calls
			*t = better
			return false
		})
	}
}

// extraCalls is how many requests more than at least the parts of teams may take.
func (b *scheduler) extraCalls(plans []*teamPlan) int {
	readings, people := 0, 0
	for i := range b.tasks {
		if b.tasks[i].kind == readCreated {
			readings, people = readings+b.tasks[i].calls, people+len(b.tasks[i].changes)
		}
	}
	extra := readings - parts(people, b.limits.Reread)
	least := callsOf(b.tasks) - extra
	for _, t := range plans {
		least += t.calls
		if b.creates(t) {
			least += b.limits.GroupCreateCalls
		}
	}
	return least/extraShare - extra
}

// withFurtherPart divides one part of a team in two where that saves most. ok is false where it saves too little.
func (b *scheduler) withFurtherPart(t *teamPlan) (better teamPlan, ok bool) {
	better = *t
	for at := 1; at < len(t.batches); at += parts(len(t.batches), mostTried) {
		n, found := slices.BinarySearch(t.parts, at)
		if found {
			continue
		}
		divided := slices.Insert(slices.Clone(t.parts), n, at)
		if calls, end := b.costOf(t, divided); end < better.end {
			better.parts, better.calls, better.end = divided, calls, end
		}
	}
	return better, better.end <= t.end-leastSaving
}

// costOf is the requests that a team takes in such parts, without its creation, and the seconds until it is written.
func (b *scheduler) costOf(t *teamPlan, division []int) (calls int, end float64) {
	writes, from := t.writes, 0
	for _, to := range division {
		part := task{members: t.membersOf(from, to)}
		b.addCost(&part, &writes)
		if to > from {
			end = max(end, t.batches[to-1].available)
		}
		calls, end, from = calls+part.calls, end+part.seconds, to
	}
	return calls, end
}

// membersOf gives the members of some batches.
func (t *teamPlan) membersOf(from, to int) []string {
	first, last := 0, 0
	if from > 0 {
		first = t.batches[from-1].upTo
	}
	if to > 0 {
		last = t.batches[to-1].upTo
	}
	return t.members[first:last:last]
}

// teamTasks makes the tasks of a team, one for each part.
func (b *scheduler) teamTasks(t *teamPlan) []task {
	tasks := make([]task, len(t.parts))
	writes, from := t.writes, 0
	for k, to := range t.parts {
		part := &tasks[k]
		*part = task{kind: writeTeam, changes: []int{t.change}, part: k, last: k == len(t.parts)-1, members: t.membersOf(from, to)}
		for _, batch := range t.batches[from:to] {
			if batch.after >= 0 {
				part.dependsOn = append(part.dependsOn, batch.after)
			}
		}
		if k == 0 && b.creates(t) {
			part.calls, part.seconds = b.limits.GroupCreateCalls, readTime
		}
		b.addCost(part, &writes)
		from = to
	}
	return tasks
}

// addCost adds the requests and the time of a part, and takes what it writes off.
func (b *scheduler) addCost(part *task, writes *teamWrites) {
	writes.addMembers = part.members
	writes.trim(b.costs.Limits(writes.size).MaxMembers)
	for !writes.empty() {
		u := writes.next(b.costs.Limits(writes.size))
		calls := b.costs.GroupCalls(&u)
		part.calls += calls
		part.seconds += teamSeconds(writes.size, len(u.AddMembers)+len(u.RemoveMembers), len(u.AddRoles)+len(u.RemoveRoles), calls)
		writes.markWritten(&u)
	}
}
