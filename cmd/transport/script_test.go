package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/sacsim"
)

// The exit codes by short names, for tables.
const (
	exitOK          = cli.ExitOK
	exitFailure     = cli.ExitFailure
	exitUsage       = cli.ExitUsage
	exitPartial     = cli.ExitPartial
	exitHeld        = cli.ExitHeld
	exitCredentials = cli.ExitCredentials
	exitUnreachable = cli.ExitUnreachable
	exitStale       = cli.ExitStale
	exitConflicts   = cli.ExitConflicts
	exitDifferent   = cli.ExitDifferent
	exitInterrupted = cli.ExitInterrupted
)

func exitCode(err error) int { return cli.ExitCode(err) }

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"transport":      func() { os.Exit(run()) },
		"transport-full": func() { os.Exit(runOnFullDisk()) },
	})
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
//	hold NAME FILE [TIME]  take the lease on the tenant in this lease file, for an hour unless a time is given
//	utf16 FROM TO          write a file again as UTF-16
//	big FILE MIB           write a CSV file of this size
//	quoted-in FILE [REGEXP] a document of the repository ($REPOSITORY) quotes the output, or its lines that match
func TestScripts(t *testing.T) {
	t.Parallel()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("SAC_SECRET", "wrong-on-purpose")
			e.Setenv("REPOSITORY", repository)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim": cmdSim, "config": cmdConfig, "env-file": cmdEnvFile, "exits": cmdExits, "calls": cmdCalls,
			"writes": cmdWrites, "clean": cmdClean, "strike": cmdStrike, "post": cmdPost, "state": cmdState,
			"hold": cmdHold, "quoted-in": cmdQuotedIn, "utf16": cmdUTF16, "big": cmdBig,
		},
	})
}

// scriptContext is where the commands of scripts begin: testscript gives them none.
func scriptContext() context.Context {
	return context.Background() //nolint:forbidigo // testscript hands its commands no context
}

// cmdSim starts `transport sim` and reads its ready line.
func cmdSim(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	path, err := exec.LookPath("transport")
	ts.Check(err)
	ctx, cancel := context.WithCancel(scriptContext())
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
