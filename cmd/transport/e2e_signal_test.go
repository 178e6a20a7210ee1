//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
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

	"sacbridge/internal/store/bolt"
)

// signalled is a real process that gets a signal between two of its requests: right before the answer to the
// first of them arrives.
type signalled struct {
	next   http.Handler
	at     int // the request, from 1; 0: none
	signal func()
	answer int // 429: that request is not carried out, and is to be repeated after a while

	mu       sync.Mutex
	requests int
	writes   []string // since the signal
	last     time.Time
	started  chan struct{} // closed once the process can be signalled
	struck   chan struct{} // closed at the signal
	goOn     chan struct{} // the answer is held back until it is closed
	release  func()        // closes goOn
}

func (s *signalled) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	mine := s.requests == s.at
	if s.at > 0 && s.requests > s.at && isWriteRequest(r) {
		s.writes = append(s.writes, r.Method+" "+r.URL.Path)
	}
	s.mu.Unlock()
	rec := httptest.NewRecorder()
	if mine && s.answer != 0 {
		rec.Header().Set("Retry-After", "3")
		rec.WriteHeader(s.answer)
	} else {
		s.next.ServeHTTP(rec, r)
	}
	if mine {
		s.mu.Lock()
		s.last = time.Now()
		s.mu.Unlock()
		<-s.started
		s.signal()
		close(s.struck)
		<-s.goOn
	}
	maps.Copy(rw.Header(), rec.Header())
	rw.WriteHeader(rec.Code)
	_, _ = rw.Write(rec.Body.Bytes())
	s.mu.Lock()
	s.last = time.Now()
	s.mu.Unlock()
}

func isWriteRequest(r *http.Request) bool {
	return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/scim") && !strings.HasSuffix(r.URL.Path, ".search")
}

// late are the writes that came after the signal.
func (s *signalled) late() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// copyProcess is the real program that copies a team, and what it talks to.
type copyProcess struct {
	d    *cliFixture
	tap  *signalled
	cmd  *exec.Cmd
	said *bytes.Buffer
}

// startCopy starts the program against a tenant that will signal it at its n-th request.
func startCopy(t *testing.T, o teamCopy, source, target *tenantState, at, answer int, signal syscall.Signal) *copyProcess {
	t.Helper()
	program, err := exec.LookPath("transport")
	if err != nil {
		t.Fatal(err)
	}
	p := &copyProcess{d: newCLI(t, source, target, [2]string{"default", "default"}, ""), said: &bytes.Buffer{}}
	p.tap = &signalled{next: p.d.prod.server, at: at, answer: answer, started: make(chan struct{}), struck: make(chan struct{}), goOn: make(chan struct{})}
	p.tap.release = sync.OnceFunc(func() { close(p.tap.goOn) })
	p.d.prod.front = httptest.NewServer(p.tap)
	t.Cleanup(p.d.prod.front.Close)
	t.Cleanup(p.tap.release)
	p.d.configure(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p.cmd = exec.CommandContext(ctx, program, append(o.args(), "--yes", "--workers", "1", "--config", filepath.Join(p.d.dir, "sacbridge.yaml"))...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.d.dir, p.said, p.said
	p.tap.signal = func() {
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Error(err)
		}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(p.tap.started)
	return p
}

// awaitSignal waits until the signal has been sent.
func (p *copyProcess) awaitSignal(t *testing.T) {
	t.Helper()
	select {
	case <-p.tap.struck:
	case <-time.After(time.Minute):
		t.Fatalf("the program never came to request %d: %s", p.tap.at, p.said)
	}
}

// wait waits for the end of the process and gives its exit code.
func (p *copyProcess) wait(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Error(err)
		}
	}
	return p.cmd.ProcessState.ExitCode()
}

// signalPoints calls try for each request of a quiet run (under the race detector each third), side by side, and once
// more with that request to be repeated after a while. The tests of the engine go through every point in the process itself.
func signalPoints(t *testing.T, try func(t *testing.T, o teamCopy, source, target *tenantState, at, answer int)) {
	t.Helper()
	o := teamCopy{0, "Team 000", "replace", "replace", "replace", "replace", true}
	source, target := combinedStates([]teamCopy{o}, "default", "default")
	quiet := startCopy(t, o, source, target, 0, 0, 0)
	if code := quiet.wait(t); code != exitOK {
		t.Fatalf("a quiet run: exit code %d: %s", code, quiet.said)
	}
	for at := 1; at <= quiet.tap.requests; at++ {
		if raceDetector && at%3 != 0 {
			continue
		}
		for _, answer := range []int{0, http.StatusTooManyRequests} {
			t.Run(fmt.Sprintf("request %d, answer %d", at, answer), func(t *testing.T) {
				t.Parallel()
				try(t, o, source, target, at, answer)
			})
		}
	}
}

