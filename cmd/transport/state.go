package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/store/bolt"
)

// stateFolder is where runs leave their journals, and the file that says who may write to a tenant.
type stateFolder struct{ runs, leases string }

// journalEnd is how journal files end; before it stands the run's ID.
const journalEnd = ".db"

// stateIn is the state folder below a directory.
func stateIn(dir string) stateFolder {
	return stateFolder{runs: filepath.Join(dir, "runs"), leases: filepath.Join(dir, "sacbridge.leases")}
}

// stateFolder gives the state folder of the configuration, or the one without.
func (a *app) stateFolder() (stateFolder, error) {
	s, err := a.settings()
	if err != nil {
		return stateFolder{}, err
	}
	return s.place, nil
}

// free fails with an *apply.LeaseHeldError where another run is writing to the tenant now.
func (s stateFolder) free(ctx context.Context, tenant string) error {
	l, held, err := s.leaseFile().Holder(ctx, tenant)
	if err != nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("look who is writing to %s: %w", tenant, err))
	}
	if held {
		return &apply.LeaseHeldError{Lease: l}
	}
	return nil
}

// reclaim gives a lease back that a killed process of the same run left behind. It must be called with the
// run's journal open: only one process can have that, so the lease has no other user.
func (s stateFolder) reclaim(ctx context.Context, runID, tenant string) error {
	leases := s.leaseFile()
	l, held, err := leases.Holder(ctx, tenant)
	if err == nil && held && strings.HasPrefix(l.Holder, runHolder(runID)) {
		err = leases.Release(ctx, l)
	}
	return wrap("take over the lease of the killed process", err)
}

// writable proves by a synced file that a journal can be kept, before any call: without a journal
// nothing may be written to a tenant.
func (s stateFolder) writable() (err error) {
	fail := func(err error) error {
		return cli.Usagef("the state folder %s cannot take the journal of a run, so nothing was sent: %w", s.runs, err)
	}
	if err := s.make(); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(s.runs, ".probe.*")
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, ignoreMissing(os.Remove(f.Name()))) }()
	_, werr := f.Write(make([]byte, 1<<20)) // more than an empty journal takes
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	return nil
}

// make creates the folders, for their owner only: journals name people.
func (s stateFolder) make() error {
	return errors.Join(os.MkdirAll(s.runs, 0o700), os.MkdirAll(filepath.Dir(s.leases), 0o700))
}

// leaseFile gives the leases that all programs on this machine share.
func (s stateFolder) leaseFile() apply.Leases { return bolt.LeaseFile(s.leases, time.Now) }

// journal is a run's journal and the file below it.
type journal struct {
	apply.Journal
	db *bolt.DB
}

// Close closes the journal and its file.
func (j *journal) Close() error { return errors.Join(j.Journal.Close(), j.db.Close()) }

// create makes the journal of a new run.
func (s stateFolder) create(runID string) (apply.Journal, error) {
	if err := s.make(); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	return openJournal(s.file(runID), bolt.Options{})
}

// open opens the journal of an earlier run.
func (s stateFolder) open(runID string) (apply.Journal, error) {
	if _, err := os.Stat(s.file(runID)); err != nil {
		return nil, cli.Usagef("there is no run %s: %w", runID, err)
	}
	return openJournal(s.file(runID), bolt.Options{})
}

func openJournal(path string, opts bolt.Options) (apply.Journal, error) {
	db, err := bolt.Open(path, opts)
	if err != nil {
		return nil, fmt.Errorf("journal of the run: %w", err)
	}
	return &journal{Journal: db.Journal(), db: db}, nil
}

// put closes a journal, and takes the file of a run away that never began.
func (s stateFolder) put(ctx context.Context, runID string, j apply.Journal) error {
	_, err := j.Header(ctx)
	closed := j.Close()
	if errors.Is(err, apply.ErrNoRun) && closed == nil {
		return ignoreMissing(os.Remove(s.file(runID)))
	}
	return closed
}

func (s stateFolder) file(runID string) string { return filepath.Join(s.runs, runID+journalEnd) }

// ids lists the runs that have a journal, the newest first: run IDs sort by time.
func (s stateFolder) ids() ([]string, error) {
	entries, err := os.ReadDir(s.runs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, cli.Usagef("list runs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), journalEnd); ok && !strings.HasPrefix(id, ".") {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	return ids, nil
}

// find gives the one run whose ID begins with prefix.
func (s stateFolder) find(prefix string) (string, error) {
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	var hits []string
	for _, id := range ids {
		if id == prefix {
			return id, nil
		}
		if strings.HasPrefix(id, prefix) {
			hits = append(hits, id)
		}
	}
	switch len(hits) {
	case 0:
		return "", cli.Usagef("there is no run %q in %s (transport runs list shows them)", prefix, s.runs)
	case 1:
		return hits[0], nil
	}
	return "", cli.Usagef("%d runs begin with %q: %s", len(hits), prefix, cli.Some(hits, 5))
}
