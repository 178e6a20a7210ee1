package sacsim_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/sacsim"
)

// faulty gives a logged-on client of a simulator with the rules activeRule after the login.
func faulty(t *testing.T, rules string) *client {
	t.Helper()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__faults", rules)
	return c
}

// exists tells whether v1 shows the user.
func exists(c *client, id string) bool {
	c.t.Helper()
	c.control("/__faults", "[]")
	return c.call(http.MethodGet, usersV1+"/"+id, "").status == http.StatusOK
}

func TestFaultStatus(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		rule   string
		status int
		after  string
	}{
		"503 with Retry-After unless given": {`[{"action":"status"}]`, http.StatusServiceUnavailable, "1"},
		"another status without":            {`[{"action":"status","status":500}]`, http.StatusInternalServerError, ""},
		"another status with":               {`[{"action":"status","status":502,"retryAfter":9}]`, http.StatusBadGateway, "9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := faulty(t, one.rule)
			got := c.call(http.MethodPost, usersV1, newUser("NEW1"))
			wantStatus(t, got, one.status)
			if after := got.header.Get("Retry-After"); after != one.after {
				t.Errorf("Retry-After = %q, want %q", after, one.after)
			}
			if exists(c, "NEW1") {
				t.Error("the write took effect")
			}
		})
	}
}

func TestFaultHangup(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"action":"hangup"}]`)
	if got, err := c.try(http.MethodPost, usersV1, newUser("NEW1"), c.headers()...); err == nil {
		t.Errorf("answered %d, want a closed connection", got.status)
	}
	if exists(c, "NEW1") {
		t.Error("the write took effect")
	}
	if got := c.stats().ByStatus["hangup"]; got != 1 {
		t.Errorf("hangups counted = %d, want 1", got)
	}
}

func TestFaultHangupAfterWrite(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"action":"hangup-after-write"}]`)
	if got, err := c.try(http.MethodPost, usersV1, newUser("NEW1"), c.headers()...); err == nil {
		t.Errorf("answered %d, want a closed connection", got.status)
	}
	if !exists(c, "NEW1") {
		t.Error("the write took no effect")
	}
}

func TestFaultStatusAfterWriteWaitsForAWriteThatTookEffect(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"match":{"method":"DELETE"},"once":true,"action":"status-after-write"}]`)
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/NOBODY", ""), http.StatusNotFound)
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusBadGateway)
	if exists(c, "U1") {
		t.Error("the write took no effect")
	}
}

func TestFaultRevokeToken(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"once":true,"action":"revoke-token"}]`)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusUnauthorized)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusUnauthorized)
	c.newToken()
	c.newSession()
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
}

func TestFaultRevokeCSRFAndExpireSession(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"revoke-csrf", "expire-session"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			c := faulty(t, `[{"once":true,"action":"`+action+`"}]`)
			wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusForbidden)
			wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusForbidden)
			c.newSession()
			wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
			if got := c.stats().Violations; len(got) != 0 {
				t.Errorf("violations = %q, want none: the client could not know", got)
			}
		})
	}
}

func TestFaultHTML(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"action":"html"}]`)
	got := c.call(http.MethodGet, usersV1, "")
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("answer = %d %s, want 200 text/html", got.status, got.header.Get("Content-Type"))
	}
}

func TestFaultDelay(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"action":"delay","ms":30}]`)
	start := time.Now()
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusOK)
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("answered after %s, want 30 ms at least", took)
	}
}

func TestFaultTruncate(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"match":{"path":"Users"},"action":"truncate"}]`)
	got, err := c.try(http.MethodGet, usersV1, "", c.headers()...)
	if !errors.Is(err, io.ErrUnexpectedEOF) || got.status != http.StatusOK || got.body == "" {
		t.Errorf("got %d %q, %v; want half a body and an unexpected end", got.status, got.body, err)
	}
	if got, err := c.try(http.MethodDelete, usersV1+"/U1", "", c.headers()...); err == nil {
		t.Errorf("an answer without a body came whole: %d", got.status)
	}
	if exists(c, "U1") {
		t.Error("the write took no effect")
	}
}

func TestFaultsSpareControlCalls(t *testing.T) {
	t.Parallel()
	c := faulty(t, `[{"action":"hangup"}]`)
	wantStatus(t, c.raw(http.MethodGet, "/__stats", ""), http.StatusOK)
}
