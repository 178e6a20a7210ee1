package session

import (
	"bytes"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"sacbridge/internal/upstream"
)

// refusalHolds is how long a refused client ID or secret is not sent again, for the same would come back.
const refusalHolds = 10 * time.Second

// login is one access token with all that is bound to it: cookies and CSRF token are void with it.
type login struct {
	token   string
	base    *url.URL  // of the tenant, whose cookies the client has
	expiry  time.Time // zero: unknown
	client  *http.Client
	opening chan struct{} // held by the call that opens the session or fetches the CSRF token

	mu       sync.Mutex
	opened   bool // a GET has been answered
	csrf     string
	asked    bool // for the CSRF token; it may be empty where the tenant has none
	byTenant bool // the tenant itself has answered, not a proxy in its place
}

// signIn gives the current login, or a new one where that is missing, at its end, or the stale one.
// Callers at the same time share one new token, or the failure to get one.
func (s *Session) signIn(ctx context.Context, op string, stale *login) (*login, *failure) {
	l, seen, _ := s.known(stale)
	if l != nil {
		return l, nil
	}
	select {
	case s.renewal <- struct{}{}:
	case <-ctx.Done():
		return nil, cancelled(op, ctx.Err(), false)
	}
	defer func() { <-s.renewal }()
	l, now, last := s.known(stale)
	if l != nil {
		return l, nil
	}
	if last != nil && (now != seen || last.Class == upstream.Credentials && time.Since(last.begun) < refusalHolds) {
		f := *last
		f.Op = op + ": " + tokenOp
		return nil, &f
	}
	l, f := s.newLogin(ctx)
	if f != nil {
		f.Op = op + ": " + tokenOp
	}
	if f == nil || f.Class != upstream.Cancelled {
		s.mu.Lock()
		s.attempts++
		if f != nil {
			f.begun = time.Now()
		}
		s.lastFail = f
		if f == nil {
			s.current = l
		}
		s.mu.Unlock()
	}
	return l, f
}

// known gives the current login if it can be used, the number of attempts, and the latest failure.
func (s *Session) known(stale *login) (*login, int, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.current
	if l == nil || l == stale || !l.expiry.IsZero() && !time.Now().Before(l.expiry) {
		l = nil
	}
	return l, s.attempts, s.lastFail
}

func (s *Session) newLogin(ctx context.Context) (*login, *failure) {
	start := time.Now()
	t, f := s.obtainToken(ctx)
	if f != nil {
		return nil, f
	}
	l := &login{token: t.AccessToken, base: s.cfg.BaseURL, opening: make(chan struct{}, 1)}
	if life := t.Expiry.Sub(start); !t.Expiry.IsZero() && life > 0 {
		l.expiry = t.Expiry.Add(-min(30*time.Second, life/10))
	}
	// A jar without public suffixes keeps every cookie of the tenant's host, and sees no other host.
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, &failure{Error: upstream.Error{Class: upstream.Refused, Err: err}}
	}
	l.client = &http.Client{Transport: s.transport, Jar: jar, CheckRedirect: redirect}
	return l, nil
}

// open gives the CSRF header for the call: the token for a write, fetched where it is missing. The
// first call of a login goes alone, for calls side by side without cookies would each open a session of
// their own, and the CSRF token is bound to one of them (KBA 3271959). The caller reports the
// answer, or nil, to opened.
func (s *Session) open(ctx context.Context, l *login, c *call) (csrf string, opened func(*openResponse), f *failure) {
	nothing := func(*openResponse) {}
	if csrf, ok := l.ready(c); ok {
		return csrf, nothing, nil
	}
	select {
	case l.opening <- struct{}{}:
	case <-ctx.Done():
		return "", nothing, cancelled(c.Op, ctx.Err(), false)
	}
	leave := func() { <-l.opening }
	if csrf, ok := l.ready(c); ok {
		leave()
		return csrf, nothing, nil
	}
	if !c.isGet() {
		defer leave()
		csrf, f = s.fetchCSRF(ctx, l, c.Op, c.Permission)
		return csrf, nothing, f
	}
	if s.cfg.Platform == neo {
		csrf = "fetch"
	}
	return csrf, func(resp *openResponse) {
		if resp != nil {
			l.note(resp.Response, csrf != "")
		}
		leave()
	}, nil
}

// ready gives the CSRF header for the call if nothing is missing for it.
func (l *login) ready(c *call) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.isGet() {
		return "", l.opened
	}
	return l.csrf, l.asked
}

