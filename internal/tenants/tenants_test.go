package tenants_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/config"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/tenants"
	"sacbridge/internal/upstream"
)

// load reads a configuration of two tenants with more text below it.
func load(t *testing.T, more string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sacbridge.yaml")
	text := `version: 1
tenants:
  dev:
    url: https://dev.example.com
    platform: neo
    namespace: t.DEV
    auth: {token_url: "https://auth.example.com/token", client_id: env:SACBRIDGE_TEST_ABSENT_ID, client_secret: env:SACBRIDGE_TEST_ABSENT_SECRET}
  prod:
    url: https://prod.example.com
    sso: email
    production: true
    limits: {workers: 7}
    auth: {token_url: "https://auth.example.com/token", client_id: file:id, client_secret: file:secret}
` + more
	for name, text := range map[string]string{path: text, filepath.Join(filepath.Dir(path), "id"): "me\n", filepath.Join(filepath.Dir(path), "secret"): "hidden\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATenantIsConnectedAsTheConfigurationSays(t *testing.T) {
	t.Parallel()
	c := load(t, "")
	if diff := cmp.Diff(tenants.Names(c), []string{"dev", "prod"}); diff != "" {
		t.Errorf("names (-got +want):\n%s", diff)
	}
	prod, err := tenants.Named(t.Context(), c, "prod", tenants.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := identity.Tenant{Name: "prod", URL: "https://prod.example.com", Platform: "cf", SSO: "email"}
	if diff := cmp.Diff(prod.Endpoint().Tenant(), want); diff != "" {
		t.Errorf("tenant (-got +want):\n%s", diff)
	}
	if sent := prod.Traffic(); !prod.Production || sent != (engine.Traffic{}) {
		t.Errorf("production %v, %d calls, %d retries; want a production tenant that was not called", prod.Production, sent.Calls, sent.Retries)
	}
	if got := prod.Conn.Limits(0).Workers; got != 7 {
		t.Errorf("%d workers, want the 7 of the configuration", got)
	}
}

func TestTheOptionOfWorkersGoesBeforeTheConfiguration(t *testing.T) {
	t.Parallel()
	prod, err := tenants.Named(t.Context(), load(t, ""), "prod", tenants.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := prod.Conn.Limits(0).Workers; got != 2 {
		t.Errorf("%d workers, want 2", got)
	}
}

func TestAnUnknownTenantIsToldWithThoseThereAre(t *testing.T) {
	t.Parallel()
	_, err := tenants.Named(t.Context(), load(t, ""), "test", tenants.Options{})
	if err == nil || !strings.Contains(err.Error(), `unknown tenant "test"`) || !strings.HasSuffix(err.Error(), "names dev, prod") {
		t.Errorf("got %v", err)
	}
}

func TestEveryMissingCredentialIsTold(t *testing.T) {
	t.Parallel()
	c := load(t, "")
	for name, missing := range map[string][]string{"dev": {"SACBRIDGE_TEST_ABSENT_ID", "SACBRIDGE_TEST_ABSENT_SECRET"}, "prod": nil} {
		one, err := tenants.Named(t.Context(), c, name, tenants.Options{})
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		if err := one.Credentials(); err != nil {
			said = err.Error()
		}
		if (said == "") != (missing == nil) {
			t.Errorf("%s: got %q", name, said)
		}
		for _, word := range missing {
			if !strings.Contains(said, word) {
				t.Errorf("%s: %q does not name %s", name, said, word)
			}
		}
	}
}

func TestGuardsAndProtectionAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	count := func(n int) *int { return &n }
	share := func(p float64) *float64 { return &p }
	unset := plan.DefaultGuards()
	for name, tt := range map[string]struct {
		more string
		want plan.Rules
	}{
		"nothing is said, so the defaults hold": {"", plan.Rules{Guards: unset}},
		"a guard replaces the default as a whole, and off lifts it": {
			"guards: {max_create: {count: 5}, max_delete: {count: 60}, max_role_removal: off, min_source_size: {percent_of_last: 80}}\n",
			plan.Rules{Guards: plan.Guards{
				MaxCreate: plan.Guard{Count: count(5)}, MaxDeactivate: unset.MaxDeactivate, MaxDelete: plan.Guard{Count: count(60)},
				MaxMemberRemoval: unset.MaxMemberRemoval, MinSourceSize: plan.Guard{Percent: share(80)},
			}},
		},
		"protection": {
			"protect: {users: [BOSS], teams: [Board], roles: [\"PROFILE:t.PRD:Auditor\"]}\n",
			plan.Rules{Guards: unset, Protect: plan.Protect{Users: []string{"BOSS"}, Teams: []string{"Board"}, Roles: []string{"PROFILE:t.PRD:Auditor"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tenants.Rules(load(t, tt.more)), tt.want); diff != "" {
				t.Errorf("rules (-got +want):\n%s", diff)
			}
		})
	}
}

func TestTheRoleTableTakesTheRowsThatNameBothTenants(t *testing.T) {
	t.Parallel()
	c := &config.Config{Roles: []map[string]string{{"dev": "A", "prod": "B"}, {"dev": "C", "test": "D"}, {"prod": "E"}}}
	if diff := cmp.Diff(tenants.RoleTable(c, "dev", "prod"), map[string]string{"A": "B"}); diff != "" {
		t.Errorf("table (-got +want):\n%s", diff)
	}
}

// authority makes a certificate authority and a file that holds it.
func authority(t *testing.T, name string) (*x509.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, path
}

func TestTrustAddsTheAuthoritiesOfEveryFile(t *testing.T) {
	t.Parallel()
	first, firstFile := authority(t, "first")
	second, secondFile := authority(t, "second")
	pool, err := tenants.Trust("", firstFile, secondFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, cert := range []*x509.Certificate{first, second} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			t.Errorf("%s is not trusted: %v", cert.Subject.CommonName, err)
		}
	}
	stranger, _ := authority(t, "stranger")
	if _, err := stranger.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
		t.Error("a stranger is trusted")
	}
}

func TestTrustWithoutAFileIsTheSystems(t *testing.T) {
	t.Parallel()
	if pool, err := tenants.Trust("", ""); pool != nil || err != nil {
		t.Errorf("got %v, %v, want nil for both", pool, err)
	}
}

func TestAFileThatHoldsNoAuthorityIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, large := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "large.pem")
	if err := os.WriteFile(empty, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, make([]byte, 8<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		empty: "holds no certificate in PEM form", large: "is larger than 8 MiB", filepath.Join(dir, "none.pem"): "no such file",
	} {
		if _, err := tenants.Trust(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(file), err, want)
		}
	}
}

