package session

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/upstream"
)

// certificate makes a self-signed one for 127.0.0.1.
func certificate(t *testing.T, from, to time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Corporate Inspection CA"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func serveTLS(t *testing.T, c tls.Certificate) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(newTenant(cf))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestConnectionsThatCannotBeMadeNameTheirCause(t *testing.T) {
	t.Parallel()
	past := time.Date(2020, 3, 4, 0, 0, 0, 0, time.UTC)
	valid, pool := certificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	expired, old := certificate(t, past.AddDate(-1, 0, 0), past)
	closed := httptest.NewServer(nil)
	closed.Close()
	plain := httptest.NewServer(newTenant(cf))
	t.Cleanup(plain.Close)
	good := serveTLS(t, valid)
	tests := []struct {
		name, url string
		pool      *x509.CertPool
		want      string
	}{
		{"a port where nothing listens", closed.URL, nil, "nothing listens at 127.0.0.1:"},
		{"an unknown authority", good, nil, `signed by "Corporate Inspection CA", which is not known here: name its certificate in tls.ca or by --ca`},
		{"an expired certificate", serveTLS(t, expired), old, `to 2020-03-04, signed by "Corporate Inspection CA"`},
		{"a certificate for another host", strings.Replace(good, "127.0.0.1", "localhost", 1), pool, "the certificate is not for localhost"},
		{"a server without TLS", strings.Replace(plain.URL, "http:", "https:", 1), nil, "does not speak TLS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := openAt(t, test.url, cf, func(c *Config) { c.RootCAs = test.pool })
			e := failed(t, s, write())
			if e.Class != upstream.RetryNow || !e.Unreachable || !strings.Contains(e.Error(), test.want) {
				t.Errorf("got %q, unreachable %v: %v\nwant %q in it", e.Class, e.Unreachable, e, test.want)
			}
			if got := s.Stats().Calls; got != 0 {
				t.Errorf("Stats counts %d calls, none was sent", got)
			}
		})
	}
	s := openAt(t, good, cf, func(c *Config) { c.RootCAs = pool })
	must(t, s, write())
}

func TestAnUnknownHostIsNamed(t *testing.T) {
	t.Parallel()
	s := openAt(t, "http://no-such-tenant.example", cf, func(c *Config) {
		c.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Name: "no-such-tenant.example", IsNotFound: true}}
		}}
	})
	e := failed(t, s, read(users))
	if e.Class != upstream.RetryNow || !e.Unreachable || !strings.Contains(e.Cause, "no-such-tenant.example does not exist") {
		t.Errorf("got %+v", e)
	}
}

// TestSecretsStayOutOfErrorsAndLogs lets every answer echo what was sent.
func TestSecretsStayOutOfErrorsAndLogs(t *testing.T) {
	t.Parallel()
	basic := base64.StdEncoding.EncodeToString([]byte(testID + ":" + testSecret))
	secrets := []string{testSecret, basic, "tok3n-value", "csrf-v4lue", "ANNA", "anna@example.com", "grant_type"}
	for _, code := range []int{200, 202, 302, 400, 401, 403, 404, 405, 409, 413, 428, 429, 500, 501, 502, 503} {
		for _, shape := range []string{`{"detail":%q}`, `<html><title>%s</title>`, "%s"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				checkSecrets(t, secrets, code, shape, method, false)
			}
		}
	}
	for _, code := range []int{200, 302, 400, 401, 403, 404, 500} {
		checkSecrets(t, secrets, code, `{"error_description":%q}`, http.MethodGet, true)
	}
}

func checkSecrets(t *testing.T, secrets []string, code int, shape, method string, tokenFails bool) {
	t.Helper()
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "https://login.example/?access_token=tok3n-value")
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, shape, fmt.Sprint(r.Header["Authorization"], r.Header[headerCSRF]))
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/oauth/token" && tokenFails:
			echo(w, r)
		case r.URL.Path == "/oauth/token":
			sendJSON(w, http.StatusOK, `{"access_token":"tok3n-value"}`)
		case r.URL.Path == "/api/v1/csrf":
			w.Header().Set(headerCSRF, "csrf-v4lue")
		default:
			echo(w, r)
		}
	})
	var lines bytes.Buffer
	s := openDirect(t, h, func(c *Config) {
		c.Backoff, c.MaxWait, c.MaxTries = time.Microsecond, 1, 3
		c.Logger = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, err := s.Do(t.Context(), Request{
		Op: "op", Method: method, Permission: always{}, Path: users + "/ANNA", Query: map[string][]string{"filter": {"anna@example.com"}},
		Body: map[string]string{"mail": "anna@example.com"},
	})
	if err == nil {
		err = io.EOF // an accepted answer is no error
	}
	for _, secret := range secrets {
		if text := fmt.Sprintf("%v %+v %s", err, err, lines.String()); strings.Contains(text, secret) {
			t.Errorf("%s %d %s: %q is in %s", method, code, shape, secret, text)
		}
	}
	if lines.Len() == 0 {
		t.Errorf("%s %d: nothing was logged", method, code)
	}
}

func TestAServerThatSpeaksNoHTTPGivesNothingAway(t *testing.T) {
	t.Parallel()
	srv, _ := onUsers(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, r.Header.Get("Authorization")+"\r\n\r\n")
			_ = conn.Close()
		}
		return true
	})
	e := failed(t, open(t, srv, cf), write())
	srv.mu.Lock()
	defer srv.mu.Unlock()
	for token := range srv.tokens {
		if strings.Contains(e.Error(), token) {
			t.Errorf("the token is in %v", e)
		}
	}
	if e.Class != upstream.Unknown {
		t.Errorf("got %v", e)
	}
}
