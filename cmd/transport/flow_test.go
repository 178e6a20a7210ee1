package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// stage is a small source and target with an app that a person sits at.
type stage struct {
	app       *app
	out, talk *bytes.Buffer
	pair      *tenantPair
	target    *sacsim.Running
}

func newStage(t *testing.T, answer string) *stage {
	t.Helper()
	listen := func(name string, seed seedTenant) *sacsim.Running {
		parsed, err := seed.parse()
		if err != nil {
			t.Fatal(err)
		}
		run, err := sacsim.Listen(t.Context(), sacsim.ListenOptions{Options: sacsim.Options{Name: name, Platform: service.CF, Seed: parsed}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(run.Close)
		return run
	}
	owner := seedPerson{ID: "OWNER", Email: "owner@example.com", Owner: true}
	source := listen("dev", seedTenant{
		Users: []seedPerson{owner, {ID: "ANNA", Email: "anna@example.com"}, {ID: "BEN", Email: "ben@example.com"}},
		Teams: []seedGroup{{ID: "Finance", Display: "Finance", Members: []string{"ANNA", "BEN"}}},
	})
	s := &stage{out: &bytes.Buffer{}, talk: &bytes.Buffer{}, target: listen("prod", seedTenant{Users: []seedPerson{owner}, Teams: []seedGroup{}})}
	s.app = &app{Environment: cli.Environment{In: strings.NewReader(answer), Out: s.out, Err: s.talk, Env: func(string) string { return "" }, Now: time.Now, Ask: true}}
	s.pair = &tenantPair{folder: stateIn(t.TempDir()), rules: plan.Rules{Guards: plan.DefaultGuards()}}
	var err error
	if s.pair.from, err = s.app.demoEndpoint(t.Context(), source.Ready, s.pair.folder); err != nil {
		t.Fatal(err)
	}
	if s.pair.to, err = s.app.demoEndpoint(t.Context(), s.target.Ready, s.pair.folder); err != nil {
		t.Fatal(err)
	}
	return s
}

// copyFinance is `copy teams --team Finance` with the given flags.
func (s *stage) copyFinance(ctx context.Context, flags *planFlags) error {
	w := s.pair.operation("test", &limitFlags{})
	w.Request = engine.FixedRequest(plan.Request{Steps: []plan.Step{{Origin: "test", CopyTeam: &plan.CopyTeam{
		Team: "Finance", Users: plan.UsersMissing, UserRoles: identity.Add, UserTeams: identity.Keep,
		TeamRoles: identity.Add, Members: identity.Add, Name: plan.NameKeep,
	}}}})
	return s.app.change(ctx, s.pair, w, s.app.dialog(flags))
}

func (s *stage) writes(t *testing.T) int {
	t.Helper()
	var stats simStats
	getJSON(t, s.target, "/__stats", &stats)
	return stats.writeCount()
}

func TestAtATerminalThePlanIsShownAndAPersonIsAsked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		code   int
		writes bool
	}{
		"yes applies it":              {"y\n", exitOK, true},
		"the whole word is taken too": {"YES\n", exitOK, true},
		"no declines it":              {"n\n", exitInterrupted, false},
		"an empty line is a no":       {"\n", exitInterrupted, false},
		"an answer that never comes":  {"", exitInterrupted, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, tt.answer)
			err := s.copyFinance(t.Context(), &planFlags{output: cli.AsTable})
			if got := exitCode(err); got != tt.code {
				t.Errorf("exit code %d, want %d: %v", got, tt.code, err)
			}
			if !strings.Contains(s.out.String(), "2 to create") || !strings.Contains(s.talk.String(), "Apply 3 changes to prod") {
				t.Errorf("the plan or the question is missing:\n%s\n%s", s.out, s.talk)
			}
			if got := s.writes(t) > 0; got != tt.writes {
				t.Errorf("wrote: %v, want %v", got, tt.writes)
			}
		})
	}
}

func TestJSONOutputIsOneDocumentAndThePlanToApproveIsTalk(t *testing.T) {
	t.Parallel()
	s := newStage(t, "n\n")
	if err := s.copyFinance(t.Context(), &planFlags{output: cli.AsJSON}); exitCode(err) != exitInterrupted {
		t.Errorf("got %v, want a declined plan", err)
	}
	var got struct {
		ReadCalls int       `json:"readCalls"`
		Applied   bool      `json:"applied"`
		Exit      int       `json:"exit"`
		Plan      plan.Plan `json:"plan"`
	}
	if err := json.Unmarshal(s.out.Bytes(), &got); err != nil {
		t.Fatalf("stdout is no JSON document: %v\n%s", err, s.out)
	}
	if got.Exit != exitInterrupted || got.Applied || len(got.Plan.Changes) != 3 || got.ReadCalls == 0 {
		t.Errorf("got exit %d, applied %v, %d changes, %d calls", got.Exit, got.Applied, len(got.Plan.Changes), got.ReadCalls)
	}
	if !strings.Contains(s.talk.String(), "2 to create") {
		t.Errorf("nobody can approve a plan that is not shown:\n%s", s.talk)
	}
}

