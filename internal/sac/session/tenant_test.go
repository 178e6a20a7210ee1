package session

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sacbridge/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testID     = "sb-7d!b12|client!b34"
	testSecret = "s3cret+/=%40"
)

// tenant is a server that keeps to the rules of tokens, cookies and CSRF, and misbehaves by trap.
type tenant struct {
	platform string
	trap     func(w http.ResponseWriter, r *http.Request) bool // true: it has answered

	mu       sync.Mutex
	tokens   map[string]bool
	sessions map[string]string // session cookie: CSRF token
	owners   map[string]string // session cookie: access token
	calls    map[string]int
	faults   []string // what no client should do
	life     int      // seconds of a token
}

func newTenant(platform string) *tenant {
	return &tenant{
		platform: platform, life: 3600,
		tokens: map[string]bool{}, sessions: map[string]string{}, owners: map[string]string{}, calls: map[string]int{},
	}
}

func (t *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Method + " " + r.URL.Path
	if strings.EqualFold(r.Header.Get(headerCSRF), "fetch") {
		key += " fetch"
	}
	t.mu.Lock()
	t.calls[key]++
	t.mu.Unlock()
	if t.trap != nil && t.trap(w, r) {
		return
	}
	if r.URL.Path == "/oauth/token" {
		t.issue(w, r)
		return
	}
	t.serve(w, r)
}

func (t *tenant) issue(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	if id != testID || secret != testSecret {
		sendJSON(w, http.StatusUnauthorized, `{"error":"unauthorized","error_description":"Bad credentials"}`)
		return
	}
	token := rand.Text()
	t.mu.Lock()
	t.tokens[token] = true
	t.mu.Unlock()
	sendJSON(w, http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","expires_in":%d}`, token, t.life))
}

func (t *tenant) serve(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.Header.Get("X-Sap-Sac-Custom-Auth") != "true" || token == "" {
		t.faults = append(t.faults, "missing header: "+r.URL.Path)
	}
	if !t.tokens[token] {
		if t.platform == neo && r.Method == http.MethodGet {
			sendPage(w, http.StatusOK, "Logon")
			return
		}
		sendJSON(w, http.StatusUnauthorized, `{"error":"unauthorized"}`)
		return
	}
	id := ""
	if c, err := r.Cookie("JSESSIONID"); err == nil && t.owners[c.Value] == token {
		id = c.Value
	}
	if r.Method == http.MethodGet {
		if id == "" {
			id = rand.Text()
			t.sessions[id], t.owners[id] = rand.Text(), token
			http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: id, Path: "/", HttpOnly: true})
		}
		if strings.EqualFold(r.Header.Get(headerCSRF), "fetch") {
			w.Header().Set(headerCSRF, t.sessions[id])
		}
	} else if id == "" || r.Header.Get(headerCSRF) != t.sessions[id] {
		w.Header().Set(headerCSRF, "required")
		sendJSON(w, http.StatusForbidden, `{"timestamp":1,"status":403,"error":"Forbidden","path":"/api/v1/scim/Users"}`)
		return
	}
	switch {
	case r.URL.Path == "/api/v1/csrf" && t.platform == cf:
		w.WriteHeader(http.StatusOK)
	case strings.HasPrefix(r.URL.Path, "/api/v1/scim/"):
		sendJSON(w, http.StatusOK, `{"ok":true}`)
	default:
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "404 Not Found: Requested route does not exist.")
	}
}

func (t *tenant) count(key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls[key]
}

func (t *tenant) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, c := range t.calls {
		n += c
	}
	return n
}

func (t *tenant) revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.tokens)
}

func sendJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func sendPage(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>"+title+"</title></head><body>…</body></html>")
}

// direct hands requests to the handler without a network, as bubbles of false time need it.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// open makes a session with the handler behind a real socket.
func open(t *testing.T, h http.Handler, platform string, change ...func(*Config)) *Session {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return openAt(t, srv.URL, platform, change...)
}

func openAt(t *testing.T, base, platform string, change ...func(*Config)) *Session {
	t.Helper()
	c := Config{
		BaseURL: mustURL(t, base), TokenURL: mustURL(t, base+"/oauth/token?grant_type=client_credentials"), Platform: platform,
		ClientID:     func() (string, error) { return testID, nil },
		ClientSecret: func() (string, error) { return testSecret, nil },
		Backoff:      time.Millisecond,
	}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// openDirect makes a session without a network.
func openDirect(t *testing.T, h http.Handler, change ...func(*Config)) *Session {
	t.Helper()
	return openAt(t, "http://tenant.example", cf,
		append([]func(*Config){func(c *Config) { c.Transport, c.Backoff = direct{h}, 0 }}, change...)...)
}

// always is a permission that is never refused.
type always struct{}

func (always) Check() error              { return nil }
func (always) Stopping() <-chan struct{} { return nil }

func read(path string) Request { return Request{Op: "read", Method: http.MethodGet, Path: path} }

func write() Request {
	return Request{Op: "write", Method: http.MethodPost, Path: users, Body: map[string]string{"a": "b"}, Permission: always{}}
}

// failed gives the error of a call that must fail.
func failed(t *testing.T, s *Session, r Request) *upstream.Error {
	t.Helper()
	_, err := s.Do(t.Context(), r)
	if err == nil {
		t.Fatalf("%s %s: no error", r.Method, r.Path)
	}
	e, ok := err.(*upstream.Error) //nolint:errorlint // Do promises this very type
	if !ok {
		t.Fatalf("error is a %T, not an *upstream.Error", err)
	}
	return e
}

func must(t *testing.T, s *Session, r Request) *Response {
	t.Helper()
	resp, err := s.Do(t.Context(), r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	return resp
}
