package bolt_test

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

// earlier puts a file of the first program at path.
func earlier(t *testing.T, name, path string) {
	t.Helper()
	packed, err := os.Open(filepath.Join("..", "..", "..", "testdata", "earlier", name))
	if err != nil {
		t.Fatal(err)
	}
	unpack, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(unpack)
	if err := errors.Join(err, packed.Close(), os.WriteFile(path, raw, 0o600)); err != nil {
		t.Fatal(err)
	}
}

const earlierSource directory.SourceID = "entra"

const (
	earlierTenant  = "http://127.0.0.1:18762"
	interruptedRun = "01a21c9d-ccc2-7d36-80b0-94489c7e6a1c"
	doneRun        = "01a21c9d-ae39-71e4-bbc0-9b4e7e763973"
)

func TestTheStateOfAnEarlierProgramIsReadAndGoneOnWith(t *testing.T) {
	t.Parallel()
	path := tempFile(t)
	earlier(t, "state.gz", path)
	db, s := openDirectory(t, path, bolt.Options{})
	report, err := s.Check(t.Context())
	if err != nil || !report.OK() || report.Records != 3 || report.Edges != 2 || report.Events != 7 {
		t.Fatalf("got %+v and error %v, want 3 sound records, 2 memberships, 7 events", report, err)
	}
	anna, err := s.Find(t.Context(), earlierSource, directory.Index{Kind: directory.User, Field: directory.ByName}, []byte("anna@example.com"))
	if err != nil || anna.GivenName != "Anna" || anna.Department != "Finance" || anna.Revision != 1 {
		t.Errorf("got %+v and error %v, want Anna of Finance", anna.Header, err)
	}
	err = s.View(t.Context(), earlierSource, func(tx directory.ReadTx) error {
		refs, err := tx.Groups(anna.ID, directory.ID{}, 10)
		deleted, err2 := tx.AllDeleted(directory.User, directory.ID{}, 10)
		events, err3 := tx.Log(0, 10)
		if len(refs) != 1 || refs[0].Display != "Finance" || len(deleted) != 1 || deleted[0].UserName != "cara@example.com" || len(events) != 7 {
			t.Errorf("got groups %v, %d deleted, %d events", refs, len(deleted), len(events))
		}
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Error(err)
	}
	var names []string
	err = db.Tokens().Each(t.Context(), func(_ string, read func(any) error) error {
		var token struct{ Name string }
		err := read(&token)
		names = append(names, token.Name)
		return err
	})
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"entra-prod", "other"}) {
		t.Errorf("got tokens %q and error %v", names, err)
	}
	id, err := directory.NewID(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Commit(t.Context(), earlierSource, directory.Change{At: time.Now(), Puts: []directory.Put{{Record: sample(id)}}})
	if err != nil || done.Seq != 8 {
		t.Errorf("the next write: got event %d and error %v, want 8", done.Seq, err)
	}
	if report, err = s.Check(t.Context()); err != nil || !report.OK() {
		t.Errorf("after it: got %+v and error %v", report, err)
	}
}

func TestTheLeasesOfAnEarlierProgramHold(t *testing.T) {
	t.Parallel()
	path := tempFile(t)
	earlier(t, "leases.gz", path)
	at := time.Date(2026, 11, 27, 10, 47, 30, 0, time.UTC)
	leases := bolt.LeaseFile(path, func() time.Time { return at })
	_, err := leases.Acquire(t.Context(), earlierTenant, "new", time.Minute)
	if held, ok := errors.AsType[*apply.LeaseHeldError](err); !ok || held.Lease.Fence != 2 || !strings.Contains(held.Lease.Holder, interruptedRun) {
		t.Errorf("while the killed run holds it: got %v", err)
	}
	at = at.Add(time.Minute)
	l, err := leases.Acquire(t.Context(), earlierTenant, "new", time.Minute)
	if err != nil || l.Fence != 3 {
		t.Errorf("after its time: got fencing number %d and error %v, want 3", l.Fence, err)
	}
}

func TestTheJournalsOfAnEarlierProgramAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	earlier(t, "journal-interrupted.gz", filepath.Join(dir, interruptedRun+".db"))
	earlier(t, "journal-done.gz", filepath.Join(dir, doneRun+".db"))
	all := bolt.NewJournalFolder(dir, bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), time.Now), bolt.Options{})
	if ids, err := all.List(t.Context()); err != nil || !slices.Equal(ids, []string{interruptedRun, doneRun}) {
		t.Fatalf("got runs %q and error %v", ids, err)
	}
	for id, want := range map[string]told{
		interruptedRun: {calls: 2, unsettled: 1},
		doneRun:        {calls: 4, ended: true, entities: 3},
	} {
		j, err := all.Open(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		h, headerErr := j.Header(t.Context())
		if h.RunID != id || h.Target != earlierTenant || h.Command != "apply plan.json" {
			t.Errorf("%s: got header %+v", id, h)
		}
		p, planErr := apply.StoredPlan(t.Context(), j)
		if err := errors.Join(headerErr, planErr); err != nil {
			t.Fatal(err)
		}
		if p.ID != "01a21c9d-3f56-7900-9cf8-8fe83be29ff4" || len(p.Changes) != 3 {
			t.Errorf("%s: got plan %s with %d changes, want 3", id, p.ID, len(p.Changes))
		}
		if got := tell(t, j); got != want {
			t.Errorf("%s: got %+v, want %+v", id, got, want)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}

// told is what a journal tells of its run, counted.
type told struct {
	calls, unsettled, entities int
	ended                      bool
}

func tell(t *testing.T, j apply.Journal) (got told) {
	t.Helper()
	err := j.Records(t.Context(), func(r apply.Record) bool {
		got.calls++
		if !r.Settled {
			got.unsettled++
		}
		return true
	})
	end, ended, endErr := j.End(t.Context())
	if err := errors.Join(err, endErr); err != nil {
		t.Error(err)
	}
	got.ended, got.entities = ended, len(end.Entities)
	return got
}

func TestTheJournalOfAnEarlierProgramTellsItsCalls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	earlier(t, "journal-interrupted.gz", filepath.Join(dir, interruptedRun+".db"))
	j, err := bolt.NewJournalFolder(dir, nil, bolt.Options{}).Open(t.Context(), interruptedRun)
	if err != nil {
		t.Fatal(err)
	}
	var got []apply.Record
	err = j.Records(t.Context(), func(r apply.Record) bool {
		r.At = time.Time{}
		got = append(got, r)
		return true
	})
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	want := []apply.Record{
		{
			Seq: 1, Kind: apply.KindCreateUsers, Keys: []string{"BERT", "CARA"}, Fence: 2, Settled: true,
			Outcomes: []apply.ItemOutcome{{Key: "BERT", OK: true}, {Key: "CARA", OK: true}},
		},
		{Seq: 2, Kind: apply.KindCreateTeam, Team: "Finance", Keys: []string{"Finance"}, Fence: 2},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
