package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/store/storetest"
)

func TestJournalsContractInAFolder(t *testing.T) {
	t.Parallel()
	storetest.Journals(t, func(t *testing.T, now func() time.Time) (a, b apply.Journals, leases apply.Leases) {
		dir, o := filepath.Join(t.TempDir(), "runs"), bolt.Options{NoSync: true, Timeout: 100 * time.Millisecond}
		leases = bolt.LeaseFile(tempFile(t), now)
		return bolt.NewJournalFolder(dir, leases, o), bolt.NewJournalFolder(dir, leases, o), leases
	})
}

func TestAJournalFolderListsRunsOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{".db", ".hidden.db", "notes.txt", "run-2.db.part", "run-1.db"} {
		write(t, filepath.Join(dir, name), "x")
	}
	ids, err := bolt.NewJournalFolder(dir, nil, bolt.Options{}).List(t.Context())
	if err != nil || !slices.Equal(ids, []string{"run-1"}) {
		t.Errorf("got %q, %v, want run-1", ids, err)
	}
}

func TestARunIDThatLeadsElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := bolt.NewJournalFolder(filepath.Join(dir, "runs"), nil, bolt.Options{})
	for _, id := range []string{"", ".", "..", "../run", "a/b", ".run", dir} {
		if _, err := f.Create(t.Context(), id); err == nil || !strings.Contains(err.Error(), "no run ID") {
			t.Errorf("Create %q: got %v, want it refused", id, err)
		}
		if _, err := f.Open(t.Context(), id); err == nil || !strings.Contains(err.Error(), "no run ID") {
			t.Errorf("Open %q: got %v, want it refused", id, err)
		}
	}
}

func TestPruneLeavesWhatItCannotReadAndNamesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := bolt.NewJournalFolder(dir, nil, bolt.Options{NoSync: true})
	for _, id := range []string{"run-1", "run-3"} {
		j, err := f.Create(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.Begin(t.Context(), apply.Header{RunID: id}, nil), j.Close()); err != nil {
			t.Fatal(err)
		}
	}
	broken := filepath.Join(dir, "run-2.db")
	write(t, broken, strings.Repeat("this is no journal\n", 1000))
	dropped, err := f.Prune(t.Context(), func(apply.Header, *apply.End) bool { return true })
	if !slices.Equal(dropped, []string{"run-3", "run-1"}) || err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("got %q and %v, want all but run-2, and its name", dropped, err)
	}
	if _, err := os.Stat(broken); err != nil {
		t.Error(err)
	}
}

func TestAFolderThatCanTakeAJournalIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "runs")
	if err := bolt.NewJournalFolder(dir, nil, bolt.Options{}).Writable(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("got %v, %v, want an empty folder", entries, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	if err := bolt.NewJournalFolder(filepath.Join(file, "runs"), nil, bolt.Options{}).Writable(); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("below a file: got %v, want an error that names it", err)
	}
}
