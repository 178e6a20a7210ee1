package apply

import (
	"sync"

	"sacbridge/internal/plan"
)

// tally counts for the progress of a run and tells the hook.
type tally struct {
	hook Hook
	mu   *sync.Mutex
	at   *Progress
}

// newTally counts the entities and links of p.
func newTally(hook Hook, p *plan.Plan, estimate int) tally {
	total := 0
	for i := range p.Changes {
		total += units(&p.Changes[i])
	}
	return tally{hook: hook, mu: new(sync.Mutex), at: &Progress{Total: total, EstCalls: estimate}}
}

// units is how many entities and links a change counts for.
func units(c *plan.Change) int {
	if c.Entity == plan.User || c.Op == plan.Delete {
		return 1
	}
	return 1 + len(c.AddMembers) + len(c.RemoveMembers) + len(c.AddRoles) + len(c.RemoveRoles)
}

func (t tally) enter(phase string) {
	t.change(func(p *Progress) { p.Phase = phase })
}

// call counts the requests of one call.
func (t tally) call(requests int, current string) {
	t.change(func(p *Progress) {
		p.Calls += requests
		p.Current = current
	})
}

// advance counts units that are done, or given up.
func (t tally) advance(units int) {
	t.mu.Lock()
	t.at.Done += units
	t.mu.Unlock()
}

func (t tally) retry() {
	t.mu.Lock()
	t.at.Retries++
	t.mu.Unlock()
}

func (t tally) fail(n int) {
	t.mu.Lock()
	t.at.Failed += n
	t.mu.Unlock()
}

// tell lets the hook know how far the run is.
func (t tally) tell() { t.change(func(*Progress) {}) }

// change applies f and tells the hook. The lock is held for both, so that the hook sees counts only grow.
func (t tally) change(f func(*Progress)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(t.at)
	if t.hook != nil {
		t.hook.Progress(*t.at)
	}
}

func (t tally) calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at.Calls
}
