package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// runner carries one plan out.
type runner struct {
	d      Deps
	p      *plan.Plan
	header Header
	target upstream.Writer // writes under the run's permission
	lay    layout
	past   *history // what the journal tells of earlier processes; nil in a new run
	tally  tally

	// inFlight is the context of calls to the tenant. It outlives the run's own by Deps.Grace, so that
	// a cancelled run ends with known outcomes.
	inFlight context.Context
	halt     context.CancelCauseFunc // no new call starts after it

	mu      sync.Mutex
	results []EntityResult
	refs    map[string]string // of created teams, and of created people who are updated too, by refKey
	wantRef map[string]bool   // people who are updated and whose key the plan does not know
	absent  map[string]string // people who could not be created, with the cause
	sighted map[int]bool      // created people whose create is known to have succeeded by a look only
	noRole  map[string]bool   // roles the tenant does not know
}

// newRunner makes a runner for p.
func newRunner(d Deps, p *plan.Plan) *runner {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Grace <= 0 {
		d.Grace = defaultGrace
	}
	if d.Wait == nil {
		d.Wait = defaultWait
	}
	if d.RunID == "" {
		d.RunID = p.ID
	}
	r := &runner{
		d: d, p: p, lay: arrange(p), results: pendingResults(p),
		refs: map[string]string{}, absent: map[string]string{}, noRole: map[string]bool{}, sighted: map[int]bool{},
		wantRef: map[string]bool{},
		header: Header{
			RunID: d.RunID, PlanID: p.ID, Source: p.Source.URL, Target: d.Target.Tenant().URL,
			Started: d.Now(), Command: d.Command, Job: d.Job, Spends: new(p.Spends()),
		},
	}
	for _, i := range r.lay.updates {
		if p.Changes[i].Ref == "" {
			r.wantRef[p.Changes[i].Key] = true
		}
	}
	r.tally = newTally(d.Hook, p, Estimate(p, d.Target))
	return r
}

// defaultWait is the pause the tenant asked for, else one that doubles from a second.
func defaultWait(try int, asked time.Duration) time.Duration {
	return max(asked, time.Second<<min(max(try-2, 0), 5))
}

// carry runs work under the lease, and gives the result whatever happens.
func (r *runner) carry(parent context.Context, work func(context.Context) error) (*Result, error) {
	if l := r.d.Lease.Current(); r.d.Lease != nil && identity.Fold(l.Tenant) != identity.Fold(r.d.Target.Tenant().URL) {
		return r.result(true), fmt.Errorf("the lease is on %s, not on %s", l.Tenant, r.d.Target.Tenant().URL)
	}
	ctx, halt := context.WithCancelCause(parent)
	defer halt(nil)
	r.halt = halt
	var landed func()
	r.inFlight, landed = graceful(parent, r.d.Grace)
	r.target = r.d.Target.Writer(&permission{run: ctx, inFlight: r.inFlight, lease: r.d.Lease})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-r.d.Lease.Lost():
			halt(r.d.Lease.Err())
		case <-r.inFlight.Done():
		}
	})
	err := work(ctx)
	landed()
	watch.Wait()
	return r.conclude(ctx, err)
}

// conclude stores how the run ended. failed is an error before the first change, with which nothing has
// begun.
func (r *runner) conclude(ctx context.Context, failed error) (*Result, error) {
	cause := failed
	if cause == nil && ctx.Err() != nil {
		cause = fmt.Errorf("the run is interrupted and can be resumed: %w", context.Cause(ctx))
	}
	res := r.result(cause != nil)
	errs := []error{cause}
	if failed == nil {
		end := End{At: res.Ended, Interrupted: res.Interrupted, Entities: res.Entities, Spent: spent(r.p, res)}
		if cause != nil {
			end.Cause = cause.Error()
		}
		if err := r.d.Journal.Finish(context.WithoutCancel(ctx), end); err != nil {
			errs = append(errs, fmt.Errorf("store how the run ended: %w", err))
		}
	}
	return res, errors.Join(errs...)
}

