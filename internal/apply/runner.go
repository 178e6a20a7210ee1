package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// runner carries one plan out.
type runner struct {
	d        Deps
	p        *plan.Plan
	header   Header
	writer   upstream.Writer // under the run's permission
	replayed *replayed       // what the journal tells of earlier processes; nil in a new run
	counter  *counter
	outage   outage
	groups   []createGroup
	defaults *defaultRoles

	// inFlight is the context of calls to the tenant. It outlives the run's own by Deps.Grace, so that
	// a cancelled run ends with known outcomes.
	inFlight context.Context
	halt     context.CancelCauseFunc // no new call starts after it

	createOf map[string]int // people who are created and updated too, with the change that creates them

	mu           sync.Mutex
	results      []EntityResult
	teams        map[int]*teamState
	absent       map[string]string // people who could not be created, with the cause
	unknownRoles map[string]bool   // roles the tenant does not know
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
	return &runner{
		d: d, p: p, results: pendingResults(p), createOf: createdAndUpdated(p),
		teams: map[int]*teamState{}, absent: map[string]string{}, unknownRoles: map[string]bool{},
		defaults: newDefaultRoles(),
		counter:  newCounter(d.Hook, p, Estimate(p, d.Target)),
		header: Header{
			RunID: d.RunID, PlanID: p.ID, Source: p.Source.URL, Target: d.Target.Tenant().URL,
			Started: d.Now(), Command: d.Command, Job: d.Job, Spends: new(p.Spends()), Format: journalFormat,
		},
	}
}

// createdAndUpdated gives the people of whom p has two changes.
func createdAndUpdated(p *plan.Plan) map[string]int {
	out := map[string]int{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Entity == plan.User && c.Op == plan.Update && c.Ref == "" {
			out[c.Key] = -1
		}
	}
	if len(out) == 0 {
		return out
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		if _, ok := out[c.Key]; ok && c.Entity == plan.User && c.Op == plan.Create {
			out[c.Key] = i
		}
	}
	for key, i := range out {
		if i < 0 {
			delete(out, key)
		}
	}
	return out
}

// underLease runs work under the lease, and gives the result whatever happens.
func (r *runner) underLease(parent context.Context, work func(context.Context) error) (*Result, error) {
	if l := r.d.Lease.Current(); r.d.Lease != nil && identity.Fold(l.Tenant) != identity.Fold(r.d.Target.Tenant().URL) {
		return r.result(true), fmt.Errorf("the lease is on %s, not on %s", l.Tenant, r.d.Target.Tenant().URL)
	}
	ctx, halt := context.WithCancelCause(parent)
	defer halt(nil)
	r.halt = halt
	var landed func()
	r.inFlight, landed = graceful(parent, r.d.Grace)
	r.writer = r.d.Target.Writer(&permission{run: ctx, inFlight: r.inFlight, lease: r.d.Lease})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-r.d.Lease.Lost():
			halt(r.d.Lease.Err())
		case <-ctx.Done():
		case <-r.inFlight.Done():
			return
		}
		r.counter.stopping()
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

// perform carries out what remains of the plan. What stops a run shows in ctx.
func (r *runner) perform(ctx context.Context) error {
	s := newSchedule(r.p, r.d.Target, r.remaining())
	r.groups = make([]createGroup, s.groups)
	workers := max(r.d.Target.Limits(0).Workers, 1)
	for n, phase := range s.phases {
		progress := r.enterPhase(n, phase)
		carryOut(ctx, phase, workers, func(t *task) {
			r.do(ctx, t)
			progress(t)
		})
	}
	r.settleUnseen()
	r.stopForOutage(r.outage.atEnd())
	return nil
}

// enterPhase tells what is being worked on, and gives a function that follows the tasks: people, then teams
// once nobody is left to write, then what is deleted.
func (r *runner) enterPhase(n int, tasks []task) (ended func(*task)) {
	if n > 0 {
		r.counter.enter("deletes")
		return func(*task) {}
	}
	r.counter.enter("users")
	var mu sync.Mutex
	people := 0
	for i := range tasks {
		if tasks[i].kind != writeTeam {
			people++
		}
	}
	if people == 0 {
		r.counter.enter("teams")
	}
	return func(t *task) {
		if t.kind == writeTeam {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if people--; people == 0 {
			r.counter.enter("teams")
		}
	}
}

// do carries one task out.
func (r *runner) do(ctx context.Context, t *task) {
	switch t.kind {
	case createPeople:
		c := r.createCall(&r.groups[t.group])
		r.workThrough(ctx, c, r.items(c, t.changes))
	case readCreated:
		r.readCreated(ctx, t)
	case completePeople:
		r.complete(ctx, t.changes)
	case updatePeople:
		r.update(ctx, t.changes)
	case writeTeam:
		r.writePart(ctx, t)
	case deletePeople:
		c := r.deleteCall()
		r.workThrough(ctx, c, r.items(c, t.changes))
	case deleteTeam:
		c := r.deleteTeamCall()
		r.workThrough(ctx, c, r.items(c, t.changes))
	}
}

// remaining says what is still to be done.
func (r *runner) remaining() remaining {
	left := everything(r.p)
	if r.replayed == nil {
		return left
	}
	left.todo = func(i int) bool { return r.status(i) == Pending && !r.replayed.isUnseen(i) }
	left.unseen, left.complete = r.replayed.unseenChanges(), r.replayed.incomplete(r.p)
	left.update, left.team = r.wanted, r.teamLeft
	return left
}

// wanted gives the update that change i asks for, or what an earlier process left of it.
func (r *runner) wanted(i int) *plan.Change {
	if rest := r.replayed.remainingUpdate(i); rest != nil {
		return rest
	}
	return &r.p.Changes[i]
}

// intend is the gate before every call that writes: the run goes on, the lease holds, the intent is on disk.
// Where any of it fails nothing may be sent, and the run stops. at is the time by the tenant's clock.
func (r *runner) intend(ctx context.Context, rec Record) (seq uint64, at time.Time, ok bool) {
	if ctx.Err() != nil {
		return 0, at, false
	}
	rec.At = r.d.Now()
	if tenant, ok := r.d.Target.Clock(rec.At); ok {
		rec.TenantAt = tenant
	}
	for first := true; ; first = false {
		if err := r.d.Lease.Ensure(ctx); err != nil {
			r.halt(err)
			return 0, at, false
		}
		seq, err := r.d.Journal.Intend(ctx, r.d.Lease.Current(), rec)
		switch {
		case err == nil:
			return seq, rec.TenantAt, true
		case first && errors.Is(err, ErrLeaseLost): // its time may be over since, though nobody came
		default:
			r.halt(fmt.Errorf("write the journal before the call %q (nothing was sent): %w", rec.Kind, err))
			return 0, at, false
		}
	}
}

// settleAs stores what became of a call.
func (r *runner) settleAs(seq uint64, outcomes []ItemOutcome) bool {
	if err := r.d.Journal.Settle(context.WithoutCancel(r.inFlight), r.d.Lease.Current(), seq, outcomes); err != nil {
		r.halt(fmt.Errorf("write the journal after call %d: %w", seq, err))
		return false
	}
	return true
}
