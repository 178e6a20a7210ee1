package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// authority issues certificates for a test.
type authority struct {
	tb   testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &authority{tb: tb, cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a certificate for the loopback address, or for a client of that DNS name, with its key.
func (a *authority) issue(serial int64, name string, change ...func(*x509.Certificate)) (cert, key []byte) {
	a.tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, f := range change {
		f(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		a.tb.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// write issues a certificate into two files of the workspace.
func (a *authority) write(ws *workspace, serial int64, name, certFile, keyFile string) {
	a.tb.Helper()
	cert, key := a.issue(serial, name)
	err := errors.Join(os.WriteFile(ws.path(certFile), cert, 0o600), os.WriteFile(ws.path(keyFile), key, 0o600))
	if err != nil {
		a.tb.Fatal(err)
	}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// secureClient is a client that trusts the authority and shows a certificate where there is one.
func (a *authority) secureClient(base, token string, own ...tls.Certificate) *client {
	return &client{base: base, token: token, http: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: a.pool(), Certificates: own, MinVersion: tls.VersionTLS12},
	}}}
}

// serial asks which certificate serves.
func (a *authority) serial(listen string) int64 {
	a.tb.Helper()
	conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS12}}).DialContext(a.tb.Context(), "tcp", listen)
	if err != nil {
		a.tb.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	secured, ok := conn.(*tls.Conn)
	if !ok {
		a.tb.Fatal("no TLS connection")
	}
	return secured.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// waitUntil asks again and again until an answer is there. It gives up after a time that no machine needs, however busy.
func waitUntil(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		if ok() {
			return
		}
	}
	tb.Fatalf("waited in vain: %s", what)
}

func TestCertificateIsReadAgainWhenItsFileChanges(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	ws := newWorkspace(t, "  tls: {cert: server.pem, key: server.key}\n  sources: {s: {}}\n")
	ca.write(ws, 2, "localhost", "server.pem", "server.key")
	token := ws.token()
	p := ws.serve()
	c := ca.secureClient(p.ready.Sources["s"], token)
	c.want(t, http.StatusOK, http.MethodGet, "/Users", "")
	if got := ca.serial(p.ready.Listen); got != 2 {
		t.Fatalf("serial %d, want 2", got)
	}

	// A half-written pair is not used, and the old one goes on serving.
	if err := os.WriteFile(ws.path("server.pem"), []byte("not yet"), 0o600); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the broken certificate is noticed", func() bool {
		c.want(t, http.StatusOK, http.MethodGet, "/Users", "")
		return contains(p.log.String(), "the new certificate cannot be used")
	})
	if got := ca.serial(p.ready.Listen); got != 2 {
		t.Errorf("serial %d beside a broken file, want 2", got)
	}

	ca.write(ws, 3, "localhost", "server.pem", "server.key")
	waitUntil(t, "the new certificate serves", func() bool { return ca.serial(p.ready.Listen) == 3 })
	c.want(t, http.StatusOK, http.MethodGet, "/Users", "")
	if code, err := p.stop(syscall.SIGTERM); err != nil || code != 0 {
		t.Errorf("the server ends with %d, %v; want 0", code, err)
	}
}

func TestClientCertificateOpensItsSource(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	ws := newWorkspace(t, `  tls: {cert: server.pem, key: server.key, client_ca: ca.pem}
  sources:
    s: {auth: {tokens: false, certificates: {hr: {dns: hr.example.com}}}}
    other: {}
`)
	ca.write(ws, 2, "localhost", "server.pem", "server.key")
	if err := os.WriteFile(ws.path("ca.pem"), ca.pem, 0o600); err != nil {
		t.Fatal(err)
	}
	p := ws.serve()
	pair := func(a *authority, name string) tls.Certificate {
		cert, key := a.issue(7, name)
		out, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	base := p.ready.Sources["s"]
	ca.secureClient(base, "", pair(ca, "hr.example.com")).want(t, http.StatusOK, http.MethodGet, "/Users", "")
	ca.secureClient(base, "", pair(ca, "it.example.com")).want(t, http.StatusUnauthorized, http.MethodGet, "/Users", "")
	ca.secureClient(base, "").want(t, http.StatusUnauthorized, http.MethodGet, "/Users", "")
	ca.secureClient(p.ready.Sources["other"], "", pair(ca, "hr.example.com")).want(t, http.StatusUnauthorized, http.MethodGet, "/Users", "")
	if status, _, err := ca.secureClient(base, "", pair(stranger, "hr.example.com")).do(t.Context(), http.MethodGet, "/Users", ""); err == nil {
		t.Errorf("a certificate of another authority is answered with %d, want no connection", status)
	}
	waitUntil(t, "the failed handshake is logged", func() bool { return contains(p.log.String(), "connection failed") })
	if contains(p.log.String(), "127.0.0.1:") && contains(p.log.String(), `"cause":"http: TLS handshake error from 127.0.0.1`) {
		t.Error("the log shows a client's address")
	}
}
