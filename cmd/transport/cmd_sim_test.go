package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/cmd/internal/cli"
)

// startSim runs `transport sim --watch-stdin` with the arguments until ctx ends; the returned
// function ends its standard input and gives its error.
func startSim(ctx context.Context, t *testing.T, args ...string) (ready map[string]any, stop func() error) {
	t.Helper()
	stdin, closeStdin := io.Pipe()
	stdout, out := io.Pipe()
	a := &app{Environment: cli.Environment{In: stdin, Out: out, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now}}
	cmd := newSimCmd(a)
	cmd.SetArgs(append([]string{"--watch-stdin"}, args...))
	ended := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		_ = out.CloseWithError(io.EOF)
		ended <- err
	}()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no ready line: %v", <-ended)
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("ready line %q: %v", line, err)
	}
	return ready, func() error {
		_ = closeStdin.Close()
		return <-ended
	}
}

func TestSimPrintsOneReadyLineAndStopsWithStdin(t *testing.T) {
	t.Parallel()
	ready, stop := startSim(t.Context(), t, "--client", "sb-a:b!b1|client!b1:s3cret", "--name", "prod", "--namespace", "t.B")
	url, _ := ready["url"].(string)
	got := ready
	want := map[string]any{
		"name": "prod", "url": url, "token_url": url + "/oauth/token", "client_id": "sb-a:b!b1|client!b1",
		"client_secret": "s3cret", "platform": "cf", "sso": "default", "namespace": "t.B",
		"http": ready["http"], "https": 0.0, "ca": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ready line (-want +got):\n%s", diff)
	}
	if n, ok := ready["http"].(float64); !ok || n == 0 || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("ready line names no port: %v", ready)
	}
	state := getSim(t, http.DefaultTransport, url+"/__state")
	if !bytes.Contains(state, []byte("SYSOWNER")) {
		t.Errorf("state without a seed = %s, want a System Owner", state)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestSimWritesACertificateThatClientsCanTrust(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	ready, stop := startSim(t.Context(), t, "--tls", "--ca-out", ca, "--platform", "neo")
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", ca)
	}
	url, _ := ready["url"].(string)
	if !strings.HasPrefix(url, "https://") || ready["token_url"] != url+"/oauth2/api/v1/token" || ready["ca"] != ca {
		t.Errorf("ready line = %v", ready)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	getSim(t, transport, url+"/__stats")
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestSimRefusesBadFlags(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte(`[{"action":"explode"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a platform that does not exist":     {"--platform", "mars"},
		"an SSO mapping that does not exist": {"--sso", "EMAIL"},
		"a client without a secret":          {"--client", "me"},
		"a speed of nothing":                 {"--speed", "0"},
		"a negative number of people":        {"--users", "-1"},
		"a certificate file without TLS":     {"--ca-out", "x.pem"},
		"an address without a port":          {"--listen", "localhost"},
		"a seed file that is not there":      {"--seed", broken + ".not"},
		"a fault file with a wrong action":   {"--faults", broken},
		"a latency file that is a list":      {"--latency", broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := newSimCmd(&app{Environment: cli.Environment{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}})
			cmd.SetArgs(args)
			cmd.SetOut(io.Discard)
			cmd.SetErr(io.Discard)
			err := cmd.ExecuteContext(t.Context())
			if got := exitCode(err); got != exitUsage {
				t.Errorf("exit code = %d (%v), want %d", got, err, exitUsage)
			}
		})
	}
}

func TestSimStopsWithoutAnErrorWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	ready, stop := startSim(ctx, t, "--users", "5", "--teams", "2")
	url, _ := ready["url"].(string)
	getSim(t, http.DefaultTransport, url+"/__state")
	interrupt()
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func getSim(t *testing.T, transport http.RoundTripper, url string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %s, %v", url, answer.Status, err)
	}
	return body
}
