package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// call is one kind of request whose items succeed or fail each on its own: people, or a team as a whole.
type call struct {
	kind string
	// prepare makes what is to be sent from the plan's change.
	prepare func(it *item)
	send    func(ctx context.Context, items []item) []upstream.Outcome
	// look reads what became of items whose outcome is uncertain; nil where a call may be repeated as it is.
	look func(ctx context.Context, items []item) ([]looked, error)
	// creates says that a refusal may hide a success, too: looked at before it is believed.
	creates bool
	// after completes an item that succeeded before it is recorded; it may be nil.
	after func(it *item)
	// hold keeps the record of a call open until its items have been looked at; nil where the answer
	// says enough.
	hold func(seq uint64, items []item)
	done func(it *item)
	fail func(it *item, cause error)
}

// looked is what a look at the tenant found of one item.
type looked struct {
	done    bool // what the call was to do is done
	adopted bool // by this run or by somebody else
	person  *identity.User
	ref     string
	cause   error // why what is there is not this run's; nil where nothing is there
}

// items makes the items of a batch of changes.
func (r *runner) items(c call, batch []int) []item {
	items := make([]item, 0, len(batch))
	for _, i := range batch {
		items = append(items, item{change: i, key: r.p.Changes[i].Key, ref: r.ref(i), born: r.p.Changes[i].Created})
		it := &items[len(items)-1]
		it.since, it.unsure = r.replayed.triedBefore(i)
		if c.prepare != nil {
			c.prepare(it)
		}
	}
	return items
}

// workThrough makes a call, with repeats, until every item is done or failed or the run stops.
func (r *runner) workThrough(ctx context.Context, c call, items []item) {
	for try := 1; ; try++ {
		items = r.withoutEmpty(c, items)
		if len(items) == 0 {
			return
		}
		rest, ok := r.attempt(ctx, c, items)
		if !ok || len(rest) == 0 {
			return
		}
		wait, asked := false, time.Duration(0)
		for n := range rest {
			wait = wait || !rest[n].cut
			asked = max(asked, askedPause(rest[n].err))
			rest[n].cut = false
		}
		switch {
		case !wait:
			try--
		case try >= maxTries:
			for n := range rest {
				r.finish(c, &rest[n], fmt.Errorf("given up after %d tries: %w", maxTries, rest[n].err))
			}
			return
		case !r.pause(ctx, try+1, asked):
			return
		}
		items = rest
	}
}

// withoutEmpty takes updates out of which nothing is left to send.
func (r *runner) withoutEmpty(c call, items []item) []item {
	for n := range items {
		if it := &items[n]; it.sendsNothing() {
			r.finish(c, it, nil)
		}
	}
	return slices.DeleteFunc(items, func(it item) bool { return it.sendsNothing() })
}

// attempt makes one journaled call and gives the items that need another. ok is false where the run stops.
func (r *runner) attempt(ctx context.Context, c call, items []item) (rest []item, ok bool) {
	seq, at, ok := r.intend(ctx, recordOf(c, items))
	if !ok {
		return nil, false
	}
	for n := range items {
		if items[n].since.IsZero() && !items[n].unsure {
			items[n].since = at
		}
	}
	r.counter.onWire(1)
	outs := c.send(r.inFlight, items)
	r.counter.onWire(-1)
	r.counter.called(r.priceOf(c.kind, items), describe(items))
	verdicts, ok := r.judgeAll(ctx, c, items, outs)
	if !ok || !r.record(c, seq, items, verdicts) {
		return nil, false
	}
	for n := range items {
		switch verdicts[n] {
		case succeeded:
			if c.hold == nil {
				r.finish(c, &items[n], nil)
			}
		case failed:
			r.finish(c, &items[n], items[n].err)
		case again, dangling, unsure, fatal:
			rest = append(rest, items[n])
		}
	}
	r.counter.tell()
	return rest, ctx.Err() == nil || len(rest) == 0
}

// record stores what became of a call, or keeps it open where successes have yet to be looked at.
func (r *runner) record(c call, seq uint64, items []item, verdicts []verdict) bool {
	if c.hold != nil && slices.Contains(verdicts, succeeded) {
		c.hold(seq, items) // what is tried again is copied
		return true
	}
	for n := range items {
		if c.after != nil && verdicts[n] == succeeded {
			c.after(&items[n])
		}
	}
	return r.settle(seq, items)
}

// settle stores the outcomes of items.
func (r *runner) settle(seq uint64, items []item) bool {
	outcomes := make([]ItemOutcome, len(items))
	for n := range items {
		outcomes[n] = items[n].outcome()
	}
	return r.settleAs(seq, outcomes)
}

// recordOf is what the journal keeps of a call before it is made.
func recordOf(c call, items []item) Record {
	rec := Record{Kind: c.kind, Keys: make([]string, len(items))}
	for n := range items {
		rec.Keys[n] = items[n].key
		if len(items[n].leftOut) > 0 {
			if rec.LeftOut == nil {
				rec.LeftOut = map[string][]LinkFailure{}
			}
			rec.LeftOut[items[n].key] = items[n].leftOut
		}
	}
	if c.kind == KindCreateTeam || c.kind == KindDeleteTeam {
		rec.Team = items[0].key
	}
	return rec
}