// note takes what the answer to a GET does to the session. A 404 opens it, and carries the CSRF
// token, as well as a 200 (script 1101).
func (l *login) note(resp *http.Response, fetched bool) {
	good := answersTenant(resp.StatusCode)
	token := resp.Header.Get(headerCSRF)
	if strings.EqualFold(token, "required") || strings.EqualFold(token, "fetch") {
		token = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if good && (token != "" || !isPage(resp.Header, nil)) {
		l.opened = true
	}
	if fetched && good && token != "" {
		l.csrf, l.asked, l.byTenant = token, true, true
	}
}

// answersTenant tells whether the status comes from behind the login.
func answersTenant(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	}
	return status < http.StatusMultipleChoices || status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// fetchCSRF gets the CSRF token by the GET of the platform, which also opens the session: a write
// that comes first in a session is refused whatever token it carries (scripts 1101 to 1983).
func (s *Session) fetchCSRF(ctx context.Context, l *login, op string, p upstream.Permission) (string, *failure) {
	r := Request{Op: op + ": fetch CSRF token", Path: "/api/v1/csrf", Permission: p}
	if s.cfg.Platform == neo {
		r.Path, r.Query = "/api/v1/scim/Users", url.Values{"startIndex": {"1"}, "count": {"1"}}
	}
	c, err := newCall(s.cfg.BaseURL, r)
	if err != nil {
		return "", &failure{Error: upstream.Error{Class: upstream.Refused, Op: r.Op, Err: err}}
	}
	resp, f := s.send(ctx, ctx, l, c, "fetch")
	if f != nil {
		return "", f
	}
	defer resp.close()
	defer s.log(ctx, c, resp, 0)
	a := readFailed(resp)
	l.note(resp.Response, true)
	if token, ok := l.ready(&call{Request: Request{Method: "POST"}}); ok {
		return token, nil
	}
	if a.status != http.StatusOK || a.page {
		return "", withoutCSRF(s.fail(l, c, a))
	}
	// A tenant behind SAP's API Proxy has no session and gives no token (KBA 3743765): writes go without.
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = true
	return "", nil
}

// withoutCSRF keeps what was said of the CSRF path from being taken for a word on the entity to be
// written: its 404 does not mean that a user is gone.
func withoutCSRF(f *failure) *failure {
	switch f.Class { //nolint:exhaustive // all others are words on an entity
	case upstream.RetryNow, upstream.RetryLater, upstream.Credentials, upstream.Cancelled, upstream.NotSent:
		return f
	}
	f.Class, f.Err = upstream.Refused, nil
	f.Cause = "without a CSRF token nothing can be written: are the url and the platform (cf or neo) right?"
	return f
}

// tenantAnswered tells whether the tenant itself has answered in this login.
func (l *login) tenantAnswered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byTenant
}

func (l *login) noteTenantAnswered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byTenant = true
}

// redactError takes the session's secrets out of an error's text: net/http quotes what is no HTTP answer.
func (l *login) redactError(err error) error {
	if text := l.redact(err.Error()); text != err.Error() {
		return &redactedError{text: text, err: err}
	}
	return err
}

type redactedError struct {
	text string
	err  error
}

// Error gives the text without secrets.
func (e *redactedError) Error() string { return e.text }

// Unwrap gives the error as it was.
func (e *redactedError) Unwrap() error { return e.err }

// redact takes the session's secrets out of a text.
func (l *login) redact(text string) string { return redact(text, l.secrets()...) }

// withoutSecrets takes the session's own secrets out of a body, which stays what it is otherwise.
func (l *login) withoutSecrets(body []byte) []byte {
	for _, secret := range l.secrets() {
		if len(secret) >= minSecret {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("***"))
		}
	}
	return body
}

// secrets gives the token, the CSRF token and the values of the tenant's cookies.
func (l *login) secrets() []string {
	l.mu.Lock()
	secrets := []string{l.token, l.csrf}
	l.mu.Unlock()
	return append(secrets, l.cookies()...)
}

// Words makes a text of the tenant fit to be told: short, in one line, without secrets.
func (s *Session) Words(text string) string {
	if l, _, _ := s.known(nil); l != nil {
		text = l.redact(text)
	}
	return oneLine(redact(text))
}

// cookies gives the values of the tenant's cookies, which are as good as the token.
func (l *login) cookies() []string {
	if l.client == nil || l.base == nil {
		return nil
	}
	inside := *l.base
	inside.Path += "/api/v1/scim"
	var out []string
	for _, c := range l.client.Jar.Cookies(&inside) {
		if len(c.Value) >= minCookie {
			out = append(out, c.Value)
		}
	}
	return out
}

// minCookie is how long a cookie's value is at least that cannot be an ordinary word of an error text.
const minCookie = 8
