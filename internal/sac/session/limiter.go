package session

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	slowest      = 0.5 // calls a second, however often the tenant answers 429
	raiseEvery   = 5 * time.Second
	regain       = 1.5  // times the rate, up to half of what the tenant took before it answered 429
	explore      = 1.2  // times the rate, beyond that
	unlimited    = 1000 // calls a second; a raised rate beyond it is no limit
	rateSamples  = 64
	fewSamples   = 4 // fewer say nothing about the rate
	sampleWindow = 10 * time.Second
	shortestSpan = 250 * time.Millisecond
)

// limiter bounds how many calls run side by side and how many start a second. Both bounds are lowered by a 429 and
// raised with time, as long as calls go well: after six 429s without a pause between them the rate is back within about
// a minute. It is safe for concurrent use.
type limiter struct {
	slots     *semaphore.Weighted
	workers   int
	top       rate.Limit
	perSecond *rate.Limiter

	mu             sync.Mutex
	disabledSlots  int
	slotsToDisable int // when their calls end
	lowered        time.Time
	raised         time.Time  // since the last 429; zero: not yet
	taken          rate.Limit // half of what the tenant took before the latest series of 429s
	until          time.Time  // nobody calls before
	sent           []time.Time
}

func newLimiter(workers int, perSecond float64) *limiter {
	top := rate.Inf
	if perSecond > 0 {
		top = rate.Limit(perSecond)
	}
	return &limiter{
		slots: semaphore.NewWeighted(int64(workers)), workers: workers,
		top: top, perSecond: rate.NewLimiter(top, 1),
	}
}

// enter waits for a free slot; the slot must be given back by leave.
func (p *limiter) enter(ctx context.Context) error { return p.slots.Acquire(ctx, 1) }

func (p *limiter) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slotsToDisable > 0 {
		p.slotsToDisable--
		p.disabledSlots++
		return
	}
	p.slots.Release(1)
}

// wait lets a call start when no pause is on and the rate allows it. It gives the time waited.
func (p *limiter) wait(ctx context.Context) (time.Duration, error) {
	waited, err := p.pause(ctx)
	if err != nil {
		return waited, err
	}
	turn := p.perSecond.Reserve()
	d, err := waitTimed(ctx, turn.Delay())
	waited += d
	if err != nil {
		turn.Cancel()
		return waited, err
	}
	d, err = p.pause(ctx) // one may have begun in the meantime
	waited += d
	if err != nil {
		return waited, err
	}
	p.note()
	return waited, nil
}

// countWithoutWait counts a call that does not wait for a free slot or the rate.
func (p *limiter) countWithoutWait() {
	p.perSecond.Reserve()
	p.note()
}

// note keeps the time of a call.
func (p *limiter) note() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sent) == rateSamples {
		p.sent = append(p.sent[:0], p.sent[1:]...)
	}
	p.sent = append(p.sent, time.Now())
}

// paused reports whether a pause is on.
func (p *limiter) paused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until) > 0
}

// pause waits while a pause is on.
func (p *limiter) pause(ctx context.Context) (waited time.Duration, err error) {
	for {
		p.mu.Lock()
		left := time.Until(p.until)
		p.mu.Unlock()
		d, err := waitTimed(ctx, left)
		waited += d
		if left <= 0 || err != nil {
			return waited, err
		}
	}
}

// throttled answers a 429 to a call sent at that time: everybody pauses, the rate is halved and one
// worker goes. A burst of 429 to calls that were under way together counts once.
func (p *limiter) throttled(sent time.Time, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if until := now.Add(pause); until.After(p.until) {
		p.until = until
	}
	if sent.Before(p.lowered) {
		return
	}
	lower := max(slowest, min(p.perSecond.Limit(), p.observed(now))/2)
	if p.taken == 0 || !p.raised.IsZero() {
		p.taken = lower // a series of 429s begins
	}
	p.lowered, p.raised = now, time.Time{}
	p.perSecond.SetLimit(lower)
	p.sent = p.sent[:0]
	if p.disabledSlots+p.slotsToDisable < p.workers-1 {
		p.slotsToDisable++
	}
}

// observed gives the calls a second of the last seconds.
func (p *limiter) observed(now time.Time) rate.Limit {
	var n int
	var first time.Time
	for _, t := range p.sent {
		if now.Sub(t) <= sampleWindow {
			if n == 0 {
				first = t
			}
			n++
		}
	}
	if n < fewSamples {
		return rate.Limit(max(p.workers, fewSamples))
	}
	return rate.Limit(float64(n) / max(shortestSpan, now.Sub(first)).Seconds())
}

// succeeded hears of a call that went well, and raises the bounds when it is time for that.
func (p *limiter) succeeded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.disabledSlots+p.slotsToDisable == 0 && p.perSecond.Limit() == p.top {
		return
	}
	changed := p.lowered
	if p.raised.After(changed) {
		changed = p.raised
	}
	if now := time.Now(); now.Sub(changed) >= raiseEvery {
		p.raised = now
		p.raise()
	}
}

// raise gives back one worker and part of the rate.
func (p *limiter) raise() {
	limit := p.perSecond.Limit()
	raised := limit * explore
	if limit < p.taken {
		raised = min(limit*regain, p.taken)
	}
	if raised >= min(p.top, unlimited) {
		raised = p.top
	}
	p.perSecond.SetLimit(raised)
	switch {
	case p.slotsToDisable > 0:
		p.slotsToDisable--
	case p.disabledSlots > 0:
		p.disabledSlots--
		p.slots.Release(1)
	}
}

// waitTimed is wait, and gives the time it took; exactly none where there is nothing to wait for.
func waitTimed(ctx context.Context, d time.Duration) (time.Duration, error) {
	if d <= 0 {
		return 0, ctx.Err()
	}
	start := time.Now()
	err := wait(ctx, d)
	return time.Since(start), err
}

// wait waits, or gives the context's error.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
