package issuer

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Trial 14: whatever stands at an issuer's address, it is read within bounds, and what is wrong with it is said.
func TestTrial14WhatAnIssuerAnswersIsReadWithinBounds(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "k1").public()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
	if err != nil {
		t.Fatal(err)
	}
	mixed := `{"keys":[{"kty":"XYZ","kid":"odd"},{"kty":"oct","kid":"secret","k":"AAAA"},` + strings.TrimPrefix(string(set), `{"keys":[`)
	for name, c := range map[string]struct {
		document, keys string // bodies; "{}" in a document stands for the server's address
		status         int
		words          string // of the error; "" where there is one key
	}{
		"a key set":                     {`{"issuer":"{}","jwks_uri":"{}/keys"}`, string(set), 200, ""},
		"keys of kinds that are no use": {`{"issuer":"{}","jwks_uri":"{}/keys"}`, mixed, 200, ""},
		"an empty set":                  {`{"issuer":"{}","jwks_uri":"{}/keys"}`, `{"keys":[]}`, 200, "shows 0 keys"},
		"no set":                        {`{"issuer":"{}","jwks_uri":"{}/keys"}`, `[1]`, 200, "not the JSON"},
		"a page":                        {`<html>`, "", 200, "not the JSON"},
		"another issuer's document":     {`{"issuer":"{}/","jwks_uri":"{}/keys"}`, "", 200, "issuer has to be exactly that"},
		"no address of keys":            {`{"issuer":"{}"}`, "", 200, "names no address"},
		"keys over plain HTTP":          {`{"issuer":"{}","jwks_uri":"http://192.0.2.1/keys"}`, "", 200, "no https address"},
		"keys over a strange scheme":    {`{"issuer":"{}","jwks_uri":"file://host/etc/keys"}`, "", 200, "no https address"},
		"an error":                      {`{"issuer":"{}","jwks_uri":"{}/keys"}`, "", 503, "503"},
		"a huge set":                    {`{"issuer":"{}","jwks_uri":"{}/keys"}`, strings.Repeat(" ", maxDocument+1), 200, "more than 1024 KiB"},
	} {
		var server *httptest.Server
		server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/keys" {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.keys))
				return
			}
			_, _ = w.Write([]byte(strings.ReplaceAll(c.document, "{}", server.URL)))
		}))
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		got, err := newReader(&Issuer{URL: server.URL, Roots: roots}).read(t.Context())
		switch {
		case c.words == "" && (err != nil || len(got) != 1 || got[0].KeyID != "k1"):
			t.Errorf("%s: %d keys, %v; want one", name, len(got), err)
		case c.words != "" && (err == nil || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: %v, want it to say %q", name, err, c.words)
		}
		server.Close()
	}
}
