package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gate stands before a tenant and stops at one of its writes, before or after the write takes effect,
// until the test opens it.
type gate struct {
	next    http.Handler
	stopAt  int // the write, from 1
	after   bool
	mu      sync.Mutex
	writes  int
	reached chan struct{}
	opened  chan struct{}
}

func (g *gate) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !g.isMine(r) {
		g.next.ServeHTTP(rw, r)
		return
	}
	rec := httptest.NewRecorder()
	if g.after {
		g.next.ServeHTTP(rec, r)
	}
	close(g.reached)
	<-g.opened
	if !g.after && r.Context().Err() == nil { // nobody is left to hear of it, as a rule
		g.next.ServeHTTP(rec, r)
	}
	rw.WriteHeader(rec.Code)
	_, _ = rw.Write(rec.Body.Bytes())
}

// isMine counts writes.
func (g *gate) isMine(r *http.Request) bool {
	if r.Method == http.MethodGet || !strings.Contains(r.URL.Path, "/scim") || strings.HasSuffix(r.URL.Path, ".search") {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writes++
	return g.writes == g.stopAt
}

// TestTheProcessIsSignalledInTheMiddleOfAWrite kills or interrupts the real program while a write is under
// way, before or after its effect, and resumes it with the same program.
func TestTheProcessIsSignalledInTheMiddleOfAWrite(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("transport")
	if err != nil {
		t.Fatal(err)
	}
	o := teamCopy{0, "Team 000", "replace", "replace", "replace", "replace", true}
	source, target := combinedStates([]teamCopy{o}, "default", "default")
	want := target.clone(t)
	oracle(source, want, "default", "default", []teamCopy{o})
	for name, tt := range map[string]struct {
		signal os.Signal
		at     int
		after  bool
	}{
		"killed before the first write":              {os.Kill, 1, false},
		"killed after the first write, a create":     {os.Kill, 1, true},
		"killed before the second":                   {os.Kill, 2, false},
		"killed after the third":                     {os.Kill, 3, true},
		"killed after the fifth, a team":             {os.Kill, 5, true},
		"interrupted in the middle of the first":     {os.Interrupt, 1, true},
		"interrupted before the fourth takes effect": {os.Interrupt, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newCLI(t, source, target, [2]string{"default", "default"}, "")
			g := &gate{next: d.prod.server, stopAt: tt.at, after: tt.after, reached: make(chan struct{}), opened: make(chan struct{})}
			d.prod.front = httptest.NewServer(g)
			t.Cleanup(d.prod.front.Close)
			d.configure(t, "")
			code, said := signalAtGate(t, d, g, program, tt.signal, append(o.args(), "--yes", "--workers", "1"))
			if tt.signal == os.Interrupt && (code != exitInterrupted || !strings.Contains(said, "transport runs resume")) {
				t.Errorf("exit code %d, want 130 and the way on: %s", code, said)
			}
			runs, err := os.ReadDir(filepath.Join(d.dir, "state", "runs"))
			if err != nil || len(runs) != 1 {
				t.Fatalf("got journals %v, %v; want one", runs, err)
			}
			if tt.signal == os.Kill { // its lease would keep others out for a minute
				if err := os.Remove(filepath.Join(d.dir, "state", "sacbridge.leases")); err != nil {
					t.Fatal(err)
				}
			}
			d.mustExit(t, exitOK, "runs", "resume", strings.TrimSuffix(runs[0].Name(), ".db"))
			if diff := cmp.Diff(d.prod.state(t).text(t), want.text(t)); diff != "" {
				t.Errorf("the end (-got +want):\n%s", diff)
			}
			noViolations(t, d.dev, d.prod)
		})
	}
}

// signalAtGate runs the program until it stands at the gate, sends the signal, opens the gate and waits.
func signalAtGate(t *testing.T, d *cliFixture, g *gate, program string, signal os.Signal, args []string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, append(args, "--config", filepath.Join(d.dir, "sacbridge.yaml"))...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.dir, &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-g.reached:
	case <-ctx.Done():
		t.Fatalf("the program never came to write %d: %s", g.stopAt, &said)
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if signal == os.Kill {
		_ = cmd.Wait() // so that the write meets nobody any more
		close(g.opened)
		return -1, said.String()
	}
	close(g.opened)
	if err := cmd.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	if cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Errorf("the program died of the signal: %s", &said)
	}
	return cmd.ProcessState.ExitCode(), said.String()
}
