package session

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"

	"sacbridge/internal/upstream"
)

// maxRefusals bounds the tries that 401 and 403 get within one request; SAP's scripts give an item
// up at the third error (script 1665).
const maxRefusals = 3

// maxUnaskedWait bounds the waits of one request for a tenant that is busy and does not say for how long: whoever
// is answered so all the time does not come any further by waiting.
const maxUnaskedWait = 3 * time.Minute

// step is what the session itself does about a failed try.
type step int

const (
	stop   step = iota
	renew       // new token, cookies and CSRF token, then again
	pause       // 429: everybody waits, then again; no try is counted
	later       // wait as asked, then again
	repeat      // wait a growing time, then again
	anew        // nothing was sent, since everybody pauses: again when that is over
)

// failure is a failed try.
type failure struct {
	upstream.Error
	step  step
	tries int           // refusals after which renewal is given up
	wait  time.Duration // for pause and later
	login *login        // what was refused, for renew
	begun time.Time     // when the call was sent, for pause
}

// Do makes one call: it obtains token, CSRF token and cookies where they are missing, renews them
// when refused, waits for limits, and repeats what certainly had no effect (not sent, 429, 503 with
// Retry-After, 401 and 403 after renewal; reads after any failure). Every error is an *upstream.Error.
// A write that is on the wire is waited for as long as ctx lasts; waits end when the permission's
// Stopping closes, too.
func (s *Session) Do(ctx context.Context, r Request) (*Response, error) {
	c, err := newCall(s.cfg.BaseURL, r)
	if err != nil {
		return nil, &upstream.Error{Class: upstream.Refused, Op: c.Op, Err: err}
	}
	waits, done := c.untilStopped(ctx)
	defer done()
	t := s.newTries()
	var stale *login
	for {
		resp, f := s.attempt(ctx, waits, c, stale, t.all)
		if f == nil {
			return resp, nil
		}
		if ended := t.next(waits, c, c.stopped(ctx, f)); ended != nil {
			return nil, &c.stopped(ctx, ended).Error
		}
		if f.step == renew {
			stale = f.login
		}
		s.stats.retried()
	}
}

// tries decides whether a failed request gets another try, and waits for it.
type tries struct {
	s       *Session
	all     int // tries so far
	failed  int // of them, those that count
	refused int
	waited  time.Duration // for Retry-After
	unasked time.Duration // likewise, where the tenant was busy and did not say for how long
	backoff *backoff.ExponentialBackOff
}

func (s *Session) newTries() *tries {
	return &tries{s: s, backoff: &backoff.ExponentialBackOff{
		InitialInterval: s.cfg.Backoff, Multiplier: 2, RandomizationFactor: 0.5, MaxInterval: 30 * time.Second,
	}}
}

// next waits until the request may be tried again; otherwise it gives the final error.
func (t *tries) next(ctx context.Context, c *call, f *failure) *failure {
	t.all++
	if f.step == stop {
		return f
	}
	if f.step != pause && f.step != anew {
		t.failed++
	}
	if f.step == renew {
		t.refused++
	}
	t.waited += f.wait
	if f.step == pause && f.RetryAfter == 0 {
		t.unasked += f.wait
	}
	if t.unasked > maxUnaskedWait {
		return f
	}
	if t.failed >= t.s.cfg.MaxTries || t.waited > t.s.cfg.MaxWait || f.step == renew && t.refused >= f.tries {
		return f
	}
	if f.step == pause || f.step == later {
		t.s.stats.paused(f.wait)
	}
	var err error
	switch {
	case f.step == pause:
		t.s.limiter.throttled(f.begun, f.wait) // the next try waits with all others
	case f.step == later:
		var d time.Duration
		d, err = waitTimed(ctx, f.wait)
		t.s.stats.waited(d)
	case f.step == repeat || t.refused > 1:
		err = wait(ctx, t.backoff.NextBackOff())
	}
	if err != nil {
		return &failure{Error: upstream.Error{Class: upstream.Cancelled, Op: c.Op, Status: f.Status, Detail: f.Detail, Err: err}}
	}
	return nil
}
