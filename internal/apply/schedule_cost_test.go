package apply_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// leastCalls counts by plain arithmetic how many calls a plan of drawLarge needs: full batches of each level of
// managers, full readings, and the members of a team all at once.
func leastCalls(p *plan.Plan, l upstream.Limits) int {
	managers, perLevel := map[string]string{}, map[int]int{}
	people, updates, calls := 0, 0, 0
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case c.Entity == plan.Team: // two to create it, three for its role
			calls += 2 + 3 + ceil(len(c.AddMembers), l.AddChunk)
		case c.Op == plan.Create:
			managers[c.Key] = c.User.Manager
			people++
		default:
			updates++
		}
	}
	for person := range managers {
		level := 0
		for m := managers[person]; m != ""; m = managers[m] {
			level++
		}
		perLevel[level]++
	}
	for _, n := range perLevel {
		calls += ceil(n, l.CreateBatch)
	}
	if l.Reread > 0 {
		calls += ceil(people, l.Reread)
	}
	return calls + ceil(updates, l.UpdateBatch)
}

func ceil(n, size int) int { return (n + size - 1) / size }

func TestASchedulesCallsStayWithinTheirShareOfTheLeast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, p := drawLarge(rt)
		l := f.limits(0)
		least, people, readings := leastCalls(p, l), 0, 0
		for _, task := range apply.Schedule(p, f)[0] {
			if task.Reads {
				people, readings = people+len(task.Changes), readings+task.Calls
			}
		}
		// What manages somebody is read before the reports are created, whatever that takes.
		forced := readings - ceil(people, max(l.Reread, 1))
		if got, most := apply.Estimate(p, f), least+max(least/20, forced); got < least || got > most {
			rt.Errorf("got %d calls, want %d to %d", got, least, most)
		}
	})
}

// 30 people a create, 200 a reading, one call for the creation of a team, three for its role.
func TestACopyTakesAtMostATwentiethMoreCallsThanTheLeast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ people, least, want int }{
		{10, 7, 7},
		{72, 9, 9},
		{100, 10, 10},
		{300, 17, 17},
		{500, 25, 26},  // members in two parts
		{1000, 44, 46}, // the same, and a reading more: a batch is read as a whole
		{5000, 198, 204},
	} {
		t.Run(fmt.Sprint(c.people, " people"), func(t *testing.T) {
			t.Parallel()
			l := usual
			l.Workers, l.CreateBatch, l.Reread, l.AddChunk, l.GroupCreateCalls = 4, 30, 200, 4590, 1
			p := planOf()
			team := plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T", AddRoles: []string{"R1"}}
			for n := range c.people {
				p.Changes = append(p.Changes, createUser(fmt.Sprint("U", n), ""))
				team.AddMembers = append(team.AddMembers, fmt.Sprint("U", n))
			}
			p.Changes = append(p.Changes, team)
			f := newTenant(l)
			least := ceil(c.people, 30) + ceil(c.people, 200) + 1 + 3 + ceil(c.people, 4590)
			if got := apply.Estimate(p, f); got != c.want || least != c.least || 20*got > 21*least {
				t.Errorf("got %d calls of at least %d, want %d of at least %d", got, least, c.want, c.least)
			}
		})
	}
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
			for _, before := range task.DependsOn {
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
