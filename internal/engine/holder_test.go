package engine_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"sacbridge/internal/apply"
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

// Trial 2: a process that was killed before it had a journal kept everybody out for a minute.
func TestTheLeaseOfAProcessOfThisMachineThatIsGoneIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	dead := gone(t)
	for name, tt := range map[string]struct {
		holder string
		takes  bool
	}{
		"a process that is gone":             {fmt.Sprintf("test run 1 on %s (pid %d)", host, dead), true},
		"one of another program":             {fmt.Sprintf("bridge run 1 on %s (pid %d)", host, dead), true},
		"this very process":                  {fmt.Sprintf("test run 1 on %s (pid %d)", host, os.Getpid()), false},
		"a process of another machine":       {fmt.Sprintf("test run 1 on %s0 (pid %d)", host, dead), false},
		"a holder who names no process":      {"somebody on " + host, false},
		"a process that nobody can have":     {fmt.Sprintf("test run 1 on %s (pid 99999999999999999999)", host), false},
		"a holder whose name goes on behind": {fmt.Sprintf("test run 1 on %s (pid %d) and more", host, dead), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			l, err := w.leases.Acquire(t.Context(), "http://prod.example.test", tt.holder, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.engine().Change(t.Context(), w.copyTeam(identity.Add))
			held, refused := errors.AsType[*apply.LeaseHeldError](err)
			if tt.takes && err != nil || !tt.takes && (!refused || held.Lease.Fence != l.Fence) {
				t.Errorf("got %v", err)
			}
		})
	}
}
