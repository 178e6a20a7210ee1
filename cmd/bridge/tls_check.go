package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/config"
	"sacbridge/internal/tenants"
)

// tlsFindings are what is wrong with the certificates and keys that the configuration names, each with its key.
type tlsFindings struct {
	faults   []error  // nobody can connect, or the server does not start
	warnings []string // it works, and should be looked at
}

func (f *tlsFindings) bad(key, format string, args ...any) {
	f.faults = append(f.faults, fmt.Errorf(key+": "+format, args...))
}

func (f *tlsFindings) warn(key, format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(key+": "+format, args...))
}

// checkTLS looks at every file of certificates and keys.
func (s *settings) checkTLS(now time.Time) *tlsFindings {
	f := &tlsFindings{}
	if t := s.bridge.TLS; t != nil {
		f.serverCertificate(t, s.bridge.BaseURL, now)
		if t.ClientCA != "" {
			f.authorities("bridge.tls.client_ca", t.ClientCA, now)
		}
	}
	for _, name := range s.sourceNames() {
		issuers := s.bridge.Sources[name].Auth.Issuers
		for _, issuer := range slices.Sorted(maps.Keys(issuers)) {
			if file := issuers[issuer].CA; file != "" {
				f.authorities("bridge.sources."+name+".auth.issuers."+issuer+".ca", file, now)
			}
		}
	}
	return f
}

// authorities looks at a file of certificate authorities.
func (f *tlsFindings) authorities(key, file string, now time.Time) {
	warnings, err := tenants.CheckAuthorities(file, now)
	if err != nil {
		f.bad(key, "%w", err)
	}
	for _, w := range warnings {
		f.warn(key, "%s", w)
	}
}

// serverCertificate looks at the certificate and key of the server.
func (f *tlsFindings) serverCertificate(t *config.ServerTLS, baseURL string, now time.Time) {
	const certKey, keyKey = "bridge.tls.cert", "bridge.tls.key"
	cert, errCert := os.ReadFile(t.Cert)
	if errCert != nil {
		f.bad(certKey, "%w", errCert)
	}
	key, errKey := os.ReadFile(t.Key)
	if errKey != nil {
		f.bad(keyKey, "%w", errKey)
	}
	if errKey == nil {
		f.keyMode(keyKey, t.Key)
	}
	if errCert != nil || errKey != nil {
		return
	}
	chain := certificatesOf(cert)
	switch {
	case len(chain) == 0 && bytes.Contains(cert, []byte("PRIVATE KEY-----")):
		f.bad(certKey, "%s holds a private key and no certificate: cert and key may be exchanged", t.Cert)
		return
	case len(chain) == 0:
		f.bad(certKey, "%s holds no certificate in PEM form", t.Cert)
		return
	}
	f.dates(certKey, t.Cert, chain, now)
	f.names(certKey, chain[0], baseURL)
	f.pair(certKey, keyKey, t, cert, key)
}

// pair says why certificate and key do not go together.
func (f *tlsFindings) pair(certKey, keyKey string, t *config.ServerTLS, cert, key []byte) {
	_, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
	case !bytes.Contains(key, []byte("PRIVATE KEY-----")):
		f.bad(keyKey, "%s holds no private key in PEM form", t.Key)
	case bytes.Contains(key, []byte("ENCRYPTED")):
		f.bad(keyKey, "%s is protected by a passphrase, which nobody can type: write the key without one (openssl pkey)", t.Key)
	case strings.Contains(err.Error(), "does not match"):
		f.bad(keyKey, "%s does not belong to the first certificate of %s, %s: renew both together, the server's own certificate first", t.Key, certKey, t.Cert)
	default:
		f.bad(keyKey, "%s: %w", t.Key, err)
	}
}

// dates looks at what is valid when. The first certificate is the server's own.
func (f *tlsFindings) dates(key, file string, chain []*x509.Certificate, now time.Time) {
	for i, c := range chain {
		which := "the certificate"
		if i > 0 {
			which = "the issuer's certificate " + c.Subject.String()
		}
		switch {
		case now.After(c.NotAfter):
			f.bad(key, "%s of %s expired on %s: renew it", which, file, day(c.NotAfter))
		case now.Before(c.NotBefore):
			f.bad(key, "%s of %s is valid from %s only: wait, or set this machine's clock", which, file, day(c.NotBefore))
		case c.NotAfter.Sub(now) < tenants.SoonExpired:
			f.warn(key, "%s of %s expires on %s", which, file, day(c.NotAfter))
		}
	}
}

// names looks whether providers that connect to the base URL find its name in the certificate.
func (f *tlsFindings) names(key string, c *x509.Certificate, baseURL string) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() == "" {
		return
	}
	if err := c.VerifyHostname(u.Hostname()); err != nil {
		f.warn(key, "the certificate is not for %s, the host of bridge.base_url: %v", u.Hostname(), err)
	}
}

// keyMode looks who may read the key, where the system's file modes tell.
func (f *tlsFindings) keyMode(key, file string) {
	info, err := os.Stat(file)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		f.warn(key, "every account of this machine may read %s: chmod 600", file)
	}
}

func certificatesOf(text []byte) (chain []*x509.Certificate) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			chain = append(chain, c)
		}
	}
	return chain
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
