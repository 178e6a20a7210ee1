package bolt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"sacbridge/internal/directory"
)

// The reasons for which writes fail: the Reason of a directory.UnwritableError.
const (
	reasonFull       = "disk full"
	reasonQuota      = "quota used up"
	reasonFileLimit  = "file size limit"
	reasonReadOnly   = "disk read-only"
	reasonPermission = "no permission"
	reasonIO         = "disk error"
)

// UnwritableReasons lists the reasons for which writes fail, for figures.
func UnwritableReasons() []string {
	return []string{reasonFull, reasonQuota, reasonFileLimit, reasonReadOnly, reasonPermission, reasonIO}
}

// unwritable says why the disk refused a write; "" where the disk is not to blame.
func unwritable(err error) string {
	switch {
	case isErrno(err, quotaReached):
		return reasonQuota
	case isErrno(err, fileTooLarge):
		return reasonFileLimit
	case isFull(err):
		return reasonFull
	case isErrno(err, readOnlyDisk):
		return reasonReadOnly
	case errors.Is(err, fs.ErrPermission):
		return reasonPermission
	case isErrno(err, diskFault):
		return reasonIO
	}
	return ""
}

// isErrno looks at the text too: bbolt drops the chain of an error where the file could not grow.
func isErrno(err error, e syscall.Errno) bool {
	return errors.Is(err, e) || err != nil && strings.HasSuffix(err.Error(), e.Error())
}

// isFull reports whether a write failed for want of space.
func isFull(err error) bool {
	return slices.ContainsFunc(noSpace, func(full syscall.Errno) bool { return isErrno(err, full) })
}

const (
	// holdTime is how long writes are refused at once after the disk refused one: bbolt reads the whole file after a
	// failed write, and callers come back at once.
	holdTime = time.Second
	// leastFree is the room below which the disk counts as full: a write of one person takes far less, a Bulk more.
	leastFree = 1 << 20
)

// disk knows whether what is written arrives. It is safe for concurrent use.
type disk struct {
	path string
	tell func(error) // of each change; never nil

	mu      sync.Mutex
	failed  *directory.UnwritableError // of the last write; nil where it arrived
	at      time.Time                  // of the last write that failed
	low     *directory.UnwritableError // there is hardly any room left
	looked  time.Time
	telling error // what was told last
}

func newDisk(path string, tell func(error)) *disk {
	if tell == nil {
		tell = func(error) {}
	}
	return &disk{path: path, tell: tell}
}

// held gives the error of the last write where that was a moment ago: the next one would fail too.
func (d *disk) held() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed != nil && time.Since(d.at) < holdTime {
		return d.failed
	}
	return nil
}

// wrote notes what became of a write, and gives its error with path and cure.
func (d *disk) wrote(err error) error {
	if err != nil && unwritable(err) == "" {
		return explain(d.path, "write", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		if d.failed != nil {
			d.failed = nil
			d.changed()
		}
		return nil
	}
	d.failed, d.at = &directory.UnwritableError{Reason: unwritable(err), Err: explain(d.path, "write", err)}, time.Now()
	d.lookForRoom()
	d.changed()
	return d.failed
}

// writable says whether writes arrive, as far as can be told without one: after a write has failed it tries whether there
// is room again. It looks once in holdTime at most.
func (d *disk) writable() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.looked) < holdTime {
		return d.current()
	}
	d.looked = time.Now()
	if d.failed != nil {
		if err := roomFor(d.path); err == nil || unwritable(err) == "" {
			d.failed = nil
		}
	}
	d.lookForRoom()
	d.changed()
	return d.current()
}

// lookForRoom asks the file system. Small writes may still find room within the file, so it holds none up.
func (d *disk) lookForRoom() {
	d.low = nil
	if free, ok := FreeBytes(d.path); ok && free < leastFree {
		d.low = &directory.UnwritableError{Reason: reasonFull, Err: explain(d.path, "write", noSpace[0])}
	}
}

// current is what stands in the way of writes; nil for nothing.
func (d *disk) current() error {
	switch {
	case d.failed != nil:
		return d.failed
	case d.low != nil:
		return d.low
	}
	return nil
}

// changed tells of a change.
func (d *disk) changed() {
	now := d.current()
	was, is := "", ""
	if e, ok := errors.AsType[*directory.UnwritableError](d.telling); ok {
		was = e.Reason
	}
	if e, ok := errors.AsType[*directory.UnwritableError](now); ok {
		is = e.Reason
	}
	if was != is {
		d.telling = now
		d.tell(now)
	}
}

// roomFor tries whether the file at path could grow: by a file beside it of which only the end is written, as far behind
// as the state's would be, so that a limit on the size of files counts too.
func roomFor(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".writable.*")
	if errors.Is(err, fs.ErrPermission) {
		return nil // the folder is closed to us, which says nothing about the file: the next write tells
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, leastFree), info.Size())
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// Writable says whether writes arrive on disk: nil, or a *directory.UnwritableError.
func (db *DB) Writable() error { return db.commits.disk.writable() }
