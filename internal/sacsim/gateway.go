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
func (c *gatewayCall) work() *answer {
	path := strings.TrimSuffix(c.r.URL.Path, "/")
	switch {
	case path == c.srv.TokenPath():
		c.call.Work = service.Work{Kind: workToken}
		return c.srv.timed(c, c.token)
	case path == pathImport:
		return c.srv.timed(c, c.dataImport)
	case !c.srv.knows(path):
		return noRoute()
	}
	if a := c.authorise(); a != nil {
		return a
	}
	if path == pathCSRF {
		if c.r.Method != http.MethodGet {
			return noRoute()
		}
		c.call.Work = service.Work{Kind: workCSRF}
		return c.srv.timed(c, func() *answer { return textAnswer(http.StatusOK, "") })
	}
	c.noteLook()
	if c.srv.opts.Latency.waits() {
		if work, ok := c.tenant.svc.TeamWork(c.r, c.body); ok {
			return c.srv.teamWrite(c, work)
		}
	}
	return c.srv.timed(c, c.serve)
}

// serve lets the tenant answer within the request.
func (c *gatewayCall) serve() *answer {
	if a := c.bulkWithout(); a != nil {
		return a
	}
	return c.run(c.tenantRequest())
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
func (c *gatewayCall) token() *answer {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodGet {
		return jsonAnswer(http.StatusMethodNotAllowed, map[string]string{"error": "method_not_allowed"})
	}
	form := c.r.URL.Query()
	if posted, err := url.ParseQuery(string(c.body)); err == nil {
		for key, values := range posted {
			form[key] = append(form[key], values...)
		}
	}
	id, secret, ok := c.r.BasicAuth()
	if !ok {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if !c.srv.knowsClient(id, secret, ok) {
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
	t := c.tenant.sessions.issue(time.Now(), c.srv.opts.TokenLife)
	a := jsonAnswer(http.StatusOK, map[string]any{
		"access_token": t.value, "token_type": "bearer", "expires_in": int(c.srv.opts.TokenLife.Seconds()),
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
func (c *gatewayCall) authorise() *answer {
	access := bearer(c.r)
	if !c.tenant.sessions.valid(access, time.Now()) {
		return c.unauthorised()
	}
	if lacks := c.lacks(); lacks != "" {
		return unauthorisedJSON("OAuth client lacks the access " + lacks)
	}
	key := c.sessionKey(access)
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		c.openSession(key)
		return nil
	}
	return c.checkWrite(key)
}

// lacks names the access tick that the OAuth client would need; each family of the API has its own
// (script 1002).
func (c *gatewayCall) lacks() string {
	switch path := c.r.URL.Path; {
	case !c.set.userProvisioning && strings.HasPrefix(path, "/api/v1/scim"):
		return "User Provisioning"
	case !c.set.activities && strings.HasPrefix(path, "/api/v1/audit"):
		return "Activities"
	}
	return ""
}

func (c *gatewayCall) sessionKey(access string) sessionKey {
	return sessionKey{
		suffix: c.srv.mark, token: access, anyToken: !c.set.needsRead,
		stateless: c.set.stateless, idle: c.set.idle, now: time.Now(),
	}
}

// openSession gives a GET its session, and the CSRF token if it asks. That happens before the
// resource is looked for, so that a 404 carries the token too.
func (c *gatewayCall) openSession(key sessionKey) {
	c.tenant.sessions.noteRead(key.token)
	path := c.r.URL.Path
	s, fresh := c.tenant.sessions.open(c.r, key)
	c.tenant.stats.noteRead(path)
	c.opened = http.Header{}
	if fresh && !key.stateless {
		setCookies(c.opened, s, c.srv.mark, c.r.TLS != nil)
	}
	if fetches(c.r) {
		c.opened.Set(headerCSRF, s.csrf)
	}
}

// checkWrite refuses a write, .search included, outside a session or without its CSRF token, and
// lists what a client should have known better.
func (c *gatewayCall) checkWrite(key sessionKey) *answer {
	if c.r.Header.Get("X-Sap-Sac-Custom-Auth") == "" {
		c.violate("write without the header x-sap-sac-custom-auth")
	}
	if !key.anyToken && !c.tenant.sessions.hasRead(key.token) {
		c.violate("write without a read of the session")
	}
	s, ok := c.tenant.sessions.lookup(c.r, key)
	given := c.r.Header.Get(headerCSRF)
	if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(s.csrf)) != 1 {
		return c.forbidden()
	}
	return nil
}

func (c *gatewayCall) violate(rule string) { c.tenant.stats.noteViolations(c.route(), rule) }

// noteLook notes a create that repeats one of unknown outcome, and a search as a look at the collection.
func (c *gatewayCall) noteLook() {
	c.repeat = c.tenant.stats.repeatsBlindly(c.r, c.body)
	if strings.HasSuffix(c.r.URL.Path, "/.search") {
		c.tenant.stats.noteRead(c.r.URL.Path)
	}
}

// dataImport lets the tenant answer the unofficial data-integration API. It has no gateway answers:
// who is not logged on gets the login page with 200, and so does a client-credentials bearer unless
// the setting userSession says that bearers stand for people.
func (c *gatewayCall) dataImport() *answer {
	if !c.tenant.sessions.valid(bearer(c.r), time.Now()) {
		return htmlAnswer()
	}
	return c.serve()
}

// unauthorised answers a missing, unknown or expired bearer: 401. Only a GET that brings none at all
// may see NEO's login page with 200; a wrong token is 401 there too, and the sample scripts live by
// that, since they send a placeholder to learn that they have to log on (script 1601).
func (c *gatewayCall) unauthorised() *answer {
	if c.srv.opts.Platform == service.NEO && c.r.Method == http.MethodGet && c.set.neoHTML && bearer(c.r) == "" {
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
func (c *gatewayCall) forbidden() *answer {
	a := jsonAnswer(http.StatusForbidden, struct {
		Timestamp string `json:"timestamp"`
		Status    int    `json:"status"`
		Error     string `json:"error"`
		Path      string `json:"path"`
	}{c.tenant.svc.Now().UTC().Format("2006-01-02T15:04:05.000-07:00"), http.StatusForbidden, "Forbidden", c.r.URL.Path})
	a.header.Set(headerCSRF, "required")
	return a
}

// fetches tells whether a request asks for a CSRF token; the case of the word does not matter.
func fetches(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get(headerCSRF), "fetch")
}
