package apply

import (
	"container/heap"
	"context"
)

// workOrder gives the tasks of a phase in the order in which free workers take them: of those that wait for
// nothing any more, the one with the longest chain of dependents.
type workOrder struct {
	tasks      []task
	waiting    []int     // tasks ahead that have not ended
	dependents [][]int   // tasks that wait for this one
	priority   []float64 // seconds of the task and of the longest chain of dependents
	ready      []int     // a heap
}

func newWorkOrder(tasks []task) *workOrder {
	w := &workOrder{
		tasks: tasks, waiting: make([]int, len(tasks)), dependents: make([][]int, len(tasks)), priority: make([]float64, len(tasks)),
	}
	for n := range tasks {
		w.waiting[n] = len(tasks[n].dependsOn)
		for _, before := range tasks[n].dependsOn {
			w.dependents[before] = append(w.dependents[before], n)
		}
	}
	for n := len(tasks) - 1; n >= 0; n-- { // a task waits for earlier ones only
		longest := 0.0
		for _, next := range w.dependents[n] {
			longest = max(longest, w.priority[next])
		}
		w.priority[n] = tasks[n].seconds + longest
		if w.waiting[n] == 0 {
			w.ready = append(w.ready, n)
		}
	}
	heap.Init(w)
	return w
}

// newListOrder is the order of the list, for as long as nobody knows what will depend on the tasks.
func newListOrder(tasks []task) *workOrder {
	w := newWorkOrder(tasks)
	for n := range w.priority {
		w.priority[n] = float64(-n)
	}
	heap.Init(w)
	return w
}

// next takes a task that can be carried out now; ok is false where there is none at the moment.
func (w *workOrder) next() (n int, ok bool) {
	if len(w.ready) == 0 {
		return 0, false
	}
	return heap.Pop(w).(int), true
}

// ended lets those go on that waited for task n.
func (w *workOrder) ended(n int) {
	for _, next := range w.dependents[n] {
		if w.waiting[next]--; w.waiting[next] == 0 {
			heap.Push(w, next)
		}
	}
}

// Len, Less, Swap, Push and Pop implement heap.Interface over the ready tasks.
func (w *workOrder) Len() int { return len(w.ready) }

func (w *workOrder) Less(i, j int) bool {
	a, b := w.ready[i], w.ready[j]
	if w.priority[a] != w.priority[b] {
		return w.priority[a] > w.priority[b]
	}
	return a < b
}

func (w *workOrder) Swap(i, j int) { w.ready[i], w.ready[j] = w.ready[j], w.ready[i] }

// Push appends a task number.
func (w *workOrder) Push(x any) { w.ready = append(w.ready, x.(int)) }

// Pop takes the last one off.
func (w *workOrder) Pop() any {
	last := w.ready[len(w.ready)-1]
	w.ready = w.ready[:len(w.ready)-1]
	return last
}

// carryOut lets workers do the tasks side by side until ctx ends, and waits for all that were begun.
func carryOut(ctx context.Context, tasks []task, workers int, do func(*task)) {
	w := newWorkOrder(tasks)
	ended := make(chan int)
	for running := 0; ; running-- {
		for running < workers && ctx.Err() == nil {
			n, ok := w.next()
			if !ok {
				break
			}
			running++
			go func() {
				do(&tasks[n])
				ended <- n
			}()
		}
		if running == 0 {
			return
		}
		w.ended(<-ended)
	}
}
