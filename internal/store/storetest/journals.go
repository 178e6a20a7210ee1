package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
)

// OpenJournals gives two handles on the same empty journals, as two processes would have them, and the leases that
// the runs go by, all on the clock now.
type OpenJournals func(t *testing.T, now func() time.Time) (a, b apply.Journals, leases apply.Leases)

// Journals runs the contract of apply.Journals, and that of apply.Journal for each journal in it.
func Journals(t *testing.T, open OpenJournals) {
	t.Run("where no run has been there is nothing", func(t *testing.T) { noJournals(t, open) })
	t.Run("what one creates another lists and opens", func(t *testing.T) { listedJournals(t, open) })
	t.Run("a run has one journal", func(t *testing.T) { onlyJournal(t, open) })
	t.Run("a journal without a run is gone when closed", func(t *testing.T) { unusedJournal(t, open) })
	t.Run("those are taken away that are asked for", func(t *testing.T) { prunedJournals(t, open) })
	t.Run("a journal that is open stays", func(t *testing.T) { prunedWhileOpen(t, open) })
	t.Run("a caller who has gone gets nothing", func(t *testing.T) { cancelledJournals(t, open) })
	t.Run("each journal", func(t *testing.T) { Journal(t, oneOf(open)) })
}

// oneOf gives a journal for its contract.
func oneOf(open OpenJournals) OpenJournal {
	return func(t *testing.T, now func() time.Time) (apply.Journal, apply.Leases, func() apply.Journal) {
		a, b, leases := open(t, now)
		j := createRun(t, a, "run-1")
		return j, leases, func() apply.Journal {
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = openRun(t, b, "run-1")
			return j
		}
	}
}

func noJournals(t *testing.T, open OpenJournals) {
	a, _, _ := open(t, time.Now)
	ids, err := a.List(t.Context())
	if len(ids) > 0 || err != nil {
		t.Errorf("List: got %v, %v, want none", ids, err)
	}
	if _, err := a.Open(t.Context(), "run-1"); !errors.Is(err, apply.ErrNoRun) {
		t.Errorf("Open: got %v, want ErrNoRun", err)
	}
	ids, err = a.Prune(t.Context(), func(apply.Header, *apply.End) bool { return true })
	if len(ids) > 0 || err != nil {
		t.Errorf("Prune: got %v, %v, want none", ids, err)
	}
}

