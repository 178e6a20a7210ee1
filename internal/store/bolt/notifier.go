package bolt

import "sync"

// notifier wakes those who wait for something to happen. The zero value is ready; it is safe for concurrent use.
type notifier struct {
	mu      sync.Mutex
	waiting chan struct{} // nil while nobody waits
}

// next gives a channel that the next notify closes.
func (n *notifier) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = make(chan struct{})
	}
	return n.waiting
}

// notify wakes all who wait.
func (n *notifier) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting != nil {
		close(n.waiting)
		n.waiting = nil
	}
}
