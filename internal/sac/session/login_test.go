package session

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/upstream"
)

const users = "/api/v1/scim/Users"

func TestFirstCallsAskForNoMoreThanTheyNeed(t *testing.T) {
	t.Parallel()
	get, post := read(users), write()
	search := Request{Op: "search", Method: http.MethodPost, Path: users + "/.search", Read: true}
	tests := []struct {
		name     string
		platform string
		calls    []Request
		want     map[string]int
	}{
		{"CF reads need no CSRF token", cf, []Request{get, get}, map[string]int{"POST /oauth/token": 1, "GET " + users: 2}},
		{
			"CF writes fetch it once from its own path", cf,
			[]Request{get, post, post},
			map[string]int{"POST /oauth/token": 1, "GET /api/v1/csrf fetch": 1, "GET " + users: 1, "POST " + users: 2},
		},
		{
			"a search is a POST and needs it too", cf,
			[]Request{search},
			map[string]int{"POST /oauth/token": 1, "GET /api/v1/csrf fetch": 1, "POST " + users + "/.search": 1},
		},
		{
			"NEO takes it from the first read", neo,
			[]Request{get, get, post},
			map[string]int{"POST /oauth/token": 1, "GET " + users + " fetch": 1, "GET " + users: 1, "POST " + users: 1},
		},
		{
			"NEO reads one user before a write that comes first", neo,
			[]Request{post, get},
			map[string]int{"POST /oauth/token": 1, "GET " + users + " fetch": 1, "GET " + users: 1, "POST " + users: 1},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := newTenant(test.platform)
			s := open(t, srv, test.platform)
			for _, r := range test.calls {
				must(t, s, r)
			}
			if diff := cmp.Diff(srv.calls, test.want); diff != "" {
				t.Errorf("calls (-got +want):\n%s", diff)
			}
			if len(srv.faults) != 0 {
				t.Errorf("faults: %v", srv.faults)
			}
			if got, want := s.Stats().Calls, srv.total(); got != want {
				t.Errorf("Stats counts %d calls, the tenant saw %d", got, want)
			}
		})
	}
}

func TestABurstOfFirstCallsSharesOneTokenAndOneCSRFToken(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{cf, neo} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			srv := newTenant(platform)
			s := open(t, srv, platform, func(c *Config) { c.Workers = 16 })
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					r := read(users)
					if i%2 == 0 {
						r = write()
					}
					if _, err := s.Do(t.Context(), r); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			fetches := srv.count("GET /api/v1/csrf fetch") + srv.count("GET "+users+" fetch")
			if tokens := srv.count("POST /oauth/token"); tokens != 1 || fetches != 1 {
				t.Errorf("got %d tokens and %d CSRF tokens, want one of each", tokens, fetches)
			}
			if posts := srv.count("POST " + users); posts != 25 {
				t.Errorf("got %d writes, want 25: none should be refused", posts)
			}
		})
	}
}

func TestARevokedTokenIsRenewedOnceForAllWorkers(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{cf, neo} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			srv := newTenant(platform)
			s := open(t, srv, platform, func(c *Config) { c.Workers = 8 })
			var done atomic.Int32
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for i := range 25 {
						r := read(users)
						if i%2 == 0 {
							r = write()
						}
						if _, err := s.Do(t.Context(), r); err != nil {
							t.Error(err)
						}
						if done.Add(1) == 100 {
							srv.revoke()
						}
					}
				})
			}
			wg.Wait()
			fetches := srv.count("GET /api/v1/csrf fetch") + srv.count("GET "+users+" fetch")
			if tokens := srv.count("POST /oauth/token"); tokens != 2 || fetches > 2 {
				t.Errorf("got %d tokens and %d CSRF tokens, want 2 and at most 2", tokens, fetches)
			}
			if got, want := s.Stats().Calls, srv.total(); got != want {
				t.Errorf("Stats counts %d calls, the tenant saw %d", got, want)
			}
		})
	}
}

func TestAnEndedSessionIsOpenedAnewForAWrite(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{cf, neo} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			srv := newTenant(platform)
			s := open(t, srv, platform)
			must(t, s, write())
			srv.mu.Lock()
			clear(srv.owners) // the session times out, the token does not
			srv.mu.Unlock()
			must(t, s, write())
			if got := srv.count("POST /oauth/token"); got != 2 {
				t.Errorf("got %d tokens, want 2", got)
			}
			if got := srv.count("POST " + users); got != 3 {
				t.Errorf("got %d writes, want 3: the good, the refused and its repetition", got)
			}
		})
	}
}

func TestATenantWithoutCSRFTokensIsWrittenToWithoutOne(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/oauth/token":
			sendJSON(w, http.StatusOK, `{"access_token":"abcdef","expires_in":60}`)
		case r.Method == http.MethodPost:
			if _, ok := r.Header[headerCSRF]; ok {
				t.Error("an empty CSRF header was sent")
			}
			posts.Add(1)
			sendJSON(w, http.StatusCreated, `{}`)
		}
	}), cf)
	must(t, s, write())
	must(t, s, write())
	if got := posts.Load(); got != 2 {
		t.Errorf("got %d writes, want 2", got)
	}
}

func TestTheBodyGoesOutUnchangedAtEveryTry(t *testing.T) {
	t.Parallel()
	srv := newTenant(cf)
	var bodies []string
	srv.trap = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != users {
			return false
		}
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		bodies = append(bodies, b.String())
		if len(bodies) == 1 {
			sendJSON(w, http.StatusUnauthorized, `{}`)
			return true
		}
		return false
	}
	r := write()
	r.Body = map[string]string{"name": "R&D <x>"}
	must(t, open(t, srv, cf), r)
	if diff := cmp.Diff(bodies, []string{`{"name":"R&D <x>"}`, `{"name":"R&D <x>"}`}); diff != "" {
		t.Errorf("bodies (-got +want):\n%s", diff)
	}
}

func TestTheCSRFPathSaysNothingAboutTheEntity(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		body   string
		want   upstream.Class
	}{
		{404, `{"detail":"not found"}`, upstream.Refused},
		{404, "404 Not Found: Requested route does not exist.", upstream.Refused},
		{409, `{}`, upstream.Refused},
		{502, `{}`, upstream.RetryLater},
		{401, `{}`, upstream.Credentials},
	} {
		srv := newTenant(cf)
		srv.trap = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/api/v1/csrf" {
				return false
			}
			sendJSON(w, test.status, test.body)
			return true
		}
		e := failed(t, open(t, srv, cf), write())
		if e.Class != test.want || errors.Is(e, ErrNoRoute) || srv.count("POST "+users) != 0 {
			t.Errorf("%d %s: got %q: %v", test.status, test.body, e.Class, e)
		}
	}
}

func TestACallThatWaitsForAnotherCanBeCancelled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stuck string // the path that does not answer
		workers     int
	}{
		{"while the other obtains the token", "/oauth/token", 4},
		{"while the other fetches the CSRF token", "/api/v1/csrf", 4},
		{"while the other holds the only worker", users, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				srv := newTenant(cf)
				srv.trap = func(_ http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == test.stuck {
						<-release
					}
					return false
				}
				s := openDirect(t, srv, func(c *Config) { c.Workers = test.workers })
				var wg sync.WaitGroup
				wg.Go(func() {
					if _, err := s.Do(t.Context(), write()); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := s.Do(ctx, write())
				if got := time.Since(start); upstream.ClassOf(err) != upstream.Cancelled || got != time.Second {
					t.Errorf("got %v after %v", err, got)
				}
				close(release)
				wg.Wait()
			})
		})
	}
}
