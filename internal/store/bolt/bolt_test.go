package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/apply"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/store/storetest"
)

// openDB opens a file for the time of a test.
func openDB(t *testing.T, path string, o bolt.Options) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestJournalContract(t *testing.T) {
	t.Parallel()
	storetest.Journal(t, func(t *testing.T, now func() time.Time) (apply.Journal, apply.Leases, func() apply.Journal) {
		path, o := tempFile(t), bolt.Options{NoSync: true, Now: now}
		db := openDB(t, path, o)
		return db.Journal(), db.Leases(), func() apply.Journal {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = openDB(t, path, o)
			return db.Journal()
		}
	})
}

func TestLeasesContractInOneFile(t *testing.T) {
	t.Parallel()
	storetest.Leases(t, func(t *testing.T, now func() time.Time) (a, b apply.Leases) {
		db := openDB(t, tempFile(t), bolt.Options{NoSync: true, Now: now})
		return db.Leases(), db.Leases()
	})
}

func TestLeasesContractInASharedFile(t *testing.T) {
	t.Parallel()
	storetest.Leases(t, func(t *testing.T, now func() time.Time) (a, b apply.Leases) {
		path := tempFile(t)
		return bolt.LeaseFile(path, now), bolt.LeaseFile(path, now)
	})
}

func TestOpenSaysWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	text := tempFile(t)
	write(t, text, strings.Repeat("this is no database\n", 1000))
	foreign := tempFile(t)
	change(t, foreign, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
	newer := tempFile(t)
	if err := openDB(t, newer, bolt.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	change(t, newer, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte("99")) })
	held := tempFile(t)
	openDB(t, held, bolt.Options{})

	for name, c := range map[string]struct {
		path, want string
		is         error
	}{
		"a file that another process has":   {held, "another process", bolt.ErrInUse},
		"a file of a newer version":         {newer, "schema 99", bolt.ErrNewer},
		"a text file":                       {text, "not a file of sacbridge", nil},
		"another program's database":        {foreign, "another program", nil},
		"a folder that does not exist":      {filepath.Join(t.TempDir(), "no", "run.db"), "create it", fs.ErrNotExist},
		"a folder in the place of the file": {t.TempDir(), "open", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := bolt.Open(c.path, bolt.Options{Timeout: 60 * time.Millisecond})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it was opened"), db.Close()))
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v, want it to be %v", err, c.is)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
				t.Errorf("got %q, want it to say %q and to name the file", err, c.want)
			}
		})
	}
}

func TestAReadOnlyFolderIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("root may write everywhere, and Windows has no modes")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(filepath.Join(dir, "run.db"), bolt.Options{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want a permission error", err)
	}
}

func TestTheFileIsTheOwnersAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	path := tempFile(t)
	openDB(t, path, bolt.Options{})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
}

func TestAClosedFileRefuses(t *testing.T) {
	t.Parallel()
	db := openDB(t, tempFile(t), bolt.Options{NoSync: true})
	j, l := db.Journal(), db.Leases()
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	_, headerErr := j.Header(t.Context())
	_, acquireErr := l.Acquire(t.Context(), "t", "h", time.Second)
	for what, err := range map[string]error{"Begin": j.Begin(t.Context(), apply.Header{}, nil), "Header": headerErr, "Acquire": acquireErr} {
		if !errors.Is(err, bolt.ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", what, err)
		}
	}
}

func TestACancelledAcquireTakesNothing(t *testing.T) {
	t.Parallel()
	l := bolt.LeaseFile(tempFile(t), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Acquire(ctx, "t", "h", time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if _, ok, err := l.Holder(t.Context(), "t"); ok || err != nil {
		t.Errorf("Holder: got %v, %v, want nobody", ok, err)
	}
}

// leaseChild makes the test binary act as a process that takes a lease and says whether it got it.
const leaseChild = "SACBRIDGE_TEST_LEASE_FILE"

func TestOfManyProcessesOneGetsTheLease(t *testing.T) {
	if path := os.Getenv(leaseChild); path != "" {
		_, err := bolt.LeaseFile(path, time.Now).Acquire(t.Context(), "https://x.test", fmt.Sprint("pid ", os.Getpid()), time.Hour)
		if _, held := errors.AsType[*apply.LeaseHeldError](err); err != nil && !held {
			t.Fatal(err)
		}
		t.Logf("got it: %v", err == nil)
		return
	}
	t.Parallel()
	path, out := tempFile(t), make(chan string)
	const processes = 4
	for range processes {
		go func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOfManyProcessesOneGetsTheLease$", "-test.v")
			cmd.Env = append(os.Environ(), leaseChild+"="+path)
			text, err := cmd.CombinedOutput()
			out <- fmt.Sprint(string(text), err)
		}()
	}
	winners, losers := 0, 0
	for range processes {
		text := <-out
		winners += strings.Count(text, "got it: true")
		losers += strings.Count(text, "got it: false")
	}
	if winners != 1 || losers != processes-1 {
		t.Errorf("got %d winners and %d losers, want 1 and %d", winners, losers, processes-1)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// change writes to a file behind the package's back.
func change(t *testing.T, path string, fn func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(fn), db.Close()); err != nil {
		t.Fatal(err)
	}
}