func TestPlanFilesAreWrittenWholeAndForTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t, "n\n")
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := s.copyFinance(t.Context(), &planFlags{output: cli.AsTable, out: path}); exitCode(err) != exitInterrupted {
		t.Errorf("got %v, want a declined plan", err)
	}
	if _, err := show.ReadPlanFile(path); err != nil {
		t.Error(err)
	}
	if err := show.WritePlanFile(filepath.Join(path, "below"), &plan.Plan{Version: plan.Version}); err == nil {
		t.Error("a file below a file was written")
	}
}

// TestAnExpiredCertificateIsNoTenant answers over TLS with a certificate of last year that is trusted.
func TestAnExpiredCertificateIsNoTenant(t *testing.T) {
	t.Parallel()
	server, ca := expiredServer(t)
	env := filepath.Join(t.TempDir(), "env.json")
	host := strings.TrimPrefix(server.URL, "https://")
	var values []map[string]string
	for _, prefix := range []string{"Source-", "Target-"} {
		at := host
		if prefix == "Target-" {
			at = strings.Replace(host, "127.0.0.1", "localhost", 1)
		}
		for key, value := range map[string]string{"SACserviceFQDN": at, "SACtokenFQDN": at, "Username": "id", "Password": "secret"} {
			values = append(values, map[string]string{"key": prefix + key, "value": value})
		}
	}
	data, err := json.Marshal(map[string]any{"values": values})
	if err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, env, data)
	rows := filepath.Join(t.TempDir(), "x903.json")
	writeTestFile(t, rows, []byte(`[{"file_userid":"ANNA","file_roles_action":"add","file_teams_action":"keep"}]`))
	var talk bytes.Buffer
	a := testApp()
	a.Err, a.Env = &talk, func(key string) string { return map[string]string{"XDG_STATE_HOME": t.TempDir()}[key] }
	code := execute(t.Context(), a, []string{"run", "1903", "--env", env, "--data", rows, "--ca", ca, "--dry-run"})
	if code != exitUnreachable || !strings.Contains(talk.String(), "expired") {
		t.Errorf("exit code %d, want 6 and the word expired: %s", code, &talk)
	}
}

func expiredServer(t *testing.T) (*httptest.Server, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeTestFile(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return server, ca
}

func TestARunThatFindsTheTenantLeasedLeavesNoJournal(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	if err := s.pair.folder.writable(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pair.folder.leaseFile().Acquire(t.Context(), s.pair.to.Tenant().URL, "someone else", time.Hour); err != nil {
		t.Fatal(err)
	}
	flags := &planFlags{output: cli.AsTable, yes: true}
	err := s.copyFinance(t.Context(), flags)
	if calls := s.pair.to.Traffic().Calls; exitCode(err) != exitUsage || calls > 0 {
		t.Errorf("got %v after %d calls, want an error of usage and no call", err, calls)
	}
	if ids, err := s.pair.folder.journals().List(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("got journals %v, %v; want none", ids, err)
	}
	if got := s.writes(t); got > 0 {
		t.Errorf("%d writes, want none", got)
	}
}

func TestPruneRemovesRunsThatEndedLongAgo(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	if err := s.copyFinance(t.Context(), &planFlags{output: cli.AsTable, yes: true}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "sacbridge.yaml")
	writeTestFile(t, config, []byte("version: 1\nstate: "+filepath.Join(filepath.Dir(s.pair.folder.runs), "s.db")+"\ntenants: {}\n"))
	s.app.Now = func() time.Time { return time.Now().Add(72 * time.Hour) }
	for _, step := range []struct {
		args []string
		says string
		left int
	}{
		{[]string{"--days", "4", "--yes"}, "No run is done and ended more than 4 days ago.", 1},
		{[]string{"--days", "2"}, "Nothing was removed. With --yes these are:", 1},
		{[]string{"--days", "2", "--yes"}, "Removed:", 0},
	} {
		s.talk.Reset()
		code := execute(t.Context(), s.app, append([]string{"runs", "prune", "--config", config}, step.args...))
		ids, err := s.pair.folder.journals().List(t.Context())
		if code != exitOK || err != nil || len(ids) != step.left || !strings.Contains(s.talk.String(), step.says) {
			t.Errorf("%v: exit code %d, %d runs left, %v, said %q; want %q", step.args, code, len(ids), err, s.talk, step.says)
		}
	}
}
