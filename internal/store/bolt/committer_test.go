package bolt

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
)

// concurrently makes a committer of which the first write waits until n others are queued behind it, so that
// these form one group. It gives what each of the others came to, by number.
func concurrently(t *testing.T, n int, do func(k int, tx *bbolt.Tx) error) []error {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "run.db"), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	started, release, errs := make(chan struct{}), make(chan struct{}), make([]error, n)
	var all sync.WaitGroup
	all.Go(func() {
		if err := db.commits.do(func(*bbolt.Tx) error {
			close(started)
			<-release
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	<-started
	for k := range n {
		all.Go(func() { errs[k] = db.commits.do(func(tx *bbolt.Tx) error { return do(k, tx) }) })
	}
	for db.commits.queued() < n {
		runtime.Gosched()
	}
	close(release)
	all.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return errs
}

func (c *committer) queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

func TestAPanicFailsItsGroupAndNothingLater(t *testing.T) {
	t.Parallel()
	errs := concurrently(t, 3, func(k int, _ *bbolt.Tx) error {
		if k == 1 {
			panic("a fault")
		}
		return nil
	})
	for _, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "a fault") {
			t.Errorf("got %v, want the panic in the errors of all three", err)
		}
	}
	db, err := Open(filepath.Join(t.TempDir(), "run.db"), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	fault := db.commits.do(func(*bbolt.Tx) error { panic("a fault") })
	if after := db.commits.do(func(*bbolt.Tx) error { return nil }); fault == nil || after != nil {
		t.Errorf("got %v for the panic and %v after it, want an error and none", fault, after)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWritesThatWaitShareATransaction(t *testing.T) {
	t.Parallel()
	const n = 50
	ids := make([]int, n)
	errs := concurrently(t, n, func(k int, tx *bbolt.Tx) error {
		ids[k] = tx.ID()
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for k, id := range ids {
		if id == 0 || id != ids[0] {
			t.Fatalf("write %d was in transaction %d, the first in %d", k, id, ids[0])
		}
	}
}

func TestARefusedWriteLeavesItsGroupAlone(t *testing.T) {
	t.Parallel()
	refused := errors.New("no")
	errs := concurrently(t, 3, func(k int, _ *bbolt.Tx) error {
		if k == 1 {
			return &refusal{refused}
		}
		return nil
	})
	if errs[0] != nil || !errors.Is(errs[1], refused) || errs[2] != nil {
		t.Errorf("got %v, want only the second to fail", errs)
	}
}

func TestAFullDiskFailsTheWholeGroupWithACure(t *testing.T) {
	t.Parallel()
	for cause, cure := range map[syscall.Errno]string{
		noSpace[0]: "free some space", readOnlyDisk: "choose another folder", syscall.EIO: "write",
	} {
		errs := concurrently(t, 3, func(k int, _ *bbolt.Tx) error {
			if k == 1 {
				return cause
			}
			return nil
		})
		for _, err := range errs {
			if !errors.Is(err, cause) || !strings.Contains(err.Error(), cure) || !strings.Contains(err.Error(), "run.db") {
				t.Errorf("got %v, want %v, the file's name and %q", err, cause, cure)
			}
		}
	}
}
