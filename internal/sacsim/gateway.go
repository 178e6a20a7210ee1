package sacsim

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sacbridge/internal/sacsim/service"
)

// The paths the server answers itself; the token endpoint's depends on the platform.
const (
	pathCSRF   = "/api/v1/csrf"
	pathImport = "/sap/fpa/services/rest/fpa/dataintegration"
)

const headerCSRF = "X-Csrf-Token"

// work finds out who answers, checks the caller, and lets the request take its time.
func (x *exchange) work() *answer {
	path := strings.TrimSuffix(x.r.URL.Path, "/")
	switch {
	case path == x.srv.TokenPath():
		x.call.Work = service.Work{Kind: workToken}
		return x.srv.timed(x, x.token)
	case path == pathImport:
		return x.srv.timed(x, x.dataImport)
	case !x.srv.knows(path):
		return noRoute()
	}
	if a := x.authorise(); a != nil {
		return a
	}
	if path == pathCSRF {
		if x.r.Method != http.MethodGet {
			return noRoute()
		}
		x.call.Work = service.Work{Kind: workCSRF}
		return x.srv.timed(x, func() *answer { return textAnswer(http.StatusOK, "") })
	}
	x.look()
	if x.srv.opts.Latency.waits() {
		if work, ok := x.w.svc.TeamWork(x.r, x.body); ok {
			return x.srv.teamWrite(x, work)
		}
	}
	return x.srv.timed(x, x.serve)
}

// serve lets the tenant answer within the request.
func (x *exchange) serve() *answer {
	if a := x.bulkWithout(); a != nil {
		return a
	}
	return x.run(x.tenantRequest())
}

// knows tells whether the gateway has a route. NEO has neither v2 nor v3 (script 1001 stops there).
func (s *Server) knows(path string) bool {
	for _, prefix := range []string{"/api/v1/scim", "/api/v1/audit", "/api/v1/Repositories", pathCSRF} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return true
		}
	}
	if s.opts.Platform == service.NEO {
		return false
	}
	for _, prefix := range []string{"/api/v1/scim2", "/api/v1/scim3"} {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return true
		}
	}
	return false
}

// token answers the token endpoint: client credentials by HTTP Basic or in the form, the grant in
// the query (as all of SAP's scripts send it) or in the form.
func (x *exchange) token() *answer {
	if x.r.Method != http.MethodPost && x.r.Method != http.MethodGet {
		return jsonAnswer(http.StatusMethodNotAllowed, map[string]string{"error": "method_not_allowed"})
	}
	form := x.r.URL.Query()
	if posted, err := url.ParseQuery(string(x.body)); err == nil {
		for key, values := range posted {
			form[key] = append(form[key], values...)
		}
	}
	id, secret, ok := x.r.BasicAuth()
	if !ok {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if !x.srv.knowsClient(id, secret, ok) {
		a := jsonAnswer(http.StatusUnauthorized,
			map[string]string{"error": "unauthorized", "error_description": "Bad credentials"})
		a.header.Set("Www-Authenticate", `Basic realm="UAA/client"`)
		return a
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		return jsonAnswer(http.StatusBadRequest, map[string]string{
			"error": "unsupported_grant_type", "error_description": "Unsupported grant type: " + grant,
		})
	}
	t := x.w.vault.issue(time.Now(), x.srv.opts.TokenLife)
	a := jsonAnswer(http.StatusOK, map[string]any{
		"access_token": t.value, "token_type": "bearer", "expires_in": int(x.srv.opts.TokenLife.Seconds()),
		"scope": "uaa.resource approuter-sac-saceu10!t3650.sap.fpa.user.sac", "jti": rand.Text(),
	})
	a.header.Set("Cache-Control", "no-store")
	return a
}

// knowsClient compares in constant time. HTTP Basic credentials may be form-encoded (RFC 6749
// §2.3.1), and client ids hold characters ("!", "|") on which clients differ.
func (s *Server) knowsClient(id, secret string, basic bool) bool {
	same := func(got, want string) bool {
		if subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 {
			return true
		}
		plain, err := url.QueryUnescape(got)
		return basic && err == nil && subtle.ConstantTimeCompare([]byte(plain), []byte(want)) == 1
	}
	return same(id, s.opts.ClientID) && same(secret, s.opts.ClientSecret)
}

// authorise checks bearer, access tick, session and CSRF token. Nil means that the request may pass.
func (x *exchange) authorise() *answer {
	access := bearer(x.r)
	if !x.w.vault.valid(access, time.Now()) {
		return x.unauthorised()
	}
	if lacks := x.lacks(); lacks != "" {
		return unauthorisedJSON("OAuth client lacks the access " + lacks)
	}
	key := x.sessionKey(access)
	if x.r.Method == http.MethodGet || x.r.Method == http.MethodHead {
		x.openSession(key)
		return nil
	}
	return x.checkWrite(key)
}

// lacks names the access tick that the OAuth client would need; each family of the API has its own
// (script 1002).
func (x *exchange) lacks() string {
	switch path := x.r.URL.Path; {
	case !x.set.userProvisioning && strings.HasPrefix(path, "/api/v1/scim"):
		return "User Provisioning"
	case !x.set.activities && strings.HasPrefix(path, "/api/v1/audit"):
		return "Activities"
	}
	return ""
}

func (x *exchange) sessionKey(access string) sessionKey {
	return sessionKey{
		suffix: x.srv.mark, token: access, anyToken: !x.set.needsRead,
		stateless: x.set.stateless, idle: x.set.idle, now: time.Now(),
	}
}

// openSession gives a GET its session, and the CSRF token if it asks. That happens before the
// resource is looked for, so that a 404 carries the token too.
func (x *exchange) openSession(key sessionKey) {
	x.w.vault.noteRead(key.token)
	path := x.r.URL.Path
	s, fresh := x.w.vault.open(x.r, key)
	x.w.ledger.looked(path)
	x.opened = http.Header{}
	if fresh && !key.stateless {
		setCookies(x.opened, s, x.srv.mark, x.r.TLS != nil)
	}
	if fetches(x.r) {
		x.opened.Set(headerCSRF, s.csrf)
	}
}

// checkWrite refuses a write, .search included, outside a session or without its CSRF token, and
// lists what a client should have known better.
func (x *exchange) checkWrite(key sessionKey) *answer {
	if x.r.Header.Get("X-Sap-Sac-Custom-Auth") == "" {
		x.violate("write without the header x-sap-sac-custom-auth")
	}
	if !key.anyToken && !x.w.vault.hasRead(key.token) {
		x.violate("write without a read of the session")
	}
	s, ok := x.w.vault.lookup(x.r, key)
	given := x.r.Header.Get(headerCSRF)
	if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(s.csrf)) != 1 {
		return x.forbidden()
	}
	return nil
}

