package apply

import (
	"context"
	"fmt"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// readCreated looks at a group of created people, settles their calls by what it saw, and corrects what the
// tenant's defaults changed.
func (r *runner) readCreated(ctx context.Context, t *task) {
	g := &r.groups[t.group]
	open := append(g.takeRecords(), r.unseenOf(t)...)
	var people []*item
	for k := range open {
		for n := range open[k].items {
			if open[k].items[n].err == nil {
				people = append(people, &open[k].items[n])
			}
		}
	}
	if !r.readUnread(ctx, people) {
		for _, rec := range open {
			if rec.seq > 0 {
				g.keep(rec.seq, rec.items)
			}
		}
		return
	}
	r.compareCreated(people)
	for _, rec := range open {
		if !r.settleSeen(ctx, rec) {
			return
		}
	}
	var fixes []item
	var unread []int
	var cause error
	for _, it := range people {
		switch {
		case it.err != nil:
			r.fail(it.change, it.err)
			r.counter.advance(1)
			unread, cause = append(unread, it.change), it.err
			continue
		case it.update != nil:
			fixes = append(fixes, it.correction())
		}
		r.created(it)
		if it.update == nil {
			r.notifySettled(it.change)
		}
	}
	r.gaveUp(cause, unread...)
	r.counter.notify()
	r.correct(ctx, fixes)
}

// unseenOf gives the people of a task whom an earlier process created and did not look at.
func (r *runner) unseenOf(t *task) []openRecord {
	var rec openRecord
	for _, i := range t.changes {
		if it, ok := r.replayed.unseenItem(i); ok {
			it.user = r.p.Changes[i].User
			for _, l := range it.leftOut {
				_ = it.leaveRole(l.Key, l.Code, l.Cause) || it.leaveManager(l.Key, l.Code, l.Cause)
			}
			rec.items = append(rec.items, it)
		}
	}
	if len(rec.items) == 0 {
		return nil
	}
	return []openRecord{rec}
}

// readUnread reads those of the people who were not read yet. It is false where the run stops before it could.
func (r *runner) readUnread(ctx context.Context, people []*item) bool {
	var q upstream.UserQuery
	for _, it := range people {
		if it.person == nil {
			q.UserIDs, q.Emails = append(q.UserIDs, it.key), append(q.Emails, it.user.Email)
		}
	}
	if len(q.UserIDs) == 0 {
		return true
	}
	found, err := retry(ctx, r, func() (map[string]*identity.User, error) {
		return r.readPeople(ctx, q, parts(len(q.UserIDs), r.d.Target.Limits(0).Reread))
	})
	if ctx.Err() != nil {
		return false
	}
	for _, it := range people {
		switch {
		case it.person != nil:
		case err != nil && it.ref != "" && identity.SameSet(it.roles, it.user.Roles): // the answer showed it all
			it.warnings = append(it.warnings, fmt.Sprintf("created as the answer shows, but not read again: %v", err))
		case err != nil:
			it.err = notShown(it, "the tenant answered that it created the person, but nobody could look", err)
		case found[it.key] == nil:
			it.err = it.createdAs(found)
		default:
			it.person, it.ref = found[it.key], found[it.key].Ref
		}
	}
	return true
}

// createdAs says what became of a person who was created by the answer and is not there: somebody with the e-mail that
// was sent, created since the call began, is that person under another user ID.
func (it *item) createdAs(found map[string]*identity.User) error {
	since := it.since.Truncate(clockGrain).Add(-clockGrain)
	for _, u := range found {
		if it.since.IsZero() || u.Created.Before(since) || it.user.Email == "" || identity.Fold(u.Email) != identity.Fold(it.user.Email) {
			continue
		}
		return &upstream.Error{
			Class: upstream.Refused, Code: upstream.CodeOtherID, Op: fmt.Sprintf("create user %q", it.key),
			Cause: fmt.Sprintf("the tenant made user %q instead, which stays: delete it if nobody uses it", u.UserID),
		}
	}
	return notShown(it, "the tenant answered that it created the person, but does not show them", nil)
}

func notShown(it *item, cause string, err error) error {
	return &upstream.Error{Class: upstream.Unknown, Code: CodeNotShown, Op: fmt.Sprintf("create user %q", it.key), Cause: cause, Err: err}
}

// compareCreated notes on the items what is not as the plan wants it, and makes their corrections.
func (r *runner) compareCreated(people []*item) {
	r.defaults.learn(r, people)
	for _, it := range people {
		if it.err == nil && it.person != nil {
			r.compare(it)
		}
	}
}

// compare judges a created person by what was asked for. Where the plan wants exactly its own roles, the tenant's
// default roles go; another one somebody may have granted since, so it stays and is told. The kind of licence follows from default roles. The rest of a
// create that was cut off is written now; what the tenant accepted and did not do is not tried again.
func (r *runner) compare(it *item) {
	c, got := r.changeOf(it), it.person
	tenant := r.d.Target.Tenant()
	it.undone = failuresOf(upstream.NotAsWanted(it.user, got, tenant))
	whole := plan.Change{Entity: plan.User, Op: plan.Update, Key: it.key, Ref: got.Ref, Created: got.Created, RolesBefore: identity.Set(got.Roles)}
	now := whole
	var extra []string
	whole.AddRoles, extra = identity.Diff(identity.Set(got.Roles), identity.Set(c.User.Roles))
	if c.DecidesAllRoles {
		whole.RemoveRoles = r.defaultsAmong(it, extra)
		now.RemoveRoles = whole.RemoveRoles
	}
	if want := c.User.Manager; want != "" && want != got.Manager {
		whole.Fields = append(whole.Fields, fieldOf(upstream.AttrManager, got, c.User))
	}
	if got.Concurrent != c.User.Concurrent {
		now.Fields = append(now.Fields, fieldOf(upstream.AttrConcurrent, got, c.User))
	}
	for _, l := range it.undone {
		if l.Kind == AttributeLink {
			whole.Fields = append(whole.Fields, fieldOf(l.Key, got, c.User))
		}
	}
	if it.verifiedByRead {
		it.completeCreate(&whole, &now, tenant.SSO)
	}
	whole.Fields = append(whole.Fields, now.Fields...)
	if changesPerson(&whole) { // most are as wanted, and need no copy
		rest := whole
		it.rest, it.whole = &rest, &rest
	}
	if changesPerson(&now) {
		it.update = updateOf(&now)
	}
}

// defaultsAmong gives those of the roles beyond the wanted ones that are the tenant's default roles; the others
// are told.
func (r *runner) defaultsAmong(it *item, extra []string) (defaults []string) {
	for _, role := range extra {
		if r.defaults.has(role) {
			defaults = append(defaults, role)
			continue
		}
		it.undone = append(it.undone, LinkFailure{
			Kind: RoleLink, Key: role, Code: CodeGranted,
			Cause: "somebody may have changed the person since the creation and granted this role, so it stays: make a new plan",
		})
	}
	return defaults
}

// completeCreate moves to now what follows the creation itself where a create takes several requests:
// photos, which v1 takes by a PUT only (script 1933), and under SSO custom the login ID.
func (it *item) completeCreate(whole, now *plan.Change, sso string) {
	whole.Fields = slices.DeleteFunc(whole.Fields, func(f plan.Field) bool {
		if f.Name == plan.FieldPhotos && f.Before == "" || f.Name == plan.FieldLoginID && sso == identity.SSOCustom {
			now.Fields = append(now.Fields, f)
			it.undone = slices.DeleteFunc(it.undone, func(l LinkFailure) bool {
				return l.Kind == AttributeLink && l.Key == string(f.Name)
			})
			return true
		}
		return false
	})
}

// settleSeen settles a call whose people were looked at; those of an earlier process get a record of their own.
func (r *runner) settleSeen(ctx context.Context, rec openRecord) bool {
	if rec.seq > 0 {
		return r.settle(rec.seq, rec.items)
	}
	return r.noteLook(ctx, rec.items)
}

// noteLook journals what a look found out about people whose creation is an earlier call.
func (r *runner) noteLook(ctx context.Context, items []item) bool {
	seq, _, ok := r.intend(ctx, recordOf(call{kind: KindLookAtUsers}, items))
	return ok && r.settle(seq, items)
}

// settleUnseen settles the calls of a run that stops before it could look at their people.
func (r *runner) settleUnseen() {
	for k := range r.groups {
		for _, rec := range r.groups[k].takeRecords() {
			for n := range rec.items {
				rec.items[n].unseen = rec.items[n].err == nil && rec.items[n].person == nil
				if rec.items[n].person != nil {
					r.compareCreated([]*item{&rec.items[n]})
				}
			}
			r.settle(rec.seq, rec.items)
		}
	}
}
