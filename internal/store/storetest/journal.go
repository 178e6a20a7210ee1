package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/apply"
)

// OpenJournal gives an empty journal, the leases that its run goes by, on the clock now, and a function that closes
// whatever is open and opens the same journal again, as another process would. What is open at the end of the test is
// closed by t.Cleanup.
type OpenJournal func(t *testing.T, now func() time.Time) (j apply.Journal, leases apply.Leases, reopen func() apply.Journal)

// noLease is what a run without leases writes under.
var noLease apply.Lease

var header = apply.Header{
	RunID: "run-1", PlanID: "plan-1", Source: "https://a.example.test", Target: "https://b.example.test",
	Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Command: "copy teams",
}

// Journal runs the contract of apply.Journal.
func Journal(t *testing.T, open OpenJournal) {
	t.Run("an empty journal holds no run", func(t *testing.T) { emptyJournal(t, open) })
	t.Run("a journal takes one run only", func(t *testing.T) { oneRunJournal(t, open) })
	t.Run("what was stored is there after reopening", func(t *testing.T) { durableJournal(t, open) })
	t.Run("an interrupted end is replaced by a later one", func(t *testing.T) { endOfJournal(t, open) })
	t.Run("only what was intended can be settled", func(t *testing.T) { unknownRecordInJournal(t, open) })
	t.Run("many writers get numbers without gaps", func(t *testing.T) { concurrentJournal(t, open) })
	t.Run("records can be written while they are read", func(t *testing.T) { writtenWhileRead(t, open) })
	t.Run("an outdated lease intends nothing and only fills gaps", func(t *testing.T) { fencedJournal(t, open) })
	t.Run("a lease that is over intends nothing", func(t *testing.T) { lateJournal(t, open) })
	t.Run("a caller who has gone stores nothing", func(t *testing.T) { cancelledJournal(t, open) })
	t.Run("a closed journal refuses", func(t *testing.T) { closedJournal(t, open) })
	t.Run("it agrees with a plain list", func(t *testing.T) { journalModel(t, open) })
}

func emptyJournal(t *testing.T, open OpenJournal) {
	j, _, _ := open(t, time.Now)
	_, headerErr := j.Header(t.Context())
	_, planErr := j.Plan(t.Context())
	_, _, endErr := j.End(t.Context())
	_, intendErr := j.Intend(t.Context(), noLease, apply.Record{Kind: "k"})
	errs := map[string]error{
		"Header": headerErr, "Plan": planErr, "End": endErr, "Intend": intendErr,
		"Settle": j.Settle(t.Context(), noLease, 1, nil), "Finish": j.Finish(t.Context(), apply.End{}),
		"Records": j.Records(t.Context(), func(apply.Record) bool { return true }),
	}
	for name, err := range errs {
		if !errors.Is(err, apply.ErrNoRun) {
			t.Errorf("%s: got %v, want ErrNoRun", name, err)
		}
	}
}

func oneRunJournal(t *testing.T, open OpenJournal) {
	j, _, reopen := open(t, time.Now)
	begin(t, j)
	if err := j.Begin(t.Context(), apply.Header{RunID: "other"}, []byte("other")); !errors.Is(err, apply.ErrJournalUsed) {
		t.Errorf("second Begin: got %v, want ErrJournalUsed", err)
	}
	j = reopen()
	if err := j.Begin(t.Context(), apply.Header{RunID: "other"}, nil); !errors.Is(err, apply.ErrJournalUsed) {
		t.Errorf("Begin after reopening: got %v, want ErrJournalUsed", err)
	}
	if got, err := j.Header(t.Context()); err != nil || got.RunID != header.RunID {
		t.Errorf("got run %q and error %v, want the first run", got.RunID, err)
	}
}

func durableJournal(t *testing.T, open OpenJournal) {
	j, _, reopen := open(t, time.Now)
	begin(t, j)
	records := []apply.Record{
		{Kind: apply.KindCreateUsers, Keys: []string{"ANNA", "ÇELIK"}, At: header.Started},
		{
			Kind: apply.KindAddMembers, Team: "Finance", Keys: []string{"ANNA"}, Describe: true, At: header.Started,
			LeftOut: map[string][]apply.LinkFailure{"ANNA": {{Kind: apply.RoleLink, Key: "r", Cause: "c"}}},
		},
	}
	for n := range records {
		seq, err := j.Intend(t.Context(), noLease, records[n])
		if err != nil || seq != uint64(n)+1 {
			t.Fatalf("Intend: got number %d and error %v, want %d", seq, err, n+1)
		}
		records[n].Seq = seq
	}
	outcomes := []apply.ItemOutcome{
		{Key: "ANNA", OK: true, Ref: "uuid", Warnings: []string{"w"}},
		{Key: "ÇELIK", Error: "taken", Class: "conflict"},
	}
	if err := j.Settle(t.Context(), noLease, 1, outcomes); err != nil {
		t.Fatal(err)
	}
	records[0].Settled, records[0].Outcomes = true, outcomes

	j = reopen()
	if diff := cmp.Diff(all(t, j), records); diff != "" {
		t.Errorf("records (-got +want):\n%s", diff)
	}
	h, headerErr := j.Header(t.Context())
	p, planErr := j.Plan(t.Context())
	if err := errors.Join(headerErr, planErr); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h, header) + cmp.Diff(string(p), "the plan"); diff != "" {
		t.Errorf("header or plan (-got +want):\n%s", diff)
	}
	if seq, err := j.Intend(t.Context(), noLease, apply.Record{Kind: "next"}); err != nil || seq != 3 {
		t.Errorf("Intend after reopening: got number %d and error %v, want 3", seq, err)
	}
}

