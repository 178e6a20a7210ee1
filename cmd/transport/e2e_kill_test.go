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

// errLifeless stands for the end of the process: nothing it does afterwards has an effect.
var errLifeless = errors.New("the process is dead")

// lifeline ends a process at one point. Points lie before and after each record of the journal and each
// request, so that they cover all that can be lost.
type lifeline struct {
	mu    sync.Mutex
	left  int // points to live; negative: for ever
	spent int
	over  bool
}

// give lets the process die at the n-th point from now; with 0 it lives.
func (l *lifeline) give(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.spent = n-1, 0
}

// point is one moment at which the process can die.
func (l *lifeline) point() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spent++
	if l.left == 0 {
		l.over = true
	}
	if l.over {
		return errLifeless
	}
	l.left--
	return nil
}

func (l *lifeline) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// points is how many there have been since give.
func (l *lifeline) points() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent
}

// mortalJournal is a journal whose process can die before and after each record.
type mortalJournal struct {
	apply.Journal
	life *lifeline
}

func (m mortalJournal) around(write func() error) error {
	if err := m.life.point(); err != nil {
		return err
	}
	return errors.Join(write(), m.life.point())
}

func (m mortalJournal) Begin(ctx context.Context, h apply.Header, p []byte) error {
	return m.around(func() error { return m.Journal.Begin(ctx, h, p) })
}

func (m mortalJournal) Intend(ctx context.Context, l apply.Lease, r apply.Record) (seq uint64, err error) {
	err = m.around(func() (err error) {
		seq, err = m.Journal.Intend(ctx, l, r)
		return err
	})
	return seq, err
}

func (m mortalJournal) Settle(ctx context.Context, l apply.Lease, seq uint64, o []apply.ItemOutcome) error {
	return m.around(func() error { return m.Journal.Settle(ctx, l, seq, o) })
}

func (m mortalJournal) Finish(ctx context.Context, e apply.End) error {
	return m.around(func() error { return m.Journal.Finish(ctx, e) })
}

// TestARunKilledAtAnyPointIsResumedToTheEndOfAQuietRun dies at every point in turn, before and after every
// record and every request. With -short or -race it is every seventh point.
func TestARunKilledAtAnyPointIsResumedToTheEndOfAQuietRun(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cf", "neo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArena(t, name)
			all := ordeal{arena: a, workers: 1}.endure(t).points
			if all < 60 {
				t.Fatalf("a quiet run has %d points only", all)
			}
			step := 1
			if raceDetector {
				step = 7
			}
			for n := 1; n <= all; n += step {
				o := ordeal{arena: a, workers: 1 + 3*(n/step%2), diesAt: n}
				if out := o.endure(t); out.problem != "" {
					t.Errorf("killed at point %d of %d: %s", n, all, out.problem)
				}
			}
		})
	}
}

// TestRandomMisfortunesEndAsAQuietRun draws any number of faults for both tenants, and a death; under the race detector,
// where each run takes many times as long, a few.
func TestRandomMisfortunesEndAsAQuietRun(t *testing.T) {
	t.Parallel()
	misfortune := misfortunes([]*arena{newArena(t, "cf"), newArena(t, "neo"), newArena(t, "cf/1")})
	if raceDetector {
		for seed := range 20 {
			o := misfortune.Example(seed)
			if out := o.endure(t); out.problem != "" {
				t.Errorf("seed %d: %s %s", seed, o.name, out.problem)
			}
		}
		return
	}
	rapid.Check(t, func(rt *rapid.T) {
		o := misfortune.Draw(rt, "misfortune")
		if out := o.endure(t); out.problem != "" {
			rt.Fatal(fmt.Sprintf("%s %s", o.name, out.problem))
		}
	})
}

// misfortunes are runs in one of the arenas with up to five faults and a death.
func misfortunes(arenas []*arena) *rapid.Generator[ordeal] {
	profiles := ways()
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
	return rapid.Custom(func(rt *rapid.T) ordeal {
		return ordeal{
			arena:    arenas[rapid.IntRange(0, len(arenas)-1).Draw(rt, "arena")],
			workers:  rapid.IntRange(1, 4).Draw(rt, "workers"),
			faults:   rapid.SliceOfN(fault, 1, 4).Draw(rt, "faults"),
			inSource: rapid.SliceOfN(fault, 0, 1).Draw(rt, "faults of the source"),
			diesAt:   rapid.IntRange(0, 120).Draw(rt, "dies at"),
		}
	})
}
