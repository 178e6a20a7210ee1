package session

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/upstream"
)

func TestAWrongSecretIsSentOnce(t *testing.T) {
	t.Parallel()
	srv := newTenant(cf)
	s := open(t, srv, cf, func(c *Config) {
		c.Workers = 4
		c.ClientSecret = func() (string, error) { return "wrong-one", nil }
	})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := s.Do(t.Context(), read(users))
			if got := upstream.ClassOf(err); got != upstream.Credentials {
				t.Errorf("class %q of %v", got, err)
			}
		})
	}
	wg.Wait()
	if got := srv.total(); got != 1 {
		t.Errorf("got %d calls, want the one to the token service", got)
	}
}

func TestTheTokenCallGetsOneMoreTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newTenant(cf)
		var bad atomic.Int32
		srv.trap = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/oauth/token" || bad.Add(-1) < 0 {
				return false
			}
			w.Header().Set("Retry-After", "7")
			sendJSON(w, http.StatusServiceUnavailable, `{"error":"down"}`)
			return true
		}
		s := openDirect(t, srv)
		bad.Store(1)
		start := time.Now()
		must(t, s, read(users))
		if got := time.Since(start); got != 7*time.Second {
			t.Errorf("waited %v, want the 7s asked for", got)
		}
		bad.Store(2)
		s = openDirect(t, srv)
		e := failed(t, s, read(users))
		if e.Class != upstream.RetryLater || e.Status != http.StatusServiceUnavailable || e.RetryAfter != 7*time.Second {
			t.Errorf("got %+v", e)
		}
	})
}

func TestATokenIsRenewedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newTenant(cf)
		s := openDirect(t, srv)
		must(t, s, read(users))
		if err := wait(t.Context(), 3569*time.Second); err != nil {
			t.Fatal(err)
		}
		must(t, s, read(users))
		if got := srv.count("POST /oauth/token"); got != 1 {
			t.Errorf("got %d tokens before the end of the first, want 1", got)
		}
		if err := wait(t.Context(), 2*time.Second); err != nil {
			t.Fatal(err)
		}
		must(t, s, read(users))
		if got := srv.count("POST /oauth/token"); got != 2 {
			t.Errorf("got %d tokens, want 2", got)
		}
	})
}
