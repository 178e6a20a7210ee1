package apply

import (
	"context"
	"slices"
)

// correction gives the item that corrects a created person.
func (it *item) correction() item {
	fix := item{change: it.change, key: it.key, ref: it.ref, born: it.whole.Created, update: it.update, whole: it.whole, known: it.failures()}
	fix.update.UserKey = fix.userKey()
	return fix
}

// correct writes corrections of created people.
func (r *runner) correct(ctx context.Context, fixes []item) {
	for _, batch := range split(fixes, r.d.Target.Limits(0).UpdateBatch) {
		r.workThrough(ctx, r.correctCall(), batch)
	}
}

// correctCall writes corrections of created people, who stay created if that fails.
func (r *runner) correctCall() call {
	return call{
		kind: KindCorrectUsers, send: r.sendUpdates,
		after: func(it *item) { it.rest = remainingUpdate(it.whole, slices.Concat(it.known, it.failures())) },
		done: func(it *item) {
			r.warn(it.change, it.warnings...)
			r.setLinks(it.change, slices.Concat(it.known, it.failures()))
			r.notifySettled(it.change)
		},
		fail: func(it *item, cause error) {
			kind, key := LicenceLink, "concurrent"
			switch {
			case it.update.ChangesRoles():
				kind, key = RoleLink, "default roles"
			case it.update.Concurrent == nil:
				kind, key = DetailLink, "photos and login ID"
			}
			r.failLinks(it.change, LinkFailure{
				Kind: kind, Key: key, Code: CodeUncorrected, Cause: "created, but not corrected afterwards: " + cause.Error(),
			})
			r.notifySettled(it.change)
		},
	}
}

// complete writes what earlier processes left undone of people whom they created.
func (r *runner) complete(ctx context.Context, batch []int) {
	items := make([]item, len(batch))
	for n, i := range batch {
		rest := r.replayed.remainingUpdate(i)
		items[n] = item{change: i, key: r.p.Changes[i].Key, ref: rest.Ref, born: rest.Created, update: updateOf(rest), whole: rest, known: r.grantedTo(i)}
		items[n].update.UserKey = items[n].userKey()
		r.leaveKnownGaps(&items[n])
	}
	r.workThrough(ctx, r.correctCall(), items)
}
