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

// stage is one kind of call whose items succeed or fail each on its own.
type stage struct {
	kind string
	size func(l upstream.Limits) int // items per call
	fill func(it *item)              // makes what is to be sent from the plan's change
	send func(ctx context.Context, items []item) []upstream.Outcome
	look func(ctx context.Context, items []item) ([]sight, error) // reads which items are as wanted
	ok   func(it *item)
	bad  func(it *item, cause error)
}

// item is one change on its way to the tenant.
type item struct {
	change   int
	key      string
	user     *identity.User       // to create
	update   *upstream.UserUpdate // to update or correct
	ref      string
	links    []LinkFailure // left out of what is sent
	undone   []LinkFailure // accepted by the tenant and not done
	warnings []string
	unsure   bool  // an earlier try may have taken effect, now or later
	cut      bool  // something was left out, so that the next try may start at once
	err      error // of the last try
}

// sight is what a look at the tenant found of one item.
type sight struct {
	done bool
	ref  string
}

// items makes the items of a batch of changes.
func (r *runner) items(st stage, batch []int) []item {
	items := make([]item, len(batch))
	for n, i := range batch {
		c := &r.p.Changes[i]
		items[n] = item{change: i, key: c.Key, ref: r.ref(i), unsure: r.past.unsureOf(i)}
		if st.fill != nil {
			st.fill(&items[n])
		}
	}
	return items
}

// drive carries one batch through, with repeats, until every item is done or failed or the run stops.
func (r *runner) drive(ctx context.Context, st stage, batch []int) {
	items := r.items(st, batch)
	for try := 1; ; try++ {
		items = r.withoutEmpty(st, items)
		if len(items) == 0 {
			return
		}
		rest, ok := r.round(ctx, st, items)
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
				r.settleItem(st, &rest[n], fmt.Errorf("given up after %d tries: %w", maxTries, rest[n].err))
			}
			return
		case !r.pause(ctx, try+1, asked):
			return
		}
		items = rest
	}
}

// withoutEmpty takes updates out of which nothing is left to send.
func (r *runner) withoutEmpty(st stage, items []item) []item {
	return slices.DeleteFunc(items, func(it item) bool {
		if it.update == nil || !it.update.Empty() {
			return false
		}
		r.settleItem(st, &it, nil)
		return true
	})
}

// priceOf is the number of requests that a call about people, or about a team as a whole, takes.
func (r *runner) priceOf(kind string, items []item) int {
	l := r.d.Target.Limits(0)
	switch kind {
	case KindUpdateUsers, KindCorrectUsers:
		return r.d.Target.UpdateCalls(updatesOf(items))
	case KindDeleteUsers:
		return l.DeleteCalls
	case KindCreateTeam:
		return l.GroupCreateCalls
	case KindDeleteTeam:
		return l.GroupDeleteCalls
	}
	users := make([]*identity.User, len(items))
	for n := range items {
		users[n] = items[n].user
	}
	return r.d.Target.CreateCalls(users)
}

// round makes one journaled call and gives the items that need another. ok is false where the run stops.
func (r *runner) round(ctx context.Context, st stage, items []item) (rest []item, ok bool) {
	rec := Record{Kind: st.kind, Keys: make([]string, len(items))}
	for n := range items {
		rec.Keys[n] = items[n].key
		if len(items[n].links) > 0 {
			if rec.LeftOut == nil {
				rec.LeftOut = map[string][]LinkFailure{}
			}
			rec.LeftOut[items[n].key] = items[n].links
		}
	}
	if st.kind == KindCreateTeam || st.kind == KindDeleteTeam {
		rec.Team = items[0].key
	}
	seq, ok := r.intend(ctx, rec)
	if !ok {
		return nil, false
	}
	outs := st.send(r.inFlight, items)
	r.tally.call(r.priceOf(st.kind, items), describe(items))
	verdicts, ok := r.verdicts(ctx, st, items, outs)
	if !ok {
		return nil, false
	}
	settled := make([]ItemOutcome, len(items))
	for n := range items {
		settled[n] = outcomeOf(&items[n])
	}
	if !r.settle(seq, settled) {
		return nil, false
	}
	for n := range items {
		switch verdicts[n] {
		case succeeded, failed:
			r.settleItem(st, &items[n], items[n].err)
		case again, dangling, unsure, fatal:
			rest = append(rest, items[n])
		}
	}
	r.tally.tell()
	return rest, ctx.Err() == nil || len(rest) == 0
}

