package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// defaultGrace is the default of Deps.Grace: longer than the time-out of any single request.
const defaultGrace = 6 * time.Minute

// maxTries is how often a write, or the look at what became of one, is tried before it counts as failed.
const maxTries = 5

// ErrGuardExceeded says that a guard is exceeded: such a plan is never carried out.
var ErrGuardExceeded = errors.New("the plan is over a guard")

// Deps is what a run needs. Target, Journal and Now must be set.
type Deps struct {
	Target  upstream.Connector
	Journal Journal
	Lease   *HeldLease // on the target, which the caller takes before the plan's first read and releases; nil: nobody else writes
	Hook    Hook
	Logger  *slog.Logger
	Now     func() time.Time

	RunID   string // of a new run; the plan's ID where it is empty
	Command string // what started a new run, for people; without secrets
	Job     string // that a new run belongs to, where it belongs to one

	Grace time.Duration // how long a call in flight may go on after ctx is cancelled; 6 min if 0
	// Wait says how long to wait before try number try (from 2) of something, where the tenant asked
	// for a pause of asked (0: it did not). nil: the pause asked for, else 1, 2, 4 and 8 seconds.
	Wait func(try int, asked time.Duration) time.Duration
}

// Hook hears how a run goes on. Its methods are called from several goroutines, but never at the same time.
type Hook interface {
	// Progress is called after each call: how much is done of all, and what is being worked on. It
	// must return fast; a caller that draws slowly leaves some out.
	Progress(p Progress)
	// Settled is called once for each entity of the plan to which nothing more comes in this process: done, in
	// part or failed, with what the tenant calls it. In a resumed run it begins with what earlier processes did.
	Settled(e EntityResult)
}

// Progress is how far a run is.
type Progress struct {
	Phase       string // "users", "teams", "deletes"
	Done, Total int    // entities and links
	Calls       int    // requests so far, counted as Estimate does
	EstCalls    int
	Retries     int
	Failed      int    // entities and links
	Current     string // such as "team Finance"
	Stopping    bool   // nothing new is begun: the run only waits for the answers of InFlight calls
	InFlight    int    // calls that were sent and are not answered yet
}

// Run carries p out. The error is non-nil only for what stops the whole run (credentials, tenant out of
// reach, lease lost, journal not writable, ctx cancelled); failures of single entities are in the
// Result, which is returned in every case. A cancelled ctx lets calls in flight end and leaves a
// resumable journal. The journal must be fresh; p must not change while the run lasts.
func Run(ctx context.Context, d Deps, p *plan.Plan) (*Result, error) {
	r := newRunner(d, p)
	if len(p.Exceeded) > 0 {
		return r.result(true), fmt.Errorf("%w: %s", ErrGuardExceeded, p.Exceeded[0].Guard)
	}
	if err := check(p); err != nil {
		return r.result(true), err
	}
	encoded, err := encodePlan(p)
	if err != nil {
		return r.result(true), fmt.Errorf("encode the plan for the journal: %w", err)
	}
	return r.underLease(ctx, func(ctx context.Context) error {
		if err := r.d.Journal.Begin(ctx, r.header, encoded); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("begin the journal, nothing was changed: %w", err)
		}
		encoded = nil
		return r.perform(ctx)
	})
}

// Resume goes on with the run that d.Journal holds. Calls whose outcome the journal does not tell are
// looked at in the tenant before anything is written; what succeeded is not repeated; what failed is
// tried once more, and so are links that a team write left out; so a run that ended in part can be
// resumed too. Returns ErrFinished with the old Result where all is done, and ErrNoRun where the journal
// is empty.
func Resume(ctx context.Context, d Deps) (*Result, error) {
	h, err := d.Journal.Header(ctx)
	if err != nil {
		return &Result{}, fmt.Errorf("resume a run: %w", err)
	}
	end, ended, err := d.Journal.End(ctx)
	if err != nil {
		return &Result{RunID: h.RunID, Started: h.Started}, fmt.Errorf("resume run %s: %w", h.RunID, err)
	}
	old := &Result{RunID: h.RunID, Entities: end.Entities, Interrupted: end.Interrupted, Started: h.Started, Ended: end.At}
	if ended && old.Complete() {
		return old, fmt.Errorf("resume run %s: %w", h.RunID, ErrFinished)
	}
	p, err := StoredPlan(ctx, d.Journal)
	if err != nil {
		return &Result{RunID: h.RunID, Started: h.Started}, fmt.Errorf("resume run %s: %w", h.RunID, err)
	}
	r := newRunner(d, p)
	r.header = h
	if tenant := d.Target.Tenant().URL; tenant != h.Target {
		return r.result(true), fmt.Errorf("resume run %s: it writes to %s, not to %s", h.RunID, h.Target, tenant)
	}
	return r.underLease(ctx, r.resume)
}
