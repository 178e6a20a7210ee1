package apply_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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

func TestAScheduleDoesEverythingOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, p := drawLarge(rt)
		tasks := apply.Schedule(p, f)[0]
		count, usable := make([]int, len(p.Changes)), map[string]int{}
		members := map[int][]string{}
		for n, task := range tasks {
			for _, before := range task.After {
				if before >= n {
					rt.Fatalf("task %d waits for %d", n, before)
				}
			}
			for _, i := range task.Changes {
				key := p.Changes[i].Key
				switch {
				case task.Creates && f.limits(0).Reread > 0:
					count[i]++
				case task.Creates:
					count[i]++
					usable[key] = n
				case task.Reads:
					usable[key] = n
				case task.Updates:
					count[i]++
				case task.WritesTeam:
					members[i] = append(members[i], task.Members...)
				}
			}
		}
		ends := func(n int, person string) { // the person can be referred to when task n begins
			if at, ok := usable[person]; ok && !waitsFor(tasks, n, at) {
				rt.Errorf("task %d does not wait for %s", n, person)
			}
		}
		for n, task := range tasks {
			for _, member := range task.Members {
				ends(n, member)
			}
			for _, i := range task.Changes {
				c := &p.Changes[i]
				switch {
				case task.Creates && c.User.Manager != "":
					ends(n, c.User.Manager)
				case task.Updates:
					ends(n, c.Key)
					if c.Fields[0].Name == plan.FieldManager {
						ends(n, c.Fields[0].After)
					}
				}
			}
		}
		for i := range p.Changes {
			if c := &p.Changes[i]; c.Entity == plan.User && count[i] != 1 {
				rt.Errorf("%s %s is done %d times", c.Op, c.Key, count[i])
			} else if c.Entity == plan.Team && !cmp.Equal(union(members[i], nil), union(c.AddMembers, nil)) {
				rt.Errorf("%s gets %d members, want %d", c.Key, len(members[i]), len(c.AddMembers))
			}
		}
	})
}

// waitsFor follows the chains ahead of task n.
func waitsFor(tasks []apply.Task, n, before int) bool {
	return slices.ContainsFunc(tasks[n].After, func(a int) bool { return a == before || a > before && waitsFor(tasks, a, before) })
}

func TestMorePartsOfTeamsStayWithinTheirShareOfCalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, p := drawLarge(rt)
		least := 0
		for _, task := range apply.Schedule(p, f)[0] {
			if !task.WritesTeam {
				least += task.Calls
			}
		}
		for i := range p.Changes {
			if c := &p.Changes[i]; c.Entity == plan.Team {
				alone := planOf(*c) // without people who are still to be created there is one part
				for _, task := range apply.Schedule(alone, f)[0] {
					least += task.Calls
				}
			}
		}
		if got, most := apply.Estimate(p, f), least+(least+19)/20; got > most {
			rt.Errorf("got %d calls, want at most %d", got, most)
		}
	})
}

func TestWorkersAreBusyAsLongAsThereIsWork(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, p := drawLarge(rt)
		workers := rapid.IntRange(1, 8).Draw(rt, "workers")
		tasks := apply.Schedule(p, f)[0]
		sum, longest, ends := 0.0, 0.0, make([]float64, len(tasks))
		for n, task := range tasks {
			sum += task.Seconds
			for _, before := range task.After {
				ends[n] = max(ends[n], ends[before])
			}
			ends[n] += task.Seconds
			longest = max(longest, ends[n])
		}
		got := apply.Span(p, f, workers)
		if least, most := max(sum/float64(workers), longest), sum/float64(workers)+longest; got < least-1e-6 || got > most+1e-6 {
			rt.Errorf("got %f s, want from %f to %f", got, least, most)
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
		"a team that is to be created itself, with people":        {append(several(3, fresh("")), team(plan.Create, "U0", "U1")), 21 * time.Second},
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

func TestAPlanTakesAboutAsLongAsItsEstimateSays(t *testing.T) {
	t.Parallel()
	l := usual
	l.Workers, l.CreateBatch, l.Reread, l.AddChunk = 4, 30, 200, 4590
	p := planOf()
	c := plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T"}
	for n := range 1000 {
		p.Changes = append(p.Changes, createUser(fmt.Sprint("U", n), ""))
		c.AddMembers = append(c.AddMembers, fmt.Sprint("U", n))
	}
	p.Changes = append(p.Changes, c)
	f := newTenant(l)
	// 34 Bulks of about 6.5 s on four workers, and about 27 s of team writes beside them.
	if got := apply.EstimateTime(p, f); got < 60*time.Second || got > 75*time.Second {
		t.Errorf("got %v, want a bit more than a minute", got)
	}
	l.Workers = 1
	if got := apply.EstimateTime(p, newTenant(l)); got < 240*time.Second || got > 270*time.Second {
		t.Errorf("one worker: got %v, want a bit more than four minutes", got)
	}
	if got := apply.EstimateTime(planOf(), f); got != 0 {
		t.Errorf("an empty plan: got %v", got)
	}
}
