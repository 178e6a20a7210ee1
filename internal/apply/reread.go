package apply

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// ssoCustom is the mapping under which a login ID is a value of its own.
const ssoCustom = "custom"

// reread reads created people again where the target asks for that, and corrects what the tenant's
// default roles changed: role links beyond the wanted ones where the plan wants exactly these, and the
// kind of licence, which follows from the roles. Those whose create was cut off are completed too, for a
// create may take several requests.
func (r *runner) reread(ctx context.Context) {
	l := r.d.Target.Limits(0)
	if l.Reread == 0 || ctx.Err() != nil {
		return
	}
	var created []int
	for _, level := range r.lay.creates {
		for _, i := range level {
			if r.isDone(i) && !r.past.sawLater(i) {
				created = append(created, i)
			}
		}
	}
	var mu sync.Mutex
	fixes := map[int]*upstream.UserUpdate{}
	batches := slices.Collect(slices.Chunk(created, l.Reread))
	each(ctx, r.workers(), batches, func(batch []int) {
		for i, fix := range r.compareCreated(ctx, batch) {
			mu.Lock()
			fixes[i] = fix
			mu.Unlock()
		}
	})
	var idx []int
	for _, i := range created {
		if fixes[i] != nil {
			idx = append(idx, i)
		}
	}
	st := r.correctStage(fixes)
	each(ctx, r.workers(), split(idx, st.size(l)), func(batch []int) { r.drive(ctx, st, batch) })
}

// sawBySight notes that a look, not an answer, told that the item's person was created.
func (r *runner) sawBySight(it *item) {
	if it.user == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sighted[it.change] = true
}

// onlySeen reports whether the create of change i may have been cut off half-way: a look told that it
// succeeded, or an earlier process made it, whose journal does not say by which of the two.
func (r *runner) onlySeen(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sighted[i] || r.past != nil && r.past.earlier[i]
}

// isDone reports whether change i has been carried out.
func (r *runner) isDone(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.results[i].Status == Done || r.results[i].Status == Partly
}

// compareCreated reads a batch of created people and gives the corrections they need, by change.
func (r *runner) compareCreated(ctx context.Context, batch []int) map[int]*upstream.UserUpdate {
	q := upstream.UserQuery{UserIDs: make([]string, len(batch)), Emails: make([]string, len(batch))}
	for n, i := range batch {
		q.UserIDs[n], q.Emails[n] = r.p.Changes[i].Key, r.p.Changes[i].User.Email
	}
	users, err := retry(ctx, r, func() (map[string]*identity.User, error) { return r.readPeople(ctx, q, 1) })
	if ctx.Err() != nil {
		return nil
	}
	fixes := map[int]*upstream.UserUpdate{}
	for _, i := range batch {
		u := users[r.p.Changes[i].Key]
		switch {
		case err != nil:
			r.warn(i, fmt.Sprintf("created, but not read again: %v", err))
		case u == nil:
			r.warn(i, "created, but the tenant does not show this person yet: default roles are not checked")
		default:
			r.remember(i, u.Ref)
			if fix := r.correction(i, u); fix != nil {
				fixes[i] = fix
			}
		}
	}
	return fixes
}

// correction gives the update that makes the created person got what change i wants; nil where nothing
// is to be done. Roles that could not be linked stay out.
func (r *runner) correction(i int, got *identity.User) *upstream.UserUpdate {
	c := &r.p.Changes[i]
	fix := &upstream.UserUpdate{UserKey: upstream.UserKey{UserID: got.UserID, Ref: got.Ref}}
	if c.ExactRoles {
		it := item{user: c.User}
		r.mu.Lock()
		for _, l := range r.results[i].Links {
			it.leaveRole(l.Key, "")
		}
		r.mu.Unlock()
		fix.AddRoles, fix.RemoveRoles = identity.Diff(identity.Set(got.Roles), identity.Set(it.roles()))
		fix.RolesBefore = got.Roles
	}
	if c.User.Concurrent != got.Concurrent {
		fix.Concurrent = edit(got.Concurrent, c.User.Concurrent)
	}
	if r.onlySeen(i) {
		r.complete(c.User, got, fix)
	}
	if fix.Empty() {
		return nil
	}
	return fix
}

// complete adds to fix what follows the creation itself where a create takes several requests: photos,
// which v1 takes by a PUT only (script 1933), and under SSO custom the login ID.
func (r *runner) complete(want, got *identity.User, fix *upstream.UserUpdate) {
	if !slices.Equal(identity.Set(want.Photos), identity.Set(got.Photos)) {
		fix.Photos = edit(got.Photos, want.Photos)
	}
	if r.d.Target.Tenant().SSO == ssoCustom && want.LoginID != "" && want.LoginID != got.LoginID {
		fix.LoginID = edit(got.LoginID, want.LoginID)
	}
}

// correctStage writes corrections of created people, who stay created if that fails.
func (r *runner) correctStage(fixes map[int]*upstream.UserUpdate) stage {
	return stage{
		kind: KindCorrectUsers,
		size: func(l upstream.Limits) int { return l.UpdateBatch },
		fill: func(it *item) { it.update = fixes[it.change] },
		send: r.sendUpdates,
		look: r.lookAtPeople(func(it *item, u *identity.User) bool { return u != nil && len(it.update.Missing(u)) == 0 }),
		ok: func(it *item) {
			r.warn(it.change, it.warnings...)
			r.failLinks(it.change, it.failures()...)
		},
		bad: func(it *item, cause error) {
			kind, key := LicenceLink, "concurrent"
			switch {
			case it.update.ChangesRoles():
				kind, key = RoleLink, "default roles"
			case it.update.Concurrent == nil:
				kind, key = DetailLink, "photos and login ID"
			}
			r.failLinks(it.change, append(it.links, LinkFailure{
				Kind: kind, Key: key, Cause: "created, but not corrected afterwards: " + cause.Error(),
			})...)
		},
	}
}