// TestAStoppedProcessThatLostItsLeaseWritesNothing stops the real program between any two of its requests, lets somebody
// else take the lease and write, and then lets the program go on.
func TestAStoppedProcessThatLostItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	signalPoints(t, func(t *testing.T, o teamCopy, source, target *tenantState, at, answer int) {
		t.Helper()
		p := startCopy(t, o, source, target, at, answer, syscall.SIGSTOP)
		p.awaitSignal(t)
		p.letGo(t)
		p.takeOver(t)
		p.tap.mu.Lock()
		p.tap.writes = nil // those of the second run
		p.tap.mu.Unlock()
		end := p.d.prod.state(t).text(t)
		p.tap.release()
		if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		p.wait(t)
		if late := p.tap.late(); len(late) > 0 {
			t.Errorf("it wrote after it lost the lease: %v\n%s", late, p.said)
		}
		if diff := cmp.Diff(p.d.prod.state(t).text(t), end); diff != "" {
			t.Errorf("the second run's end does not stay (-got +want):\n%s", diff)
		}
	})
}

// letGo lets the process go on for moments while it has been stopped with the file of leases open, which keeps everybody
// else out. It comes no further than to its request, which is not answered yet.
func (p *copyProcess) letGo(t *testing.T) {
	t.Helper()
	for range 200 {
		<-time.After(5 * time.Millisecond) // until the signal has done its work
		f, err := os.Open(filepath.Join(p.d.dir, "state", "sacbridge.leases"))
		if err != nil {
			t.Fatal(err)
		}
		locked := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if locked == nil {
			return
		}
		for _, signal := range []syscall.Signal{syscall.SIGCONT, syscall.SIGSTOP} { // it runs for the moment in between
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("the process never lets go of the leases")
}

// takeOver is another machine whose clock says that the lease is over, and that empties the team.
func (p *copyProcess) takeOver(t *testing.T) {
	t.Helper()
	later := func() time.Time { return time.Now().Add(2 * time.Minute) }
	leases := bolt.LeaseFile(filepath.Join(p.d.dir, "state", "sacbridge.leases"), later)
	lease, err := leases.Acquire(t.Context(), p.d.prod.front.URL, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := leases.Release(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	p.d.mustExit(t, exitOK, "copy", "teams", "--from", "dev", "--to", "prod", "--team", "Sec ours", "--users", "all", "--user-roles", "add", "--yes")
}

// TestAnInterruptedProcessSendsNoMoreWrites interrupts the real program between any two of its requests: it ends within
// a second of the last answer, and is resumed to the end of a quiet run.
func TestAnInterruptedProcessSendsNoMoreWrites(t *testing.T) {
	t.Parallel()
	signalPoints(t, func(t *testing.T, o teamCopy, source, target *tenantState, at, answer int) {
		t.Helper()
		p := startCopy(t, o, source, target, at, answer, syscall.SIGINT)
		p.awaitSignal(t)
		// The signal has been sent, and is on its way to the process; the answer is on its way too.
		time.AfterFunc(50*time.Millisecond, p.tap.release)
		code := p.wait(t)
		ended := time.Now()
		if late := p.tap.late(); len(late) > 0 {
			t.Errorf("it wrote after it was interrupted: %v\n%s", late, p.said)
		}
		if took := ended.Sub(p.tap.last); took > time.Second {
			t.Errorf("it ended %s after the last answer: %s", took, p.said)
		}
		if code != exitInterrupted && code != exitOK {
			t.Errorf("exit code %d, want 130: %s", code, p.said)
		}
	})
}

// Trial 2: a second interrupt ends the run at once, and what it says names the run and how to go on.
func TestASecondInterruptAbandonsTheCallInHandAndNamesTheWayOn(t *testing.T) {
	t.Parallel()
	o := teamCopy{0, "Team 000", "replace", "replace", "replace", "replace", true}
	source, target := combinedStates([]teamCopy{o}, "default", "default")
	quiet := startCopy(t, o, source, target, 0, 0, 0)
	if code := quiet.wait(t); code != exitOK {
		t.Fatalf("a quiet run: exit code %d: %s", code, quiet.said)
	}
	p := startCopy(t, o, source, target, quiet.tap.requests, 0, syscall.SIGINT) // its last request is one of applying
	p.awaitSignal(t)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitInterrupted {
		t.Errorf("exit %d", code)
	}
	p.tap.release()
	for _, want := range []string{"Stopping: finishing the call in hand", "Abandoned: ", "transport runs resume 0"} {
		if !strings.Contains(p.said.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, p.said)
		}
	}
}
