package apply

import (
	"cmp"
	"slices"

	"sacbridge/internal/upstream"
)

// scheduledUpdate is the update of one person and the tasks that it depends on.
type scheduledUpdate struct {
	change    int
	update    *upstream.UserUpdate
	dependsOn dependencies
	latest    int // of these tasks; -1 where there is none
}

// updateAll makes the tasks that update people. Those who need not wait for anybody come first, so that the fewest
// batches wait. All batches but the last are full: each takes a reading before and one after, and as few Bulks as
// there can be only if these are full, too.
func (b *scheduler) updateAll(kind taskKind, changes []int) {
	updates := make([]scheduledUpdate, len(changes))
	for n, i := range changes {
		updates[n] = b.scheduleUpdate(i)
	}
	slices.SortStableFunc(updates, func(x, y scheduledUpdate) int { return cmp.Compare(x.latest, y.latest) })
	for batch := range slices.Chunk(updates, max(b.limits.UpdateBatch, 1)) {
		b.add(b.updateBatch(kind, batch))
	}
}

func (b *scheduler) scheduleUpdate(i int) scheduledUpdate {
	u := scheduledUpdate{change: i, update: updateOf(b.remaining.update(i)), latest: -1}
	b.addPerson(&u.dependsOn, b.p.Changes[i].Key)
	if u.update.Manager != nil {
		b.addPerson(&u.dependsOn, u.update.Manager.After)
	}
	for task := range u.dependsOn {
		u.latest = max(u.latest, task)
	}
	return u
}

func (b *scheduler) updateBatch(kind taskKind, batch []scheduledUpdate) task {
	t := task{kind: kind}
	var before dependencies
	updates := make([]upstream.UserUpdate, len(batch))
	for n, u := range batch {
		t.changes, updates[n] = append(t.changes, u.change), *u.update
		for task := range u.dependsOn {
			before.add(task)
		}
	}
	t.dependsOn, t.calls = before.sorted(), b.costs.UpdateCalls(updates)
	t.seconds = updateSeconds(len(batch), t.calls)
	return t
}

// deleteLevel makes the tasks that delete people who are not each other's managers.
func (b *scheduler) deleteLevel(level []int) []task {
	var out []task
	for _, batch := range split(level, b.limits.DeleteBatch) {
		out = append(out, task{kind: deletePeople, changes: batch, calls: b.limits.DeleteCalls, seconds: deleteSeconds(len(batch))})
	}
	return out
}

func (b *scheduler) deleteTeams(teams []int) []task {
	var out []task
	for _, i := range teams {
		size := 0
		if g := b.p.Changes[i].Group; g != nil {
			size = max(g.Size, len(g.Members))
		}
		out = append(out, task{kind: deleteTeam, changes: []int{i}, calls: b.limits.GroupDeleteCalls, seconds: teamSeconds(size, size, 0, 1)})
	}
	return out
}
