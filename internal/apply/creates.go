package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sacbridge/internal/identity"
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

// takeRecords gives the open records and forgets them.
func (g *createGroup) takeRecords() []openRecord {
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
		after: func(it *item) { it.rest = remainingOfCreate(it, r.changeOf(it).User) },
		done: func(it *item) {
			r.created(it)
			r.notifySettled(it.change)
		},
	}
	if r.d.Target.Limits(0).Reread > 0 {
		c.hold = g.keep
	}
	return c
}

// lookAtCreates reads people whose creation is uncertain: whether they exist, and whether this run made them.
func (r *runner) lookAtCreates(ctx context.Context, items []item) ([]lookResult, error) {
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
	found := make([]lookResult, len(items))
	for n := range items {
		it := &items[n]
		switch other := byEmail[identity.Fold(it.user.Email)]; {
		case byID[it.key] != nil:
			found[n] = it.judgeOwner(byID[it.key])
		case it.user.Email != "" && other != nil:
			found[n].cause = belongsToOther(it, CodeEmailTaken, fmt.Sprintf(
				"the e-mail %s belongs to user %s: give one of the two another, then make a new plan", it.user.Email, other.UserID))
		}
	}
	return found, nil
}

// clockGrain is how exact a tenant tells times.
const clockGrain = time.Second

// judgeOwner tells whether the account u is what the create of it made: it has the external ID that was sent, or
// the e-mail, and came to be after the first try began, by the tenant's own clock. Where the time is not
// known the account is adopted.
func (it *item) judgeOwner(u *identity.User) lookResult {
	want := it.user
	since := it.since.Truncate(clockGrain).Add(-clockGrain)
	ours := lookResult{done: true, person: u, ref: u.Ref}
	switch {
	case want.ExternalID != "" && want.ExternalID == u.ExternalID:
	case want.Email != "" && u.Email != "" && identity.Fold(want.Email) != identity.Fold(u.Email):
		return lookResult{cause: belongsToOther(it, CodeUserExists, fmt.Sprintf("the user ID belongs to somebody with the e-mail %s: make a new plan", u.Email))}
	case it.since.IsZero() || u.Created.IsZero():
		ours.adopted = true
	case u.Created.Before(since):
		return lookResult{cause: belongsToOther(it, CodeUserExists, fmt.Sprintf(
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
