package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/upstream"
)

// ledger notes the calls below /Users in order, and answers some of them itself.
type ledger struct {
	*tenant
	mu    sync.Mutex
	calls []string
}

// keepLedger makes one; answer is given each call's number among those of its method, from 1.
func keepLedger(answer func(method string, n int, w http.ResponseWriter) bool) *ledger {
	l := &ledger{tenant: newTenant(cf)}
	l.trap = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, users) {
			return false
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return false // it was held back after its header: nothing of it takes effect
		}
		l.mu.Lock()
		l.calls = append(l.calls, r.Method)
		n := 0
		for _, m := range l.calls {
			if m == r.Method {
				n++
			}
		}
		l.mu.Unlock()
		return answer != nil && answer(r.Method, n, w)
	}
	return l
}

func (l *ledger) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// readThenPut is the work of a ReadThenWrite: a reading, and the write made from it.
func readThenPut(ctx context.Context) Prepare {
	return func(u *ReadThenWrite) (Request, error) {
		resp, err := u.Do(ctx, read(users+"/A"))
		if err != nil {
			return Request{}, fmt.Errorf("read before the write: %w", err)
		}
		return Request{Op: "put", Method: http.MethodPut, Path: users + "/A", Body: string(resp.Body)}, nil
	}
}

func TestAUnitBeginsAnewWithItsReading(t *testing.T) {
	t.Parallel()
	on := func(method string, n int, status int, header ...string) func(string, int, http.ResponseWriter) bool {
		return func(m string, k int, w http.ResponseWriter) bool {
			if m != method || k != n {
				return false
			}
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			sendJSON(w, status, `{}`)
			return true
		}
	}
	tests := map[string]struct {
		answer func(string, int, http.ResponseWriter) bool
		want   []string
	}{
		"all is well":                {nil, []string{"GET", "PUT"}},
		"the write is throttled":     {on("PUT", 1, 429, "Retry-After", "0"), []string{"GET", "PUT", "GET", "PUT"}},
		"the write is to come later": {on("PUT", 1, 503, "Retry-After", "0"), []string{"GET", "PUT", "GET", "PUT"}},
		"the session has ended":      {on("PUT", 1, 403), []string{"GET", "PUT", "GET", "PUT"}},
		"the token has ended":        {on("PUT", 1, 401), []string{"GET", "PUT", "GET", "PUT"}},
		"the reading is throttled":   {on("GET", 1, 429, "Retry-After", "0"), []string{"GET", "GET", "PUT"}},
		"the reading fails once":     {on("GET", 1, 502), []string{"GET", "GET", "PUT"}},
		"the write's end is unknown": {on("PUT", 1, 502), []string{"GET", "PUT"}},
		"the write is refused":       {on("PUT", 1, 400), []string{"GET", "PUT"}},
		"the reading finds nobody":   {on("GET", 1, 404), []string{"GET"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := keepLedger(test.answer)
			s := open(t, srv, cf, func(c *Config) { c.Workers = 1 })
			_, err := s.DoReadThenWrite(t.Context(), "op", always{}, readThenPut(t.Context()))
			if diff := cmp.Diff(srv.list(), test.want); diff != "" {
				t.Errorf("%v; calls (-got +want):\n%s", err, diff)
			}
			if _, classed := errors.AsType[*upstream.Error](err); err != nil && !classed {
				t.Errorf("got %v without a class", err)
			}
			must(t, s, read(users)) // the worker is free again
		})
	}
}

func TestAUnitSaysWhatPrepareSaid(t *testing.T) {
	t.Parallel()
	srv := keepLedger(func(_ string, _ int, w http.ResponseWriter) bool {
		sendJSON(w, http.StatusNotFound, `{}`)
		return true
	})
	s := open(t, srv, cf)
	_, err := s.DoReadThenWrite(t.Context(), "op", always{}, readThenPut(t.Context()))
	if upstream.ClassOf(err) != upstream.Gone || !strings.HasPrefix(err.Error(), "read before the write") {
		t.Errorf("got %v", err)
	}
	nothing := errors.New("nothing to do")
	if _, err = s.DoReadThenWrite(t.Context(), "op", always{}, func(*ReadThenWrite) (Request, error) { return Request{}, nothing }); !errors.Is(err, nothing) {
		t.Errorf("got %v", err)
	}
	if _, err = s.DoReadThenWrite(t.Context(), "op", nil, readThenPut(t.Context())); upstream.ClassOf(err) != upstream.Refused {
		t.Errorf("without a permission: %v", err)
	}
}

