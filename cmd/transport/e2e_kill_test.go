package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/sacsim"
)

// errKilled stands for the end of the process: nothing it does afterwards has an effect.
var errKilled = errors.New("the process is dead")

// killSwitch ends a process at one point. Points lie before and after each record of the journal and each
// request, so that they cover all that can be lost.
type killSwitch struct {
	mu    sync.Mutex
	left  int // points to live; negative: for ever
	spent int
	over  bool
}

// give lets the process die at the n-th point from now; with 0 it lives.
func (l *killSwitch) give(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.spent = n-1, 0
}

// point is one moment at which the process can die.
func (l *killSwitch) point() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spent++
	if l.left == 0 {
		l.over = true
	}
	if l.over {
		return errKilled
	}
	l.left--
	return nil
}

func (l *killSwitch) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// points is how many there have been since give.
func (l *killSwitch) points() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent
}

// killableJournal is a journal whose process can die before and after each record.
type killableJournal struct {
	apply.Journal
	life *killSwitch
}

func (m killableJournal) around(write func() error) error {
	if err := m.life.point(); err != nil {
		return err
	}
	return errors.Join(write(), m.life.point())
}

func (m killableJournal) Begin(ctx context.Context, h apply.Header, p []byte) error {
	return m.around(func() error { return m.Journal.Begin(ctx, h, p) })
}

func (m killableJournal) Intend(ctx context.Context, l apply.Lease, r apply.Record) (seq uint64, err error) {
	err = m.around(func() (err error) {
		seq, err = m.Journal.Intend(ctx, l, r)
		return err
	})
	return seq, err
}

func (m killableJournal) Settle(ctx context.Context, l apply.Lease, seq uint64, o []apply.ItemOutcome) error {
	return m.around(func() error { return m.Journal.Settle(ctx, l, seq, o) })
}

func (m killableJournal) Finish(ctx context.Context, e apply.End) error {
	return m.around(func() error { return m.Journal.Finish(ctx, e) })
}

// TestARunKilledAtAnyPointIsResumedToTheEndOfAQuietRun dies at every point in turn, before and after every
// record and every request. With -short or -race it is every seventh point.
func TestARunKilledAtAnyPointIsResumedToTheEndOfAQuietRun(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cf", "neo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newScenario(t, name)
			all := trial{scenario: a, workers: 1}.perform(t).points
			if all < 60 {
				t.Fatalf("a quiet run has %d points only", all)
			}
			step := 1
			if raceDetector {
				step = 7
			}
			for n := 1; n <= all; n += step {
				o := trial{scenario: a, workers: 1 + 3*(n/step%2), diesAt: n}
				if out := o.perform(t); out.problem != "" {
					t.Errorf("killed at point %d of %d: %s", n, all, out.problem)
				}
			}
		})
	}
}

// TestRandomFaultsEndAsAQuietRun draws any number of faults for both tenants, and a death; under the race detector,
// where each run takes many times as long, a few.
func TestRandomFaultsEndAsAQuietRun(t *testing.T) {
	t.Parallel()
	randomFault := randomFaults([]*scenario{newScenario(t, "cf"), newScenario(t, "neo"), newScenario(t, "cf/1")})
	if raceDetector {
		for seed := range 20 {
			o := randomFault.Example(seed)
			if out := o.perform(t); out.problem != "" {
				t.Errorf("seed %d: %s %s", seed, o.name, out.problem)
			}
		}
		return
	}
	rapid.Check(t, func(rt *rapid.T) {
		o := randomFault.Draw(rt, "randomFault")
		if out := o.perform(t); out.problem != "" {
			rt.Fatal(fmt.Sprintf("%s %s", o.name, out.problem))
		}
	})
}

// randomFaults are runs in one of the scenarios with up to five faults and a death.
func randomFaults(scenarios []*scenario) *rapid.Generator[trial] {
	profiles := faultProfiles()
	names := slices.Sorted(maps.Keys(profiles))
	fault := rapid.Custom(func(rt *rapid.T) sacsim.Fault {
		f := profiles[rapid.SampledFrom(names).Draw(rt, "way")]
		f.Match.Method = rapid.SampledFrom([]string{"", "", "POST", "PUT", "PATCH", "GET"}).Draw(rt, "method")
		f.Match.Path = rapid.SampledFrom([]string{"", "/scim", "Users", "Groups", "Bulk", "search", "oauth", "csrf"}).Draw(rt, "path")
		if f.Every == 0 && !f.Once && f.Nth == nil { // each time from the start would seldom get beyond the first read
			f.Prob = rapid.SampledFrom([]float64{0.1, 0.3, 0.7}).Draw(rt, "probability")
		}
		return f
	})
	return rapid.Custom(func(rt *rapid.T) trial {
		return trial{
			scenario: scenarios[rapid.IntRange(0, len(scenarios)-1).Draw(rt, "scenario")],
			workers:  rapid.IntRange(1, 4).Draw(rt, "workers"),
			faults:   rapid.SliceOfN(fault, 1, 4).Draw(rt, "faults"),
			inSource: rapid.SliceOfN(fault, 0, 1).Draw(rt, "faults of the source"),
			diesAt:   rapid.IntRange(0, 120).Draw(rt, "dies at"),
		}
	})
}
