package show

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
)

// How often progress is told: redrawn in place on a terminal, else as a line of its own.
const (
	redrawEvery = 200 * time.Millisecond
	lineEvery   = 30 * time.Second
)

// Meter tells on stderr how far a work is, unless --quiet; it is an [engine.Observer]. It is safe for concurrent use.
type Meter struct {
	w *cli.Environment

	mu    sync.Mutex
	stage stage
	last  *apply.Progress // of the stage; nil while only reading
}

// stage is what is under way.
type stage struct {
	label   string
	sides   []engine.Endpoint
	started time.Time
	before  engine.Traffic // what the sides had sent when the stage began
}

// NewMeter makes a meter for a program that works in w.
func NewMeter(w *cli.Environment) *Meter { return &Meter{w: w} }

// Begin implements [engine.Observer].
func (m *Meter) Begin(what engine.Stage, sides ...engine.Endpoint) (end func()) {
	names := make([]string, len(sides))
	for i, s := range sides {
		names[i] = s.Tenant().Name
	}
	m.mu.Lock()
	m.stage, m.last = stage{label: string(what) + " " + strings.Join(names, " and "), sides: sides, started: m.w.Now()}, nil
	m.stage.before = m.stage.traffic()
	m.mu.Unlock()
	if m.w.Quiet {
		return func() {}
	}
	every := lineEvery
	if m.w.ErrTerminal {
		every = redrawEvery
	}
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() { m.report(every, quit) })
	return func() {
		close(quit)
		done.Wait()
	}
}

// report tells the state at each tick.
func (m *Meter) report(every time.Duration, quit <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			if m.w.ErrTerminal {
				m.write("\r\x1b[K")
			}
			return
		case <-tick.C:
			if m.w.ErrTerminal {
				m.write("\r\x1b[K" + cut(m.line(), m.w.ErrWidth-1))
			} else {
				m.write(m.line() + "\n")
			}
		}
	}
}

// write draws. A terminal that is gone takes no progress, and the run goes on without it.
func (m *Meter) write(text string) { _, _ = io.WriteString(m.w.Err, text) }

// Progress implements [engine.Observer].
func (m *Meter) Progress(p apply.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = &p
}

// RunStarted implements [engine.Observer].
func (m *Meter) RunStarted(runID string) { m.w.Interrupts.RunStarted(runID) }

// WaitingForLease implements [engine.Observer].
func (m *Meter) WaitingForLease(held apply.Lease) {
	m.w.Say("Waiting: tenant %s is being written to by %s.", cli.Clean(held.Tenant, false), cli.Clean(held.Holder, false))
}

// LeaseReleased implements [engine.Observer].
func (m *Meter) LeaseReleased(after time.Duration) {
	m.w.Say("\nNo answer for %s: others may write to the tenant now. An answer is taken all the same, and the plan is checked again first.", after)
}

// Settled takes what became of an entity; a meter shows counts only.
func (m *Meter) Settled(apply.EntityResult) {}

// line says how far things are: done of all, rate, time left, calls, retries and waits.
func (m *Meter) line() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	elapsed := m.w.Now().Sub(m.stage.started)
	if m.last == nil {
		sent := m.stage.traffic()
		parts := append([]string{m.stage.label + ": " + cli.Count(sent.Calls, "call"), cli.Count(sent.Retries, "retry/retries")}, waits(sent)...)
		return strings.Join(append(parts, elapsed.Round(time.Second).String()), ", ")
	}
	p := m.last
	if p.Stopping {
		return fmt.Sprintf("%s: stopping, waiting for the answers of %s that were sent", m.stage.label, cli.Count(p.InFlight, "call"))
	}
	parts := []string{fmt.Sprintf("%s: %s %d/%d", m.stage.label, p.Phase, p.Done, p.Total)}
	if rate := float64(p.Done) / elapsed.Seconds(); p.Done > 0 && elapsed >= time.Second {
		parts = append(parts, fmt.Sprintf("%.1f/s", rate))
		left := time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second))
		parts = append(parts, left.Round(time.Second).String()+" left")
	}
	sent := m.stage.traffic()
	sent.Retries, sent.Waited = sent.Retries-m.stage.before.Retries, sent.Waited-m.stage.before.Waited
	parts = append(parts, fmt.Sprintf("%d of about %s", p.Calls, cli.Count(p.EstCalls, "call")), cli.Count(p.Retries+sent.Retries, "retry/retries"))
	parts = append(parts, waits(sent)...)
	if p.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", p.Failed))
	}
	if p.Current != "" {
		parts = append(parts, cli.Clean(p.Current, false))
	}
	return strings.Join(parts, ", ")
}

// waits says how long calls have waited, and still have to, because a tenant asked for it.
func waits(sent engine.Traffic) []string {
	var parts []string
	if sent.Waited >= time.Second {
		parts = append(parts, "waited "+sent.Waited.Round(time.Second).String())
	}
	if sent.Pause >= time.Second {
		parts = append(parts, "the tenant asks to wait "+sent.Pause.Round(time.Second).String()+" more")
	}
	return parts
}

// traffic sums what was sent to the stage's sides; the pause is the longest.
func (s stage) traffic() engine.Traffic {
	var sum engine.Traffic
	for _, side := range s.sides {
		if side.Traffic != nil {
			t := side.Traffic()
			sum.Calls, sum.Retries, sum.Waited = sum.Calls+t.Calls, sum.Retries+t.Retries, sum.Waited+t.Waited
			sum.Pause = max(sum.Pause, t.Pause)
		}
	}
	return sum
}

// cut shortens s to n characters, so that a line that is redrawn in place does not wrap; n below 1 leaves
// it alone.
func cut(s string, n int) string {
	if runes := []rune(s); n > 0 && len(runes) > n {
		return string(runes[:n])
	}
	return s
}
