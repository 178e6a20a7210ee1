package sacsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

const (
	clientID     = "sb-test!b1|client!b1"
	clientSecret = "secret"
)

// seedOf parses a seed written in the test.
func seedOf(t testing.TB, text string) service.Seed {
	t.Helper()
	seed, err := service.ParseSeed(strings.NewReader(text))
	if err != nil {
		t.Fatalf("parse seed: %v", err)
	}
	return seed
}

// faultsOf parses rules written in the test.
func faultsOf(t testing.TB, text string) []sacsim.Fault {
	t.Helper()
	faults, err := sacsim.ParseFaults(strings.NewReader(text))
	if err != nil {
		t.Fatalf("parse fault rules: %v", err)
	}
	return faults
}

const smallSeed = `{"users":[{"id":"OWNER","systemOwner":true},{"id":"U1"},{"id":"U2"},{"id":"U3"}],
	"teams":[{"id":"Team1","members":["U1"]},{"id":"Team2"}]}`

// newServer makes a simulator with the small seed unless opts has another.
func newServer(t testing.TB, opts sacsim.Options, seed string) *sacsim.Server {
	t.Helper()
	if seed == "" {
		seed = smallSeed
	}
	opts.Seed = seedOf(t, seed)
	opts.ClientID, opts.ClientSecret = clientID, clientSecret
	server, err := sacsim.New(opts)
	if err != nil {
		t.Fatalf("new simulator: %v", err)
	}
	t.Cleanup(server.Close)
	return server
}

// client is a raw HTTP client with a cookie jar that does what it is told, and no more.
type client struct {
	t     testing.TB
	base  string
	http  *http.Client
	token string
	csrf  string
}

// dial serves the simulator and gives a client that has no token yet.
func dial(t testing.TB, server *sacsim.Server) *client {
	t.Helper()
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	return another(t, front.URL)
}

func another(t testing.TB, base string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, base: base, http: &http.Client{Jar: jar, CheckRedirect: noRedirect}}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// result is an answer read to its end.
type result struct {
	status int
	header http.Header
	body   string
}

// json decodes the body.
func (r result) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("body %q is not JSON: %v", r.body, err)
	}
	return v
}

// try sends a request as it is and gives what came back, or the error.
func (c *client) try(method, path, body string, header ...string) (result, error) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return result{status: answer.StatusCode, header: answer.Header, body: string(text)}, err
}

func (c *client) raw(method, path, body string, header ...string) result {
	c.t.Helper()
	got, err := c.try(method, path, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// call sends a request with all the headers a client has to send.
func (c *client) call(method, path, body string, header ...string) result {
	c.t.Helper()
	return c.raw(method, path, body, append(c.headers(), header...)...)
}

func (c *client) headers() []string {
	return []string{
		"Authorization", "Bearer " + c.token, "x-sap-sac-custom-auth", "true", "x-csrf-token", c.csrf,
		"Content-Type", "application/json",
	}
}

// newToken takes an access token, and leaves the old CSRF token behind.
func (c *client) newToken() {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost,
		c.base+"/oauth/token?grant_type=client_credentials", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(clientID, clientSecret)
	answer, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&grant); err != nil || grant.Token == "" {
		c.t.Fatalf("token: %s, %v", answer.Status, err)
	}
	c.token, c.csrf = grant.Token, ""
}

// newSession reads once for a CSRF token and the cookies.
func (c *client) newSession() {
	c.t.Helper()
	c.csrf = "fetch"
	got := c.call(http.MethodGet, "/api/v1/csrf", "")
	c.csrf = got.header.Get("X-Csrf-Token")
	if got.status != http.StatusOK || c.csrf == "" {
		c.t.Fatalf("csrf: %d %q", got.status, got.body)
	}
}

// login takes token and session.
func login(t testing.TB, server *sacsim.Server) *client {
	t.Helper()
	c := dial(t, server)
	c.newToken()
	c.newSession()
	return c
}

// stats reads /__stats.
func (c *client) stats() sacsim.Stats {
	c.t.Helper()
	var stats sacsim.Stats
	got := c.raw(http.MethodGet, "/__stats", "")
	if err := json.NewDecoder(bytes.NewReader([]byte(got.body))).Decode(&stats); err != nil {
		c.t.Fatalf("stats %q: %v", got.body, err)
	}
	return stats
}

// control posts to a control endpoint and wants it to work.
func (c *client) control(path, body string) {
	c.t.Helper()
	if got := c.raw(http.MethodPost, path, body); got.status != http.StatusOK {
		c.t.Fatalf("POST %s = %d %s", path, got.status, got.body)
	}
}

func wantStatus(t testing.TB, got result, want int) {
	t.Helper()
	if got.status != want {
		t.Fatalf("status = %d, want %d; body %s", got.status, want, got.body)
	}
}

// newUser is the body of a v1 create.
func newUser(id string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
"urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"],
"userName":"` + id + `","name":{"familyName":"` + id + `","givenName":"G"},"displayName":"` + id + `","active":true,
"emails":[{"value":"` + strings.ToLower(id) + `@example.com","type":"work","primary":true}],"roles":[],
"urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0":{"dataAccessLanguage":"en"},
"urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":""}}}`
}
