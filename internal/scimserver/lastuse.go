package scimserver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// touchEvery is how often the last use of tokens is written.
const touchEvery = time.Minute

// lastUse gathers when tokens were used, so that a request never waits for that to be written.
type lastUse struct {
	mu   sync.Mutex
	seen map[TokenHash]time.Time
}

func (l *lastUse) note(hash TokenHash, at time.Time) {
	l.mu.Lock()
	if l.seen == nil {
		l.seen = map[TokenHash]time.Time{}
	}
	l.seen[hash] = at
	l.mu.Unlock()
}

func (l *lastUse) take() map[TokenHash]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = nil
	return seen
}

// Run writes the last use of tokens once a minute until ctx ends, and once more then. It returns nil after a
// clean end; whoever starts it waits for it before closing the store.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(touchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.flushLastUse(end)
		case <-tick.C:
			if err := s.flushLastUse(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("write last use of tokens", "cause", err.Error())
			}
		}
	}
}

func (s *Server) flushLastUse(ctx context.Context) error {
	var faults []error
	for hash, at := range s.used.take() {
		if err := s.tokens.Touch(ctx, hash, at); err != nil {
			faults = append(faults, fmt.Errorf("touch token: %w", err))
		}
	}
	return errors.Join(faults...)
}
