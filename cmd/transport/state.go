package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/store/bolt"
)

// stateFolder is where runs leave their journals, and the file that says who may write to a tenant.
type stateFolder struct{ runs, leases string }

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

// writable proves that a journal can be kept, before any call.
func (s stateFolder) writable() error {
	if err := errors.Join(s.folder().Writable(), os.MkdirAll(filepath.Dir(s.leases), 0o700)); err != nil {
		return cli.Usagef("the state folder %s cannot take the journal of a run, so nothing was sent: %w", s.runs, err)
	}
	return nil
}

// leaseFile gives the leases that all programs on this machine share.
func (s stateFolder) leaseFile() apply.Leases { return bolt.LeaseFile(s.leases, time.Now) }

// folder gives the journals of all runs.
func (s stateFolder) folder() *bolt.JournalFolder {
	return bolt.NewJournalFolder(s.runs, s.leaseFile(), bolt.Options{})
}

// create makes the journal of a new run.
func (s stateFolder) create(ctx context.Context, runID string) (apply.Journal, error) {
	return s.folder().Create(ctx, runID)
}

// open opens the journal of an earlier run.
func (s stateFolder) open(ctx context.Context, runID string) (apply.Journal, error) {
	j, err := s.folder().Open(ctx, runID)
	if errors.Is(err, apply.ErrNoRun) {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	return j, err
}

// ids lists the runs that have a journal, the newest first.
func (s stateFolder) ids(ctx context.Context) ([]string, error) {
	ids, err := s.folder().List(ctx)
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	return ids, nil
}

// find gives the one run whose ID begins with prefix.
func (s stateFolder) find(ctx context.Context, prefix string) (string, error) {
	ids, err := s.ids(ctx)
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