// graceful gives a context that ends grace after ctx does. The caller must call the function once no
// call is in flight any more.
func graceful(ctx context.Context, grace time.Duration) (context.Context, func()) {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-calls.Done():
		}
	})
	return calls, func() {
		stop()
		cancel()
	}
}

// perform goes through the phases. What stops a run shows in ctx.
func (r *runner) perform(ctx context.Context) error {
	r.tally.enter("users")
	for _, level := range r.lay.creates {
		r.people(ctx, r.createStage(), level)
	}
	r.reread(ctx)
	r.failOrphans()
	r.people(ctx, r.updateStage(), r.lay.updates)
	r.tally.enter("teams")
	r.each(ctx, r.todo(r.lay.teams), func(i int) { r.team(ctx, i) })
	r.tally.enter("deletes")
	for _, level := range r.lay.deletes {
		r.people(ctx, r.deleteStage(), level)
	}
	r.each(ctx, r.todo(r.lay.teamDeletes), func(i int) { r.drive(ctx, r.deleteTeamStage(), []int{i}) })
	return nil
}

// failOrphans gives up the updates of people whom the run could not create.
func (r *runner) failOrphans() {
	if !r.anyAbsent() {
		return
	}
	for _, i := range r.todo(r.lay.updates) {
		if cause := r.whyAbsent(r.p.Changes[i].Key); cause != "" {
			r.giveUp(i, fmt.Errorf("this person was not created: %s", cause))
		}
	}
}

// todo leaves out the changes that are finished: by an earlier process, or failed already.
func (r *runner) todo(idx []int) []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := make([]int, 0, len(idx))
	for _, i := range idx {
		if r.results[i].Status == Pending {
			rest = append(rest, i)
		}
	}
	return rest
}

// people drives a stage's changes in batches, several side by side.
func (r *runner) people(ctx context.Context, st stage, idx []int) {
	size := st.size(r.d.Target.Limits(0))
	each(ctx, r.workers(), split(r.todo(idx), size), func(batch []int) { r.drive(ctx, st, batch) })
}

func (r *runner) each(ctx context.Context, idx []int, do func(i int)) {
	each(ctx, r.workers(), idx, do)
}

func (r *runner) workers() int { return max(r.d.Target.Limits(0).Workers, 1) }

// each calls do for all of list, workers side by side, until ctx ends, and waits for all.
func each[T any](ctx context.Context, workers int, list []T, do func(T)) {
	var g errgroup.Group
	g.SetLimit(workers)
	for _, x := range list {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			do(x)
			return nil
		})
	}
	_ = g.Wait() // do tells its failures through the runner
}

// intend is the gate before every write: the run goes on, the lease holds, the intent is on disk. Where
// any of it fails nothing may be sent, and the run stops.
func (r *runner) intend(ctx context.Context, rec Record) (seq uint64, ok bool) {
	if ctx.Err() != nil {
		return 0, false
	}
	if err := r.d.Lease.Ensure(ctx); err != nil {
		r.halt(err)
		return 0, false
	}
	rec.At = r.d.Now()
	seq, err := r.d.Journal.Intend(ctx, r.d.Lease.Current(), rec)
	if err != nil {
		r.halt(fmt.Errorf("write the journal before the call %q (nothing was sent): %w", rec.Kind, err))
		return 0, false
	}
	return seq, true
}

// settle stores what became of a call.
func (r *runner) settle(seq uint64, outcomes []ItemOutcome) bool {
	if err := r.d.Journal.Settle(context.WithoutCancel(r.inFlight), r.d.Lease.Current(), seq, outcomes); err != nil {
		r.halt(fmt.Errorf("write the journal after call %d: %w", seq, err))
		return false
	}
	return true
}

// pause waits before try number try; false where the run stops meanwhile.
func (r *runner) pause(ctx context.Context, try int, asked time.Duration) bool {
	r.tally.retry()
	timer := time.NewTimer(r.d.Wait(try, asked))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
