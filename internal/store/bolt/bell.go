package bolt

import "sync"

// bell wakes those who wait for a commit. The zero value is ready; it is safe for concurrent use.
type bell struct {
	mu   sync.Mutex
	rung chan struct{} // nil while nobody listens
}

// listen gives a channel that is closed by the next ring.
func (b *bell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

// ring wakes all who listen.
func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}
