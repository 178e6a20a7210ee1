package apply_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// drawLarge makes a plan of many people, some of them managers of others, who join teams.
func drawLarge(rt *rapid.T) (*tenant, *plan.Plan) {
	l := usual
	l.CreateBatch, l.Reread = rapid.IntRange(1, 30).Draw(rt, "create batch"), rapid.SampledFrom([]int{0, 1, 40, 200}).Draw(rt, "reread")
	l.UpdateBatch, l.AddChunk = rapid.IntRange(1, 50).Draw(rt, "update batch"), rapid.IntRange(20, 500).Draw(rt, "add chunk")
	l.MaxMembers = 0
	f, p := newTenant(l), planOf()
	people := rapid.IntRange(0, 400).Draw(rt, "people")
	managers := rapid.IntRange(0, 20).Draw(rt, "managers")
	for n := range people {
		manager := ""
		if managers > 0 && n > 0 && n%3 != 0 {
			manager = fmt.Sprint("U", min(n%managers, n-1))
		}
		p.Changes = append(p.Changes, createUser(fmt.Sprint("U", n), manager))
		if n%7 == 0 {
			p.Changes = append(p.Changes, plan.Change{Entity: plan.User, Op: plan.Update, Key: fmt.Sprint("U", n), Fields: []plan.Field{{Name: plan.FieldActive, Before: "true", After: "false"}}})
		}
	}
	for n := range rapid.IntRange(0, 40).Draw(rt, "people there") {
		id := fmt.Sprint("OLD", n)
		f.users[id] = identity.User{UserID: id}
		p.Changes = append(p.Changes, plan.Change{Entity: plan.User, Op: plan.Update, Key: id, Fields: []plan.Field{{Name: plan.FieldManager, After: fmt.Sprint("U", n)}}})
	}
	for n := range rapid.IntRange(0, 3).Draw(rt, "teams") {
		c := plan.Change{Entity: plan.Team, Op: plan.Create, Key: fmt.Sprint("T", n), AddRoles: []string{"R1"}}
		for m := range people {
			if m%(n+1) == 0 {
				c.AddMembers = append(c.AddMembers, fmt.Sprint("U", m))
			}
		}
		for id := range f.users {
			c.AddMembers = append(c.AddMembers, id)
		}
		p.Changes = append(p.Changes, c)
	}
	p.Changes = rapid.Permutation(p.Changes).Draw(rt, "order")
	return f, p
}

// history is what the tasks of a phase do, each at the task's number.
type history struct {
	tasks     []apply.Task
	created   map[string]int
	available map[string]int // others may refer to the person
	done      []int          // how often each person's change is carried out
	members   map[int][]string
	parts     map[int][]int // tasks of each team
}

func historyOf(rt *rapid.T, p *plan.Plan, tasks []apply.Task, reread bool) *history {
	h := &history{
		tasks: tasks, created: map[string]int{}, available: map[string]int{}, done: make([]int, len(p.Changes)),
		members: map[int][]string{}, parts: map[int][]int{},
	}
	for n, task := range tasks {
		for _, i := range task.Changes {
			key := p.Changes[i].Key
			switch {
			case task.Creates:
				h.done[i]++
				h.created[key] = n
				if !reread {
					h.available[key] = n
				}
			case task.Reads:
				if at, twice := h.available[key]; twice {
					rt.Errorf("%s is read by task %d and by task %d", key, at, n)
				}
				h.available[key] = n
			case task.Updates:
				h.done[i]++
			case task.WritesTeam:
				h.members[i] = append(h.members[i], task.Members...)
				h.parts[i] = append(h.parts[i], n)
			}
		}
	}
	return h
}

// requireAfter fails where task n may begin before another one has ended.
func (h *history) requireAfter(rt *rapid.T, n, before int, why string) {
	if !waitsFor(h.tasks, n, before) {
		rt.Errorf("task %d does not wait for task %d: %s", n, before, why)
	}
}

// requireAvailable fails where task n may begin before it can refer to a person.
func (h *history) requireAvailable(rt *rapid.T, n int, person string) {
	if at, ok := h.available[person]; ok {
		h.requireAfter(rt, n, at, person)
	}
}

func TestAScheduleDoesEverythingOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, p := drawLarge(rt)
		tasks := apply.Schedule(p, f)[0]
		h := historyOf(rt, p, tasks, f.limits(0).Reread > 0)
		for n, task := range tasks {
			for _, before := range task.DependsOn {
				if before >= n {
					rt.Fatalf("task %d waits for %d", n, before)
				}
			}
			for _, member := range task.Members {
				h.requireAvailable(rt, n, member)
			}
			for _, i := range task.Changes {
				c := &p.Changes[i]
				switch {
				case task.Creates && c.User.Manager != "":
					h.requireAvailable(rt, n, c.User.Manager)
				case task.Reads:
					h.requireAfter(rt, n, h.created[c.Key], "the creation of "+c.Key)
				case task.Updates:
					h.requireAvailable(rt, n, c.Key)
					if c.Fields[0].Name == plan.FieldManager {
						h.requireAvailable(rt, n, c.Fields[0].After)
					}
				}
			}
		}
		h.requireEverything(rt, p)
	})
}

// requireEverything fails where a change is not carried out once, or a team's parts could be written side by side.
func (h *history) requireEverything(rt *rapid.T, p *plan.Plan) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Entity == plan.User {
			if _, available := h.available[c.Key]; h.done[i] != 1 || c.Op == plan.Create && !available {
				rt.Errorf("%s %s is done %d times, want once, and then available: %v", c.Op, c.Key, h.done[i], available)
			}
			continue
		}
		if got, want := slices.Sorted(slices.Values(h.members[i])), slices.Sorted(slices.Values(c.AddMembers)); !slices.Equal(got, want) {
			rt.Errorf("%s gets %d members, want %d", c.Key, len(got), len(want))
		}
		for k, n := range h.parts[i] {
			if k > 0 {
				h.requireAfter(rt, n, h.parts[i][k-1], "the part before it of team "+c.Key)
			}
		}
	}
}

