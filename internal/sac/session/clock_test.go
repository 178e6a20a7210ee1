package session

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheTenantsClockFollowsItsNewestAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Hour
		srv, _ := onUsers(func(n int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			switch n {
			case 2:
				sendPage(w, http.StatusOK, "a proxy, whose clock is no matter")
			case 3:
				w.Header().Set("Date", "yesterday")
				sendJSON(w, http.StatusOK, `{}`)
			default:
				sendJSON(w, http.StatusNotFound, `{}`)
			}
			return true
		})
		s := openDirect(t, srv)
		if at, ok := s.Clock(time.Now()); ok {
			t.Errorf("told %v before any answer", at)
		}
		_ = failed(t, s, read(users)) // its Date is what matters
		seen := time.Now()
		ahead = 0
		time.Sleep(90 * time.Second) //nolint:forbidigo // false time
		must(t, s, read(users))
		if at, ok := s.Clock(time.Now()); !ok || !at.Equal(seen.Add(90*time.Second+time.Hour)) {
			t.Errorf("got %v, want an hour ahead", at)
		}
		if at, _ := s.Clock(seen.Add(-time.Minute)); !at.Equal(seen.Add(59 * time.Minute)) {
			t.Errorf("a minute before: got %v", at)
		}
		_ = failed(t, s, read(users)) // its Date is what matters
		if at, _ := s.Clock(time.Now()); time.Until(at).Abs() > time.Second {
			t.Errorf("got %v, want what the newest answer tells", at)
		}
	})
}
