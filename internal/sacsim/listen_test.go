package sacsim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

func TestListenAnswersOnBothPorts(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	opts := sacsim.ListenOptions{TLS: true, CAOut: ca}
	opts.Name, opts.ClientID, opts.ClientSecret, opts.Seed = "prod", clientID, clientSecret, service.DefaultSeed()
	run, err := sacsim.Listen(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	got := run.Ready
	want := sacsim.Ready{
		Name: "prod", URL: "https://127.0.0.1:" + strconv.Itoa(got.HTTPS), ClientID: clientID, ClientSecret: clientSecret,
		Platform: "cf", SSO: "default", Namespace: "t.A", HTTP: got.HTTP, HTTPS: got.HTTPS, CA: ca,
	}
	want.TokenURL = want.URL + "/oauth/token"
	if diff := cmp.Diff(want, got); diff != "" || got.HTTP == 0 || got.HTTPS == 0 {
		t.Errorf("ready line (-want +got):\n%s", diff)
	}
	plain := another(t, "http://127.0.0.1:"+strconv.Itoa(got.HTTP))
	wantStatus(t, plain.raw(http.MethodGet, "/__state", ""), http.StatusOK)

	secure := another(t, got.URL)
	secure.http.Transport = trusting(t, ca)
	secure.newToken()
	secure.csrf = "fetch"
	answer := secure.call(http.MethodGet, usersV1, "")
	wantStatus(t, answer, http.StatusOK)
	for _, cookie := range answer.header.Values("Set-Cookie") {
		if !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "SameSite=None") {
			t.Errorf("cookie over HTTPS = %q, want Secure and SameSite=None", cookie)
		}
	}
	local := another(t, "https://localhost:"+strconv.Itoa(got.HTTPS))
	local.http.Transport = trusting(t, ca)
	wantStatus(t, local.raw(http.MethodGet, "/__stats", ""), http.StatusOK)
}

// A transport's two tenants are trusted through one file. OpenSSL then finds a certificate by its subject,
// and takes the first of that name: were the subjects equal, it would refuse the second tenant.
func TestTwoTenantsAreTrustedThroughOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	both := filepath.Join(dir, "both.pem")
	var bundle []byte
	var urls, subjects []string
	for _, name := range []string{"dev", "prod"} {
		file := filepath.Join(dir, name+".pem")
		run, err := sacsim.Listen(t.Context(), sacsim.ListenOptions{TLS: true, CAOut: file, Options: sacsim.Options{Name: name}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(run.Close)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		block, rest := pem.Decode(text)
		if block == nil || len(rest) != 0 {
			t.Fatalf("%s is not one PEM block", file)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		bundle, urls, subjects = append(bundle, text...), append(urls, run.Ready.URL), append(subjects, cert.Subject.String())
	}
	if subjects[0] == subjects[1] {
		t.Errorf("both certificates have the subject %q", subjects[0])
	}
	if err := os.WriteFile(both, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range urls {
		c := another(t, url)
		c.http.Transport = trusting(t, both)
		wantStatus(t, c.raw(http.MethodGet, "/__stats", ""), http.StatusOK)
	}
}

// trusting gives a transport that trusts the certificate in the file.
func trusting(t *testing.T, file string) *http.Transport {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", file)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func TestListenStopsWithItsContextAndFreesThePort(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	run, err := sacsim.Listen(ctx, sacsim.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := run.Wait(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	run.Close() // again, without harm
	again, err := sacsim.Listen(t.Context(), sacsim.ListenOptions{Listen: "127.0.0.1:" + strconv.Itoa(run.Ready.HTTP)})
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	again.Close()
}

func TestListenRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]sacsim.ListenOptions{
		"an address that is none":        {Listen: "256.0.0.1:http"},
		"a certificate in a lost folder": {TLS: true, CAOut: filepath.Join(t.TempDir(), "no", "ca.pem")},
		"an unknown platform":            {Options: sacsim.Options{Platform: "mars"}},
		"an unknown SSO mapping":         {Options: sacsim.Options{SSO: "saml"}},
		"a negative speed":               {Options: sacsim.Options{Speed: -1}},
		"a profile that divides by zero": {Options: sacsim.Options{Latency: sacsim.Latency{Token: 1}}},
		"a rule without an action":       {Options: sacsim.Options{Faults: []sacsim.Fault{{}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if run, err := sacsim.Listen(t.Context(), opts); err == nil {
				run.Close()
				t.Error("it started")
			}
		})
	}
}
