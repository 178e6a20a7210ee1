package apply

import (
	"cmp"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// taskKind says what a task does.
type taskKind int

// The kinds of tasks.
const (
	createPeople taskKind = iota
	readCreated           // looks at created people, and corrects what the tenant's defaults changed
	completePeople
	updatePeople
	writeTeam
	deletePeople
	deleteTeam
)

// task is a piece of work that one worker carries out.
type task struct {
	kind    taskKind
	changes []int    // the people, or the one team
	group   int      // of created people who are read together
	part    int      // of a team's writes, from 0
	last    bool     // there is no further part
	members []string // who is added in this part
	after   []int    // tasks that must have ended before
	calls   int      // requests when nothing goes wrong
	seconds float64  // how long a typical tenant takes
}

// schedule is the work of a run: phases one after the other, whose tasks run side by side as far as they do
// not wait for each other. A task waits for earlier ones of its phase only.
type schedule struct {
	phases [][]task
	groups int // of created people
}

// remaining says what of a plan is still to be done.
type remaining struct {
	todo     func(i int) bool         // change i is not carried out
	unseen   []int                    // created people who have not been looked at
	complete []int                    // created people of whom something is left to do
	update   func(i int) *plan.Change // what is to be done to a person who exists
	team     func(i int) teamWrites
}

// everything is what remains of a plan that nobody has begun with.
func everything(p *plan.Plan) remaining {
	return remaining{
		todo:   func(int) bool { return true },
		update: func(i int) *plan.Change { return &p.Changes[i] },
		team:   func(i int) teamWrites { return newTeamWrites(&p.Changes[i]) },
	}
}

// newSchedule cuts what remains of p into tasks. It is pure, so that the estimate is the sum of its prices.
func newSchedule(p *plan.Plan, costs upstream.Costs, left remaining) schedule {
	b := &scheduler{p: p, costs: costs, left: left, limits: costs.Limits(0), usable: map[string]int{}}
	var creates, updates, teams, deletes, teamDeletes []int
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case !left.todo(i):
		case c.Entity == plan.User && c.Op == plan.Create:
			creates = append(creates, i)
		case c.Entity == plan.User && c.Op == plan.Update:
			updates = append(updates, i)
		case c.Entity == plan.User:
			deletes = append(deletes, i)
		case c.Op == plan.Delete:
			teamDeletes = append(teamDeletes, i)
		default:
			teams = append(teams, i)
		}
	}
	b.createAll(creates)
	b.updateAll(completePeople, left.complete)
	b.updateAll(updatePeople, updates)
	b.writeTeams(teams)
	s := schedule{phases: [][]task{b.tasks}, groups: b.groups}
	for _, level := range slices.Backward(managerLevels(p, deletes)) { // reports before their managers
		s.phases = append(s.phases, b.deleteLevel(level))
	}
	return schedule{phases: append(s.phases, b.deleteTeams(teamDeletes)), groups: b.groups}
}

// scheduler builds the first phase of a schedule.
type scheduler struct {
	p      *plan.Plan
	costs  upstream.Costs
	left   remaining
	limits upstream.Limits
	tasks  []task
	groups int
	usable map[string]int // people who are still to be created, with the task after which others may refer to them
}

// add appends a task and gives its number.
func (b *scheduler) add(t task) int {
	b.tasks = append(b.tasks, t)
	return len(b.tasks) - 1
}

// createAll makes the tasks that create people, managers before their reports, and those that look at them.
func (b *scheduler) createAll(creates []int) {
	if len(b.left.unseen) > 0 {
		b.readAll(b.left.unseen)
	}
	levels := managerLevels(b.p, creates)
	awaited := b.managersAmong(creates)
	pool := &readPool{b: b}
	for _, level := range levels {
		slices.SortStableFunc(level, func(i, j int) int {
			return -cmp.Compare(truth(awaited[b.p.Changes[i].Key]), truth(awaited[b.p.Changes[j].Key]))
		})
		for _, batch := range split(level, b.limits.CreateBatch) {
			pool.put(b.createBatch(batch), slices.ContainsFunc(batch, func(i int) bool { return awaited[b.p.Changes[i].Key] }))
		}
		pool.endLevel()
	}
	pool.flush()
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
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
	var after waits
	for _, i := range batch {
		u := b.p.Changes[i].User
		if u == nil { // Run refuses such a plan
			continue
		}
		users = append(users, u)
		after.add(b.usable, u.Manager)
	}
	calls := b.costs.CreateCalls(users)
	n := b.add(task{kind: createPeople, changes: batch, after: after.sorted(), calls: calls, seconds: createSeconds(len(batch), calls)})
	for _, i := range batch {
		b.usable[b.p.Changes[i].Key] = n
	}
	return n
}

