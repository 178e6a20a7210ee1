package apply

import (
	"sync"

	"sacbridge/internal/plan"
)

// counter counts for the progress of a run and tells the hook.
type counter struct {
	hook Hook

	mu sync.Mutex
	at Progress
}

// newCounter counts the entities and links of p.
func newCounter(hook Hook, p *plan.Plan, estimate int) *counter {
	total := 0
	for i := range p.Changes {
		total += units(&p.Changes[i])
	}
	return &counter{hook: hook, at: Progress{Total: total, EstCalls: estimate}}
}

// units is how many entities and links a change counts for.
func units(c *plan.Change) int {
	if c.Entity == plan.User || c.Op == plan.Delete {
		return 1
	}
	return 1 + len(c.AddMembers) + len(c.RemoveMembers) + len(c.AddRoles) + len(c.RemoveRoles)
}

func (c *counter) enter(phase string) {
	c.change(func(p *Progress) { p.Phase = phase })
}

// called counts the requests of one call.
func (c *counter) called(requests int, current string) {
	c.change(func(p *Progress) {
		p.Calls += requests
		p.Current = current
	})
}

// advance counts units that are done, or given up.
func (c *counter) advance(units int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.Done += units
}

func (c *counter) retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.Retries++
}

func (c *counter) fail(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.Failed += n
}

// onWire counts calls that have been sent and not answered yet: by n more, or fewer.
func (c *counter) onWire(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.InFlight += n
}

// stopping says that nothing new is begun any more.
func (c *counter) stopping() {
	c.change(func(p *Progress) { p.Stopping = true })
}

// notify lets the hook know how far the run is.
func (c *counter) notify() { c.change(func(*Progress) {}) }

// change applies f and tells the hook. The lock is held for both, so that the hook sees counts only grow.
func (c *counter) change(f func(*Progress)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.at)
	if c.hook != nil {
		c.hook.Progress(c.at)
	}
}

// settled tells the hook that nothing more comes to an entity.
func (c *counter) settled(e EntityResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hook != nil {
		c.hook.Settled(e)
	}
}

func (c *counter) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.Calls
}
