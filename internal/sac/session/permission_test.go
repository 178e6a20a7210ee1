package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/upstream"
)

var errRefused = errors.New("the lease is lost")

// allowance is a permission that is given so many times and then refused for good.
type allowance struct {
	mu    sync.Mutex
	left  int
	asked int
	over  chan struct{}
}

func allow(times int) *allowance { return &allowance{left: times, over: make(chan struct{})} }

func (a *allowance) Check() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	if a.left == 0 {
		a.end()
		return errRefused
	}
	a.left--
	return nil
}

func (a *allowance) Stopping() <-chan struct{} { return a.over }

// stop refuses from now on.
func (a *allowance) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left = 0
	a.end()
}

func (a *allowance) end() {
	select {
	case <-a.over:
	default:
		close(a.over)
	}
}

func (a *allowance) questions() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

const unlimitedTimes = 1 << 30

// arrivals counts the requests below /Users that reached the tenant whole.
type arrivals struct {
	*tenant
	whole atomic.Int32
}

func countArrivals() *arrivals {
	a := &arrivals{tenant: newTenant(cf)}
	a.trap = func(_ http.ResponseWriter, r *http.Request) bool {
		if _, err := io.Copy(io.Discard, r.Body); err == nil && strings.HasPrefix(r.URL.Path, users) {
			a.whole.Add(1)
		}
		return false
	}
	return a
}

// serve puts the tenant behind HTTP/1 or, with TLS, HTTP/2.
func (a *arrivals) serve(t *testing.T, http2 bool) *Session {
	t.Helper()
	srv := httptest.NewUnstartedServer(a)
	srv.EnableHTTP2 = http2
	if http2 {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return openAt(t, srv.URL, cf, func(c *Config) {
		if http2 {
			c.RootCAs = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		}
	})
}

func TestARefusedPermissionAtAnyPointLeavesNothingOnTheWire(t *testing.T) {
	t.Parallel()
	requests := map[string]Request{
		"a small POST": {Method: http.MethodPost, Path: users, Body: "small"},
		"a large PUT":  {Method: http.MethodPut, Path: users + "/A", Body: strings.Repeat("large ", 200_000)},
		"a DELETE":     {Method: http.MethodDelete, Path: users + "/A"},
		"a GET":        {Method: http.MethodGet, Path: users + "/A"},
	}
	for name, r := range requests {
		for _, http2 := range []bool{false, true} {
			for _, warm := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, HTTP/2 %v, used before %v", name, http2, warm), func(t *testing.T) {
					t.Parallel()
					points := sendUnder(t, r, http2, warm, unlimitedTimes)
					if points < 3 {
						t.Fatalf("asked %d times, want at the start, before the send and at the connection", points)
					}
					for n := range points {
						sendUnder(t, r, http2, warm, n)
					}
				})
			}
		}
	}
}

// sendUnder makes one call under a permission for so many questions and gives how often it was asked.
func sendUnder(t *testing.T, r Request, http2, warm bool, times int) int {
	t.Helper()
	srv := countArrivals()
	s := srv.serve(t, http2)
	if warm {
		must(t, s, write())
		srv.whole.Store(0)
	}
	p := allow(times)
	r.Permission = p
	_, err := s.Do(t.Context(), r)
	if times == unlimitedTimes {
		if err != nil || srv.whole.Load() != 1 {
			t.Fatalf("permitted: %d arrived, %v", srv.whole.Load(), err)
		}
		return p.questions()
	}
	if upstream.ClassOf(err) != upstream.NotSent || !errors.Is(err, errRefused) {
		t.Errorf("permitted %d times: %v, want not sent", times, err)
	}
	if got := srv.whole.Load(); got != 0 {
		t.Errorf("permitted %d times: %d requests arrived", times, got)
	}
	if got := p.questions(); got != times+1 {
		t.Errorf("permitted %d times: asked %d times, want no further try", times, got)
	}
	must(t, s, write()) // the session can be used on
	return 0
}

func TestAProcessStoppedWhileDiallingSendsNothing(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		srv := countArrivals()
		web := httptest.NewServer(srv)
		p := allow(unlimitedTimes)
		var dials atomic.Int32
		s := openAt(t, web.URL, cf, func(c *Config) {
			c.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) == 3 { // after token and CSRF token
					p.stop()
				}
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			}}
		})
		_, err := s.Do(t.Context(), Request{Method: method, Path: users + "/A", Permission: p})
		if upstream.ClassOf(err) != upstream.NotSent || srv.whole.Load() != 0 || dials.Load() != 3 {
			t.Errorf("%s: %v after %d dials, %d arrived", method, err, dials.Load(), srv.whole.Load())
		}
		web.Close()
	}
}

