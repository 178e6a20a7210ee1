package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run())
	}
	if os.Getenv(asHello) != "" {
		os.Exit(runHello())
	}
	testscript.Main(m, map[string]func(){"bridge": func() { os.Exit(run()) }, "sacbridge": func() { os.Exit(run()) }})
}

// TestScripts runs every script of testdata/script: what a user types and what comes back. Besides
// testscript's commands there are
//
//	serve NAME FILE FLAG...  start bridge serve; sets $NAME (the base URL), $NAME_metrics and $NAME_pid
//	end NAME SIGNAL CODE   stop it by TERM or KILL and expect the exit code; its log goes to NAME.log
//	exits CODE COMMAND...  run a command that must end with this exit code
//	http STATUS METHOD URL [TOKEN-FILE [BODY-FILE]]
//	                       send a request; the answer's body goes to the file answer
//	id VARIABLE            set a variable to the id in the file answer
func TestScripts(t *testing.T) {
	t.Parallel()
	running := &processes{of: map[string]*process{}}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": running.cmdServe, "end": running.cmdEnd, "exits": cmdExits, "http": cmdHTTP, "id": cmdID,
		},
	})
}

func (p *processes) cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	ran, err := startServe(scriptContext(), ts.MkAbs(args[1]), args[2:]...)
	ts.Check(err)
	p.put(ts.Getenv("WORK")+name, ran)
	ts.Defer(func() {
		if ran.cmd.ProcessState == nil {
			_, _ = ran.stop(syscall.SIGKILL)
		}
	})
	ts.Setenv(name, ran.ready.BaseURL)
	ts.Setenv(name+"_metrics", "http://"+ran.ready.Metrics)
	ts.Setenv(name+"_pid", strconv.Itoa(ran.cmd.Process.Pid))
}

func (p *processes) cmdEnd(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	ran := p.get(ts.Getenv("WORK") + args[0])
	got, err := ran.stop(map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}[args[1]])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".log"), []byte(ran.log.String()), 0o600))
	if got != want {
		ts.Fatalf("exit code is %d, want %d\nlog: %s", got, want, ran.log)
	}
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

func cmdHTTP(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	if len(args) > 4 {
		body = strings.NewReader(ts.ReadFile(args[4]))
	}
	r, err := http.NewRequestWithContext(scriptContext(), args[1], args[2], body)
	ts.Check(err)
	r.Header.Set("Content-Type", "application/scim+json")
	if len(args) > 3 {
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[3])))
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(r)
	ts.Check(err)
	answer, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close()))
	ts.Check(os.WriteFile(ts.MkAbs("answer"), answer, 0o600))
	if strconv.Itoa(res.StatusCode) != args[0] {
		ts.Fatalf("status is %d, want %s: %s", res.StatusCode, args[0], answer)
	}
}

func cmdID(ts *testscript.TestScript, _ bool, args []string) {
	_, rest, ok := strings.Cut(ts.ReadFile("answer"), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if !ok {
		ts.Fatalf("there is no id in the answer")
	}
	ts.Setenv(args[0], id)
}
