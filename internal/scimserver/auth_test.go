package scimserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestEachSourceSeesItsOwnEntitiesOnly(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) {
		o.Sources = append(o.Sources, Source{Name: "other", Auth: Auth{Tokens: true}})
	})
	id, group := b.user("kim"), b.group("Sales")
	token := b.newToken("other", "o")
	b.doAs("other", token, "GET", "/Users/"+id, "").wantError(404, "")
	b.doAs("other", token, "DELETE", "/Users/"+id, "").wantError(404, "")
	b.doAs("other", token, "PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"userName":"kim"}`).wantError(404, "")
	b.doAs("other", token, "PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"title","value":"x"}`)).wantError(404, "")
	b.doAs("other", token, "PATCH", "/Groups/"+group, patchBody(`{"op":"remove","path":"members"}`)).wantError(404, "")
	if got := b.doAs("other", token, "GET", "/Users", "").ids(); len(got) != 0 {
		t.Errorf("another source lists %v", got)
	}
	if got := b.doAs("other", token, "GET", "/?filter="+url.QueryEscape(`id eq "`+id+`"`), "").ids(); len(got) != 0 {
		t.Errorf("another source finds %v", got)
	}
	theirs := b.doAs("other", token, "POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim"}`).want(201).id()
	b.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+theirs+`"}]}`).wantError(400, "invalidValue")
	b.doAs("other", b.token, "GET", "/Users", "").wantError(401, "")
	b.doAs("s", token, "GET", "/Users/"+theirs, "").wantError(401, "")
}

func TestTokensOverTheirLife(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := open(t, func(o *Options) { o.Now = func() time.Time { return now } })
	old := b.newToken("s", "entra")
	renewed := b.newToken("s", "entra")
	if _, _, err := NewToken(t.Context(), b.tokens, "s", "entra", 0, now); !errors.Is(err, ErrTokenInUse) {
		t.Errorf("a third token: %v, want ErrTokenInUse", err)
	}
	for _, token := range []string{old, renewed} {
		if !strings.HasPrefix(token, tokenPrefix) || len(token) < 4+52 {
			t.Errorf("token %q is too short", token)
		}
		b.doAs("s", token, "GET", "/Users", "").want(200)
	}
	if n, err := RevokeTokens(t.Context(), b.tokens, "s", "entra", func(k Token) bool { return k.Hash == HashToken(old) }); n != 1 || err != nil {
		t.Fatalf("revoked %d, %v", n, err)
	}
	b.doAs("s", old, "GET", "/Users", "").wantError(401, "")
	b.doAs("s", renewed, "GET", "/Users", "").want(200)
	short, _, err := NewToken(t.Context(), b.tokens, "s", "short", time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	b.doAs("s", short, "GET", "/Users", "").want(200)
	now = now.Add(time.Hour)
	b.doAs("s", short, "GET", "/Users", "").wantError(401, "")
	for _, token := range b.tokens.tokens {
		if strings.Contains(toJSON(t, token), tokenPrefix) {
			t.Error("the text of a token is stored")
		}
	}
	list, err := ListTokens(t.Context(), b.tokens, "s")
	if err != nil || len(list) != 3 {
		t.Errorf("%d tokens, %v; want 3", len(list), err)
	}
}

func TestTheLastUseIsWrittenOutsideOfRequests(t *testing.T) {
	t.Parallel()
	b := open(t)
	for range 50 {
		b.do("GET", "/Users", "").want(200)
	}
	if b.tokens.touches != 0 {
		t.Fatalf("%d touches in the request path", b.tokens.touches)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if b.tokens.touches != 1 || b.tokens.tokens[HashToken(b.token)].LastUsed.IsZero() {
		t.Errorf("%d touches after the end, want 1", b.tokens.touches)
	}
}

func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, header := range map[string]string{
		"none": "", "another scheme": "Basic " + base64.StdEncoding.EncodeToString([]byte("a:b")), "no token": "Bearer ", "unknown": "Bearer scb_NOPE",
		"a token of an issuer that is not accepted": "Bearer eyJ.a.b", "huge": "Bearer " + strings.Repeat("a", 20<<10),
	} {
		a := b.do("GET", "/Users", "", "Authorization", header).wantError(401, "")
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Bearer realm="s"`) {
			t.Errorf("%s: challenge %q", name, a.header.Get("WWW-Authenticate"))
		}
		b.do("GET", "/Nothing", "", "Authorization", header).wantError(401, "")
	}
	if len(b.seen.reasons) == 0 {
		t.Error("the observer was not told")
	}
	limited := 0
	for range 2 * attemptBurst {
		if a := b.doAs("s", "scb_GUESS", "GET", "/Users", ""); a.status == 429 {
			limited++
			a.wantError(429, "")
		}
	}
	if limited == 0 {
		t.Error("guessing is not slowed down")
	}
	b.do("GET", "/Users", "").want(200)
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := open(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Sources[0].Auth = Auth{Clients: []Client{NewClient("ips", "p&ss w/rd")}}
		o.Sources = append(o.Sources, Source{Name: "other", Auth: Auth{Tokens: true}})
	})
	ask := func(form url.Values, basic ...string) *answer {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/scim/s/oauth/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if len(basic) == 2 {
			r.SetBasicAuth(basic[0], basic[1])
		}
		return b.serveHTTP(r)
	}
	grant := url.Values{"grant_type": {"client_credentials"}}
	for name, a := range map[string]*answer{
		"in the header, encoded": ask(grant, "ips", url.QueryEscape("p&ss w/rd")), "in the header, plain": ask(grant, "ips", "p&ss w/rd"),
		"in the form": ask(url.Values{"grant_type": {"client_credentials"}, "client_id": {"ips"}, "client_secret": {"p&ss w/rd"}}),
	} {
		a.want(200)
		token := str(a.at("access_token"))
		if a.at("token_type") != "Bearer" || a.at("expires_in") != 3600.0 || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s", name, a.body)
		}
		b.doAs("s", token, "GET", "/Users", "").want(200)
		b.doAs("other", token, "GET", "/Users", "").wantError(401, "")
	}
	if got := ask(grant, "ips", "wrong").want(401).at("error"); got != "invalid_client" {
		t.Errorf("error %v", got)
	}
	if got := ask(url.Values{"grant_type": {"password"}}, "ips", "p&ss w/rd").want(400).at("error"); got != "unsupported_grant_type" {
		t.Errorf("error %v", got)
	}
	token := str(ask(grant, "ips", "p&ss w/rd").want(200).at("access_token"))
	now = now.Add(clientTokenTTL)
	b.doAs("s", token, "GET", "/Users", "").wantError(401, "")
	ask(grant, "ips", "p&ss w/rd").want(200)
	if n := len(b.tokens.tokens); n != 1 {
		t.Errorf("%d tokens are kept, want the valid one", n)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/scim/s/oauth/token", nil)
	b.serveHTTP(r).want(405)
}

// issuer is a Verifier whose tokens are their own subject.
type issuer struct{ valid map[string]Claims }

func (i issuer) Verify(_ context.Context, token string) (Claims, error) {
	c, ok := i.valid[token]
	if !ok {
		return Claims{}, &Refusal{Reason: "wrong signature", Detail: "signature does not match key 7"}
	}
	return c, nil
}

func TestIssuersTokensAndMe(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) {
		o.Sources[0].Auth.Issuers = []Issuer{
			{Name: "idp", Verifier: issuer{map[string]Claims{"j.kim": {Subject: "kim"}, "j.e1": {Subject: "E-1"}, "j.nobody": {Subject: "nobody"}}}},
			{Name: "apps", Verifier: issuer{map[string]Claims{"j.app": {Subject: "svc", Client: "app"}, "j.bad": {Subject: "svc", Client: "bad"}}}, Subjects: []string{"app"}},
		}
	})
	id := b.user("kim", map[string]any{"externalId": "E-1"})
	for _, token := range []string{"j.kim", "j.e1"} {
		a := b.doAs("s", token, "GET", "/Me", "").want(200)
		if a.id() != id || a.header.Get("Content-Location") != baseURL+"/scim/s/v2/Users/"+id {
			t.Errorf("%s: %s", token, a.body)
		}
	}
	a := b.doAs("s", "j.kim", "PATCH", "/Me", patchBody(`{"op":"replace","path":"title","value":"Boss"}`)).want(200)
	if a.at("title") != "Boss" {
		t.Error(string(a.body))
	}
	b.doAs("s", "j.app", "GET", "/Users", "").want(200)
	b.doAs("s", "j.bad", "GET", "/Users", "").wantError(401, "")
	refused := b.doAs("s", "j.forged", "GET", "/Users", "").wantError(401, "")
	if strings.Contains(string(refused.body), "key 7") {
		t.Error("the verifier's reason is shown")
	}
	b.doAs("s", "j.nobody", "GET", "/Me", "").wantError(404, "")
	b.do("GET", "/Me", "").wantError(501, "")
	b.doAs("s", "j.kim", "DELETE", "/Me", "").want(204)
	b.do("GET", "/Users/"+id, "").wantError(404, "")
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	uri, err := url.Parse("spiffe://example.com/idp")
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, func(o *Options) {
		o.Sources[0].Auth = Auth{Certificates: []Certificate{
			{Name: "by-subject", Subject: "CN=idp,O=Example"}, {Name: "by-dns", DNS: "idp.example.com"}, {Name: "by-uri", URI: uri.String()}, {Name: "empty"},
		}}
	})
	ask := func(leaf *x509.Certificate) int {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/scim/s/v2/Users", nil)
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf}}}
		return b.serveHTTP(r).status
	}
	for _, c := range []struct {
		name string
		leaf *x509.Certificate
		want int
	}{
		{"subject", &x509.Certificate{Subject: pkix.Name{CommonName: "idp", Organization: []string{"Example"}}}, 200},
		{"DNS name in any case", &x509.Certificate{DNSNames: []string{"IDP.example.com"}}, 200},
		{"URI", &x509.Certificate{URIs: []*url.URL{uri}}, 200},
		{"a stranger", &x509.Certificate{Subject: pkix.Name{CommonName: "evil"}}, 401},
		{"nothing", &x509.Certificate{}, 401},
	} {
		if got := ask(c.leaf); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/scim/s/v2/Users", nil)
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{DNSNames: []string{"idp.example.com"}}}}
	b.serveHTTP(r).wantError(401, "")
}

func TestTheAllowListHoldsBesideTheCredential(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) {
		o.Sources[0].Auth.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	})
	for address, want := range map[string]int{
		"192.0.2.9:1": 200, "[::ffff:192.0.2.9]:1": 200, "[2001:db8::1]:1": 200, "198.51.100.1:1": 403, "[2001:db9::1]:1": 403, "@": 403,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/scim/s/v2/Users", nil)
		r.Header.Set("Authorization", "Bearer "+b.token)
		r.RemoteAddr = address
		if a := b.serveHTTP(r); a.status != want {
			t.Errorf("%s: %d, want %d", address, a.status, want)
		}
	}
}

func TestTheRateOfASource(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := open(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Sources[0].Limits = Limits{Rate: 0.5, Burst: 3}
		o.Sources = append(o.Sources, Source{Name: "other", Auth: Auth{Tokens: true}})
	})
	for range 3 {
		b.do("GET", "/Users", "").want(200)
	}
	if a := b.do("GET", "/Users", "").wantError(429, ""); a.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q, want 2", a.header.Get("Retry-After"))
	}
	b.doAs("other", b.newToken("other", "o"), "GET", "/Users", "").want(200)
	now = now.Add(2 * time.Second)
	b.do("GET", "/Users", "").want(200)
	b.do("GET", "/Users", "").wantError(429, "")
}

func TestFaultyOptionsAreAllNamed(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, err := New(b.dir, Options{BaseURL: "nowhere", Sources: []Source{
		{Name: "a/b"}, {Name: "x", Profile: "nope"}, {Name: "X", Switches: map[string]bool{"nope": true}}, {Name: "t", Auth: Auth{Tokens: true}},
	}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"nowhere", "a/b", `profile "nope"`, "twice", `switch "nope"`, "token store"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not named in: %v", part, err)
		}
	}
	if _, err := New(b.dir, Options{BaseURL: baseURL}); err == nil {
		t.Error("a server without sources was accepted")
	}
}

func TestTheObserverLearnsNothingPersonal(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim.personal@x.example")
	b.find(`userName eq "kim.personal@x.example"`).want(200)
	b.do("GET", "/Users/"+id, "", "X-Request-Id", "req-7").want(200)
	got := b.seen.last()
	if got.Request != "req-7" || got.Source != "s" || got.Method != "GET" || got.Route != "/Users/{id}" || got.Status != 200 || got.ID != id || got.By != "token test" || got.Bytes == 0 {
		t.Errorf("seen %+v", got)
	}
	b.do("GET", "/Users/kim.personal@x.example", "").wantError(404, "")
	for _, s := range b.seen.done {
		if text := toJSON(t, s); strings.Contains(text, tokenPrefix) || strings.Contains(text, "personal") {
			t.Errorf("seen %s", text)
		}
	}
}

// Trial 14: an operator reads in the log why a request is refused and what to do, and never the credential.
func TestTrial14ARefusedCredentialIsExplained(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := open(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Sources[0].Auth.Clients = []Client{NewClient("ips", "hush")}
		o.Sources = append(o.Sources,
			Source{Name: "other", Auth: Auth{Tokens: true}},
			Source{Name: "signed", Auth: Auth{Issuers: []Issuer{{Name: "idp", Verifier: issuer{map[string]Claims{"j.a.b": {Subject: "kim@example.com", Client: "app-7"}}}, Subjects: []string{"x"}}}}},
			Source{Name: "clients", Auth: Auth{Clients: []Client{NewClient("ips", "hush")}}},
			Source{Name: "far", Auth: Auth{Tokens: true, Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}},
		)
	})
	foreign := b.newToken("other", "okta-prod")
	expired, _, err := NewToken(t.Context(), b.tokens, "s", "entra-prod", time.Hour, now.Add(-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	removed, _, err := putToken(t.Context(), b.tokens, Token{Source: "s", Name: "former", Client: true}, time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	plain := b.newToken("clients", "typed")
	for name, c := range map[string]struct{ source, header, reason, words string }{
		"no header":                      {"s", "", reasonNoBearer, "no Authorization header"},
		"a token without its scheme":     {"s", foreign, reasonNoBearer, "without the word Bearer"},
		"a secret in Basic":              {"s", "Basic aXBzOmh1c2g=", reasonNoBearer, "token endpoint"},
		"a scheme that nobody knows":     {"s", "Hunter2 secret-text", reasonNoBearer, "no scheme that is known"},
		"an empty token":                 {"s", "Bearer  ", reasonNoBearer, "field at the provider is empty"},
		"a token that is no longer kept": {"s", "Bearer scb_UNKNOWNTEXT", reasonUnknownToken, "bridge token new s"},
		"a token of another source":      {"s", "Bearer " + foreign, reasonForeignToken, `token "okta-prod" belongs to source "other"`},
		"an expired token":               {"s", "Bearer " + expired, reasonExpiredToken, `"entra-prod" expired at ` + now.Add(-time.Hour).UTC().Format(time.RFC3339)},
		"a client that was removed":      {"s", "Bearer " + removed, reasonRemovedClient, `"former"`},
		"tokens that are switched off":   {"clients", "Bearer " + plain, reasonNoTokens, "auth.tokens: false"},
		"tokens of no kind":              {"signed", "Bearer scb_UNKNOWNTEXT", reasonNoTokens, "no auth.clients"},
		"a signed token without issuer":  {"s", "Bearer eyJhbGciOi.eyJpc3Mi.c2lnbmF0", reasonNoIssuer, "auth.issuers"},
		"a signed token that is wrong":   {"signed", "Bearer eyJhbGciOi.eyJpc3Mi.c2lnbmF0", "wrong signature", `issuer "idp": signature does not match key 7`},
		"a subject that is not named":    {"signed", "Bearer j.a.b", reasonSubject, `client "app-7"`},
		"an address that may not":        {"far", "Bearer " + foreign, reasonAddress, "bridge.trusted_proxies"},
	} {
		before := len(b.seen.reasons)
		a := b.doAs(c.source, "", "GET", "/Users", "", "Authorization", c.header)
		if a.status != 401 && a.status != 403 {
			t.Errorf("%s: status %d", name, a.status)
		}
		if len(b.seen.reasons) != before+1 {
			t.Fatalf("%s: the observer was told %d times", name, len(b.seen.reasons)-before)
		}
		got := b.seen.reasons[before]
		if got.Reason != c.reason || !strings.Contains(got.Detail, c.words) {
			t.Errorf("%s: %+v, want %q with %q", name, got, c.reason, c.words)
		}
		for _, secret := range append(strings.Fields(strings.TrimPrefix(c.header, "Bearer ")), "kim@example.com") {
			if len(secret) > 6 && strings.Contains(got.Detail+string(a.body), secret) {
				t.Errorf("%s: %q or the answer shows %q", name, got.Detail, secret)
			}
		}
	}
	for name, c := range map[string]struct {
		ask           tokenRequest
		reason, words string
	}{
		"a wrong secret":             {tokenRequest{id: "ips", secret: "wrong-secret"}, reasonClientSecret, `client "ips"`},
		"a client that is not there": {tokenRequest{id: "unknown-id", secret: "wrong-secret"}, reasonUnknownClient, "none of auth.clients"},
		"nothing":                    {tokenRequest{}, reasonNoClient, "no client ID"},
		"a form that is not encoded": {tokenRequest{form: url.Values{"x": {strings.Repeat("y", maxTokenRequest)}}}, reasonNoClient, "bytes"},
	} {
		b.askToken(c.ask)
		got := b.seen.reasons[len(b.seen.reasons)-1]
		if got.Reason != c.reason || !strings.Contains(got.Detail, c.words) || strings.Contains(got.Detail, "wrong-secret") {
			t.Errorf("%s: %+v, want %q with %q and no secret", name, got, c.reason, c.words)
		}
	}
}
