package sacsim

import (
	"net/http"
	"testing"
	"time"
)

func TestSessionsOfAClientWithoutAJarStayBounded(t *testing.T) {
	t.Parallel()
	v, now := newSessionStore(), time.Unix(0, 0)
	access := v.issue(now, time.Hour).value
	key := sessionKey{suffix: "X", token: access, now: now}
	bare := &http.Request{Header: http.Header{}}
	var last session
	for range 3 * maxSessions {
		last, _ = v.open(bare, key)
	}
	if len(v.sessions) != maxSessions || len(v.order) > 2*maxSessions {
		t.Errorf("%d sessions in an order of %d, want %d", len(v.sessions), len(v.order), maxSessions)
	}
	r := &http.Request{Header: http.Header{}}
	r.AddCookie(&http.Cookie{Name: cookieApp, Value: "any"})
	r.AddCookie(&http.Cookie{Name: cookieTenant + "X", Value: last.tenant})
	if _, ok := v.lookup(r, key); !ok {
		t.Error("the newest session is gone")
	}
	for range 3 * maxSessions {
		v.open(bare, key)
		v.expire(access)
	}
	if len(v.sessions) != 0 || len(v.order) > 2*maxSessions {
		t.Errorf("%d sessions in an order of %d after they ended", len(v.sessions), len(v.order))
	}
}

func TestExpiredTokensAreDropped(t *testing.T) {
	t.Parallel()
	v, now := newSessionStore(), time.Unix(0, 0)
	v.issue(now, time.Minute)
	late := v.issue(now.Add(time.Minute), time.Minute)
	if len(v.tokens) != 1 || !v.valid(late.value, now.Add(time.Minute)) {
		t.Errorf("%d tokens are kept, want the valid one", len(v.tokens))
	}
}
