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
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/store/bolt"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"transport":      func() { os.Exit(run()) },
		"transport-full": func() { os.Exit(runOnFullDisk()) },
	})
}

// runOnFullDisk is transport where no file can grow beyond 64 KiB, as on a file system that is full.
func runOnFullDisk() int {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	return run()
}

// TestScripts runs every script of testdata/script: what a user types, what comes back, and what reached
// the tenants. Besides testscript's commands there are
//
//	sim NAME [FLAGS]       start a simulated tenant; sets $NAME_url, $NAME_token, $NAME_id, $NAME_secret
//	config FILE NAME...    write a configuration that names started tenants
//	env-file FILE A B      write a multi-tenant Postman environment
//	exits CODE COMMAND...  run a command that must end with this exit code
//	calls NAME least most  the tenant has had so many requests
//	writes NAME least most the tenant has had so many writes
//	clean NAME             the tenant has nothing to complain about
//	strike SIGNAL CODE NAME ROUTE COMMAND...
//	                       run a command, send it INT or KILL once the tenant has had a request on the
//	                       route, and expect the exit code; output goes to struck.out and struck.err
//	post NAME PATH [FILE]  make a control call to the tenant
//	state NAME FILE        write the tenant's state to a file
//	hold NAME FILE         take the lease on the tenant in this lease file
//	utf16 FROM TO          write a file again as UTF-16
//	big FILE MIB           write a CSV file of this size
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("SAC_SECRET", "wrong-on-purpose")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim": cmdSim, "config": cmdConfig, "env-file": cmdEnvFile, "exits": cmdExits, "calls": cmdCalls,
			"writes": cmdWrites, "clean": cmdClean, "strike": cmdStrike, "post": cmdPost, "state": cmdState,
			"hold": cmdHold, "utf16": cmdUTF16, "big": cmdBig,
		},
	})
}

// cmdSim starts `transport sim` and reads its ready line.
func cmdSim(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	path, err := exec.LookPath("transport")
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, append([]string{"sim", "--watch-stdin", "--name", name}, args[1:]...)...)
	cmd.Dir = ts.Getenv("WORK")
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	cmd.Stderr = os.Stderr
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		cancel()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	ts.Check(err)
	var ready sacsim.Ready
	ts.Check(json.Unmarshal(line, &ready))
	for key, value := range map[string]string{
		"url": ready.URL, "token": ready.TokenURL, "id": ready.ClientID, "secret": ready.ClientSecret,
		"platform": ready.Platform, "sso": ready.SSO, "namespace": ready.Namespace, "ca": ready.CA,
		"http": fmt.Sprintf("http://127.0.0.1:%d", ready.HTTP),
	} {
		ts.Setenv(name+"_"+key, value)
	}
}

// cmdConfig writes a configuration whose state is in the folder state.
func cmdConfig(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	b.WriteString("version: 1\nstate: state/sacbridge.db\ntenants:\n")
	for _, name := range args[1:] {
		get := func(key string) string { return ts.Getenv(name + "_" + key) }
		ts.Check(os.WriteFile(ts.MkAbs(name+".secret"), []byte(get("secret")+"\n"), 0o600))
		fmt.Fprintf(&b, "  %s:\n    url: %q\n    platform: %s\n    sso: %s\n    namespace: %s\n", name, get("url"), get("platform"), get("sso"), get("namespace"))
		fmt.Fprintf(&b, "    auth: {token_url: %q, client_id: %q, client_secret: \"file:%s.secret\"}\n", get("token"), get("id"), name)
		if ca := get("ca"); ca != "" {
			fmt.Fprintf(&b, "    tls: {ca: %q}\n", ca)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

// cmdEnvFile writes the environment of the samples' transport scripts.
func cmdEnvFile(ts *testscript.TestScript, _ bool, args []string) {
	type entry struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	var values []entry
	for i, prefix := range []string{"Source-", "Target-"} {
		get := func(key string) string { return ts.Getenv(args[1+i] + "_" + key) }
		token, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(get("token"), "https://"), "http://"), "/")
		scheme, _, _ := strings.Cut(get("url"), "://")
		host := func(h string) string {
			if scheme == "http" {
				return "http://" + h
			}
			return h
		}
		values = append(values,
			entry{prefix + "SACserviceFQDN", host(token)}, entry{prefix + "SACtokenFQDN", host(token)},
			entry{prefix + "Username", get("id")}, entry{prefix + "Password", get("secret")},
			entry{prefix + "SAMLSSO", get("sso")}, entry{prefix + "SACplatform", strings.ToUpper(get("platform"))},
		)
	}
	data, err := json.Marshal(map[string]any{"name": "multi-tenant", "values": values})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code is %d, want %d\nstderr: %s", got, want, ts.ReadFile("stderr"))
	}
}