// memory remembers in memory.
type memory struct {
	known map[string]upstream.Facts
	fail  error
}

func (m *memory) Recall(_ context.Context, url string) (upstream.Facts, error) {
	return m.known[url], m.fail
}

func (m *memory) Remember(_ context.Context, url string, known upstream.Facts) error {
	m.known[url] = known
	return m.fail
}

func TestWhatWasLearntAboutATenantIsGivenToItsConnector(t *testing.T) {
	t.Parallel()
	known := upstream.Facts{RolePatch: upstream.Yes, Ignored: map[string]time.Time{upstream.AttrGivenName: time.Unix(1, 0)}}
	for name, tt := range map[string]struct {
		options tenants.Options
		want    upstream.Facts
	}{
		"without a memory nothing is known": {tenants.Options{}, upstream.Facts{}},
		"with one all is":                   {tenants.Options{Memory: &memory{known: map[string]upstream.Facts{"https://prod.example.com": known}}}, known},
		"ignored attributes are tried again": {
			tenants.Options{RetryIgnored: true, Memory: &memory{known: map[string]upstream.Facts{"https://prod.example.com": known}}},
			upstream.Facts{RolePatch: upstream.Yes},
		},
		"another tenant's is another's":              {tenants.Options{Memory: &memory{known: map[string]upstream.Facts{"https://dev.example.com": known}}}, upstream.Facts{}},
		"a memory that fails stands in nobody's way": {tenants.Options{Memory: &memory{fail: os.ErrPermission}}, upstream.Facts{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prod, err := tenants.Named(t.Context(), load(t, ""), "prod", tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(prod.Conn.Facts(), tt.want); diff != "" {
				t.Errorf("facts (-got +want):\n%s", diff)
			}
		})
	}
}