// judgeAll judges the outcomes of a call and looks at what is uncertain. It notes on the items what came
// out. ok is false where the call must stay unsettled, so that resuming looks again.
func (r *runner) judgeAll(ctx context.Context, c call, items []item, outs []upstream.Outcome) (_ []verdict, ok bool) {
	verdicts := make([]verdict, len(items))
	var doubtful []int
	var stop error
	for n := range items {
		it := &items[n]
		it.take(&outs[n])
		verdicts[n] = judge(it.err)
		switch {
		case verdicts[n] == fatal:
			stop = it.err
		case verdicts[n] == dangling && !r.leaveMissing(it, missingRef(it.err)):
			verdicts[n] = failed
		case c.doubts(it, verdicts[n]):
			doubtful = append(doubtful, n)
		}
	}
	if stop != nil {
		r.halt(fmt.Errorf("%s: %w", c.kind, stop))
		class := upstream.ClassOf(stop)
		if len(doubtful) > 0 || class == upstream.Unknown || c.creates && class == upstream.Credentials {
			return nil, false
		}
	}
	return verdicts, r.lookAt(ctx, c, items, verdicts, doubtful)
}

// take notes an outcome on the item.
func (it *item) take(out *upstream.Outcome) {
	it.err, it.undone = out.Err, failuresOf(out.Undone)
	it.warnings = append(append(it.warnings, out.Warnings...), told(out.Kept)...)
	if out.Ref != "" {
		it.ref = out.Ref
	}
}

// doubts reports whether an item has to be looked at before its outcome is believed: it may have taken
// effect, or it was refused, perhaps because of what an earlier try had made. A create may have taken effect
// though the tenant says that it was too busy, or that somebody else has the name.
func (c *call) doubts(it *item, v verdict) bool {
	if c.look == nil {
		return false
	}
	class := upstream.ClassOf(it.err)
	return v == unsure || v == failed && it.unsure || c.creates && (class == upstream.RetryLater || class == upstream.Conflict)
}

// lookAt looks at the doubtful items in the tenant and corrects their verdicts. It is false where the run
// stops before it could.
func (r *runner) lookAt(ctx context.Context, c call, items []item, verdicts []verdict, doubtful []int) bool {
	if len(doubtful) == 0 {
		return true
	}
	ask := make([]item, len(doubtful))
	for k, n := range doubtful {
		ask[k] = items[n]
	}
	found, err := retry(ctx, r, func() ([]looked, error) { return c.look(ctx, ask) })
	if ctx.Err() != nil {
		return false
	}
	for k, n := range doubtful {
		it := &items[n]
		switch {
		case err != nil:
			verdicts[n] = failed
			it.err = fmt.Errorf("the outcome is unknown (%w) and could not be looked up: %w", it.err, err)
		case found[k].done:
			verdicts[n] = succeeded
			it.found(&found[k])
		case verdicts[n] == failed && found[k].cause != nil:
			it.err = found[k].cause
		default:
			it.unsure = true
		}
	}
	return true
}

// found notes that a look, not an answer, tells that the call succeeded.
func (it *item) found(l *looked) {
	it.err, it.person, it.adopted, it.byLook = nil, l.person, l.adopted, true
	if l.ref != "" {
		it.ref = l.ref
	}
}

// finish ends the way of an item: done, or failed with cause.
func (r *runner) finish(c call, it *item, cause error) {
	switch {
	case cause == nil:
		c.done(it)
	case c.fail != nil:
		c.fail(it, cause)
	default:
		r.fail(it.change, cause)
		r.counter.advance(1)
	}
}

// describe names a batch for people.
func describe(items []item) string {
	if len(items) == 1 {
		return items[0].key
	}
	return fmt.Sprintf("%s and %d more", items[0].key, len(items)-1)
}

// priceOf is the number of requests that a call about people, or about a team as a whole, takes.
func (r *runner) priceOf(kind string, items []item) int {
	l := r.d.Target.Limits(0)
	switch kind {
	case KindCreateUsers:
		return r.d.Target.CreateCalls(usersOf(items))
	case KindUpdateUsers, KindCorrectUsers:
		return r.d.Target.UpdateCalls(updatesOf(items))
	case KindDeleteUsers:
		return l.DeleteCalls
	case KindCreateTeam:
		return l.GroupCreateCalls
	}
	return l.GroupDeleteCalls
}

// leaveMissing leaves a role or the manager that the tenant does not know out of what is sent. It is false
// where the item does not hold it.
func (r *runner) leaveMissing(it *item, missing string) bool {
	switch {
	case it.leaveRole(missing, upstream.UnknownLink, "the tenant does not know this role"):
		r.setRoleMissing(missing)
	case it.leaveManager(missing, upstream.UnknownLink, "the tenant does not know this manager"):
	default:
		return false
	}
	it.cut = true
	return true
}

// leaveKnownGaps leaves out what the run already knows to be missing, which saves a refused call.
func (r *runner) leaveKnownGaps(it *item) {
	for _, role := range it.roles() {
		if r.roleMissing(role) {
			it.leaveRole(role, upstream.UnknownLink, "the tenant does not know this role")
		}
	}
	if cause := r.whyAbsent(it.manager()); cause != "" {
		it.leaveManager(it.manager(), CodeNotCreated, "the manager was not created: "+cause)
	}
}

// changeOf gives the plan's change of an item.
func (r *runner) changeOf(it *item) *plan.Change { return &r.p.Changes[it.change] }
