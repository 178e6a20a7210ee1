package sacsim

import (
	"context"
	"sync"
	"time"

	"sacbridge/internal/sacsim/service"
)

// schedule keeps the order of the modelled tenant: a fixed number of calls side by side, and the
// updates of one team one after another.
type schedule struct {
	slots chan struct{}

	mu         sync.Mutex
	lastUpdate map[string]chan struct{} // of each team; closed when it is done
}

func newSchedule(parallel int) *schedule {
	return &schedule{slots: make(chan struct{}, max(1, parallel)), lastUpdate: map[string]chan struct{}{}}
}

// queueForTeam takes a place in the team's line. The caller starts when ahead is closed and must call
// leave once.
func (s *schedule) queueForTeam(team string) (ahead <-chan struct{}, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, own := s.lastUpdate[team], make(chan struct{})
	if before == nil {
		before = make(chan struct{})
		close(before)
	}
	s.lastUpdate[team] = own
	return before, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(own)
		if s.lastUpdate[team] == own {
			delete(s.lastUpdate, team)
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
func (s *Server) timed(c *gatewayCall, run func() *answer) *answer {
	if !s.opts.Latency.waits() {
		a := run()
		c.account()
		return a
	}
	ctx := c.r.Context()
	select {
	case c.tenant.schedule.slots <- struct{}{}:
		defer func() { <-c.tenant.schedule.slots }()
	case <-ctx.Done():
		return &answer{breaks: breakHangup}
	case <-s.closing:
		return &answer{breaks: breakHangup}
	}
	a := run()
	cost := c.account()
	if !s.sleep(ctx, s.scaled(min(cost, s.opts.Latency.Timeout))) {
		return &answer{breaks: breakHangup}
	}
	if cost > s.opts.Latency.Timeout {
		return badGateway()
	}
	return a
}

// teamWrite lets the updates of one team wait for each other. The effect shows at the modelled end;
// a gateway that gave up, or a client that went away, does not stop the work. The work has an
// gatewayCall of its own, since it may outlive the request's; what it costs is asked again when its turn comes.
func (s *Server) teamWrite(c *gatewayCall, work service.Work) *answer {
	ahead, leave := c.tenant.schedule.queueForTeam(work.Team)
	job := *c
	request := job.tenantRequest()
	finished := make(chan *answer, 1)
	s.jobs.Go(func() {
		defer leave()
		select {
		case <-ahead:
		case <-s.closing:
			return
		}
		if now, ok := job.tenant.svc.TeamWork(job.r, job.body); ok {
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
		c.call = job.call
		return a
	case <-gateway.C:
		return badGateway()
	case <-c.r.Context().Done():
	case <-s.closing:
	}
	return &answer{breaks: breakHangup}
}
