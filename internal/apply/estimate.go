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
		seconds += spanOf(phase, target.Limits(0).Workers)
	}
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond)
}

// spanOf is how long the tasks of a phase take when workers carry them out as a run does.
func spanOf(tasks []task, workers int) float64 {
	end := 0.0
	for _, at := range endTimes(newWorkOrder(tasks), workers) {
		end = max(end, at)
	}
	return end
}

// endTimes is when each task ends, in seconds, where workers take them in an order.
func endTimes(w *workOrder, workers int) []float64 {
	now, ends, running := 0.0, make([]float64, len(w.tasks)), map[int]bool{}
	for {
		for len(running) < max(workers, 1) {
			n, ok := w.next()
			if !ok {
				break
			}
			ends[n], running[n] = now+w.tasks[n].seconds, true
		}
		if len(running) == 0 {
			return ends
		}
		first := -1
		for n := range running {
			if first < 0 || ends[n] < ends[first] || ends[n] == ends[first] && n < first {
				first = n
			}
		}
		now = ends[first]
		delete(running, first)
		w.ended(first)
	}
}