// simStats are the parts of /__stats that scripts ask about.
type simStats struct {
	Requests   int            `json:"requests"`
	ByRoute    map[string]int `json:"byRoute"`
	Violations []any          `json:"violations"`
}

// writeCount counts the requests that change people or teams.
func (s simStats) writeCount() int {
	n := 0
	for route, count := range s.ByRoute {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodGet && strings.Contains(path, "/scim") && !strings.HasSuffix(path, "/.search") {
			n += count
		}
	}
	return n
}

func statsOf(ts *testscript.TestScript, name string) simStats {
	var s simStats
	ts.Check(json.Unmarshal(control(ts, http.MethodGet, name, "/__stats", nil), &s))
	return s
}

// control makes a control call over plain HTTP and gives the answer.
func control(ts *testscript.TestScript, method, name, path string, body io.Reader) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, ts.Getenv(name+"_http")+path, body)
	ts.Check(err)
	resp, err := (&http.Client{}).Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("%s %s: status %d: %s", method, path, resp.StatusCode, data)
	}
	return data
}

func between(ts *testscript.TestScript, what string, got int, args []string) {
	least, err := strconv.Atoi(args[1])
	ts.Check(err)
	most, err := strconv.Atoi(args[2])
	ts.Check(err)
	if got < least || got > most {
		ts.Fatalf("%s has had %d %s, want %d to %d: %v", args[0], got, what, least, most, statsOf(ts, args[0]).ByRoute)
	}
}

func cmdCalls(ts *testscript.TestScript, _ bool, args []string) {
	between(ts, "calls", statsOf(ts, args[0]).Requests, args)
}

func cmdWrites(ts *testscript.TestScript, _ bool, args []string) {
	between(ts, "writes", statsOf(ts, args[0]).writeCount(), args)
}

func cmdClean(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		if v := statsOf(ts, name).Violations; len(v) > 0 {
			ts.Fatalf("%s complains: %v", name, v)
		}
	}
}

// cmdStrike interrupts or kills a command in the middle of its work.
func cmdStrike(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "KILL": os.Kill}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	path, err := exec.LookPath(args[4])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args[5:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.Getenv("WORK"), &out, &talk
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	ts.Check(cmd.Start())
	await(ts, args[2], args[3])
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	_ = cmd.Wait() // the exit code is looked at below
	ts.Check(os.WriteFile(ts.MkAbs("struck.out"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("struck.err"), talk.Bytes(), 0o600))
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code is %d, want %d\n%s\n%s", got, want, &out, &talk)
	}
}

// await looks every 20 ms, for at most 20 s, whether a tenant has had a request on a route.
func await(ts *testscript.TestScript, name, route string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for {
		for had := range statsOf(ts, name).ByRoute {
			if strings.HasPrefix(had, route) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-timeout:
			ts.Fatalf("%s has had no %s: %v", name, route, statsOf(ts, name).ByRoute)
		}
	}
}

func cmdPost(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	if len(args) > 2 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	control(ts, http.MethodPost, args[0], args[1], body)
}

func cmdState(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), control(ts, http.MethodGet, args[0], "/__state", nil), 0o600))
}

func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	_, err := bolt.LeaseFile(path, time.Now).Acquire(context.Background(), ts.Getenv(args[0]+"_url"), "bridge job nightly on host1 (pid 17)", time.Hour)
	ts.Check(err)
}

func cmdUTF16(ts *testscript.TestScript, _ bool, args []string) {
	out := []byte{0xFF, 0xFE}
	for _, r := range ts.ReadFile(args[0]) { // the scripts' files are ASCII
		out = append(out, byte(r), 0)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o600))
}

func cmdBig(ts *testscript.TestScript, _ bool, args []string) {
	mib, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = f.WriteString("file_userid,file_roles_action,file_teams_action\n")
	ts.Check(err)
	ts.Check(f.Truncate(int64(mib) << 20))
	ts.Check(f.Close())
}
