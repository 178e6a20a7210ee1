package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
)

// Backup writes a copy of the file as it is at this moment, while others go on writing. The copy is a file
// that Open takes, with a checksum at its end that Open and Restore compare. A slow w makes the file grow, for the pages of the moment are kept until the end.
func (db *DB) Backup(ctx context.Context, w io.Writer) error {
	to := &contextWriter{ctx: ctx, to: w}
	err := db.view(func(tx *bbolt.Tx) error {
		return writeWithTrailer(tx, to)
	})
	if to.err != nil { // bbolt drops its chain
		err = to.err
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", db.path, err)
	}
	return nil
}

// contextWriter writes until ctx ends.
type contextWriter struct {
	ctx context.Context
	to  io.Writer
	err error // the first
}

// Write implements io.Writer.
func (w *contextWriter) Write(p []byte) (int, error) {
	if w.err = w.ctx.Err(); w.err != nil {
		return 0, w.err
	}
	n, err := w.to.Write(p)
	w.err = err
	return n, err
}

// ErrBackup says that a backup cannot be restored.
var ErrBackup = errors.New("the backup is damaged or not one of sacbridge")

// Restore puts a backup in the place of the file at path, or where no file is. It reads the whole backup and
// checks it first: what was at path stays where anything is wrong, or where another process has it open.
func Restore(ctx context.Context, path string, backup io.Reader) (directory.Report, error) {
	report, err := restore(ctx, path, backup)
	if err != nil {
		return report, Explain(path, "restore", err)
	}
	return report, nil
}

func restore(ctx context.Context, path string, backup io.Reader) (report directory.Report, err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".restore-*")
	if err != nil {
		return report, err
	}
	name := temporary.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(name)))
		}
	}()
	_, err = io.Copy(&contextWriter{ctx: ctx, to: temporary}, backup)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return report, err
	}
	if report, err = inspect(ctx, name); err != nil {
		return report, err
	}
	if err := dropTrailer(name); err != nil {
		return report, err
	}
	if err := refuseInUse(path); err != nil {
		return report, err
	}
	if err := os.Rename(name, path); err != nil {
		return report, err
	}
	return report, syncFolder(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// inspect checks a file that nobody else uses: its pages, then everything in it.
func inspect(ctx context.Context, path string) (report directory.Report, err error) {
	db, err := Open(path, Options{})
	if err != nil {
		return report, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.checkPages(); err != nil {
		return report, fmt.Errorf("%w: %w", ErrBackup, err)
	}
	report, err = db.Check(ctx)
	if err == nil && !report.OK() {
		f := report.Faults[0]
		err = fmt.Errorf("%w: faults found: %d, the first: %s in %s, key %s: %s", ErrBackup, int64(len(report.Faults))+report.More, f.Kind, f.Where, f.Key, f.Detail)
	}
	return report, err
}

// checkPages looks for damaged pages. It is for a file that nobody writes to.
func (db *DB) checkPages() error {
	return db.view(func(tx *bbolt.Tx) (first error) {
		for err := range tx.Check() {
			if first == nil {
				first = err
			}
		}
		return first
	})
}

// inUseTimeout is how long Restore looks whether another process has the file.
const inUseTimeout = 100 * time.Millisecond

// refuseInUse makes sure that no process has the file at path open. A file that cannot be read is what
// a restore is for.
func refuseInUse(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := Open(path, Options{Timeout: inUseTimeout})
	if errors.Is(err, ErrInUse) {
		return err
	}
	if err != nil {
		return nil //nolint:nilerr // damaged, or of a newer version: what a restore replaces
	}
	return db.Close()
}