// waitsFor follows the chains ahead of task n.
func waitsFor(tasks []apply.Task, n, before int) bool {
	return slices.ContainsFunc(tasks[n].DependsOn, func(a int) bool { return a == before || a > before && waitsFor(tasks, a, before) })
}

func TestPeopleAreDeletedOnceAndBeforeTheirManagers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := usual
		l.DeleteBatch = rapid.IntRange(1, 10).Draw(rt, "delete batch")
		f, p := newTenant(l), planOf()
		people := rapid.IntRange(0, 100).Draw(rt, "people")
		for n := range people {
			u := identity.User{UserID: fmt.Sprint("U", n)}
			if n > 0 {
				u.Manager = fmt.Sprint("U", rapid.IntRange(0, n-1).Draw(rt, "manager"))
			}
			p.Changes = append(p.Changes, plan.Change{Entity: plan.User, Op: plan.Delete, Key: u.UserID, User: &u})
		}
		p.Changes = rapid.Permutation(p.Changes).Draw(rt, "order")
		phaseOf := map[string]int{}
		for n, phase := range apply.Schedule(p, f) {
			for _, task := range phase {
				for _, i := range task.Changes {
					if _, twice := phaseOf[p.Changes[i].Key]; twice || !task.Deletes || len(task.DependsOn) > 0 {
						rt.Errorf("%s: deleted twice (%v), or by %+v", p.Changes[i].Key, twice, task)
					}
					phaseOf[p.Changes[i].Key] = n
				}
			}
		}
		for i := range p.Changes {
			u := p.Changes[i].User
			phase, ok := phaseOf[u.UserID]
			if manager, deleted := phaseOf[u.Manager]; !ok || deleted && manager <= phase {
				rt.Errorf("%s is deleted in phase %d (%v), the manager %s in phase %d", u.UserID, phase, ok, u.Manager, manager)
			}
		}
	})
}

// A create takes ten seconds, a reading one, an update seven and a team write five, on four workers.
func TestWhatCanOverlapDoes(t *testing.T) {
	t.Parallel()
	team := func(op plan.Op, members ...string) plan.Change {
		return plan.Change{Entity: plan.Team, Op: op, Key: "T", AddMembers: members}
	}
	several := func(n int, make func(n int) plan.Change) (out []plan.Change) {
		for k := range n {
			out = append(out, make(k))
		}
		return out
	}
	old := func(n int) plan.Change {
		return plan.Change{Entity: plan.User, Op: plan.Update, Key: fmt.Sprint("OLD", n), Fields: []plan.Field{{Name: plan.FieldLanguage, After: "en"}}}
	}
	fresh := func(manager string) func(int) plan.Change {
		return func(n int) plan.Change { return createUser(fmt.Sprint("U", n), manager) }
	}
	for name, c := range map[string]struct {
		changes []plan.Change
		want    time.Duration
	}{
		"people side by side, then the reading":                   {several(4, fresh("")), 11 * time.Second},
		"five calls on four workers":                              {several(5, fresh("")), 21 * time.Second},
		"reports once their manager has been seen":                {append(several(3, fresh("BOSS")), createUser("BOSS", "")), 22 * time.Second},
		"others meanwhile":                                        {append(several(3, fresh("")), createUser("BOSS", ""), createUser("LATE", "BOSS")), 22 * time.Second},
		"updates of others while people are created":              {append(several(2, fresh("")), several(2, old)...), 11 * time.Second},
		"a team of people who are there meanwhile":                {append(several(3, fresh("")), team(plan.Update, "OLD0")), 11 * time.Second},
		"a team of new people once they have been seen":           {append(several(3, fresh("")), team(plan.Update, "U0", "U1")), 16 * time.Second},
		"a team that is created meanwhile, then new people":       {append(several(3, fresh("")), team(plan.Create, "U0", "U1")), 16 * time.Second},
		"an update to a new manager waits for that manager alone": {append(several(3, fresh("")), plan.Change{Entity: plan.User, Op: plan.Update, Key: "OLD0", Fields: []plan.Field{{Name: plan.FieldManager, After: "U0"}}}), 18 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := usual
				l.Workers, l.CreateBatch, l.UpdateBatch, l.Reread = 4, 1, 1, 200
				f := newTenant(l)
				for n := range 4 {
					id := fmt.Sprint("OLD", n)
					f.users[id] = identity.User{UserID: id}
				}
				f.teams["T"] = identity.Group{Name: "T"}
				takes := map[string]time.Duration{"create users": 10 * time.Second, "update users": 6 * time.Second, "write team": 5 * time.Second, "create team": 5 * time.Second}
				f.before = func(op string, _ int) (error, bool) {
					<-time.After(takes[op])
					return nil, true
				}
				f.reads = func(int) error {
					<-time.After(time.Second)
					return nil
				}
				if c.changes[len(c.changes)-1].Op == plan.Create && c.changes[len(c.changes)-1].Entity == plan.Team {
					delete(f.teams, "T")
				}
				start := time.Now()
				res := mustRun(t, f, planOf(c.changes...))
				if got := time.Since(start); got != c.want || !res.Complete() {
					t.Errorf("got an end after %v, want %v: %v", got, c.want, f.log)
				}
			})
		})
	}
}
