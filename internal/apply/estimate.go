package apply

import (
	"time"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Estimate is the number of requests that Run will send for p, if nothing goes wrong and the limits stay
// as they are. It makes no call.
func Estimate(p *plan.Plan, target upstream.Costs) int {
	return newSchedule(p, target, everything(p)).calls()
}

// EstimateTime is about how long Run will take, by the times of a typical tenant and the number of
// workers. It makes no call.
func EstimateTime(p *plan.Plan, target upstream.Costs) time.Duration {
	s := newSchedule(p, target, everything(p))
	seconds := 0.0
	for _, phase := range s.phases {
		seconds += spanOf(phase, max(target.Limits(0).Workers, 1))
	}
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond)
}

// spanOf is how long the tasks of a phase take when workers carry them out as a run does.
func spanOf(tasks []task, workers int) float64 {
	w := newWorkOrder(tasks)
	now, ends := 0.0, map[int]float64{}
	for {
		for len(ends) < workers {
			n, ok := w.next()
			if !ok {
				break
			}
			ends[n] = now + tasks[n].seconds
		}
		if len(ends) == 0 {
			return now
		}
		first := -1
		for n, end := range ends {
			if first < 0 || end < ends[first] || end == ends[first] && n < first {
				first = n
			}
		}
		now = ends[first]
		delete(ends, first)
		w.ended(first)
	}
}
