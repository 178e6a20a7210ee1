package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
)

// Trial 15: every way in which a disk takes nothing has a reason of its own, and one that is no fault of the disk has none.
func TestTrial15WhyADiskTakesNothing(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		noSpace[0]: reasonFull, quotaReached: reasonQuota, fileTooLarge: reasonFileLimit, readOnlyDisk: reasonReadOnly, diskFault: reasonIO,
		fs.ErrPermission: reasonPermission, syscall.EACCES: reasonPermission,
		errors.New("file resize error: truncate: " + noSpace[0].Error()): reasonFull, // as bbolt says it
		errors.New("file sync error: " + quotaReached.Error()):           reasonQuota,
		fmt.Errorf("write: %w", diskFault):                               reasonIO,
		ErrClosed:                                                        "", errors.New("a bug"): "",
	} {
		if got := unwritable(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// Trial 15: after a write has failed, the next ones are refused at once for a moment, and one in that time is tried.
func TestTrial15WritesAreHeldForAMomentAfterTheDiskRefusedOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	synctest.Test(t, func(t *testing.T) {
		var told []error
		db, err := Open(path, Options{NoSync: true, Unwritable: func(err error) { told = append(told, err) }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		tried := 0
		write := func(with error) error {
			return db.commits.do(func(*bbolt.Tx) error {
				tried++
				return with
			})
		}
		for range 100 {
			err := write(noSpace[0])
			why, ok := errors.AsType[*directory.UnwritableError](err)
			if !ok || why.Reason != reasonFull || !errors.Is(err, noSpace[0]) {
				t.Fatalf("got %v, want an UnwritableError for a full disk", err)
			}
		}
		if tried != 1 {
			t.Errorf("100 writes to a full disk were tried %d times, want once", tried)
		}
		if err := db.commits.do(func(*bbolt.Tx) error { return refuse(errors.New("no")) }); !errors.Is(err, noSpace[0]) {
			t.Errorf("a write in the same moment: %v", err)
		}
		<-time.After(holdTime)
		if err := db.commits.do(func(*bbolt.Tx) error { return refuse(ErrNewer) }); !errors.Is(err, ErrNewer) {
			t.Errorf("a refusal after the moment: %v", err)
		}
		if len(told) != 1 {
			t.Errorf("told %v, want the full disk alone: a refusal says nothing of the disk", told)
		}
		if err := write(nil); err != nil || len(told) != 2 || told[1] != nil {
			t.Errorf("a write that arrives: %v, told %v", err, told)
		}
		if err := write(readOnlyDisk); err == nil || len(told) != 3 {
			t.Errorf("a read-only disk: %v, told %v", err, told)
		}
		<-time.After(holdTime)
		if err := db.Writable(); err != nil || len(told) != 4 || told[3] != nil {
			t.Errorf("with room again: %v, told %v", err, told)
		}
	})
}
