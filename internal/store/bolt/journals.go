package bolt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/apply"
)

const (
	// journalEnd is how the names of journal files end; before it stands the run's ID.
	journalEnd = ".db"
	// folderMode keeps journals, which name people, from other accounts.
	folderMode fs.FileMode = 0o700
	// pruneTimeout is how long Prune waits for one journal: whoever looks at it for a moment is gone by then.
	pruneTimeout = 100 * time.Millisecond
)

// JournalFolder is a folder with a journal file for each run: apply.Journals. A file can be open only once, also
// across processes.
type JournalFolder struct {
	dir    string
	leases apply.Leases
	opts   Options
}

// NewJournalFolder gives the journals in dir of runs whose leases are in a file of their own. The first Create makes
// the folder, for its owner only.
func NewJournalFolder(dir string, leases apply.Leases, o Options) *JournalFolder {
	return &JournalFolder{dir: dir, leases: leases, opts: o}
}

// Create implements apply.Journals.
func (f *JournalFolder) Create(ctx context.Context, runID string) (apply.Journal, error) {
	if err := os.MkdirAll(f.dir, folderMode); err != nil {
		return nil, explain(f.dir, "make", err)
	}
	j, err := f.open(ctx, runID, openShared)
	if errors.Is(err, apply.ErrJournalOpen) {
		return nil, fmt.Errorf("run %s: %w", runID, apply.ErrJournalUsed)
	}
	if err != nil {
		return nil, err
	}
	if empty, err := j.empty(); err != nil || !empty {
		if err == nil {
			err = fmt.Errorf("run %s: %w", runID, apply.ErrJournalUsed)
		}
		return nil, errors.Join(err, j.Close())
	}
	j.created = true
	return j, nil
}

// Open implements apply.Journals.
func (f *JournalFolder) Open(ctx context.Context, runID string) (apply.Journal, error) {
	j, err := f.open(ctx, runID, openExisting)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %s: %w in %s", runID, apply.ErrNoRun, f.dir)
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

// openExisting opens a file that must be there.
func openExisting(path string, flag int, mode fs.FileMode) (*os.File, error) {
	return openShared(path, flag&^os.O_CREATE, mode)
}

// open opens the file of a run by openFile.
func (f *JournalFolder) open(ctx context.Context, runID string, openFile func(string, int, fs.FileMode) (*os.File, error)) (*folderJournal, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("journal of run %s: %w", runID, err)
	}
	if runID == "" || runID[0] == '.' || filepath.Base(runID) != runID {
		return nil, fmt.Errorf("%q is no run ID: it cannot name a file", runID)
	}
	path, o := f.path(runID), f.opts
	if deadline, ok := ctx.Deadline(); ok {
		o.Timeout = max(min(cmp.Or(o.Timeout, defaultTimeout), time.Until(deadline)), time.Millisecond)
	}
	var file *os.File
	o.openFile = func(path string, flag int, mode fs.FileMode) (_ *os.File, err error) {
		file, err = openFile(path, flag, mode)
		return file, err
	}
	db, err := Open(path, o)
	if errors.Is(err, ErrInUse) {
		return nil, fmt.Errorf("%w: %w", apply.ErrJournalOpen, err)
	}
	if err != nil {
		return nil, fmt.Errorf("journal of run %s: %w", runID, err)
	}
	if err := stillThere(file, path); err != nil {
		return nil, errors.Join(fmt.Errorf("journal of run %s: %w", runID, err), db.Close())
	}
	return &folderJournal{journal: journal{db: db, leases: f.leases}}, nil
}

// stillThere fails where a file was taken away between its opening and its locking: what is written to it is lost.
func stillThere(file *os.File, path string) error {
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err == nil && !os.SameFile(opened, named) {
		err = fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return err
}

// folderJournal is a journal alone in its file.
type folderJournal struct {
	journal
	created bool
}

// empty reports whether the journal holds no run.
func (j *folderJournal) empty() (empty bool, err error) {
	err = j.db.view(func(tx *bbolt.Tx) error {
		empty = tx.Bucket(bucketRun) == nil
		return nil
	})
	return empty, err
}

// Close implements apply.Journal. It closes the file too, and takes away a new one that holds no run.
func (j *folderJournal) Close() error {
	if j.closed.Load() {
		return nil
	}
	empty, err := j.empty()
	if j.created && empty && err == nil {
		err = j.remove()
	}
	return errors.Join(err, j.journal.Close(), j.db.Close())
}

// remove takes the file away while it is locked, so that nobody else can have opened it for a run.
func (j *folderJournal) remove() error {
	if err := os.Remove(j.db.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(j.db.path, "remove", err)
	}
	return nil
}

// List implements apply.Journals.
func (f *JournalFolder) List(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list the runs: %w", err)
	}
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(f.dir, "list", err)
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), journalEnd); ok && id != "" && id[0] != '.' {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	return ids, nil
}

// Prune implements apply.Journals.
func (f *JournalFolder) Prune(ctx context.Context, drop func(apply.Header, *apply.End) bool) ([]string, error) {
	ids, err := f.List(ctx)
	if err != nil {
		return nil, err
	}
	var dropped []string
	var errs []error
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return dropped, errors.Join(append(errs, fmt.Errorf("prune the runs: %w", err))...)
		}
		gone, err := f.pruneOne(ctx, id, drop)
		if gone {
			dropped = append(dropped, id)
		}
		if !errors.Is(err, apply.ErrJournalOpen) && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return dropped, errors.Join(errs...)
}

// pruneOne takes one journal away where drop says so.
func (f *JournalFolder) pruneOne(ctx context.Context, id string, drop func(apply.Header, *apply.End) bool) (gone bool, err error) {
	brief, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	j, err := f.open(brief, id, openExisting)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	var h apply.Header
	var end *apply.End
	if h, err = j.Header(ctx); err != nil && !errors.Is(err, apply.ErrNoRun) {
		return false, err
	}
	if err == nil {
		e, ok, err := j.End(ctx)
		if err != nil {
			return false, err
		}
		if ok {
			end = &e
		}
	}
	if !drop(h, end) {
		return false, nil
	}
	err = j.remove()
	return err == nil, err
}

// Writable proves that a journal can be kept, before any call: without a journal nothing may be written to a tenant.
func (f *JournalFolder) Writable() error { return tryFolder(f.dir) }

func (f *JournalFolder) path(runID string) string { return filepath.Join(f.dir, runID+journalEnd) }
