package session

import (
	"maps"
	"sync"
	"time"
)

// Stats counts what was sent.
type Stats struct {
	Calls   int // HTTP requests sent, token and CSRF calls included
	Retries int
	Waited  time.Duration // for Retry-After and rate limits
	Pause   time.Duration // how long some call waits from now on because the tenant asked for it
}

type stats struct {
	mu     sync.Mutex
	sum    Stats
	until  time.Time // when the longest wait that the tenant asked for is over
	routes map[string]int
}

// Stats gives the counts so far.
func (s *Session) Stats() Stats {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	sum := s.stats.sum
	sum.Pause = max(0, time.Until(s.stats.until))
	return sum
}

// Routes gives the requests sent so far by method and route without ids, such as
// "GET /api/v1/scim/Users/{id}"; the token call is "POST token".
func (s *Session) Routes() map[string]int {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return maps.Clone(s.stats.routes)
}

func (t *stats) called(route string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.routes == nil {
		t.routes = map[string]int{}
	}
	t.routes[route]++
	t.sum.Calls++
}

func (t *stats) retried() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Retries++
}

// paused notes that the tenant asked for a wait.
func (t *stats) paused(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := time.Now().Add(d); until.After(t.until) {
		t.until = until
	}
}

func (t *stats) waited(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Waited += d
}