func TestARefusalIsNoAnswerOfTheTenant(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(status(429, `{}`, "Retry-After", "0"))
	s := open(t, srv, cf)
	r := write()
	p := allow(6)
	r.Permission = p
	if e := failed(t, s, r); e.Class != upstream.NotSent || e.Status != 0 || e.RetryAfter != 0 || n.Load() != 1 {
		t.Errorf("%+v after %d sends", e, n.Load())
	}
}

func TestEveryRepeatedSendAsksAgain(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(int, http.ResponseWriter, *http.Request) bool{
		"429":           status(429, `{}`, "Retry-After", "0"),
		"503":           status(503, `{}`, "Retry-After", "0"),
		"401":           status(401, `{}`),
		"a redirection": status(302, ``, "Location", "https://login.example/"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := allow(unlimitedTimes)
			srv, n := onUsers(func(n int, w http.ResponseWriter, r *http.Request) bool {
				p.stop()
				return answer(n, w, r)
			})
			r := write()
			r.Permission = p
			e := failed(t, open(t, srv, cf), r)
			if e.Class != upstream.NotSent || n.Load() != 1 {
				t.Errorf("%v after %d sends, want one", e, n.Load())
			}
		})
	}
}

func TestWaitsEndAtOnceWhenTheRunStops(t *testing.T) {
	t.Parallel()
	const stopAfter = 7 * time.Second
	waits := map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request) bool
		setup  func(c *Config)
	}{
		"Retry-After of a 429": {answer: status(429, `{}`, "Retry-After", "60")},
		"Retry-After of a 503": {answer: status(503, `{}`, "Retry-After", "60")},
		"the rate":             {setup: func(c *Config) { c.PerSecond = 0.02 }},
		"the back-off":         {answer: status(401, `{}`), setup: func(c *Config) { c.Backoff = time.Minute }},
	}
	for name, test := range waits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newTenant(cf)
				if test.answer != nil {
					srv, _ = onUsers(test.answer)
				}
				setup := func(*Config) {}
				if test.setup != nil {
					setup = test.setup
				}
				s, p := openDirect(t, srv, setup), allow(unlimitedTimes)
				time.AfterFunc(stopAfter, p.stop)
				start := time.Now()
				r := write()
				r.Permission = p
				if e := failed(t, s, r); e.Class != upstream.NotSent || !errors.Is(e, errRefused) {
					t.Errorf("got %v", e)
				}
				if took := time.Since(start); took != stopAfter {
					t.Errorf("ended after %v, want %v", took, stopAfter)
				}
			})
		})
	}
}

func TestAStopWhileWaitingForAWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		srv, n := onUsers(func(_ int, _ http.ResponseWriter, _ *http.Request) bool {
			<-release
			return false
		})
		s := openDirect(t, srv, func(c *Config) { c.Workers = 1 })
		var busy sync.WaitGroup
		busy.Go(func() { must(t, s, write()) })
		synctest.Wait()
		p := allow(unlimitedTimes)
		time.AfterFunc(time.Second, p.stop)
		r := write()
		r.Permission = p
		if e := failed(t, s, r); e.Class != upstream.NotSent || n.Load() != 1 {
			t.Errorf("got %v after %d sends", e, n.Load())
		}
		close(release)
		busy.Wait()
	})
}

func TestWhatIsOnTheWireIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := allow(unlimitedTimes)
		srv, n := onUsers(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			p.stop()
			time.Sleep(30 * time.Second) //nolint:forbidigo // the tenant takes its time, in a bubble of false time
			sendJSON(w, http.StatusOK, `{"done":true}`)
			return true
		})
		r := write()
		r.Permission = p
		start := time.Now()
		if got := must(t, openDirect(t, srv), r); string(got.Body) != `{"done":true}` || n.Load() != 1 {
			t.Errorf("got %s after %d sends", got.Body, n.Load())
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestAWriteWithoutAPermissionIsNotMade(t *testing.T) {
	t.Parallel()
	srv := countArrivals()
	r := write()
	r.Permission = nil
	if e := failed(t, srv.serve(t, false), r); e.Class != upstream.Refused || srv.total() != 0 {
		t.Errorf("%v after %d calls", e, srv.total())
	}
}
