package apply

import (
	"context"
	"fmt"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// lookResult is what a look at the tenant found of one item.
type lookResult struct {
	done    bool // what the call was to do is done
	adopted bool // by this run or by somebody else
	person  *identity.User
	ref     string
	cause   error // why what is there is not this run's; nil where nothing is there
}

// judgeAll judges the outcomes of a call and looks at what is uncertain. It notes on the items what came
// out. ok is false where the call must stay unsettled, so that resuming looks again.
func (r *runner) judgeAll(ctx context.Context, c call, items []item, outs []upstream.Outcome) (_ []outcomeKind, ok bool) {
	kinds := make([]outcomeKind, len(items))
	var doubtful []int
	var stop error
	for n := range items {
		it := &items[n]
		it.noteOutcome(&outs[n])
		kinds[n] = judge(it.err)
		switch {
		case kinds[n] == fatal:
			stop = it.err
		case kinds[n] == missingReference && !r.leaveMissing(it, missingRef(it.err)):
			kinds[n] = failed
		case c.mustVerify(it, kinds[n]):
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
	return kinds, r.lookAt(ctx, c, items, kinds, doubtful)
}

// noteOutcome notes an outcome on the item.
func (it *item) noteOutcome(out *upstream.Outcome) {
	it.err, it.undone = out.Err, failuresOf(out.Undone)
	it.warnings = append(append(it.warnings, out.Warnings...), keptWarnings(out.Kept)...)
	if out.Ref != "" {
		it.ref = out.Ref
	}
	it.roles = out.Roles
}

// mustVerify reports whether an item has to be looked at before its outcome is believed: it may have taken
// effect, or it was refused, perhaps because of what an earlier try had made. A create may have taken effect
// though the tenant says that it was too busy, or that somebody else has the name.
func (c *call) mustVerify(it *item, v outcomeKind) bool {
	if c.look == nil {
		return false
	}
	class := upstream.ClassOf(it.err)
	return v == unsure || v == failed && it.unsure || c.creates && (class == upstream.RetryLater || class == upstream.Conflict)
}

// lookAt looks at the doubtful items in the tenant and corrects their kinds. It is false where the run
// stops before it could.
func (r *runner) lookAt(ctx context.Context, c call, items []item, kinds []outcomeKind, doubtful []int) bool {
	if len(doubtful) == 0 {
		return true
	}
	ask := make([]item, len(doubtful))
	for k, n := range doubtful {
		ask[k] = items[n]
	}
	found, err := retry(ctx, r, func() ([]lookResult, error) { return c.look(ctx, ask) })
	if ctx.Err() != nil {
		return false
	}
	for k, n := range doubtful {
		it := &items[n]
		switch {
		case err != nil:
			kinds[n] = failed
			it.err = fmt.Errorf("the outcome is unknown (%w) and could not be looked up: %w", it.err, err)
		case found[k].done:
			kinds[n] = succeeded
			it.found(&found[k])
		case kinds[n] == failed && found[k].cause != nil:
			it.err = found[k].cause
		default:
			it.unsure = true
		}
	}
	return true
}

// found notes that a look, not an answer, tells that the call succeeded.
func (it *item) found(l *lookResult) {
	it.err, it.person, it.adopted, it.verifiedByRead = nil, l.person, l.adopted, true
	if l.ref != "" {
		it.ref = l.ref
	}
}
