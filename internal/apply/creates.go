package apply

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// createGroup is people who are created in one or more calls and read by one request afterwards. Until then
// the records of these calls stay open.
type createGroup struct {
	mu   sync.Mutex
	open []openRecord
}

// openRecord is a call that was made and is not settled yet; seq is 0 for people whom an earlier process created.
type openRecord struct {
	seq   uint64
	items []item
}

func (g *createGroup) keep(seq uint64, items []item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = append(g.open, openRecord{seq, items})
}

// take gives the open records and forgets them.
func (g *createGroup) take() []openRecord {
	g.mu.Lock()
	defer g.mu.Unlock()
	open := g.open
	g.open = nil
	return open
}

// createCall creates people of a group.
func (r *runner) createCall(g *createGroup) call {
	c := call{
		kind: KindCreateUsers, creates: true, look: r.lookAtCreates,
		prepare: func(it *item) {
			it.user = r.changeOf(it).User
			r.leaveKnownGaps(it)
		},
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			return r.writer.CreateUsers(ctx, usersOf(items))
		},
		after: func(it *item) { it.rest = restOfCreate(it, r.changeOf(it).User) },
		done: func(it *item) {
			r.created(it)
			r.tell(it.change)
		},
	}
	if r.d.Target.Limits(0).Reread > 0 {
		c.hold = g.keep
	}
	return c
}

// lookAtCreates reads people whose creation is uncertain: whether they exist, and whether this run made them.
func (r *runner) lookAtCreates(ctx context.Context, items []item) ([]looked, error) {
	q := upstream.UserQuery{}
	for n := range items {
		q.UserIDs = append(q.UserIDs, items[n].key)
		if email := items[n].user.Email; email != "" {
			q.Emails = append(q.Emails, email)
		}
	}
	l := r.d.Target.Limits(0)
	byID, err := r.readPeople(ctx, q, parts(len(items), max(l.Reread, l.Lookup)))
	if err != nil {
		return nil, err
	}
	byEmail := map[string]*identity.User{}
	for _, u := range byID {
		byEmail[identity.Fold(u.Email)] = u
	}
	found := make([]looked, len(items))
	for n := range items {
		it := &items[n]
		switch other := byEmail[identity.Fold(it.user.Email)]; {
		case byID[it.key] != nil:
			found[n] = it.whose(byID[it.key])
		case it.user.Email != "" && other != nil:
			found[n].cause = belongsToOther(it, CodeEmailTaken, fmt.Sprintf(
				"the e-mail %s belongs to user %s: give one of the two another, then make a new plan", it.user.Email, other.UserID))
		}
	}
	return found, nil
}

// clockGrain is how exact a tenant tells times.
const clockGrain = time.Second

// whose tells whether the account u is what the create of it made: it has the external ID that was sent, or
// the e-mail, and came to be after the first try began, by the tenant's own clock. Where the time is not
// known the account is adopted.
func (it *item) whose(u *identity.User) looked {
	want := it.user
	since := it.since.Truncate(clockGrain).Add(-clockGrain)
	ours := looked{done: true, person: u, ref: u.Ref}
	switch {
	case want.ExternalID != "" && want.ExternalID == u.ExternalID:
	case want.Email != "" && u.Email != "" && identity.Fold(want.Email) != identity.Fold(u.Email):
		return looked{cause: belongsToOther(it, CodeUserExists, fmt.Sprintf("the user ID belongs to somebody with the e-mail %s: make a new plan", u.Email))}
	case it.since.IsZero() || u.Created.IsZero():
		ours.adopted = true
	case u.Created.Before(since):
		return looked{cause: belongsToOther(it, CodeUserExists, fmt.Sprintf(
			"the user ID and the e-mail belong to an account of %s, which this run did not make: make a new plan, which then compares the two",
			u.Created.UTC().Format(time.DateTime)))}
	}
	return ours
}

func belongsToOther(it *item, code, cause string) error {
	return &upstream.Error{Class: upstream.Conflict, Code: code, Op: fmt.Sprintf("create user %q", it.key), Cause: cause}
}

// created marks the item's person as created.
func (r *runner) created(it *item) {
	r.setCreated(it.change, it.ref, it.adopted)
	r.done(it.change, it.failures(), it.warnings)
	r.counter.advance(1)
}

// readCreated looks at a group of created people, settles their calls by what it saw, and corrects what the
// tenant's defaults changed.
func (r *runner) readCreated(ctx context.Context, t *task) {
	g := &r.groups[t.group]
	open := append(g.take(), r.unseenOf(t)...)
	var people []*item
	for k := range open {
		for n := range open[k].items {
			if open[k].items[n].err == nil {
				people = append(people, &open[k].items[n])
			}
		}
	}
	if !r.see(ctx, people) {
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
	for _, it := range people {
		switch {
		case it.err != nil:
			r.fail(it.change, it.err)
			r.counter.advance(1)
			continue
		case it.update != nil:
			fixes = append(fixes, it.correction())
		}
		r.created(it)
		if it.update == nil {
			r.tell(it.change)
		}
	}
	r.counter.tell()
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

// see reads those of the people who were not read yet. It is false where the run stops before it could.
func (r *runner) see(ctx context.Context, people []*item) bool {
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
		case err != nil && it.ref != "": // the answer showed the person
			it.warnings = append(it.warnings, fmt.Sprintf("created, but not read again, so default roles are not checked: %v", err))
		case err != nil:
			it.err = notShown(it, "the tenant answered that it created the person, but nobody could look", err)
		case found[it.key] == nil:
			it.err = notShown(it, "the tenant answered that it created the person, but does not show them", nil)
		default:
			it.person, it.ref = found[it.key], found[it.key].Ref
		}
	}
	return true
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
	if c.ExactRoles {
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
	if it.byLook {
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
		for _, rec := range r.groups[k].take() {
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
		after: func(it *item) { it.rest = restOf(it.whole, slices.Concat(it.known, it.failures())) },
		done: func(it *item) {
			r.warn(it.change, it.warnings...)
			r.setLinks(it.change, slices.Concat(it.known, it.failures()))
			r.tell(it.change)
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
			r.tell(it.change)
		},
	}
}

// complete writes what earlier processes left undone of people whom they created.
func (r *runner) complete(ctx context.Context, batch []int) {
	items := make([]item, len(batch))
	for n, i := range batch {
		rest := r.replayed.restOf(i)
		items[n] = item{change: i, key: r.p.Changes[i].Key, ref: rest.Ref, born: rest.Created, update: updateOf(rest), whole: rest, known: r.grantedTo(i)}
		items[n].update.UserKey = items[n].userKey()
		r.leaveKnownGaps(&items[n])
	}
	r.workThrough(ctx, r.correctCall(), items)
}
