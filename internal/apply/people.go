package apply

import (
	"context"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// updateCall updates people. It needs no look of its own: the connector begins each update with a reading, so
// what took effect already is not written again.
func (r *runner) updateCall() call {
	return call{
		kind: KindUpdateUsers, send: r.sendUpdates,
		prepare: func(it *item) {
			it.whole = r.wanted(it.change)
			it.update = updateOf(it.whole)
			it.update.UserKey = it.userKey()
			r.leaveKnownGaps(it)
		},
		after: func(it *item) { it.rest = remainingUpdate(it.whole, it.failures()) },
		done: func(it *item) {
			r.done(it.change, it.failures(), it.warnings)
			r.counter.advance(1)
			r.notifySettled(it.change)
		},
	}
}

func (r *runner) sendUpdates(ctx context.Context, items []item) []upstream.Outcome {
	return r.writer.UpdateUsers(ctx, updatesOf(items))
}

// update updates a batch of people but those whom the run could not create.
func (r *runner) update(ctx context.Context, batch []int) {
	var there []int
	for _, i := range batch {
		if cause := r.whyAbsent(r.p.Changes[i].Key); cause != "" {
			r.fail(i, &failure{code: CodeNotCreated, text: "this person was not created: " + cause})
			r.counter.advance(1)
			continue
		}
		there = append(there, i)
	}
	c := r.updateCall()
	r.workThrough(ctx, c, r.items(c, there))
}

// deleteCall deletes people. One who is gone by somebody else's hand is as wanted.
func (r *runner) deleteCall() call {
	return call{
		kind: KindDeleteUsers,
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			keys := make([]upstream.UserKey, len(items))
			for n := range items {
				keys[n] = items[n].userKey()
			}
			return goneIsDone(r.writer.DeleteUsers(ctx, keys))
		},
		look: func(ctx context.Context, items []item) ([]lookResult, error) {
			ids := make([]string, len(items))
			for n := range items {
				ids[n] = items[n].key
			}
			users, err := r.readPeople(ctx, upstream.UserQuery{UserIDs: ids}, parts(len(ids), r.d.Target.Limits(0).Lookup))
			if err != nil {
				return nil, err
			}
			found := make([]lookResult, len(items))
			for n := range items {
				found[n].done = items[n].isGone(users[items[n].key])
			}
			return found, nil
		},
		done: r.entityDone,
	}
}

// entityDone ends the way of an item of which there is nothing more to tell.
func (r *runner) entityDone(it *item) {
	r.done(it.change, it.failures(), it.warnings)
	r.counter.advance(1)
	r.notifySettled(it.change)
}

// goneIsDone takes "does not exist" for the success of a delete.
func goneIsDone(outs []upstream.Outcome) []upstream.Outcome {
	for n := range outs {
		if upstream.ClassOf(outs[n].Err) == upstream.Gone {
			outs[n].Err = nil
		}
	}
	return outs
}

// readPeople reads people once, by user ID in the answer. calls is the price.
func (r *runner) readPeople(ctx context.Context, q upstream.UserQuery, calls int) (map[string]*identity.User, error) {
	users := make(map[string]*identity.User, len(q.UserIDs))
	for u, err := range r.d.Target.FindUsers(ctx, q) {
		if err != nil {
			return nil, err
		}
		users[u.UserID] = u
	}
	r.counter.called(calls, "looking up people")
	return users, nil
}
