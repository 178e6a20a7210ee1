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
	goodCalls    = 50  // before the rate and the workers are raised
	raiseFactor  = 1.1
	unlimited    = 1000 // calls a second; a raised rate beyond it is no limit
	rateSamples  = 64
	fewSamples   = 4 // fewer say nothing about the rate
	sampleWindow = 10 * time.Second
	shortestSpan = 250 * time.Millisecond
)

// pace bounds how many calls run side by side and how many start a second. Both bounds are lowered
// by a 429 and raised slowly by calls that went well. It is safe for concurrent use.
type pace struct {
	slots   *semaphore.Weighted
	workers int
	top     rate.Limit
	limiter *rate.Limiter

	mu      sync.Mutex
	held    int // slots taken out of use
	debt    int // slots to be taken out of use when their calls end
	good    int
	lowered time.Time
	until   time.Time // nobody calls before
	sent    []time.Time
}

func newPace(workers int, perSecond float64) *pace {
	top := rate.Inf
	if perSecond > 0 {
		top = rate.Limit(perSecond)
	}
	return &pace{
		slots: semaphore.NewWeighted(int64(workers)), workers: workers,
		top: top, limiter: rate.NewLimiter(top, 1),
	}
}

// enter waits for a free slot; the slot must be given back by leave.
func (p *pace) enter(ctx context.Context) error { return p.slots.Acquire(ctx, 1) }

func (p *pace) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.debt > 0 {
		p.debt--
		p.held++
		return
	}
	p.slots.Release(1)
}

// wait lets a call start when no pause is on and the rate allows it. It gives the time waited.
func (p *pace) wait(ctx context.Context) (time.Duration, error) {
	waited, err := p.pause(ctx)
	if err != nil {
		return waited, err
	}
	turn := p.limiter.Reserve()
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

// take counts a call that does not wait for its turn.
func (p *pace) take() {
	p.limiter.Reserve()
	p.note()
}

// note keeps the time of a call.
func (p *pace) note() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sent) == rateSamples {
		p.sent = append(p.sent[:0], p.sent[1:]...)
	}
	p.sent = append(p.sent, time.Now())
}

// paused reports whether a pause is on.
func (p *pace) paused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until) > 0
}

// pause waits while a pause is on.
func (p *pace) pause(ctx context.Context) (waited time.Duration, err error) {
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
func (p *pace) throttled(sent time.Time, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if until := now.Add(pause); until.After(p.until) {
		p.until = until
	}
	p.good = 0
	if sent.Before(p.lowered) {
		return
	}
	p.lowered = now
	p.limiter.SetLimit(max(slowest, min(p.limiter.Limit(), p.observed(now))/2))
	p.sent = p.sent[:0]
	if p.held+p.debt < p.workers-1 {
		p.debt++
	}
}

// observed gives the calls a second of the last seconds.
func (p *pace) observed(now time.Time) rate.Limit {
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

// succeeded counts a call that went well.
func (p *pace) succeeded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held+p.debt == 0 && p.limiter.Limit() == p.top {
		return
	}
	if p.good++; p.good < goodCalls {
		return
	}
	p.good = 0
	raised := p.limiter.Limit() * raiseFactor
	if raised >= min(p.top, unlimited) {
		raised = p.top
	}
	p.limiter.SetLimit(raised)
	switch {
	case p.debt > 0:
		p.debt--
	case p.held > 0:
		p.held--
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