func listedJournals(t *testing.T, open OpenJournals) {
	a, b, _ := open(t, time.Now)
	for _, id := range []string{"run-2", "run-1", "run-3"} {
		j := createRun(t, a, id)
		h := header
		h.RunID = id
		if err := errors.Join(j.Begin(t.Context(), h, []byte(id)), j.Close(), j.Close()); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := b.List(t.Context())
	if diff := cmp.Diff(ids, []string{"run-3", "run-2", "run-1"}); err != nil || diff != "" {
		t.Errorf("error %v (-got +want):\n%s", err, diff)
	}
	for _, id := range ids {
		j := openRun(t, b, id)
		h, headerErr := j.Header(t.Context())
		p, planErr := j.Plan(t.Context())
		if err := errors.Join(headerErr, planErr, j.Close()); err != nil || h.RunID != id || string(p) != id {
			t.Errorf("%s: got %q with plan %q and error %v", id, h.RunID, p, err)
		}
	}
}

func onlyJournal(t *testing.T, open OpenJournals) {
	a, b, _ := open(t, time.Now)
	var created atomic.Int32
	var race sync.WaitGroup
	for n := range 8 {
		race.Go(func() {
			j, err := []apply.Journals{a, b}[n%2].Create(t.Context(), "run-1")
			switch {
			case err == nil:
				created.Add(1)
				err = j.Begin(t.Context(), header, []byte("the plan"))
				t.Cleanup(func() { closeRun(t, j) })
			case errors.Is(err, apply.ErrJournalUsed):
				err = nil
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	race.Wait()
	if created.Load() != 1 {
		t.Errorf("got %d journals, want 1", created.Load())
	}
	brief, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	j, err := b.Open(brief, "run-1")
	switch {
	case err == nil:
		closeRun(t, j)
	case !errors.Is(err, apply.ErrJournalOpen):
		t.Errorf("Open while the run goes on: got %v, want the journal or ErrJournalOpen", err)
	}
}

func unusedJournal(t *testing.T, open OpenJournals) {
	a, b, _ := open(t, time.Now)
	for range 2 {
		closeRun(t, createRun(t, a, "run-1"))
		if ids, err := b.List(t.Context()); len(ids) > 0 || err != nil {
			t.Errorf("List: got %v, %v, want none", ids, err)
		}
	}
	j := createRun(t, a, "run-1")
	begin(t, j)
	closeRun(t, j)
	closeRun(t, openRun(t, b, "run-1"))
	if _, err := b.Create(t.Context(), "run-1"); !errors.Is(err, apply.ErrJournalUsed) {
		t.Errorf("Create of a run that was: got %v, want ErrJournalUsed", err)
	}
}

func prunedJournals(t *testing.T, open OpenJournals) {
	a, b, _ := open(t, time.Now)
	ended := map[string]*apply.End{
		"run-1": {At: header.Started},
		"run-2": {At: header.Started.Add(time.Hour), Interrupted: true},
		"run-3": nil,
		"run-4": {At: header.Started.Add(2 * time.Hour)},
	}
	for id, end := range ended {
		j := createRun(t, a, id)
		h := header
		h.RunID = id
		err := j.Begin(t.Context(), h, nil)
		if end != nil {
			err = errors.Join(err, j.Finish(t.Context(), *end))
		}
		if err = errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]*apply.End{}
	dropped, err := b.Prune(t.Context(), func(h apply.Header, end *apply.End) bool {
		seen[h.RunID] = end
		return end != nil && !end.Interrupted
	})
	slices.Sort(dropped)
	if diff := cmp.Diff(dropped, []string{"run-1", "run-4"}) + cmp.Diff(seen, ended); err != nil || diff != "" {
		t.Errorf("error %v (-got +want):\n%s", err, diff)
	}
	ids, err := a.List(t.Context())
	if diff := cmp.Diff(ids, []string{"run-3", "run-2"}); err != nil || diff != "" {
		t.Errorf("left: error %v (-got +want):\n%s", err, diff)
	}
	if _, err := a.Open(t.Context(), "run-1"); !errors.Is(err, apply.ErrNoRun) {
		t.Errorf("Open of a journal taken away: got %v, want ErrNoRun", err)
	}
}

func prunedWhileOpen(t *testing.T, open OpenJournals) {
	a, b, leases := open(t, time.Now)
	j := createRun(t, a, "run-1")
	begin(t, j)
	l, err := leases.Acquire(t.Context(), header.Target, "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if dropped, err := b.Prune(t.Context(), func(apply.Header, *apply.End) bool { return true }); len(dropped) > 0 || err != nil {
		t.Errorf("got %v, %v, want none taken away", dropped, err)
	}
	if _, err := j.Intend(t.Context(), l, apply.Record{Kind: "k"}); err != nil {
		t.Error(err)
	}
	closeRun(t, j)
	if ids, err := b.List(t.Context()); len(ids) != 1 || err != nil {
		t.Errorf("List: got %v, %v, want the run", ids, err)
	}
}

func cancelledJournals(t *testing.T, open OpenJournals) {
	a, _, _ := open(t, time.Now)
	j := createRun(t, a, "run-1")
	begin(t, j)
	closeRun(t, j)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, createErr := a.Create(gone, "run-2")
	_, openErr := a.Open(gone, "run-1")
	_, listErr := a.List(gone)
	_, pruneErr := a.Prune(gone, func(apply.Header, *apply.End) bool { return true })
	for what, err := range map[string]error{"Create": createErr, "Open": openErr, "List": listErr, "Prune": pruneErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", what, err)
		}
	}
	if ids, err := a.List(t.Context()); len(ids) != 1 || err != nil {
		t.Errorf("List: got %v, %v, want the first run only", ids, err)
	}
}

func createRun(t *testing.T, all apply.Journals, runID string) apply.Journal {
	t.Helper()
	j, err := all.Create(t.Context(), runID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeRun(t, j) })
	return j
}

func openRun(t *testing.T, all apply.Journals, runID string) apply.Journal {
	t.Helper()
	j, err := all.Open(t.Context(), runID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeRun(t, j) })
	return j
}

func closeRun(t *testing.T, j apply.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
