package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"sacbridge/internal/upstream"
)

const (
	ordinaryTimeout = 60 * time.Second
	// slowTimeout lies beyond the tenant's own limit of five minutes for team writes.
	slowTimeout  = 330 * time.Second
	maxRedirects = 5
)

const headerCSRF = "X-Csrf-Token"

// attempt tries the call once, with whatever calls the session needs for it. waits is the context of
// everything but the call itself.
func (s *Session) attempt(ctx, waits context.Context, c *call, stale *login, n int) (*Response, *failure) {
	if err := s.limiter.enter(waits); err != nil {
		return nil, s.broken(waits, c, err, false)
	}
	defer s.limiter.leave()
	if err := c.permitted(); err != nil {
		return nil, c.notSent(err)
	}
	l, f := s.signIn(waits, c.Op, stale)
	if f != nil {
		return nil, f
	}
	csrf, opened, f := s.open(waits, l, c)
	if f != nil {
		return nil, f
	}
	return s.exchange(ctx, waits, l, c, csrf, opened, s.send, n)
}

// exchange sends the call and reads the answer.
func (s *Session) exchange(ctx, waits context.Context, l *login, c *call, csrf string, opened func(*openResponse), send sender, n int) (*Response, *failure) {
	resp, f := send(ctx, waits, l, c, csrf)
	opened(resp)
	if f != nil {
		return nil, f
	}
	got, f := s.receive(ctx, l, c, resp)
	s.log(ctx, c, resp, n)
	if f == nil {
		s.limiter.succeeded()
	}
	return got, f
}

// openResponse is an answer whose body is still to be read. Its owner closes it.
type openResponse struct {
	*http.Response
	begun  time.Time
	cancel context.CancelFunc
}

func (r *openResponse) close() {
	_ = r.Body.Close()
	r.cancel()
}

// send sends the call when its turn has come and gives the answer's header. The caller closes it.
func (s *Session) send(ctx, waits context.Context, l *login, c *call, csrf string) (*openResponse, *failure) {
	waited, err := s.limiter.wait(waits)
	s.stats.waited(waited)
	if err != nil {
		return nil, s.broken(waits, c, err, false)
	}
	return s.transmit(ctx, l, c, csrf)
}

// sendNow is send for a call whose turn came with the one before it; others wait the longer.
func (s *Session) sendNow(ctx, _ context.Context, l *login, c *call, csrf string) (*openResponse, *failure) {
	s.limiter.countWithoutWait()
	return s.transmit(ctx, l, c, csrf)
}

// transmit puts the call on the wire.
func (s *Session) transmit(ctx context.Context, l *login, c *call, csrf string) (*openResponse, *failure) {
	limited, cancel := context.WithTimeout(ctx, c.timeout())
	flight := &inFlight{
		count:      func() { s.stats.called(c.Method + " " + c.route) },
		permission: &permissionCheck{ask: c.permitted, cancel: cancel},
	}
	req, err := s.request(httptrace.WithClientTrace(limited, flight.trace()), l, c, csrf, flight.permission)
	if err != nil {
		cancel()
		return nil, &failure{Error: upstream.Error{Class: upstream.Refused, Op: c.Op, Err: withoutURL(err)}}
	}
	if err := c.permitted(); err != nil {
		cancel()
		return nil, c.notSent(err)
	}
	begun := time.Now()
	resp, err := l.client.Do(req) //nolint:bodyclose // whoever gets the open response closes it
	if refusal := flight.permission.refusal(); err != nil && refusal != nil {
		cancel()
		return nil, c.notSent(refusal)
	}
	flight.done()
	if err != nil {
		cancel()
		f := s.broken(ctx, c, l.redactError(withoutURL(err)), flight.maySent(err))
		s.logLost(ctx, c, begun, f)
		return nil, f
	}
	s.clock.note(resp)
	return &openResponse{Response: resp, begun: begun, cancel: cancel}, nil
}

func (s *Session) request(ctx context.Context, l *login, c *call, csrf string, g *permissionCheck) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, c.Method, c.url, nil)
	if err != nil {
		return nil, err
	}
	if c.body != nil {
		// The transport asks for the body again where it repeats a request of which nothing was written.
		req.ContentLength = int64(len(c.body))
		req.GetBody = func() (io.ReadCloser, error) {
			return &permissionCheckedBody{data: bytes.NewReader(c.body), permission: g}, nil
		}
		req.Body, _ = req.GetBody()
	}
	if c.Header != nil {
		req.Header = c.Header.Clone()
	}
	// The transport repeats a request by itself where it takes it for idempotent; writes are repeated
	// by nobody but the caller, who looks first.
	req.Header.Del("Idempotency-Key")
	req.Header.Del("X-Idempotency-Key")
	for name, value := range map[string]string{"Accept": "application/json", "Content-Type": "application/json"} {
		if req.Header.Get(name) == "" && (name == "Accept" || c.body != nil) {
			req.Header.Set(name, value)
		}
	}
	req.Header.Set("User-Agent", s.cfg.UserAgent)
	req.Header.Set("Authorization", "Bearer "+l.token)
	req.Header.Set("X-Sap-Sac-Custom-Auth", "true")
	req.Header.Del(headerCSRF)
	if csrf != "" {
		req.Header.Set(headerCSRF, csrf)
	}
	return req, nil
}

// redirect follows a GET within the host. A write is never redirected: most redirects would turn it
// into a GET. Elsewhere waits a login page, which the answer's reader recognises by the status.
func redirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	same := req.URL.Host == first.URL.Host && req.URL.Scheme == first.URL.Scheme
	if !same || first.Method != http.MethodGet || len(via) >= maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// inFlight watches one request on its way.
type inFlight struct {
	count      func()
	permission *permissionCheck
	seen       atomic.Bool // the transport reports: it is net/http's
	connected  atomic.Bool
	counted    atomic.Bool
}

func (f *inFlight) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { f.seen.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			f.connected.Store(true)
			f.permission.connected(info)
		},
		WroteHeaders: func() {
			f.counted.Store(true)
			f.count()
		},
	}
}

// done counts a request whose transport does not report.
func (f *inFlight) done() {
	if !f.seen.Load() && !f.counted.Load() {
		f.count()
	}
}

// maySent tells whether the failed request may have reached the tenant: unless no connection was made.
func (f *inFlight) maySent(err error) bool {
	if f.seen.Load() {
		return f.connected.Load()
	}
	return !isDial(err)
}

// withoutURL takes the URL, with ids and filters, out of an error of net/http.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// logLost writes the line of a call without an answer.
func (s *Session) logLost(ctx context.Context, c *call, begun time.Time, f *failure) {
	s.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "tenant call without an answer",
		slog.String("method", c.Method), slog.String("route", c.route), slog.String("class", string(f.Class)),
		slog.Duration("elapsed", time.Since(begun)))
}

// log writes the call's line: no ids, no names, no tokens.
func (s *Session) log(ctx context.Context, c *call, resp *openResponse, n int) {
	s.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "tenant call",
		slog.String("method", c.Method), slog.String("route", c.route), slog.Int("status", resp.StatusCode),
		slog.Duration("elapsed", time.Since(resp.begun)), slog.Int("attempt", n+1))
}