func (x *exchange) violate(rule string) { x.w.ledger.violate(x.route(), rule) }

// look notes a create that repeats one of unknown outcome, and a search as a look at the collection.
func (x *exchange) look() {
	x.repeat = x.w.ledger.repeats(x.r, x.body)
	if strings.HasSuffix(x.r.URL.Path, "/.search") {
		x.w.ledger.looked(x.r.URL.Path)
	}
}

// dataImport lets the tenant answer the unofficial data-integration API. It has no gateway answers:
// who is not logged on gets the login page with 200, and so does a client-credentials bearer unless
// the setting userSession says that bearers stand for people.
func (x *exchange) dataImport() *answer {
	if !x.w.vault.valid(bearer(x.r), time.Now()) {
		return htmlAnswer()
	}
	return x.serve()
}

// unauthorised answers a missing, unknown or expired bearer: 401. Only a GET that brings none at all
// may see NEO's login page with 200; a wrong token is 401 there too, and the sample scripts live by
// that, since they send a placeholder to learn that they have to log on (script 1601).
func (x *exchange) unauthorised() *answer {
	if x.srv.opts.Platform == service.NEO && x.r.Method == http.MethodGet && x.set.neoHTML && bearer(x.r) == "" {
		return htmlAnswer()
	}
	return unauthorisedJSON("Full authentication is required to access this resource")
}

func unauthorisedJSON(why string) *answer {
	a := jsonAnswer(http.StatusUnauthorized, map[string]string{"error": "unauthorized", "error_description": why})
	a.header.Set("Www-Authenticate", "Bearer")
	return a
}

// forbidden is the gateway's 403 for a missing cookie or CSRF token (KBA 3271959).
func (x *exchange) forbidden() *answer {
	a := jsonAnswer(http.StatusForbidden, struct {
		Timestamp string `json:"timestamp"`
		Status    int    `json:"status"`
		Error     string `json:"error"`
		Path      string `json:"path"`
	}{x.w.svc.Now().UTC().Format("2006-01-02T15:04:05.000-07:00"), http.StatusForbidden, "Forbidden", x.r.URL.Path})
	a.header.Set(headerCSRF, "required")
	return a
}

// fetches tells whether a request asks for a CSRF token; the case of the word does not matter.
func fetches(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get(headerCSRF), "fetch")
}
