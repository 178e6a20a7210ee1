package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/store"
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
	return s.folder, nil
}

// writable proves that a journal and a lease can be kept.
func (s stateFolder) writable() error {
	if err := s.journals().Writable(); err != nil {
		return fmt.Errorf("the state folder %s cannot take the journal of a run, so nothing was sent: %w", s.runs, err)
	}
	if err := bolt.LeaseFileWritable(s.leases); err != nil {
		return fmt.Errorf("the lease file cannot be kept, so nothing was sent: %w", err)
	}
	return nil
}

// leaseFile gives the leases that all programs on this machine share.
func (s stateFolder) leaseFile() apply.Leases { return bolt.LeaseFile(s.leases, time.Now) }

// facts gives what was learnt about tenants, in the same file.
func (s stateFolder) facts() store.Facts { return store.Facts{Values: bolt.FactsFile(s.leases)} }

// journals gives the journals of all runs.
func (s stateFolder) journals() *bolt.JournalFolder {
	return bolt.NewJournalFolder(s.runs, s.leaseFile(), bolt.Options{})
}

// runIDs lists the runs, for completion.
func (a *app) runIDs(ctx context.Context) ([]string, error) {
	s, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	return a.engine(s).RunIDs(ctx)
}