func TestARefusedPermissionAtAnyPointOfAUnitLeavesTheWriteUnsent(t *testing.T) {
	t.Parallel()
	points := 0
	for times := 0; ; times++ {
		srv := keepLedger(nil)
		p := allow(times)
		_, err := open(t, srv, cf).DoReadThenWrite(t.Context(), "op", p, readThenPut(t.Context()))
		if err == nil {
			points = times
			break
		}
		if upstream.ClassOf(err) != upstream.NotSent || slices.Contains(srv.list(), "PUT") || p.questions() != times+1 {
			t.Errorf("permitted %d times: %v, calls %v, asked %d times", times, err, srv.list(), p.questions())
		}
	}
	if points < 8 {
		t.Errorf("asked %d times, want it before CSRF token, reading and write, each more than once", points)
	}
}

func TestAStopDuringTheReadingLeavesTheWriteUnsent(t *testing.T) {
	t.Parallel()
	p := allow(unlimitedTimes)
	srv := keepLedger(func(string, int, http.ResponseWriter) bool {
		p.stop()
		return false
	})
	_, err := open(t, srv, cf).DoReadThenWrite(t.Context(), "op", p, readThenPut(t.Context()))
	if diff := cmp.Diff(srv.list(), []string{"GET"}); diff != "" || upstream.ClassOf(err) != upstream.NotSent {
		t.Errorf("%v; calls (-got +want):\n%s", err, diff)
	}
}

func TestAnOldReadingServesNoWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := keepLedger(nil)
		s := openDirect(t, srv)
		slow := true
		_, err := s.DoReadThenWrite(t.Context(), "op", permissionThat(func() {
			if slow && slices.Contains(srv.list(), "GET") {
				slow = false
				time.Sleep(2 * ReadingServes) //nolint:forbidigo // the process stands still, in false time
			}
		}), readThenPut(t.Context()))
		if diff := cmp.Diff(srv.list(), []string{"GET", "GET", "PUT"}); diff != "" || err != nil {
			t.Errorf("%v; calls (-got +want):\n%s", err, diff)
		}
	})
}

func TestTheAgeOfAReadingIsWhatEitherClockSays(t *testing.T) {
	t.Parallel()
	read := upstream.Moment{Wall: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Running: time.Hour}
	for name, c := range map[string]struct {
		wall, running time.Duration
		old           bool
	}{
		"a moment ago": {time.Second, time.Second, false},
		"long ago":     {time.Minute, time.Minute, true},
		"the machine slept, and the running clock": {time.Minute, time.Second, true},
		"the wall clock was set back":              {-time.Hour, time.Minute, true},
	} {
		now := func() upstream.Moment {
			return upstream.Moment{Wall: read.Wall.Add(c.wall), Running: read.Running + c.running}
		}
		if err := (&freshness{Permission: always{}, read: read, now: now}).Check(); (err != nil) != c.old {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !Outdated(upstream.Moment{}) || Outdated(upstream.Now()) {
		t.Error("what was never read is not outdated, or what was read just now is")
	}
}

func TestAPauseBetweenReadingAndWriteBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := keepLedger(nil)
		s := openDirect(t, srv)
		start, once := time.Now(), sync.Once{}
		_, err := s.DoReadThenWrite(t.Context(), "op", always{}, func(u *ReadThenWrite) (Request, error) {
			r, err := readThenPut(t.Context())(u)
			once.Do(func() { s.limiter.throttled(time.Now(), time.Minute) }) // somebody else's 429
			return r, err
		})
		if diff := cmp.Diff(srv.list(), []string{"GET", "GET", "PUT"}); diff != "" || err != nil {
			t.Errorf("%v; calls (-got +want):\n%s", err, diff)
		}
		if took := time.Since(start); took < time.Minute || took > 2*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

func TestNoCallComesBetweenReadingAndWrite(t *testing.T) {
	t.Parallel()
	srv := keepLedger(nil)
	s := open(t, srv, cf, func(c *Config) { c.Workers = 1 })
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			if _, err := s.DoReadThenWrite(t.Context(), "op", always{}, readThenPut(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	for i, method := range srv.list() {
		if want := []string{"GET", "PUT"}[i%2]; method != want {
			t.Fatalf("call %d is a %s, want %s: %v", i, method, want, srv.list())
		}
	}
}

// permissionThat is always given, after something has happened.
type permissionThat func()

func (f permissionThat) Check() error {
	f()
	return nil
}
func (permissionThat) Stopping() <-chan struct{} { return nil }
