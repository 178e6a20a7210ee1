package apply

import (
	"context"
	"time"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Task is a task as tests see it.
type Task struct {
	Creates, Reads, Updates, WritesTeam, Deletes bool

	Changes   []int
	Members   []string
	DependsOn []int
	Calls     int
	Seconds   float64
}

// Schedule gives the phases of a new run.
func Schedule(p *plan.Plan, costs upstream.Costs) [][]Task {
	var out [][]Task
	for _, phase := range newSchedule(p, costs, everything(p)).phases {
		tasks := make([]Task, len(phase))
		for n, t := range phase {
			tasks[n] = Task{
				Creates: t.kind == createPeople, Reads: t.kind == readCreated, Updates: t.kind == updatePeople,
				WritesTeam: t.kind == writeTeam, Deletes: t.kind == deletePeople || t.kind == deleteTeam,
				Changes: t.changes, Members: t.members, DependsOn: t.dependsOn, Calls: t.calls, Seconds: t.seconds,
			}
		}
		out = append(out, tasks)
	}
	return out
}

// Span is how long the tasks of a phase take.
func Span(p *plan.Plan, costs upstream.Costs, workers int) float64 {
	return spanOf(newSchedule(p, costs, everything(p)).phases[0], workers)
}

// HoldByClocks is Hold with clocks of the test's own.
func HoldByClocks(ctx context.Context, leases Leases, tenant string, ttl time.Duration, read func() (wall time.Time, running time.Duration)) (*HeldLease, error) {
	return hold(ctx, leases, tenant, "test", ttl, func() upstream.Moment {
		wall, running := read()
		return upstream.Moment{Wall: wall, Running: running}
	})
}
