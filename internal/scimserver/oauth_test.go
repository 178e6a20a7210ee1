package scimserver

import (
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tokenRequest is one request to the token endpoint of the source "s".
type tokenRequest struct {
	form    url.Values
	id      string // in the header, with secret; empty for no header
	secret  string
	address string // that it comes from; empty for the usual one
}

func (b *bridge) askToken(q tokenRequest) *answer {
	b.t.Helper()
	if q.form == nil {
		q.form = url.Values{"grant_type": {"client_credentials"}}
	}
	r := httptest.NewRequestWithContext(b.t.Context(), "POST", "/scim/s/oauth/token", strings.NewReader(q.form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if q.id != "" {
		r.SetBasicAuth(q.id, q.secret)
	}
	if q.address != "" {
		r.RemoteAddr = q.address
	}
	return b.serveHTTP(r)
}

// Trial 14: curl -u and most libraries put id and secret into the header as they are; RFC 6749 §2.3.1 wants them encoded.
func TestTrial14AClientsSecretIsAcceptedHoweverItsHeaderIsEncoded(t *testing.T) {
	t.Parallel()
	as := map[string]func(string) string{
		"raw": func(s string) string { return s }, "form-encoded": url.QueryEscape, "percent-encoded": url.PathEscape,
		"every byte encoded": func(s string) string {
			var out strings.Builder
			for _, c := range []byte(s) {
				out.WriteString("%" + strconv.FormatUint(uint64(c)|0x100, 16)[1:])
			}
			return out.String()
		},
	}
	for _, id := range []string{"ips", "app+1", "a%41pp", "käse 7"} {
		for _, secret := range []string{"plain", "a+b", "50%off", "p%41ss", "100%", "p%zz+q", "a%2Bb", "sp ace&=?#/", "ä€", "with:colon", "%"} {
			b := open(t, func(o *Options) { o.Sources[0].Auth = Auth{Clients: []Client{NewClient(id, secret)}} })
			for way, encode := range as {
				sentID := encode(id)
				if strings.Contains(sentID, ":") {
					continue // ends the id in the header (RFC 7617 §2)
				}
				if got := b.askToken(tokenRequest{id: sentID, secret: encode(secret)}).status; got != 200 {
					t.Errorf("id %q, secret %q, %s: status %d, want 200", id, secret, way, got)
				}
				if got := b.askToken(tokenRequest{id: id, secret: encode(secret)}).status; got != 200 {
					t.Errorf("id %q as it is, secret %q %s: status %d, want 200", id, secret, way, got)
				}
			}
			for _, wrong := range []string{"", "x", secret + "x", secret[1:], strings.ToUpper(secret) + "+", url.QueryEscape(url.QueryEscape("ä" + secret))} {
				if got := b.askToken(tokenRequest{id: id, secret: wrong}).status; got != 401 {
					t.Errorf("id %q, secret %q instead of %q: status %d, want 401", id, wrong, secret, got)
				}
			}
		}
	}
}

// Trial 14: whoever has the right secret gets a token, whatever others send at the same time, from wherever.
func TestTrial14StrangersDoNotKeepClientsFromTheirTokens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := open(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Sources[0].Auth = Auth{Tokens: true, Clients: []Client{NewClient("ips", "hush")}}
	})
	for name, stranger := range map[string]func(n int) *answer{
		"guess the client's secret from its own address": func(n int) *answer { return b.askToken(tokenRequest{id: "ips", secret: strconv.Itoa(n)}) },
		"guess from many addresses": func(n int) *answer {
			return b.askToken(tokenRequest{id: "ips", secret: "x", address: "198.51." + strconv.Itoa(n%200) + "." + strconv.Itoa(n/200) + ":1"})
		},
		"make up ids":         func(n int) *answer { return b.askToken(tokenRequest{id: "c" + strconv.Itoa(n), secret: "x"}) },
		"send no credentials": func(int) *answer { return b.askToken(tokenRequest{}) },
		"guess bearer tokens": func(n int) *answer { return b.doAs("s", tokenPrefix+strconv.Itoa(n), "GET", "/Users", "") },
		"send a broken request": func(int) *answer {
			return b.askToken(tokenRequest{form: url.Values{"grant_type": {strings.Repeat("x", 20<<10)}}})
		},
	} {
		for n := range 500 {
			stranger(n)
		}
		if got := b.askToken(tokenRequest{id: "ips", secret: "hush"}); got.status != 200 {
			t.Errorf("after strangers %s: the client is answered with %d %s, want 200", name, got.status, got.body)
		}
	}
	if got := b.askToken(tokenRequest{id: "ips", secret: "typo", address: "192.0.2.77:1"}); got.status != 401 {
		t.Errorf("a client at an address of its own that mistypes its secret is answered with %d, want 401", got.status)
	}
	if got := b.askToken(tokenRequest{id: "ips", secret: "0"}); got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("the one who goes on guessing is answered with %d, Retry-After %q; want 429 and a time", got.status, got.header.Get("Retry-After"))
	}
}

// Trial 14: a client that asks for a token with each request has a limit of its own.
func TestTrial14AClientThatAsksTooOftenHoldsUpItselfAlone(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := open(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Sources[0].Auth = Auth{Clients: []Client{NewClient("busy", "one"), NewClient("calm", "two")}}
	})
	limited := 0
	for range 2 * attemptBurst {
		if a := b.askToken(tokenRequest{id: "busy", secret: "one"}); a.status == 429 {
			limited++
			if a.header.Get("Retry-After") == "" || a.at("error") != "slow_down" {
				t.Fatalf("limited by %v %s, want Retry-After and slow_down", a.header, a.body)
			}
		}
	}
	if limited != attemptBurst {
		t.Errorf("%d requests of the busy client were limited, want %d", limited, attemptBurst)
	}
	b.askToken(tokenRequest{id: "calm", secret: "two"}).want(200)
	now = now.Add(time.Second)
	b.askToken(tokenRequest{id: "busy", secret: "one"}).want(200)
}
