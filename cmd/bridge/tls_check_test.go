package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"
)

// Trial 18: config check looks at every file of certificates and keys, and says with its key what is wrong.
func TestTrial18ConfigCheckLooksAtCertificatesAndKeys(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Now()
	dates := func(from, to time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(from), now.Add(to) }
	}
	const year = 365 * 24 * time.Hour
	cert, key := ca.issue(2, "scim.example.com", dates(-time.Hour, year))
	otherCert, otherKey := other.issue(3, "scim.example.com", dates(-time.Hour, year))
	expired, expiredKey := ca.issue(4, "scim.example.com", dates(-year, -time.Hour))
	early, earlyKey := ca.issue(5, "scim.example.com", dates(time.Hour, year))
	soon, soonKey := ca.issue(6, "scim.example.com", dates(-year, 10*24*time.Hour))
	expiredCA := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: mustCertificate(t, expired).Raw})
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	for name, c := range map[string]struct {
		cert, key, clients, issuer []byte // files; nil for one that is missing
		baseURL                    string
		code                       int
		words                      []string
	}{
		"all is well":          {cert, key, ca.pem, ca.pem, "https://scim.example.com", 0, []string{"the authority CN=test authority of"}}, // ends in an hour
		"files are missing":    {nil, nil, nil, nil, "", 2, []string{"bridge.tls.cert: open", "bridge.tls.key: open", "bridge.tls.client_ca: read", "bridge.sources.s.auth.issuers.idp.ca: read"}},
		"another pair's key":   {cert, otherKey, ca.pem, ca.pem, "", 2, []string{"bridge.tls.key", "does not belong to the first certificate of bridge.tls.cert"}},
		"exchanged":            {key, cert, ca.pem, ca.pem, "", 2, []string{"bridge.tls.cert", "may be exchanged"}},
		"the issuer's first":   {append(append([]byte{}, ca.pem...), cert...), key, ca.pem, ca.pem, "", 2, []string{"the server's own certificate first"}},
		"with its issuer":      {append(append([]byte{}, cert...), ca.pem...), key, ca.pem, ca.pem, "", 0, []string{"the issuer's certificate CN=test authority"}},
		"no PEM":               {[]byte("text"), []byte("text"), []byte("text"), []byte("text"), "", 2, []string{"bridge.tls.cert: ", "holds no certificate", "bridge.tls.client_ca: ", "idp.ca: "}},
		"a key that is none":   {cert, []byte("text"), ca.pem, ca.pem, "", 2, []string{"bridge.tls.key", "holds no private key"}},
		"a passphrase":         {cert, encrypted, ca.pem, ca.pem, "", 2, []string{"bridge.tls.key", "passphrase"}},
		"expired":              {expired, expiredKey, ca.pem, ca.pem, "", 2, []string{"bridge.tls.cert", "expired on", "renew it"}},
		"not valid yet":        {early, earlyKey, ca.pem, ca.pem, "", 2, []string{"bridge.tls.cert", "is valid from"}},
		"about to expire":      {soon, soonKey, ca.pem, ca.pem, "", 0, []string{"warning: bridge.tls.cert", "expires on"}},
		"an expired authority": {otherCert, otherKey, expiredCA, expiredCA, "", 2, []string{"bridge.tls.client_ca: every authority", "idp.ca: every authority"}},
		"for another host":     {cert, key, ca.pem, ca.pem, "https://other.example.com/", 0, []string{"warning: bridge.tls.cert: the certificate is not for other.example.com, the host of bridge.base_url"}},
	} {
		base := ""
		if c.baseURL != "" {
			base = "  base_url: " + c.baseURL + "\n"
		}
		ws := newWorkspace(t, base+`  tls: {cert: server.pem, key: server.key, client_ca: clients.pem}
  sources: {s: {auth: {issuers: {idp: {issuer: "https://idp.example.com", audience: a, ca: idp.pem}}}}}
`)
		for file, text := range map[string][]byte{"server.pem": c.cert, "server.key": c.key, "clients.pem": c.clients, "idp.pem": c.issuer} {
			if text == nil {
				continue
			}
			if err := os.WriteFile(ws.path(file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := program(t.Context(), "config", "check", "--config", ws.config)
		talk, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != c.code {
			t.Errorf("%s: exit %d, want %d: %s", name, got, c.code, talk)
		}
		for _, w := range c.words {
			if !strings.Contains(string(talk), w) {
				t.Errorf("%s: %s\ndoes not say %q", name, talk, w)
			}
		}
		if strings.Contains(string(talk), "PRIVATE KEY") {
			t.Errorf("%s: a key is shown", name)
		}
	}
}

func mustCertificate(t *testing.T, text []byte) *x509.Certificate {
	t.Helper()
	chain := certificatesOf(text)
	if len(chain) == 0 {
		t.Fatal("no certificate")
	}
	return chain[0]
}
