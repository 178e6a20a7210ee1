package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
)

func fencedJournal(t *testing.T, open OpenJournal) {
	c := newClock()
	j, leases, _ := open(t, c.now)
	begin(t, j)
	old := acquire(t, leases, "a")
	for range 2 {
		if _, err := j.Intend(t.Context(), old, apply.Record{Kind: "k", At: header.Started}); err != nil {
			t.Fatal(err)
		}
	}
	c.advance(ttl)
	l := acquire(t, leases, "b")
	if _, err := j.Intend(t.Context(), old, apply.Record{Kind: "late"}); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Intend under the outdated lease: got %v, want ErrLeaseLost", err)
	}
	if _, err := j.Intend(t.Context(), l, apply.Record{Kind: "k", At: header.Started}); err != nil {
		t.Error(err)
	}
	told := func(key string) []apply.ItemOutcome { return []apply.ItemOutcome{{Key: key, OK: true}} }
	if err := errors.Join(
		j.Settle(t.Context(), old, 1, told("by the one who made the call")),
		j.Settle(t.Context(), l, 2, told("by looking")),
		j.Settle(t.Context(), l, 2, told("by looking again")),
		j.Settle(t.Context(), l, 3, told("by the new holder")),
	); err != nil {
		t.Fatal(err)
	}
	if err := j.Settle(t.Context(), old, 2, told("too late")); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("replacing an outcome under the outdated lease: got %v, want ErrLeaseLost", err)
	}
	record := func(seq uint64, l apply.Lease, key string) apply.Record {
		return apply.Record{Seq: seq, Kind: "k", Fence: l.Fence, At: header.Started, Settled: true, Outcomes: told(key)}
	}
	want := []apply.Record{
		record(1, old, "by the one who made the call"), record(2, old, "by looking again"), record(3, l, "by the new holder"),
	}
	if diff := cmp.Diff(all(t, j), want); diff != "" {
		t.Errorf("records (-got +want):\n%s", diff)
	}
}

func lateJournal(t *testing.T, open OpenJournal) {
	c := newClock()
	j, leases, _ := open(t, c.now)
	begin(t, j)
	l := acquire(t, leases, "a")
	c.advance(ttl)
	if _, err := j.Intend(t.Context(), l, apply.Record{Kind: "k"}); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("at the end of its time: got %v, want ErrLeaseLost", err)
	}
	l, err := leases.Renew(t.Context(), l, ttl)
	if err != nil {
		t.Fatal(err)
	}
	if seq, err := j.Intend(t.Context(), l, apply.Record{Kind: "k"}); err != nil || seq != 1 {
		t.Errorf("renewed: got number %d and error %v, want 1", seq, err)
	}
	if err := leases.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Intend(t.Context(), l, apply.Record{Kind: "k"}); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("given back: got %v, want ErrLeaseLost", err)
	}
	if got := all(t, j); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}
}

func cancelledJournal(t *testing.T, open OpenJournal) {
	j, _, reopen := open(t, time.Now)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Begin(gone, header, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Begin: got %v, want context.Canceled", err)
	}
	begin(t, j)
	if _, err := j.Intend(t.Context(), noLease, apply.Record{Kind: "kept"}); err != nil {
		t.Fatal(err)
	}
	_, intendErr := j.Intend(gone, noLease, apply.Record{Kind: "k"})
	_, headerErr := j.Header(gone)
	errs := map[string]error{
		"Intend": intendErr, "Header": headerErr, "Finish": j.Finish(gone, apply.End{}),
		"Settle": j.Settle(gone, noLease, 1, []apply.ItemOutcome{{OK: true}}),
	}
	for name, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
	j = reopen()
	if diff := cmp.Diff(all(t, j), []apply.Record{{Seq: 1, Kind: "kept"}}); diff != "" {
		t.Errorf("records (-got +want):\n%s", diff)
	}
	if _, ended, err := j.End(t.Context()); ended || err != nil {
		t.Errorf("got an end (%v) or error %v, want none", ended, err)
	}
}