// verdicts judges the outcomes of a call and looks at what is uncertain. It notes on the items what
// came out. ok is false where the call must stay unsettled, so that resuming looks again.
func (r *runner) verdicts(ctx context.Context, st stage, items []item, outs []upstream.Outcome) (_ []verdict, ok bool) {
	verdicts := make([]verdict, len(items))
	var doubtful []int
	var stop error
	for n := range items {
		it, out := &items[n], outs[n]
		it.err, it.undone = out.Err, failuresOf(out.Undone)
		it.warnings = append(append(it.warnings, out.Warnings...), told(out.Kept)...)
		if out.Ref != "" {
			it.ref = out.Ref
		}
		verdicts[n] = judge(out.Err)
		switch {
		case verdicts[n] == fatal:
			stop = out.Err
		case verdicts[n] == dangling && !r.drop(it, missingRef(out.Err)):
			verdicts[n] = failed
		case verdicts[n] == unsure, verdicts[n] == failed && it.unsure: // refused, perhaps by what the earlier try made
			doubtful = append(doubtful, n)
		}
	}
	if stop != nil {
		r.halt(fmt.Errorf("%s: %w", st.kind, stop))
		if len(doubtful) > 0 || upstream.ClassOf(stop) == upstream.Unknown {
			return nil, false
		}
	}
	return verdicts, r.clear(ctx, st, items, verdicts, doubtful)
}

// clear looks at the doubtful items in the tenant and corrects their verdicts. It is false where the
// run stops before it could.
func (r *runner) clear(ctx context.Context, st stage, items []item, verdicts []verdict, doubtful []int) bool {
	if len(doubtful) == 0 {
		return true
	}
	ask := make([]item, len(doubtful))
	for k, n := range doubtful {
		ask[k] = items[n]
	}
	found, err := retry(ctx, r, func() ([]sight, error) { return st.look(ctx, ask) })
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
			verdicts[n], it.err = succeeded, nil
			r.sawBySight(it)
			if found[k].ref != "" {
				it.ref = found[k].ref
			}
		default:
			it.unsure = true
		}
	}
	return true
}

// settleItem ends the way of an item: done, or failed with cause.
func (r *runner) settleItem(st stage, it *item, cause error) {
	switch {
	case cause == nil && st.ok != nil:
		st.ok(it)
	case cause == nil:
		r.remember(it.change, it.ref)
		r.done(it.change, it.failures(), it.warnings)
		r.tally.fail(len(it.failures()))
	case st.bad != nil:
		st.bad(it, cause)
	default:
		r.fail(it.change, cause)
	}
	if st.ok == nil {
		r.tally.advance(1)
	}
}

// outcomeOf puts the state of an item into the journal's words.
func outcomeOf(it *item) ItemOutcome {
	o := ItemOutcome{Key: it.key, OK: it.err == nil}
	if o.OK {
		o.Ref, o.Warnings, o.Undone = it.ref, it.warnings, it.undone
		return o
	}
	o.Error, o.Class = it.err.Error(), string(upstream.ClassOf(it.err))
	return o
}

// describe names a batch for people.
func describe(items []item) string {
	if len(items) == 1 {
		return items[0].key
	}
	return fmt.Sprintf("%s and %d more", items[0].key, len(items)-1)
}

// drop leaves a role or the manager that the tenant does not know out of what is sent. It is false where
// the item does not hold it.
func (r *runner) drop(it *item, missing string) bool {
	switch {
	case it.leaveRole(missing, "the tenant does not know this role"):
		r.setRoleMissing(missing)
	case it.leaveManager(missing, "the tenant does not know this manager"):
	default:
		return false
	}
	it.cut = true
	return true
}

// withoutKnownGaps leaves out what the run already knows to be missing, which saves a refused call.
func (r *runner) withoutKnownGaps(it *item) {
	for _, role := range it.roles() {
		if r.roleMissing(role) {
			it.leaveRole(role, "the tenant does not know this role")
		}
	}
	if cause := r.whyAbsent(it.manager()); cause != "" {
		it.leaveManager(it.manager(), "the manager was not created: "+cause)
	}
}

// changeOf gives the plan's change of an item.
func (r *runner) changeOf(it *item) *plan.Change { return &r.p.Changes[it.change] }
