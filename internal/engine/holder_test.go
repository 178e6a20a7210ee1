package engine_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
)

// gone gives the identifier of a process that has ended and was waited for.
func gone(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// Trial 2: a dead process's lease was told like a living one's.
func TestALeaseWhoseProcessIsGoneIsRecognised(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	dead := gone(t)
	for name, tt := range map[string]struct {
		holder string
		runID  string
	}{
		"a process that is gone":             {fmt.Sprintf("test run 1 on %s (pid %d)", host, dead), "1"},
		"one of another program":             {fmt.Sprintf("bridge run 1 on %s (pid %d)", host, dead), "1"},
		"this very process":                  {fmt.Sprintf("test run 1 on %s (pid %d)", host, os.Getpid()), ""},
		"a process of another machine":       {fmt.Sprintf("test run 1 on %s0 (pid %d)", host, dead), ""},
		"a holder who names no process":      {"somebody on " + host, ""},
		"a process that nobody can have":     {fmt.Sprintf("test run 1 on %s (pid 99999999999999999999)", host), ""},
		"a holder whose name goes on behind": {fmt.Sprintf("test run 1 on %s (pid %d) and more", host, dead), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if _, err := w.leases.Acquire(t.Context(), "http://prod.example.test", tt.holder, time.Hour); err != nil {
				t.Fatal(err)
			}
			_, err := w.engine().Change(t.Context(), w.copyTeam(identity.Add))
			if id, ok := engine.AbandonedRun(fmt.Errorf("x: %w", err)); id != tt.runID || ok != (tt.runID != "") {
				t.Errorf("got %q, %v for %v", id, ok, err)
			}
		})
	}
	if _, ok := engine.AbandonedRun(errors.New("another error")); ok {
		t.Error("any error passes for a lease")
	}
}
