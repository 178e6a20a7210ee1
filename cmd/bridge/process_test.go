package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what has to come: only a failure takes so long.
const patience = 2 * time.Minute

// asProgram makes the test binary be the program.
const asProgram = "BRIDGE_TEST_AS_PROGRAM"

// program gives the command for a bridge process: the built one where $BRIDGE_BINARY names it, else this very binary.
func program(ctx context.Context, args ...string) *exec.Cmd {
	if built := os.Getenv("BRIDGE_BINARY"); built != "" {
		return exec.CommandContext(ctx, built, args...)
	}
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0] = "bridge" // the name by which it is called
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// process is a running `bridge serve`.
type process struct {
	cmd   *exec.Cmd
	ready readyLine
	log   *safeBuffer
}

// safeBuffer gathers what a process says.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// startServe runs `bridge serve` with a configuration until it is ready.
func startServe(ctx context.Context, configFile string, flags ...string) (*process, error) {
	p := &process{cmd: program(ctx, append([]string{"serve", "--config", configFile}, flags...)...), log: &safeBuffer{}}
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("no ready line: %w: %s", err, p.log), p.cmd.Wait())
	}
	return p, json.Unmarshal(line, &p.ready)
}

// stop sends a signal and gives the exit code, -1 where the signal killed it.
func (p *process) stop(sig syscall.Signal) (int, error) {
	if err := p.cmd.Process.Signal(sig); err != nil {
		return 0, err
	}
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// workspace is the folder in which a test or benchmark works with bridge processes.
type workspace struct {
	tb     testing.TB
	dir    string
	config string
}

// newWorkspace makes a folder with a configuration: one source "s", or what the YAML below bridge says.
func newWorkspace(tb testing.TB, bridge string) *workspace {
	tb.Helper()
	ws := &workspace{tb: tb, dir: tb.TempDir()}
	ws.config = filepath.Join(ws.dir, "sacbridge.yaml")
	if bridge == "" {
		bridge = "  sources: {s: {}}\n"
	}
	text := "version: 1\nstate: state.db\nbridge:\n  listen: 127.0.0.1:0\n" + bridge
	if err := os.WriteFile(ws.config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return ws
}

func (ws *workspace) path(name string) string { return filepath.Join(ws.dir, name) }

// serve starts the server, on an empty state where there is none; it is killed at the end where the test has not stopped it.
func (ws *workspace) serve() *process {
	ws.tb.Helper()
	p, err := startServe(context.WithoutCancel(ws.tb.Context()), ws.config, "--init")
	if err != nil {
		ws.tb.Fatal(err)
	}
	ws.tb.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_, _ = p.stop(syscall.SIGKILL)
		}
	})
	return p
}

// run runs a command to its end.
func (ws *workspace) run(args ...string) (stdout string, code int) {
	ws.tb.Helper()
	cmd := program(ws.tb.Context(), append(args, "--config", ws.config)...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		ws.tb.Logf("bridge %s: %s", strings.Join(args, " "), talk.String())
		return out.String(), exit.ExitCode()
	}
	if err != nil {
		ws.tb.Fatal(err)
	}
	return out.String(), 0
}

// must runs a command that ends with 0.
func (ws *workspace) must(args ...string) string {
	ws.tb.Helper()
	out, code := ws.run(args...)
	if code != 0 {
		ws.tb.Fatalf("bridge %s exits with %d", strings.Join(args, " "), code)
	}
	return out
}

func (ws *workspace) token() string {
	ws.tb.Helper()
	return strings.TrimSpace(ws.must("token", "new", "s", "--name", "test"))
}

// client sends requests to one source.
type client struct {
	http  *http.Client
	base  string
	token string
}

func newClient(base, token string, connections int) *client {
	return &client{base: base, token: token, http: &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections},
	}}
}

// do sends a request and reads the whole answer.
func (c *client) do(ctx context.Context, method, path, body string) (status int, answer []byte, err error) {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, in)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	res, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, errors.Join(err, res.Body.Close())
}

// answerOf sends a request and reads the whole answer.
func answerOf(tb testing.TB, r *http.Request) (*http.Response, string) {
	tb.Helper()
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		tb.Fatal(err)
	}
	return res, string(text)
}

// want sends a request that must be answered with this status.
func (c *client) want(tb testing.TB, status int, method, path, body string) map[string]any {
	tb.Helper()
	got, answer, err := c.do(tb.Context(), method, path, body)
	if err != nil {
		tb.Fatal(err)
	}
	if got != status {
		tb.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, answer)
	}
	var tree map[string]any
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &tree); err != nil {
			tb.Fatalf("%s %s: %v: %s", method, path, err, answer)
		}
	}
	return tree
}

func userBody(name string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"externalId":%q,"active":true,`+
		`"name":{"givenName":"Given %[3]s","familyName":"Family %[3]s"},"displayName":"Given %[3]s Family %[3]s",`+
		`"emails":[{"value":%[4]q,"type":"work","primary":true}]}`, name, "x-"+name, name, name+"@example.com")
}

func groupBody(name string, members ...string) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = `{"value":"` + m + `"}`
	}
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[%s]}`, name, strings.Join(parts, ","))
}

func patchBody(ops string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + ops + `]}`
}
