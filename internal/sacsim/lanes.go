package sacsim

import (
	"context"
	"sync"
	"time"

	"sacbridge/internal/sacsim/service"
)

// lanes keep the order of the modelled tenant: a fixed number of calls side by side, and the
// updates of one team one after another.
type lanes struct {
	slots chan struct{}

	mu    sync.Mutex
	tails map[string]chan struct{} // the last update of a team; closed when it is done
}

func newLanes(parallel int) *lanes {
	return &lanes{slots: make(chan struct{}, max(1, parallel)), tails: map[string]chan struct{}{}}
}

// queue takes a place in the team's line. The caller starts when ahead is closed and must call
// leave once.
func (l *lanes) queue(team string) (ahead <-chan struct{}, leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, own := l.tails[team], make(chan struct{})
	if before == nil {
		before = make(chan struct{})
		close(before)
	}
	l.tails[team] = own
	return before, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		close(own)
		if l.tails[team] == own {
			delete(l.tails, team)
		}
	}
}

// model is the profile that counts: the chosen one, or real where nothing waits.
func (s *Server) model() Latency {
	if s.opts.Latency.waits() {
		return s.opts.Latency
	}
	return Real()
}

// scaled is the real time of modelled seconds.
func (s *Server) scaled(modelled float64) time.Duration { return seconds(modelled / s.opts.Speed) }

// sleep waits unless the context ends or the server closes; it tells whether it waited in full.
func (s *Server) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closing:
	}
	return false
}

// timed answers a call at once and sends the answer when the tenant would have it ready: after a
// free slot and the modelled time. The gateway gives up after the profile's timeout; the effect
// stays.
func (s *Server) timed(x *exchange, run func() *answer) *answer {
	if !s.opts.Latency.waits() {
		a := run()
		x.account()
		return a
	}
	ctx := x.r.Context()
	select {
	case x.w.lanes.slots <- struct{}{}:
		defer func() { <-x.w.lanes.slots }()
	case <-ctx.Done():
		return &answer{cut: cutHangup}
	case <-s.closing:
		return &answer{cut: cutHangup}
	}
	a := run()
	cost := x.account()
	if !s.sleep(ctx, s.scaled(min(cost, s.opts.Latency.Timeout))) {
		return &answer{cut: cutHangup}
	}
	if cost > s.opts.Latency.Timeout {
		return badGateway()
	}
	return a
}

// teamWrite lets the updates of one team wait for each other. The effect shows at the modelled end;
// a gateway that gave up, or a client that went away, does not stop the work. The work has an
// exchange of its own, since it may outlive the request's; what it costs is asked again when its turn comes.
func (s *Server) teamWrite(x *exchange, work service.Work) *answer {
	ahead, leave := x.w.lanes.queue(work.Team)
	job := *x
	request := job.tenantRequest()
	finished := make(chan *answer, 1)
	s.jobs.Go(func() {
		defer leave()
		select {
		case <-ahead:
		case <-s.closing:
			return
		}
		if now, ok := job.w.svc.TeamWork(job.r, job.body); ok {
			work = now
		}
		if s.sleep(request.Context(), s.scaled(s.model().Seconds(work))) {
			a := job.run(request)
			job.account()
			finished <- a
		}
	})
	gateway := time.NewTimer(s.scaled(s.opts.Latency.Timeout))
	defer gateway.Stop()
	select {
	case a := <-finished:
		x.call = job.call
		return a
	case <-gateway.C:
		return badGateway()
	case <-x.r.Context().Done():
	case <-s.closing:
	}
	return &answer{cut: cutHangup}
}
