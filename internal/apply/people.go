package apply

import (
	"context"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// createStage creates people.
func (r *runner) createStage() stage {
	return stage{
		kind: KindCreateUsers,
		size: func(l upstream.Limits) int { return l.CreateBatch },
		fill: func(it *item) {
			it.user = r.changeOf(it).User
			r.withoutKnownGaps(it)
		},
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			users := make([]*identity.User, len(items))
			for n := range items {
				users[n] = items[n].user
			}
			return r.target.CreateUsers(ctx, users)
		},
		look: r.lookAtPeople(func(it *item, u *identity.User) bool {
			return u != nil && isSamePerson(it.user, u)
		}),
	}
}

// isSamePerson tells a person whom a lost call created from one who had the user ID already.
func isSamePerson(want, got *identity.User) bool {
	return want.Email == "" || got.Email == "" || identity.Fold(want.Email) == identity.Fold(got.Email)
}

// updateStage updates people.
func (r *runner) updateStage() stage {
	return stage{
		kind: KindUpdateUsers,
		size: func(l upstream.Limits) int { return l.UpdateBatch },
		fill: func(it *item) {
			it.update = updateOf(r.changeOf(it))
			it.update.UserKey = it.userKey()
			r.withoutKnownGaps(it)
		},
		send: r.sendUpdates,
		look: r.lookAtPeople(func(it *item, u *identity.User) bool { return u != nil && len(it.update.Missing(u)) == 0 }),
	}
}

func (r *runner) sendUpdates(ctx context.Context, items []item) []upstream.Outcome {
	return r.target.UpdateUsers(ctx, updatesOf(items))
}

func updatesOf(items []item) []upstream.UserUpdate {
	updates := make([]upstream.UserUpdate, len(items))
	for n := range items {
		updates[n] = *items[n].update
	}
	return updates
}

// deleteStage deletes people. One who is gone by somebody else's hand is as wanted.
func (r *runner) deleteStage() stage {
	return stage{
		kind: KindDeleteUsers,
		size: func(l upstream.Limits) int { return l.DeleteBatch },
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			keys := make([]upstream.UserKey, len(items))
			for n := range items {
				keys[n] = items[n].userKey()
			}
			return goneIsDone(r.target.DeleteUsers(ctx, keys))
		},
		look: r.lookAtPeople(func(_ *item, u *identity.User) bool { return u == nil }),
	}
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

// lookAtPeople makes a stage's look from a test of one person as read; u is nil where there is none.
func (r *runner) lookAtPeople(wanted func(it *item, u *identity.User) bool) func(context.Context, []item) ([]sight, error) {
	return func(ctx context.Context, items []item) ([]sight, error) {
		ids := make([]string, len(items))
		for n := range items {
			ids[n] = items[n].key
		}
		users, err := r.readByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		found := make([]sight, len(items))
		for n := range items {
			u := users[items[n].key]
			found[n].done = wanted(&items[n], u)
			if u != nil {
				found[n].ref = u.Ref
			}
		}
		return found, nil
	}
}

// readByID reads people by their user IDs, once.
func (r *runner) readByID(ctx context.Context, ids []string) (map[string]*identity.User, error) {
	return r.readPeople(ctx, upstream.UserQuery{UserIDs: ids}, parts(len(ids), r.d.Target.Limits(0).Lookup))
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
	r.tally.call(calls, "looking up people")
	return users, nil
}
