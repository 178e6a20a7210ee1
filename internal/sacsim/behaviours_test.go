package sacsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

const usersV1 = "/api/v1/scim/Users"

func basic(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return r.Header.Get("Authorization")
}

func TestBehaviour01_TokenByQueryAndBasic(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{}, ""))
	good := basic(clientID, clientSecret)
	escaped := basic(url.QueryEscape(clientID), url.QueryEscape(clientSecret))
	const query = "/oauth/token?grant_type=client_credentials"
	for _, one := range []struct{ name, method, path, body, auth string }{
		{"grant in the query", http.MethodPost, query, "", good},
		{"grant in the form", http.MethodPost, "/oauth/token", "grant_type=client_credentials", good},
		{"by GET", http.MethodGet, query, "", good},
		{"credentials form-encoded inside Basic", http.MethodPost, query, "", escaped},
		{"credentials in the form", http.MethodPost, "/oauth/token", "grant_type=client_credentials&client_id=" +
			url.QueryEscape(clientID) + "&client_secret=" + clientSecret, ""},
	} {
		got := c.raw(one.method, one.path, one.body, "Authorization", one.auth,
			"Content-Type", "application/x-www-form-urlencoded")
		wantStatus(t, got, http.StatusOK)
		grant := got.json(t)
		for _, key := range []string{"access_token", "token_type", "expires_in", "scope", "jti"} {
			if grant[key] == nil || grant[key] == "" {
				t.Errorf("%s: the answer lacks %q: %v", one.name, key, grant)
			}
		}
		if grant["expires_in"] != 3599.0 {
			t.Errorf("%s: expires_in = %v, want 3599", one.name, grant["expires_in"])
		}
	}
	wrong := c.raw(http.MethodPost, query, "", "Authorization", basic(clientID, "wrong"))
	wantStatus(t, wrong, http.StatusUnauthorized)
	if got := wrong.json(t)["error"]; got != "unauthorized" {
		t.Errorf("error of a bad secret = %v, want unauthorized", got)
	}
	wantStatus(t, c.raw(http.MethodPost, "/oauth/token?grant_type=password", "", "Authorization", good), http.StatusBadRequest)
}

func TestBehaviour01_ManyTokensAreValidAtOnce(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	first := c.token
	c.newToken()
	for _, token := range []string{first, c.token} {
		wantStatus(t, c.raw(http.MethodGet, usersV1, "", "Authorization", "Bearer "+token), http.StatusOK)
	}
}

func TestBehaviour02_TokenPathByPlatform(t *testing.T) {
	t.Parallel()
	paths := map[service.Platform]string{service.CF: "/oauth/token", service.NEO: "/oauth2/api/v1/token"}
	for platform, own := range paths {
		c := dial(t, newServer(t, sacsim.Options{Platform: platform}, ""))
		for _, path := range paths {
			want := http.StatusNotFound
			if path == own {
				want = http.StatusOK
			}
			got := c.raw(http.MethodPost, path+"?grant_type=client_credentials", "", "Authorization", basic(clientID, clientSecret))
			if got.status != want {
				t.Errorf("%s: POST %s = %d, want %d", platform, path, got.status, want)
			}
		}
	}
}

func TestBehaviour03_CSRFTokenComesInAHeader(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{}, ""))
	wantStatus(t, c.raw(http.MethodGet, "/api/v1/csrf", "", "x-csrf-token", "fetch"), http.StatusUnauthorized)
	c.newToken()
	for _, word := range []string{"fetch", "Fetch", "FETCH"} {
		c.csrf = word
		got := c.call(http.MethodGet, "/api/v1/csrf", "")
		wantStatus(t, got, http.StatusOK)
		if token := got.header.Get("x-csrf-token"); token == "" || strings.EqualFold(token, "fetch") {
			t.Errorf("asked with %q: token %q", word, token)
		}
	}
	c.csrf = ""
	if got := c.call(http.MethodGet, "/api/v1/csrf", "").header.Get("x-csrf-token"); got != "" {
		t.Errorf("not asked, got the token %q", got)
	}
}

