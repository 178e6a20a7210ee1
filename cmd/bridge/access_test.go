package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// tokenIssuer is an OpenID provider with one key.
type tokenIssuer struct {
	*httptest.Server
	tb   testing.TB
	key  *rsa.PrivateKey
	keys atomic.Int64 // how often its key set was asked for
}

func newTokenIssuer(tb testing.TB) *tokenIssuer {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	i := &tokenIssuer{tb: tb, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.keys.Add(1)
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
	})
	i.Server = httptest.NewTLSServer(mux)
	tb.Cleanup(i.Close)
	return i
}

// sign makes a token; key id and key may be strange.
func (i *tokenIssuer) sign(key *rsa.PrivateKey, kid string, claims jwt.Claims) string {
	i.tb.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		i.tb.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		i.tb.Fatal(err)
	}
	return text
}

func (i *tokenIssuer) claims() jwt.Claims {
	return jwt.Claims{
		Issuer: i.URL, Subject: "agent", Audience: jwt.Audience{"bridge"},
		Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)), IssuedAt: jwt.NewNumericDate(time.Now()),
	}
}

func TestIssuersTokenOpensItsSource(t *testing.T) {
	t.Parallel()
	i := newTokenIssuer(t)
	ws := newWorkspace(t, fmt.Sprintf("  sources: {s: {auth: {issuers: {idp: {issuer: %q, audience: bridge, subjects: agent, ca: idp.pem}}}}, other: {}}\n", i.URL))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw})
	if err := os.WriteFile(ws.path("idp.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	strange, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*jwt.Claims)) string {
		c := i.claims()
		change(&c)
		return i.sign(i.key, "k1", c)
	}
	p := ws.serve()
	good := i.sign(i.key, "k1", i.claims())
	for name, c := range map[string]struct {
		token, source string
		want          int
	}{
		"a good token":              {good, "s", http.StatusOK},
		"another source":            {good, "other", http.StatusUnauthorized},
		"an expired token":          {changed(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Hour)) }), "s", http.StatusUnauthorized},
		"for somebody else":         {changed(func(c *jwt.Claims) { c.Audience = jwt.Audience{"others"} }), "s", http.StatusUnauthorized},
		"of another issuer":         {changed(func(c *jwt.Claims) { c.Issuer = "https://idp.example.test" }), "s", http.StatusUnauthorized},
		"a subject not on the list": {changed(func(c *jwt.Claims) { c.Subject = "stranger" }), "s", http.StatusUnauthorized},
		"signed with another key":   {i.sign(strange, "k1", i.claims()), "s", http.StatusUnauthorized},
		"changed on the way":        {good[:len(good)-8] + "AAAAAAAA", "s", http.StatusUnauthorized},
		"no token at all":           {"nonsense", "s", http.StatusUnauthorized},
	} {
		got, body, err := newClient(p.ready.Sources[c.source], c.token, 1).do(t.Context(), http.MethodGet, "/Users", "")
		if err != nil || got != c.want {
			t.Errorf("%s: status %d, %v, want %d: %s", name, got, err, c.want, body)
		}
	}
	before := i.keys.Load()
	for n := range 40 {
		token := i.sign(strange, fmt.Sprintf("made-up-%d", n), i.claims())
		if _, _, err := newClient(p.ready.Sources["s"], token, 1).do(t.Context(), http.MethodGet, "/Users", ""); err != nil {
			t.Fatal(err)
		}
	}
	if asked := i.keys.Load() - before; asked > 15 {
		t.Errorf("40 made-up key ids ask the issuer %d times, want a few", asked)
	}
	newClient(p.ready.Sources["s"], good, 1).want(t, http.StatusOK, http.MethodGet, "/Users", "")
}

func TestOAuthClientTradesItsSecretForAToken(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "  sources: {s: {auth: {tokens: false, clients: {graph: {id: graph-1, secret: file:graph.secret}}}}}\n")
	if err := os.WriteFile(ws.path("graph.secret"), []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := ws.serve()
	ask := func(secret string) (*http.Response, map[string]any) {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"graph-1"}, "client_secret": {secret}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.ready.BaseURL+"/scim/s/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := (&http.Client{}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var body map[string]any
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return res, body
	}
	if res, body := ask("wrong"); res.StatusCode != http.StatusUnauthorized || body["error"] != "invalid_client" {
		t.Errorf("a wrong secret: %d %v, want 401 invalid_client", res.StatusCode, body)
	}
	res, body := ask("hush-hush")
	token, _ := body["access_token"].(string)
	if res.StatusCode != http.StatusOK || token == "" {
		t.Fatalf("the right secret: %d %v, want a token", res.StatusCode, body)
	}
	newClient(p.ready.Sources["s"], token, 1).want(t, http.StatusOK, http.MethodGet, "/Users", "")
	if log := p.log.String(); contains(log, "hush") || contains(log, token) {
		t.Error("the log shows a secret")
	}
}

func TestAllowListAndRateHoldForTheirSourceOnly(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, `  trusted_proxies: 127.0.0.1
  sources:
    s: {limits: {requests_per_second: 1, burst: 3}}
    far: {auth: {addresses: [192.0.2.0/24]}}
`)
	token := ws.token()
	far := strings.TrimSpace(ws.must("token", "new", "far", "--name", "far"))
	p := ws.serve()
	from := func(address string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.ready.Sources["far"]+"/Users", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+far)
		if address != "" {
			r.Header.Set("X-Forwarded-For", address)
		}
		res, err := (&http.Client{}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for address, want := range map[string]int{"": http.StatusForbidden, "192.0.2.7": http.StatusOK, "198.51.100.1": http.StatusForbidden, "192.0.2.7, 198.51.100.1": http.StatusForbidden} {
		if got := from(address); got != want {
			t.Errorf("from %q: status %d, want %d", address, got, want)
		}
	}
	c := newClient(p.ready.Sources["s"], token, 1)
	seen := map[int]int{}
	for range 10 {
		status, body, err := c.do(t.Context(), http.MethodGet, "/Users", "")
		if err != nil {
			t.Fatal(err)
		}
		seen[status]++
		if status == http.StatusTooManyRequests && !contains(string(body), `"status":"429"`) {
			t.Errorf("429 without a SCIM error: %s", body)
		}
	}
	if seen[http.StatusTooManyRequests] < 4 || seen[http.StatusOK] < 3 {
		t.Errorf("ten requests against a rate of 1 and a burst of 3: %v", seen)
	}
	if got := from("192.0.2.7"); got != http.StatusOK {
		t.Errorf("the other source is answered with %d, want 200", got)
	}
}
