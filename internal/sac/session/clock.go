package session

import (
	"net/http"
	"sync"
	"time"
)

// clock knows the tenant's time from the Date headers of its answers.
type clock struct {
	mu     sync.Mutex
	tenant time.Time // zero: no answer yet
	local  time.Time // when that answer came
}

// note takes the time of an answer.
func (k *clock) note(resp *http.Response) {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || !answersTenant(resp.StatusCode) || isPage(resp.Header, nil) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tenant, k.local = at, time.Now()
}

// Clock gives what the tenant's clock showed at a local time, going by its newest answer. That header has
// whole seconds and was written before the answer arrived, so the result is up to a second and the
// answer's way early, never late. ok is false before the first answer.
func (s *Session) Clock(local time.Time) (tenant time.Time, ok bool) {
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	if s.clock.tenant.IsZero() {
		return time.Time{}, false
	}
	return s.clock.tenant.Add(local.Sub(s.clock.local)), true
}
