package main

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

// meter tells how far a reading or a run is. It is safe for concurrent use.
type meter struct {
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

// startMeter tells progress on stderr until stop. With --quiet it says nothing.
func (a *app) startMeter(label string, calls func() (calls, retries int)) *meter {
	m := &meter{
		w: a.Err, terminal: a.ErrTerminal, width: a.ErrWidth, now: a.Now, label: label, calls: calls,
		started: a.Now(), quit: make(chan struct{}),
	}
	if a.Quiet {
		return m
	}
	every := lineEvery
	if m.terminal {
		every = redrawEvery
	}
	m.done.Go(func() { m.loop(every) })
	return m
}

// loop tells the state at each tick until stop.
func (m *meter) loop(every time.Duration) {
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
func (m *meter) write(text string) { _, _ = io.WriteString(m.w, text) }

// stop ends the telling and waits for it. It is called once.
func (m *meter) stop() {
	close(m.quit)
	m.done.Wait()
}

// Progress takes the state of a run; it is an [apply.Hook].
func (m *meter) Progress(p apply.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = &p
}

// line says how far things are: done of all, rate, time left, calls and retries.
func (m *meter) line() string {
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