func endOfJournal(t *testing.T, open OpenJournal) {
	j, _, reopen := open(t, time.Now)
	begin(t, j)
	if _, ok, err := j.End(t.Context()); ok || err != nil {
		t.Errorf("a running run: got an end (%v) or error %v, want none", ok, err)
	}
	ends := []apply.End{
		{At: header.Started, Interrupted: true, Cause: "killed"},
		{At: header.Started.Add(time.Hour), Entities: []apply.EntityResult{{Entity: "user", Key: "ANNA", Op: "create", Status: apply.Done}}},
	}
	for _, want := range ends {
		if err := j.Finish(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		j = reopen()
		got, ok, err := j.End(t.Context())
		if diff := cmp.Diff(got, want); !ok || err != nil || diff != "" {
			t.Errorf("end (%v, %v) (-got +want):\n%s", ok, err, diff)
		}
	}
}

func unknownRecordInJournal(t *testing.T, open OpenJournal) {
	j, _, _ := open(t, time.Now)
	begin(t, j)
	for _, seq := range []uint64{0, 1, 99} {
		if err := j.Settle(t.Context(), noLease, seq, nil); err == nil {
			t.Errorf("Settle(%d) without an intent: got no error", seq)
		}
	}
	if got := all(t, j); len(got) != 0 {
		t.Errorf("got records %v, want none", got)
	}
}

func concurrentJournal(t *testing.T, open OpenJournal) {
	const writers, each = 16, 40
	j, _, reopen := open(t, time.Now)
	begin(t, j)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for n := range each {
				key := fmt.Sprintf("%d-%d", w, n)
				seq, err := j.Intend(t.Context(), noLease, apply.Record{Kind: "k", Keys: []string{key}})
				if err == nil {
					err = j.Settle(t.Context(), noLease, seq, []apply.ItemOutcome{{Key: key, OK: true}})
				}
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	writing.Wait()
	got := all(t, reopen())
	if len(got) != writers*each {
		t.Fatalf("got %d records, want %d", len(got), writers*each)
	}
	keys := map[string]bool{}
	for n, r := range got {
		if r.Seq != uint64(n)+1 {
			t.Fatalf("record %d has number %d", n+1, r.Seq)
		}
		if !r.Settled || len(r.Outcomes) != 1 || r.Outcomes[0].Key != r.Keys[0] {
			t.Fatalf("record %d has another's outcome: %+v", r.Seq, r)
		}
		keys[r.Keys[0]] = true
	}
	if len(keys) != writers*each {
		t.Errorf("got %d different keys, want %d", len(keys), writers*each)
	}
}

func writtenWhileRead(t *testing.T, open OpenJournal) {
	const n = 700
	j, _, _ := open(t, time.Now)
	begin(t, j)
	for range n {
		if _, err := j.Intend(t.Context(), noLease, apply.Record{Kind: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := j.Records(t.Context(), func(r apply.Record) bool {
		seen++
		if err := j.Settle(t.Context(), noLease, r.Seq, nil); err != nil {
			t.Fatal(err)
		}
		return seen < n-1
	})
	if err != nil || seen != n-1 {
		t.Errorf("got %d records and error %v, want to stop after %d", seen, err, n-1)
	}
}

func closedJournal(t *testing.T, open OpenJournal) {
	j, _, reopen := open(t, time.Now)
	begin(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Intend(t.Context(), noLease, apply.Record{Kind: "k"}); err == nil {
		t.Error("Intend after Close: got no error")
	}
	if _, err := j.Header(t.Context()); err == nil {
		t.Error("Header after Close: got no error")
	}
	if got := all(t, reopen()); len(got) != 0 {
		t.Errorf("got records %v, want none", got)
	}
}

func journalModel(t *testing.T, open OpenJournal) {
	rapid.Check(t, func(rt *rapid.T) {
		j, _, reopen := open(t, time.Now)
		begin(t, j)
		var model []apply.Record
		text := rapid.StringMatching(`[A-Zé_ ]{0,5}`)
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				if diff := cmp.Diff(all(t, j), model); diff != "" {
					rt.Fatalf("records (-got +want):\n%s", diff)
				}
			},
			"intend": func(rt *rapid.T) {
				r := apply.Record{Kind: text.Draw(rt, "kind"), Team: text.Draw(rt, "team"), Keys: []string{text.Draw(rt, "key")}}
				seq, err := j.Intend(t.Context(), noLease, r)
				if err != nil {
					rt.Fatal(err)
				}
				r.Seq = seq
				model = append(model, r)
			},
			"settle": func(rt *rapid.T) {
				if len(model) == 0 {
					rt.Skip("nothing to settle")
				}
				n := rapid.IntRange(0, len(model)-1).Draw(rt, "record")
				outcomes := []apply.ItemOutcome{{Key: text.Draw(rt, "key"), OK: rapid.Bool().Draw(rt, "ok")}}
				if err := j.Settle(t.Context(), noLease, model[n].Seq, outcomes); err != nil {
					rt.Fatal(err)
				}
				model[n].Settled, model[n].Outcomes = true, slices.Clone(outcomes)
			},
			"reopen": func(*rapid.T) { j = reopen() },
		})
	})
}

func begin(t *testing.T, j apply.Journal) {
	t.Helper()
	if err := j.Begin(t.Context(), header, []byte("the plan")); err != nil {
		t.Fatal(err)
	}
}

func all(t *testing.T, j apply.Journal) (records []apply.Record) {
	t.Helper()
	if err := j.Records(t.Context(), func(r apply.Record) bool {
		records = append(records, r)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return records
}
