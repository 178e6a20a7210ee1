package apply

import (
	"maps"
	"slices"

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

// task is what one worker does without letting go.
type task struct {
	kind      taskKind
	changes   []int    // the people, or the one team
	group     int      // of created people who are read together
	part      int      // of a team's writes, from 0
	last      bool     // there is no further part
	members   []string // who is added in this part
	dependsOn []int    // tasks that must have ended before
	calls     int      // requests when nothing goes wrong
	seconds   float64  // how long a typical tenant takes
}

// schedule is the tasks of a run, in phases one after the other. The tasks of a phase run side by side, as far as
// they do not depend on each other; a task depends on earlier ones of its phase only.
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

// newSchedule makes the tasks that carry out what remains of p. It is pure, so that an estimate can add up their costs.
func newSchedule(p *plan.Plan, costs upstream.Costs, remains remaining) schedule {
	b := &scheduler{p: p, costs: costs, remaining: remains, limits: costs.Limits(0)}
	var creates, updates, teams, deletes, teamDeletes []int
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case !remains.todo(i):
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
	b.availableAfter = make(map[string]int, len(creates)+len(remains.unseen))
	b.createAll(creates)
	b.updateAll(completePeople, remains.complete)
	b.updateAll(updatePeople, updates)
	b.writeTeams(teams)
	s := schedule{phases: [][]task{b.tasks}, groups: b.groups}
	for _, level := range slices.Backward(managerLevels(p, deletes)) { // reports before their managers
		s.phases = append(s.phases, b.deleteLevel(level))
	}
	s.phases = append(s.phases, b.deleteTeams(teamDeletes))
	return s
}

// calls is what all tasks together take.
func (s schedule) calls() int {
	sum := 0
	for _, phase := range s.phases {
		sum += callsOf(phase)
	}
	return sum
}

func callsOf(tasks []task) int {
	sum := 0
	for i := range tasks {
		sum += tasks[i].calls
	}
	return sum
}

// scheduler builds the first phase of a schedule.
type scheduler struct {
	p         *plan.Plan
	costs     upstream.Costs
	remaining remaining
	limits    upstream.Limits
	tasks     []task
	groups    int

	// availableAfter is the people who are still to be created, with the task after which others may refer to them.
	availableAfter map[string]int
}

// add appends a task and gives its number.
func (b *scheduler) add(t task) int {
	b.tasks = append(b.tasks, t)
	return len(b.tasks) - 1
}

// dependencies is a set of tasks that another one depends on.
type dependencies map[int]bool

func (d *dependencies) add(task int) {
	if *d == nil {
		*d = dependencies{}
	}
	(*d)[task] = true
}

// addPerson makes the task wait until it may refer to a person.
func (b *scheduler) addPerson(d *dependencies, person string) {
	if task, ok := b.availableAfter[person]; ok {
		d.add(task)
	}
}

func (d dependencies) sorted() []int {
	return slices.Sorted(maps.Keys(d))
}
