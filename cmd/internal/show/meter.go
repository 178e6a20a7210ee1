package show

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
)

// How often progress is told: redrawn in place on a terminal, else as a line of its own.
const (
	redrawEvery = 200 * time.Millisecond
	lineEvery   = 30 * time.Second
)

// Meter tells how far a reading or a run is. It is safe for concurrent use.
type Meter struct {
	w        io.Writer
	terminal bool
	width    int // of the terminal; 0 = not known
	now      func() time.Time
	label    string
	calls    func() (calls, retries int) // of the sessions in use
	started  time.Time

	mu   sync.Mutex
	last *apply.Progress // nil while only reading

	quit chan struct{}
	done sync.WaitGroup
}

// StartMeter tells progress on w.Err until Stop. With --quiet it says nothing. calls gives the requests and repeats of
// the sessions in use.
func StartMeter(w *cli.World, label string, calls func() (calls, retries int)) *Meter {
	m := &Meter{
		w: w.Err, terminal: w.ErrTerminal, width: w.ErrWidth, now: w.Now, label: label, calls: calls,
		started: w.Now(), quit: make(chan struct{}),
	}
	if w.Quiet {
		return m
	}
	every := lineEvery
	if m.terminal {
		every = redrawEvery
	}
	m.done.Go(func() { m.loop(every) })
	return m
}

// loop tells the state at each tick until Stop.
func (m *Meter) loop(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-m.quit:
			if m.terminal {
				m.write("\r\x1b[K")
			}
			return
		case <-tick.C:
			if m.terminal {
				m.write("\r\x1b[K" + cut(m.line(), m.width-1))
			} else {
				m.write(m.line() + "\n")
			}
		}
	}
}

// write draws. A terminal that is gone takes no progress, and the run goes on without it.
func (m *Meter) write(text string) { _, _ = io.WriteString(m.w, text) }

// Stop ends the telling and waits for it. It is called once.
func (m *Meter) Stop() {
	close(m.quit)
	m.done.Wait()
}

// Progress takes the state of a run; it is an [apply.Hook].
func (m *Meter) Progress(p apply.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = &p
}

// line says how far things are: done of all, rate, time left, calls and retries.
func (m *Meter) line() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	elapsed := m.now().Sub(m.started)
	if m.last == nil {
		calls, retries := m.calls()
		return fmt.Sprintf("%s: %s, %s, %s", m.label, cli.Count(calls, "call"), cli.Count(retries, "retry/retries"), elapsed.Round(time.Second))
	}
	p := m.last
	parts := []string{fmt.Sprintf("%s: %s %d/%d", m.label, p.Phase, p.Done, p.Total)}
	if rate := float64(p.Done) / elapsed.Seconds(); p.Done > 0 && elapsed >= time.Second {
		parts = append(parts, fmt.Sprintf("%.1f/s", rate))
		left := time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second))
		parts = append(parts, left.Round(time.Second).String()+" left")
	}
	parts = append(parts, fmt.Sprintf("%d of about %s", p.Calls, cli.Count(p.EstCalls, "call")), cli.Count(p.Retries, "retry/retries"))
	if p.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", p.Failed))
	}
	if p.Current != "" {
		parts = append(parts, cli.Clean(p.Current, false))
	}
	return strings.Join(parts, ", ")
}

// cut shortens s to n characters, so that a line that is redrawn in place does not wrap; n below 1 leaves
// it alone.
func cut(s string, n int) string {
	if runes := []rune(s); n > 0 && len(runes) > n {
		return string(runes[:n])
	}
	return s
}