// readAll makes tasks that look at people who were created earlier.
func (b *scheduler) readAll(people []int) {
	for batch := range slices.Chunk(people, max(b.limits.Reread, 1)) {
		n := b.add(task{kind: readCreated, changes: batch, group: b.groups, calls: 1, seconds: readSeconds(len(batch))})
		b.groups++
		for _, i := range batch {
			b.usable[b.p.Changes[i].Key] = n
		}
	}
}

// readPool gathers batches of created people until one reading is worth while: as many batches as one
// request can read, fewer where others wait for somebody among them.
type readPool struct {
	b       *scheduler
	batches []int // create tasks
	size    int
	awaited bool // somebody of the next level needs one of them
}

func (p *readPool) put(batch int, awaited bool) {
	n := len(p.b.tasks[batch].changes)
	if p.size > 0 && p.size+n > p.b.limits.Reread {
		p.flush()
	}
	p.batches, p.size, p.awaited = append(p.batches, batch), p.size+n, p.awaited || awaited
	p.b.tasks[batch].group = p.b.groups
}

func (p *readPool) endLevel() {
	if p.awaited {
		p.flush()
	}
}

// flush makes the task that reads what is in the pool.
func (p *readPool) flush() {
	if p.size == 0 {
		return
	}
	p.b.groups++
	if p.b.limits.Reread > 0 {
		t := task{kind: readCreated, group: p.b.groups - 1, after: p.batches, calls: parts(p.size, p.b.limits.Reread), seconds: readSeconds(p.size)}
		for _, batch := range p.batches {
			t.changes = append(t.changes, p.b.tasks[batch].changes...)
		}
		n := p.b.add(t)
		for _, i := range t.changes {
			p.b.usable[p.b.p.Changes[i].Key] = n
		}
	}
	*p = readPool{b: p.b}
}

// waits are the tasks that another one has to wait for.
type waits map[int]bool

// add makes the task wait until others may refer to a person.
func (w *waits) add(usable map[string]int, person string) {
	n, ok := usable[person]
	if !ok {
		return
	}
	if *w == nil {
		*w = waits{}
	}
	(*w)[n] = true
}

func (w *waits) sorted() []int {
	out := make([]int, 0, len(*w))
	for n := range *w {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// updateAll makes the tasks that update people. Those who need not wait for anybody come first, so that
// the fewest batches wait.
func (b *scheduler) updateAll(kind taskKind, idx []int) {
	type entry struct {
		change int
		update *upstream.UserUpdate
		after  waits
		latest int
	}
	entries := make([]entry, len(idx))
	for n, i := range idx {
		e := entry{change: i, update: updateOf(b.left.update(i)), latest: -1}
		e.after.add(b.usable, b.p.Changes[i].Key)
		if e.update.Manager != nil {
			e.after.add(b.usable, e.update.Manager.After)
		}
		for task := range e.after {
			e.latest = max(e.latest, task)
		}
		entries[n] = e
	}
	slices.SortStableFunc(entries, func(x, y entry) int { return cmp.Compare(x.latest, y.latest) })
	for _, batch := range split(entries, b.limits.UpdateBatch) {
		t := task{kind: kind}
		var after waits
		updates := make([]upstream.UserUpdate, len(batch))
		for n, e := range batch {
			t.changes, updates[n] = append(t.changes, e.change), *e.update
			for task := range e.after {
				after.addTask(task)
			}
		}
		t.after, t.calls = after.sorted(), b.costs.UpdateCalls(updates)
		t.seconds = updateSeconds(len(batch), t.calls)
		b.add(t)
	}
}

func (w *waits) addTask(n int) {
	if *w == nil {
		*w = waits{}
	}
	(*w)[n] = true
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

// calls sums the prices up.
func (s schedule) calls() int {
	sum := 0
	for _, phase := range s.phases {
		for i := range phase {
			sum += phase[i].calls
		}
	}
	return sum
}

// managerLevels groups the people of the changes idx by how many managers among them they have above
// them. A manager outside idx does not count; a loop is cut where it is entered.
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

// split cuts a list into the fewest batches of at most size, all about equally long.
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
