package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Interrupts answers the signals that ask a process to end. The first lets what is in hand end; the second ends the
// process at once. Either is acknowledged on stderr while a run is writing, with the way to go on. A nil one
// answers nothing. It is safe for concurrent use.
type Interrupts struct {
	program string
	err     io.Writer
	exit    func(code int)

	mu    sync.Mutex
	runID string // of the run that is writing; "" for none
	again bool   // the first has come
}

// NewInterrupts makes one for a program that talks on w.
func NewInterrupts(program string, w io.Writer) *Interrupts {
	return &Interrupts{program: program, err: w, exit: os.Exit}
}

// RunStarted says which run is writing from now on.
func (i *Interrupts) RunStarted(runID string) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.runID = runID
}

// RunEnded says that nothing is being written any more.
func (i *Interrupts) RunEnded() { i.RunStarted("") }

// Until gives a context that ends with the first interrupt or SIGTERM, or when the terminal is closed. stop gives the
// signals back. A pipe whose reader is gone ends nothing from then on: a run that is printing finishes, and keeps its
// journal, whether or not anybody reads.
func (i *Interrupts) Until(ctx context.Context) (_ context.Context, stop context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	ignoreBrokenPipes()
	ctx, cancel := context.WithCancel(ctx)
	came := make(chan os.Signal, 2)
	signal.Notify(came, signals...)
	go func() {
		for range came {
			i.answer(cancel)
		}
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(came)
		close(came)
		cancel()
	})
}

// answer acknowledges a signal and acts on it.
func (i *Interrupts) answer(cancel func()) {
	i.mu.Lock()
	second, runID := i.again, i.runID
	i.again = true
	i.mu.Unlock()
	switch {
	case !second && runID != "":
		i.say("Stopping: finishing the call in hand, nothing new is sent. Press Ctrl-C again to abandon it.")
	case second && runID != "":
		i.say("Abandoned: what was sent may have taken effect. Look and go on with: %s runs resume %s", i.program, runID)
	}
	if second {
		i.exit(ExitInterrupted)
	}
	cancel()
}

// say writes a line of its own, also below a progress line that stands unfinished. The terminal may be gone.
func (i *Interrupts) say(format string, args ...any) {
	_, _ = fmt.Fprintf(i.err, "\n"+format+"\n", args...)
}
