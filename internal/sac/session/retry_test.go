package session

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/upstream"
)

// onUsers answers calls below /Users by the function, counted from 1; false lets the tenant answer.
func onUsers(f func(n int, w http.ResponseWriter, r *http.Request) bool) (*tenant, *atomic.Int32) {
	srv, n := newTenant(cf), new(atomic.Int32)
	srv.trap = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, users) || r.Header.Get(headerCSRF) == "fetch" && r.URL.Query().Get("count") == "1" {
			return false
		}
		return f(int(n.Add(1)), w, r)
	}
	return srv, n
}

// hangUp drops the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func status(code int, body string, header ...string) func(int, http.ResponseWriter, *http.Request) bool {
	return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		sendJSON(w, code, body)
		return true
	}
}

func TestWhatIsRepeatedAndWhatIsNot(t *testing.T) {
	t.Parallel()
	html := func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		sendPage(w, http.StatusOK, "Welcome")
		return true
	}
	drop := func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		hangUp(w)
		return true
	}
	cutShort := func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"a":`)
		return true
	}
	tests := []struct {
		name   string
		answer func(int, http.ResponseWriter, *http.Request) bool
		read   upstream.Class
		reads  int32
		write  upstream.Class
		writes int32
	}{
		// net/http repeats a GET by itself, once, when a connection that was used before fails.
		{"a dropped socket", drop, upstream.RetryNow, 5, upstream.Unknown, 1},
		{"an answer cut short", cutShort, upstream.RetryNow, 4, upstream.Unknown, 1},
		{"half a JSON value", status(200, `{"a":`), upstream.RetryNow, 4, upstream.Unknown, 1},
		{"502", status(502, `{}`), upstream.RetryLater, 4, upstream.Unknown, 1},
		{"504", status(504, `{}`), upstream.RetryLater, 4, upstream.Unknown, 1},
		{"500", status(500, `{}`), upstream.RetryLater, 4, upstream.Unknown, 1},
		{"503 without a time", status(503, `{}`), upstream.RetryLater, 4, upstream.Unknown, 1},
		{"503 with a time", status(503, `{}`, "Retry-After", "0"), upstream.RetryLater, 4, upstream.RetryLater, 4},
		{"501", status(501, `{}`), upstream.RetryLater, 1, upstream.RetryLater, 1},
		{"401 for good", status(401, `{}`), upstream.Credentials, 3, upstream.Credentials, 3},
		{"403 for good", status(403, `{}`), upstream.Credentials, 3, upstream.Credentials, 3},
		{"a web page with 200", html, upstream.RetryLater, 2, upstream.Unknown, 1},
		{"a redirect elsewhere", status(302, ``, "Location", "https://login.example/?token=abc"), upstream.RetryLater, 2, upstream.RetryLater, 2},
		{"400", status(400, `{}`), upstream.Refused, 1, upstream.Refused, 1},
		{"404", status(404, `{}`), upstream.Gone, 1, upstream.Gone, 1},
		{"409", status(409, `{}`), upstream.Conflict, 1, upstream.Conflict, 1},
		{"202, which is not documented", status(202, `{}`), upstream.Refused, 1, upstream.Unknown, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv, n := onUsers(test.answer)
			s := open(t, srv, cf)
			must(t, s, Request{Path: "/api/v1/scim/Groups"}) // so that the connection is not new
			if e := failed(t, s, read(users+"/A")); e.Class != test.read || n.Load() != test.reads {
				t.Errorf("read: got %q after %d calls, want %q after %d: %v", e.Class, n.Load(), test.read, test.reads, e)
			}
			n.Store(0)
			if e := failed(t, s, write()); e.Class != test.write || n.Load() != test.writes {
				t.Errorf("write: got %q after %d calls, want %q after %d: %v", e.Class, n.Load(), test.write, test.writes, e)
			}
			if got, want := s.Stats().Calls, srv.total(); got != want {
				t.Errorf("Stats counts %d calls, the tenant saw %d", got, want)
			}
		})
	}
}

func TestEveryWriteOverADyingConnectionIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			srv, n := onUsers(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				hangUp(w)
				return true
			})
			s := open(t, srv, cf)
			r := Request{Method: method, Path: users + "/A", Permission: always{}, Header: http.Header{"Idempotency-Key": {"1"}}}
			if method != http.MethodDelete {
				r.Body = map[string]string{}
			}
			if e := failed(t, s, r); e.Class != upstream.Unknown || e.Unreachable {
				t.Errorf("got %q, unreachable %v", e.Class, e.Unreachable)
			}
			if n.Load() != 1 {
				t.Errorf("the write was sent %d times", n.Load())
			}
		})
	}
}

func TestARequestGoesOnAfterPassingTrouble(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(func(n int, w http.ResponseWriter, _ *http.Request) bool {
		switch n {
		case 1:
			hangUp(w)
		case 2:
			sendJSON(w, http.StatusBadGateway, `{}`)
		case 3:
			sendPage(w, http.StatusOK, "Maintenance")
		default:
			return false
		}
		return true
	})
	s := open(t, srv, cf)
	resp := must(t, s, read(users))
	// The first repetition is net/http's own, over a new connection.
	if got := string(resp.Body); got != `{"ok":true}` || n.Load() != 4 || s.Stats().Retries != 2 {
		t.Errorf("got %s after %d calls, %+v", got, n.Load(), s.Stats())
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		header func() string
		want   time.Duration
	}{
		{"429 with seconds", 429, func() string { return "12" }, 12 * time.Second},
		{"429 with a date", 429, func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) }, 90 * time.Second},
		{"429 without a time", 429, func() string { return "" }, 5 * time.Second},
		{"429 with nonsense", 429, func() string { return "soon" }, 5 * time.Second},
		{"429 with a very long time", 429, func() string { return "86400" }, 5 * time.Minute},
		{"429 with no time at all does not spin", 429, func() string { return "0" }, 500 * time.Millisecond},
		{"503 with seconds", 503, func() string { return "3" }, 3 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, _ := onUsers(func(n int, w http.ResponseWriter, _ *http.Request) bool {
					if n > 1 {
						return false
					}
					if v := test.header(); v != "" {
						w.Header().Set("Retry-After", v)
					}
					sendJSON(w, test.status, `{}`)
					return true
				})
				s := openDirect(t, srv)
				start := time.Now()
				must(t, s, write())
				if got := time.Since(start); got != test.want {
					t.Errorf("waited %v, want %v", got, test.want)
				}
				if got := s.Stats().Waited; got != test.want {
					t.Errorf("Stats has waited %v, want %v", got, test.want)
				}
			})
		})
	}
}

func TestThrottlingIsNoErrorButEndsSomeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, n := onUsers(status(429, `{}`, "Retry-After", "60"))
		s := openDirect(t, srv)
		start := time.Now()
		e := failed(t, s, write())
		if e.Class != upstream.RetryLater || e.RetryAfter != time.Minute {
			t.Errorf("got %+v", e)
		}
		if took := time.Since(start); n.Load() != 16 || took != 15*time.Minute {
			t.Errorf("gave up after %d tries and %v, want 16 and 15m", n.Load(), took)
		}
	})
}

func TestACallTakesNoLongerThanItsTimeout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		slow bool
		want time.Duration
	}{{false, time.Minute}, {true, 330 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			srv, n := onUsers(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
				<-r.Context().Done()
				return true
			})
			s := openDirect(t, srv)
			r := write()
			r.Slow = test.slow
			start := time.Now()
			e := failed(t, s, r)
			if got := time.Since(start); e.Class != upstream.Unknown || got != test.want || n.Load() != 1 {
				t.Errorf("got %q after %v and %d calls", e.Class, got, n.Load())
			}
			if !strings.Contains(e.Error(), "no answer within "+test.want.String()) {
				t.Errorf("got %q", e)
			}
		})
	}
}

func TestACancelledCallSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, n := onUsers(status(429, `{}`, "Retry-After", "60"))
		s := openDirect(t, srv)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := s.Do(ctx, read(users))
		if upstream.ClassOf(err) != upstream.Cancelled || !errors.Is(err, context.DeadlineExceeded) || n.Load() != 1 {
			t.Errorf("got %v after %d calls", err, n.Load())
		}
	})
}

func TestAWriteCancelledUnderWaySaysThatItMayHaveTakenEffect(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	srv, _ := onUsers(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
		return true
	})
	_, err := open(t, srv, cf).Do(ctx, write())
	if upstream.ClassOf(err) != upstream.Cancelled || !strings.Contains(err.Error(), "may have taken effect") {
		t.Errorf("got %v", err)
	}
}

func TestAnAcceptedStatusComesBack(t *testing.T) {
	t.Parallel()
	r := read(users + "/A")
	r.Accept = []int{404, 401}
	srv, _ := onUsers(status(404, `{"detail":"no such user"}`))
	s := open(t, srv, cf)
	if got := must(t, s, r); got.Status != 404 || string(got.Body) != `{"detail":"no such user"}` {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
	srv, _ = onUsers(status(401, `{}`))
	if got := failed(t, open(t, srv, cf), r); got.Class != upstream.Credentials {
		t.Errorf("401: got %v", got)
	}
	r.Path = "/api/v1/scim2/Users"
	if got := failed(t, s, r); got.Class != upstream.Refused || !errors.Is(got, ErrNoRoute) || got.Detail != "Requested route does not exist" {
		t.Errorf("missing route: got %+v", got)
	}
}

func TestANotFoundPageIsTrustedOnlyFromATenantThatHasAnswered(t *testing.T) {
	t.Parallel()
	srv, _ := onUsers(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		sendPage(w, http.StatusNotFound, "nginx")
		return true
	})
	s := open(t, srv, cf)
	r := read(users + "/A")
	r.Accept = []int{404}
	if e := failed(t, s, r); !e.Unreachable || e.Class != upstream.Refused || !strings.Contains(e.Error(), `"nginx"`) {
		t.Errorf("got %+v", e)
	}
	must(t, s, read("/api/v1/scim/Groups"))
	if got := must(t, s, r).Status; got != 404 {
		t.Errorf("got %d", got)
	}
}

func TestWhatWasNotSentIsRepeated(t *testing.T) {
	t.Parallel()
	srv := newTenant(cf)
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	var dials atomic.Int32
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if n := dials.Add(1); n == 3 || n == 4 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	s := openAt(t, web.URL, cf, func(c *Config) { c.Transport = transport })
	must(t, s, write()) // dials: token, CSRF, twice in vain, the write
	if got := srv.count("POST " + users); got != 1 || dials.Load() != 5 {
		t.Errorf("got %d writes and %d dials, want 1 and 5", got, dials.Load())
	}
	if got := s.Stats(); got.Calls != 3 || got.Retries != 2 {
		t.Errorf("got %+v", got)
	}
}
