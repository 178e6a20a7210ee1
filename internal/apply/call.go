package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	look func(ctx context.Context, items []item) ([]lookResult, error)
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
		case try >= maxTries || allWaitedEnough(rest):
			for n := range rest {
				r.finish(c, &rest[n], givenUp(try, rest[n].err))
			}
			r.gaveUp(rest[0].err, changesOf(rest)...)
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
	r.counter.called(r.requestsFor(c.kind, items), describe(items))
	kinds, ok := r.judgeAll(ctx, c, items, outs)
	if !ok || !r.record(c, seq, items, kinds) {
		return nil, false
	}
	if slices.Contains(kinds, succeeded) {
		r.outage.succeeded()
	}
	var unread []int // nobody could look what became of them
	var cause error
	for n := range items {
		switch kinds[n] {
		case succeeded:
			if c.hold == nil {
				r.finish(c, &items[n], nil)
			}
		case failed:
			r.finish(c, &items[n], items[n].err)
			if saysNoTime(items[n].err) != nil {
				unread, cause = append(unread, items[n].change), items[n].err
			}
		case again, missingReference, unsure, fatal:
			rest = append(rest, items[n])
		}
	}
	r.gaveUp(cause, unread...)
	r.counter.notify()
	return rest, ctx.Err() == nil || len(rest) == 0
}

// record stores what became of a call, or keeps it open where successes have yet to be looked at.
func (r *runner) record(c call, seq uint64, items []item, kinds []outcomeKind) bool {
	if c.hold != nil && slices.Contains(kinds, succeeded) {
		c.hold(seq, items) // what is tried again is copied
		return true
	}
	for n := range items {
		if c.after != nil && kinds[n] == succeeded {
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

// changesOf gives the changes that items are about.
func changesOf(items []item) []int {
	out := make([]int, len(items))
	for n := range items {
		out[n] = items[n].change
	}
	return out
}

// describe names a batch for people.
func describe(items []item) string {
	if len(items) == 1 {
		return items[0].key
	}
	return fmt.Sprintf("%s and %d more", items[0].key, len(items)-1)
}

// requestsFor is the number of requests that a call about people, or about a team as a whole, takes.
func (r *runner) requestsFor(kind string, items []item) int {
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
	for _, role := range it.wantedRoles() {
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
