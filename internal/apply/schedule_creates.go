package apply

import (
	"slices"

	"sacbridge/internal/identity"
)

// createAll makes the tasks that create people, managers before their reports, and those that look at them.
func (b *scheduler) createAll(creates []int) {
	b.readUnseen()
	awaited := b.managersAmong(creates)
	isAwaited := func(i int) bool { return awaited[b.p.Changes[i].Key] }
	reading := &sharedReading{b: b}
	for _, level := range managerLevels(b.p, creates) {
		others := slices.DeleteFunc(slices.Clone(level), isAwaited)
		managers := slices.DeleteFunc(level, func(i int) bool { return !isAwaited(i) })
		for _, batch := range split(append(managers, others...), b.limits.CreateBatch) {
			reading.add(b.createBatch(batch), slices.ContainsFunc(batch, isAwaited))
		}
		reading.endLevel()
	}
	reading.schedule()
}

// managersAmong gives those of the people to create who are managers of others to create.
func (b *scheduler) managersAmong(creates []int) map[string]bool {
	out := map[string]bool{}
	for _, i := range creates {
		if u := b.p.Changes[i].User; u != nil && u.Manager != "" {
			out[u.Manager] = true
		}
	}
	return out
}

// createBatch makes the task that creates a batch, once the managers can be referred to.
func (b *scheduler) createBatch(batch []int) int {
	users := make([]*identity.User, 0, len(batch))
	var managers dependencies
	for _, i := range batch {
		u := b.p.Changes[i].User
		if u == nil { // Run refuses such a plan
			continue
		}
		users = append(users, u)
		b.addPerson(&managers, u.Manager)
	}
	calls := b.costs.CreateCalls(users)
	n := b.add(task{kind: createPeople, changes: batch, dependsOn: managers.sorted(), calls: calls, seconds: createSeconds(len(batch), calls)})
	for _, i := range batch {
		b.availableAfter[b.p.Changes[i].Key] = n
	}
	return n
}

// readUnseen makes tasks that look at people whom an earlier process created.
func (b *scheduler) readUnseen() {
	for batch := range slices.Chunk(b.remaining.unseen, max(b.limits.Reread, 1)) {
		b.groups++
		b.addReading(task{changes: batch, group: b.groups - 1, calls: 1})
	}
}

// addReading adds a task that looks at created people, after which others may refer to them.
func (b *scheduler) addReading(t task) {
	t.kind, t.seconds = readCreated, readSeconds(len(t.changes))
	n := b.add(t)
	for _, i := range t.changes {
		b.availableAfter[b.p.Changes[i].Key] = n
	}
}

// sharedReading gathers batches of created people until one reading is worth while: as many batches as one
// request can read, fewer where others wait for somebody among them.
type sharedReading struct {
	b       *scheduler
	batches []int // create tasks
	size    int
	awaited bool // somebody of the next level needs one of them
}

// add puts the batch of a create task into the reading, or into the next one where this one is full.
func (r *sharedReading) add(batch int, awaited bool) {
	n := len(r.b.tasks[batch].changes)
	if r.size > 0 && r.size+n > r.b.limits.Reread {
		r.schedule()
	}
	r.batches, r.size, r.awaited = append(r.batches, batch), r.size+n, r.awaited || awaited
	r.b.tasks[batch].group = r.b.groups
}

func (r *sharedReading) endLevel() {
	if r.awaited {
		r.schedule()
	}
}

// schedule makes the task that reads what was gathered, and begins anew.
func (r *sharedReading) schedule() {
	b := r.b
	if r.size > 0 {
		b.groups++
	}
	if r.size > 0 && b.limits.Reread > 0 {
		t := task{group: b.groups - 1, dependsOn: r.batches, calls: parts(r.size, b.limits.Reread)}
		for _, batch := range r.batches {
			t.changes = append(t.changes, b.tasks[batch].changes...)
		}
		b.addReading(t)
	}
	*r = sharedReading{b: b}
}