func TestBehaviour04_AnyScimGetFetchesEvenA404(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{}, ""))
	c.newToken()
	for _, path := range []string{"/api/v1/scim/Groups/NONE", "/api/v1/scim2/Users/none", usersV1 + "/?startIndex=1&count=1"} {
		c.csrf = "fetch"
		got := c.call(http.MethodGet, path, "")
		c.csrf = got.header.Get("x-csrf-token")
		if c.csrf == "" {
			t.Fatalf("GET %s (%d) gave no token", path, got.status)
		}
		wantStatus(t, c.call(http.MethodDelete, usersV1+"/NOBODY", ""), http.StatusNotFound)
	}
}

func TestBehaviour05_WritesNeedTokenAndCookie(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	bare := another(t, c.base) // the same tokens, no cookies
	bare.token, bare.csrf = c.token, c.csrf
	guessing := *c
	guessing.csrf = "guess"
	silent := *c
	silent.csrf = ""
	search := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"email eq \"x@y.z\""}`
	for name, who := range map[string]*client{"without a cookie": bare, "with a wrong token": &guessing, "without a token": &silent} {
		for method, path := range map[string]string{
			http.MethodPost: usersV1, http.MethodPut: usersV1 + "/U1", http.MethodPatch: "/api/v1/scim2/Users/x",
			http.MethodDelete: usersV1 + "/U1", "SEARCH": usersV1 + "/.search",
		} {
			if method == "SEARCH" {
				method = http.MethodPost
			}
			got := who.call(method, path, search)
			if got.status != http.StatusForbidden {
				t.Fatalf("%s %s %s = %d, want 403", method, path, name, got.status)
			}
			body := got.json(t)
			if body["status"] != 403.0 || body["error"] != "Forbidden" || body["path"] != path || body["timestamp"] == nil {
				t.Errorf("%s %s: body %v is not the gateway's", method, path, body)
			}
			if got.header.Get("x-csrf-token") != "required" {
				t.Errorf("%s %s: x-csrf-token = %q, want required", method, path, got.header.Get("x-csrf-token"))
			}
		}
	}
	wantStatus(t, c.call(http.MethodPost, usersV1+"/.search", search), http.StatusOK)
}

func TestBehaviour06_CookiesBindTheSession(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{}, ""))
	c.newToken()
	c.csrf = "fetch"
	cookies := c.call(http.MethodGet, "/api/v1/csrf", "").header.Values("Set-Cookie")
	if len(cookies) != 2 || !strings.HasPrefix(cookies[0], "JSESSIONID=") || !strings.HasPrefix(cookies[1], "JTENANTSESSION_") {
		t.Fatalf("cookies = %q", cookies)
	}
	for _, cookie := range cookies {
		if !strings.Contains(cookie, "HttpOnly") || strings.Contains(cookie, "Secure") {
			t.Errorf("cookie over plain HTTP = %q, want HttpOnly and not Secure", cookie)
		}
	}
}

func TestBehaviour06_StatelessModeNeedsNoCookie(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__settings", `{"stateless":true}`)
	c.newToken()
	c.csrf = "fetch"
	got := c.call(http.MethodGet, "/api/v1/csrf", "")
	if cookies := got.header.Values("Set-Cookie"); len(cookies) != 0 {
		t.Errorf("cookies = %q, want none", cookies)
	}
	bare := another(t, c.base)
	bare.token, bare.csrf = c.token, got.header.Get("x-csrf-token")
	wantStatus(t, bare.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
}

// TestBehaviour06_TwoTenantsShareAJar covers a browser or Postman whose jar does not tell ports apart.
func TestBehaviour06_TwoTenantsShareAJar(t *testing.T) {
	t.Parallel()
	a, b := login(t, newServer(t, sacsim.Options{}, "")), dial(t, newServer(t, sacsim.Options{}, ""))
	b.http.Jar = a.http.Jar
	b.newToken()
	b.newSession()
	wantStatus(t, a.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
	wantStatus(t, b.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
	double := another(t, a.base)
	double.token, double.csrf = a.token, a.csrf
	var pairs []string
	root, err := url.Parse(a.base)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range a.http.Jar.Cookies(root) {
		pairs = append(pairs, cookie.Name+"=stale", cookie.Name+"="+cookie.Value)
	}
	wantStatus(t, double.call(http.MethodDelete, usersV1+"/U2", "", "Cookie", strings.Join(pairs, "; ")), http.StatusNoContent)
}

func TestBehaviour07_IdleSessionsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, sacsim.Options{}, `{"users":[{"id":"U1"}],"settings":{"sessionIdleSeconds":60}}`)
		c := newDirect(t, server)
		c.login()
		c.wait(59 * time.Second)
		c.want(http.MethodDelete, usersV1+"/NOBODY", http.StatusNotFound)
		c.wait(61 * time.Second)
		c.want(http.MethodDelete, usersV1+"/NOBODY", http.StatusForbidden)
		c.login()
		c.want(http.MethodDelete, usersV1+"/NOBODY", http.StatusNotFound)
	})
}

func TestBehaviour08_ExpiredBearer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newDirect(t, newServer(t, sacsim.Options{}, ""))
		c.login()
		c.wait(3598 * time.Second)
		c.want(http.MethodGet, usersV1, http.StatusOK)
		c.wait(time.Second)
		c.want(http.MethodGet, usersV1, http.StatusUnauthorized)
		c.want(http.MethodDelete, usersV1+"/U1", http.StatusUnauthorized)
	})
}

func TestBehaviour08_NEOAnswersItsLoginPage(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{Platform: service.NEO}, ""))
	for what, header := range map[string][]string{
		"no bearer": nil, "an empty bearer": {"Authorization", "Bearer "}, "another scheme": {"Authorization", "Basic eDp5"},
	} {
		got := c.raw(http.MethodGet, usersV1, "", header...)
		if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("GET with %s = %d %s, want 200 text/html", what, got.status, got.header.Get("Content-Type"))
		}
	}
	wantStatus(t, c.raw(http.MethodPost, usersV1, "{}"), http.StatusUnauthorized)
	c.control("/__settings", `{"neoHTMLWithoutBearer":false}`)
	wantStatus(t, c.raw(http.MethodGet, usersV1, ""), http.StatusUnauthorized)
}

// The environment of the sample scripts starts with a placeholder for the access token and keeps old ones.
func TestBehaviour08_AWrongBearerIs401OnNEOToo(t *testing.T) {
	t.Parallel()
	server := newServer(t, sacsim.Options{Platform: service.NEO}, "")
	c := dial(t, server)
	for _, path := range []string{usersV1 + "/U1", "/api/v1/scim/Groups/Team1", "/api/v1/csrf"} {
		wantStatus(t, c.raw(http.MethodGet, path, "", "Authorization", "Bearer placeholder"), http.StatusUnauthorized)
	}
	d := newDirect(t, server)
	d.login()
	c.control("/__revoke", `{"tokens":true}`)
	d.want(http.MethodGet, usersV1+"/U1", http.StatusUnauthorized)
}

func TestBehaviour09_ANewTokenNeedsAReadFirst(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	csrf := c.csrf
	c.newToken()
	c.csrf = csrf
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusForbidden)
	if got := c.stats().Violations; len(got) != 1 || !strings.Contains(got[0], "without a read") {
		t.Errorf("violations = %q, want the write without a read", got)
	}
	c.newSession()
	if c.csrf == csrf {
		t.Error("the new session has the old CSRF token")
	}
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
}

func TestBehaviour09_TheOldSessionGoesOnIfSet(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__settings", `{"writeNeedsRead":false}`)
	csrf := c.csrf
	c.newToken()
	c.csrf = csrf
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
}

func TestBehaviour10_ThrottlingWithAndWithoutRetryAfter(t *testing.T) {
	t.Parallel()
	server := newServer(t, sacsim.Options{}, "")
	c := login(t, server)
	for rule, want := range map[string]string{
		`[{"action":"429"}]`: "1", `[{"action":"429","retryAfter":7}]`: "7",
		`[{"action":"429","retryAfter":0}]`: "0", `[{"action":"429","retryAfter":-1}]`: "",
	} {
		c.control("/__faults", rule)
		for _, path := range []string{usersV1, "/api/v1/csrf", "/oauth/token", "/api/v1/audit/activities/exportActivities"} {
			got := c.call(http.MethodGet, path, "")
			wantStatus(t, got, http.StatusTooManyRequests)
			if after := got.header.Get("Retry-After"); after != want {
				t.Errorf("%s %s: Retry-After = %q, want %q", rule, path, after, want)
			}
		}
	}
}

func TestBehaviour11_WithoutTheAccessTickScimIs401(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__settings", `{"userProvisioning":false}`)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusUnauthorized)
	wantStatus(t, c.call(http.MethodDelete, "/api/v1/scim2/Users/x", ""), http.StatusUnauthorized)
	const log = "/api/v1/audit/activities/exportActivities?pageSize=1&pageIndex=1"
	wantStatus(t, c.call(http.MethodGet, log, ""), http.StatusOK)
	c.control("/__settings", `{"userProvisioning":true,"activitiesAccess":false}`)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusOK)
	wantStatus(t, c.call(http.MethodGet, log, ""), http.StatusUnauthorized)
}

func TestBehaviour12_UnknownPathsHaveNoRoute(t *testing.T) {
	t.Parallel()
	cf, neo := login(t, newServer(t, sacsim.Options{}, "")), dial(t, newServer(t, sacsim.Options{Platform: service.NEO}, ""))
	for _, one := range []struct {
		c    *client
		path string
	}{
		{cf, "/"},
		{cf, "/scim2/Users"},
		{cf, "/api/v1/scim4/Users"},
		{cf, "/api/v1/scim/Things"},
		{cf, "/oauth2/api/v1/token"},
		{neo, "/api/v1/scim2/Users"},
		{neo, "/api/v1/scim3/Groups"},
	} {
		got := one.c.call(http.MethodGet, one.path, "")
		if got.status != http.StatusNotFound || got.body != "404 Not Found: Requested route does not exist." {
			t.Errorf("GET %s = %d %q", one.path, got.status, got.body)
		}
	}
}

func TestBehaviour40_CreatedButAnswered502(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{Faults: faultsOf(t,
		`[{"match":{"method":"POST","path":"/Users$"},"once":true,"action":"status-after-write"}]`)}, ""))
	wantStatus(t, c.call(http.MethodPost, usersV1, newUser("NEW1")), http.StatusBadGateway)
	wantStatus(t, c.call(http.MethodPost, usersV1, newUser("NEW1")), http.StatusConflict)
	wantStatus(t, c.call(http.MethodGet, usersV1+"/NEW1", ""), http.StatusOK)
	stats := c.stats()
	if len(stats.Violations) != 1 || !strings.Contains(stats.Violations[0], "repeat") {
		t.Errorf("violations = %q, want the blind repeat once", stats.Violations)
	}
	if len(stats.FaultsFired) != 1 || stats.FaultsFired[0].Action != sacsim.ActStatusAfterWrite {
		t.Errorf("faults fired = %+v", stats.FaultsFired)
	}
}

func TestBehaviour40_ARepeatAfterALookIsNoViolation(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{Faults: faultsOf(t,
		`[{"match":{"method":"POST","path":"/Users$"},"once":true,"action":"hangup"}]`)}, ""))
	if _, err := c.try(http.MethodPost, usersV1, newUser("NEW1"), c.headers()...); err == nil {
		t.Fatal("the connection was not cut")
	}
	wantStatus(t, c.call(http.MethodGet, usersV1+"/NEW1", ""), http.StatusNotFound)
	wantStatus(t, c.call(http.MethodPost, usersV1, newUser("NEW1")), http.StatusCreated)
	if got := c.stats().Violations; len(got) != 0 {
		t.Errorf("violations = %q, want none", got)
	}
}

func TestBehaviour57_DataIntegrationWantsAPerson(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	const path = "/sap/fpa/services/rest/fpa/dataintegration?action=getScheduleLogsByModel&tenant=G"
	const body = `{"jobType":"bpcDataImport","modelName":"t.G:MODEL","mappingId":[]}`
	got := c.call(http.MethodPost, path, body)
	if got.status != http.StatusOK || !strings.Contains(got.body, "we should only load this content when not authenticated") {
		t.Errorf("with a client-credentials bearer: %d %q", got.status, got.body)
	}
	c.control("/__settings", `{"userSession":true}`)
	if got := c.call(http.MethodPost, path, body); !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		t.Errorf("in a user session: %d %q", got.status, got.body)
	}
	if got := c.raw(http.MethodPost, path, body); !strings.Contains(got.body, "not authenticated") {
		t.Errorf("without any token: %d %q", got.status, got.body)
	}
}
