package sacsim

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxSessions bounds the sessions kept; the oldest goes first. A client without a cookie jar opens
// one with each read.
const maxSessions = 10_000

// token is one access token. Many are valid at once.
type token struct {
	value   string
	expires time.Time
	read    bool // a GET came with it: its session is, or was, open
}

// session belongs to one access token: after a new token the old cookie and CSRF token are
// worthless (scripts 1101 to 1983 read again after each new token).
type session struct {
	id     string // JSESSIONID
	tenant string // JTENANTSESSION_…, must come with it (KBA 2958813)
	token  string
	csrf   string
	used   time.Time
}

// sessionStore holds the tokens and sessions of a tenant. It is safe for concurrent use.
type sessionStore struct {
	mu       sync.Mutex
	tokens   map[string]*token
	sessions map[string]*session // by tenant cookie, whose name tells tenants apart
	order    []string            // session keys, oldest first
}

func newSessionStore() *sessionStore {
	return &sessionStore{tokens: map[string]*token{}, sessions: map[string]*session{}}
}

// issue makes an access token and drops the expired ones.
func (v *sessionStore) issue(now time.Time, life time.Duration) *token {
	v.mu.Lock()
	defer v.mu.Unlock()
	for value, t := range v.tokens {
		if !now.Before(t.expires) {
			delete(v.tokens, value)
		}
	}
	t := &token{value: rand.Text() + rand.Text(), expires: now.Add(life)}
	v.tokens[t.value] = t
	return t
}

// valid tells whether the access token stands.
func (v *sessionStore) valid(value string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, ok := v.tokens[value]
	return ok && now.Before(t.expires)
}

// noteRead records a GET with the token.
func (v *sessionStore) noteRead(value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t, ok := v.tokens[value]; ok {
		t.read = true
	}
}

// hasRead tells whether a GET ever came with the token. One that was revoked since the call was let in is
// nobody's mistake.
func (v *sessionStore) hasRead(value string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, ok := v.tokens[value]
	return !ok || t.read
}

// open gives the session that the request's cookies name, or a new one for the token. A request
// without cookies (stateless) shares one session per token. The caller gets a copy.
func (v *sessionStore) open(r *http.Request, k sessionKey) (session, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.find(r, k); s != nil {
		s.used = k.now
		return *s, false
	}
	s := &session{id: rand.Text(), tenant: rand.Text(), token: k.token, csrf: rand.Text(), used: k.now}
	if k.stateless {
		s.tenant = k.token
	}
	v.keep(s)
	return *s, true
}

// keep adds a session and drops the oldest ones above the limit. Sessions that ended otherwise stay
// in the order until it is twice too long.
func (v *sessionStore) keep(s *session) {
	v.sessions[s.tenant] = s
	v.order = append(v.order, s.tenant)
	for len(v.sessions) > maxSessions && len(v.order) > 0 {
		delete(v.sessions, v.order[0])
		v.order = v.order[1:]
	}
	if len(v.order) > 2*maxSessions {
		v.order = slices.DeleteFunc(v.order, func(key string) bool { return v.sessions[key] == nil })
	}
}

// lookup gives a copy of the request's session, if it has a live one.
func (v *sessionStore) lookup(r *http.Request, k sessionKey) (session, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.find(r, k)
	if s == nil {
		return session{}, false
	}
	s.used = k.now
	return *s, true
}

// sessionKey is what a session is looked for by.
type sessionKey struct {
	suffix    string // of the tenant cookie's name
	token     string
	anyToken  bool // the session of an earlier token goes on
	stateless bool
	idle      time.Duration // 0: never
	now       time.Time
}

// find looks through all cookies of the two names: two tenants on one host with two ports share a
// browser's jar, so JSESSIONID may come twice or be the other tenant's. It must be there, and the
// tenant's own cookie decides.
func (v *sessionStore) find(r *http.Request, k sessionKey) *session {
	if k.stateless {
		return v.live(k.token, k)
	}
	if len(r.CookiesNamed(cookieApp)) == 0 {
		return nil
	}
	for _, c := range r.CookiesNamed(cookieTenant + k.suffix) {
		if s := v.live(c.Value, k); s != nil {
			return s
		}
	}
	return nil
}

// live gives the session of that key if it is neither idle for too long nor another token's.
func (v *sessionStore) live(key string, k sessionKey) *session {
	s, ok := v.sessions[key]
	if !ok || (!k.anyToken && s.token != k.token) {
		return nil
	}
	if k.idle > 0 && k.now.Sub(s.used) > k.idle {
		delete(v.sessions, key)
		return nil
	}
	return s
}

// revokeTokens voids every access token and gives their number.
func (v *sessionStore) revokeTokens() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := len(v.tokens)
	clear(v.tokens)
	return n
}

// revokeToken voids one access token.
func (v *sessionStore) revokeToken(value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.tokens, value)
}

// revokeCSRF gives every session (of the token, if one is named) a CSRF token nobody knows.
func (v *sessionStore) revokeCSRF(token string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, s := range v.sessions {
		if token == "" || s.token == token {
			s.csrf = rand.Text()
			n++
		}
	}
	return n
}

// expire ends the sessions of the token.
func (v *sessionStore) expire(token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key, s := range v.sessions {
		if s.token == token {
			delete(v.sessions, key)
		}
	}
}

// The names of the session cookies; the second is followed by a mark of the tenant.
const (
	cookieApp    = "JSESSIONID"
	cookieTenant = "JTENANTSESSION_"
)

// setCookies hands a session out. Secure, and with it SameSite=None, is for HTTPS only: over plain
// HTTP a jar would never send it back.
func setCookies(h http.Header, s session, suffix string, secure bool) {
	site := http.SameSiteDefaultMode
	if secure {
		site = http.SameSiteNoneMode
	}
	for _, pair := range [][2]string{{cookieApp, s.id}, {cookieTenant + suffix, s.tenant}} {
		c := http.Cookie{Name: pair[0], Value: pair[1], Path: "/", HttpOnly: true, Secure: secure, SameSite: site} //nolint:gosec // see above
		h.Add("Set-Cookie", c.String())
	}
}

// bearer gives the access token of an Authorization header, or "".
func bearer(r *http.Request) string {
	kind, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}
