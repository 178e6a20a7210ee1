package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sacbridge/internal/store/bolt"
)

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
	ctx, cancel := context.WithTimeout(scriptContext(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, ts.Getenv(name+"_http")+path, body)
	ts.Check(err)
	resp, err := (&http.Client{}).Do(req)
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
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
	ctx, cancel := context.WithTimeout(scriptContext(), time.Minute)
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
	path, ttl := ts.MkAbs(args[1]), time.Hour
	if len(args) > 2 {
		var err error
		ttl, err = time.ParseDuration(args[2])
		ts.Check(err)
	}
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	_, err := bolt.LeaseFile(path, time.Now).Acquire(scriptContext(), ts.Getenv(args[0]+"_url"), "bridge job nightly on host1 (pid 17)", ttl)
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

// port is what differs between a transcript and the tenants of a script.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// cmdQuotedIn checks that a document of the repository quotes the lines of the latest output that match a pattern, and
// all of it where there is no pattern.
func cmdQuotedIn(ts *testscript.TestScript, _ bool, args []string) {
	document, err := os.ReadFile(filepath.Join(ts.Getenv("REPOSITORY"), args[0]))
	ts.Check(err)
	text := port.ReplaceAllString(strings.ReplaceAll(string(document), "\r\n", "\n"), "PORT")
	said := strings.TrimSpace(port.ReplaceAllString(ts.ReadFile("stdout"), "PORT"))
	parts := []string{said}
	if len(args) > 1 {
		parts = regexp.MustCompile("(?m)^.*"+args[1]+".*$").FindAllString(said, -1)
	}
	if len(parts) == 0 {
		ts.Fatalf("nothing of the output matches %q", args[1])
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			ts.Fatalf("%s does not quote what is printed:\n%s", args[0], part)
		}
	}
}
