package directory

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"
)

// Deps are what a Directory needs.
type Deps struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger
	// Retention is how long deleted records can be restored and events are kept; 30 days if 0.
	Retention time.Duration
	// Budget is how many records one query may read beyond those an index finds; 200,000 if 0.
	Budget int
	// MaxSort is of how many records at once a query by something that no index orders keeps what it sorts by; 50,000
	// if 0. More are sorted in several runs.
	MaxSort int
}

// Directory is the service over a Store. It is safe for concurrent use; the Store belongs to the caller.
type Directory struct {
	store     Store
	now       func() time.Time
	log       *slog.Logger
	retention time.Duration
	budget    int
	maxSort   int
	pages     *pageCache
	runs      runCache
	sorts     chan struct{}
}

// New gives a directory over the store.
func New(d Deps) (*Directory, error) {
	if d.Store == nil || d.Now == nil || d.Log == nil {
		return nil, errors.New("directory: a store, a clock and a logger are needed")
	}
	dir := &Directory{
		store: d.Store, now: d.Now, log: d.Log, retention: d.Retention, budget: d.Budget, maxSort: d.MaxSort,
		pages: newPageCache(), sorts: make(chan struct{}, maxSortsAtOnce),
	}
	if dir.retention <= 0 {
		dir.retention = 30 * 24 * time.Hour
	}
	if dir.budget <= 0 {
		dir.budget = 200_000
	}
	if dir.maxSort <= 0 {
		dir.maxSort = 50_000
	}
	return dir, nil
}

// Backup writes a consistent copy of the whole store.
func (d *Directory) Backup(ctx context.Context, w io.Writer) error { return d.store.Backup(ctx, w) }

// Check looks for inconsistencies in the whole store.
func (d *Directory) Check(ctx context.Context) (Report, error) { return d.store.Check(ctx) }
