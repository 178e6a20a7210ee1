package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// errGone says that an entity went away while the run was going on.
var errGone = errors.New("does not exist any more")

// team creates team change i, if it is to be created, and writes all that waits for it.
func (r *runner) team(ctx context.Context, i int) {
	c := &r.p.Changes[i]
	if c.Op == plan.Create && !r.past.createdTeam(i) {
		created := false
		r.drive(ctx, r.createTeamStage(&created), []int{i})
		if !created {
			if r.isFailed(i) {
				r.tally.advance(units(c))
			}
			return
		}
	}
	q := newQueue(c)
	all := q.links()
	r.past.shorten(i, &q)
	r.leaveAbsent(i, &q)
	for _, member := range q.trim(r.d.Target.Limits(q.size).MaxMembers) {
		r.failLinks(i, LinkFailure{Kind: MemberLink, Key: member, Cause: "the team is full"})
	}
	r.tally.advance(all - q.links())
	if r.writeTeam(ctx, i, &q) {
		r.done(i, nil, nil)
		r.tally.advance(1)
	} else if r.isFailed(i) {
		r.tally.advance(1 + q.links())
	}
	r.tally.tell()
}

// leaveAbsent takes members out whom the run failed to create, and roles the tenant does not know.
func (r *runner) leaveAbsent(i int, q *queue) {
	if r.anyAbsent() {
		r.leaveOut(i, q, func(kind LinkKind, key string) string {
			if cause := r.whyAbsent(key); kind == MemberLink && cause != "" {
				return "this person was not created: " + cause
			}
			return ""
		})
	}
	r.leaveOut(i, q, func(kind LinkKind, key string) string {
		if kind == RoleLink && r.roleMissing(key) {
			return "the tenant does not know this role"
		}
		return ""
	})
}

// leaveOut takes links out of q for which why gives a cause, notes them as failed and counts them.
func (r *runner) leaveOut(i int, q *queue, why func(kind LinkKind, key string) string) int {
	var lost []LinkFailure
	note := func(kind LinkKind, keys []string) {
		for _, key := range keys {
			if cause := why(kind, key); cause != "" {
				lost = append(lost, LinkFailure{Kind: kind, Key: key, Cause: cause})
			}
		}
	}
	note(MemberLink, q.removeMembers)
	note(RoleLink, q.removeRoles)
	note(RoleLink, q.addRoles)
	note(MemberLink, q.addMembers)
	if len(lost) == 0 {
		return 0
	}
	q.filter(func(kind LinkKind, key string) bool { return why(kind, key) == "" })
	r.failLinks(i, lost...)
	return len(lost)
}

// writeTeam makes the writes of q one after the other, each cut anew by the limits of the moment. It is
// false where the team failed or the run stops.
func (r *runner) writeTeam(ctx context.Context, i int, q *queue) bool {
	for try := 1; !q.empty(); {
		l, links := r.d.Target.Limits(q.size), q.links()
		u := q.next(l)
		u.GroupKey = upstream.GroupKey{Name: r.p.Changes[i].Key, Ref: r.ref(i)}
		seq, ok := r.intend(ctx, Record{Kind: kindOf(&u), Team: u.Name, Keys: keysOf(&u), Describe: u.Description != nil})
		if !ok {
			return false
		}
		out := r.target.UpdateGroup(r.inFlight, u)
		r.tally.call(r.d.Target.GroupCalls(&u), "team "+u.Name)
		v, ok := r.afterWrite(ctx, i, q, seq, &u, out)
		if !ok {
			return false
		}
		r.tally.advance(links - q.links())
		r.tally.tell()
		switch {
		case v == failed:
			r.fail(i, out.Err)
			return false
		case v == succeeded || v == dangling || links > q.links() || q.empty():
			try = 1
			continue
		case try >= maxTries:
			r.fail(i, fmt.Errorf("given up after %d tries: %w", maxTries, out.Err))
			return false
		}
		try++
		if !r.pause(ctx, try, askedPause(out.Err)) {
			return false
		}
	}
	return true
}

// afterWrite settles a write to a team and takes what is done off q. ok is false where the run stops;
// an uncertain write that could not be looked at stays unsettled then.
func (r *runner) afterWrite(ctx context.Context, i int, q *queue, seq uint64, u *upstream.GroupUpdate, out upstream.Outcome) (v verdict, ok bool) {
	whole := ItemOutcome{OK: out.Err == nil, Ref: out.Ref, Warnings: append(told(out.Kept), out.Warnings...)}
	if out.Err != nil {
		whole.Error, whole.Class = out.Err.Error(), string(upstream.ClassOf(out.Err))
	} else {
		whole.Undone = failuresOf(out.Undone)
	}
	outcomes := []ItemOutcome{whole}
	v = judge(out.Err)
	switch v {
	case succeeded:
		q.take(u)
		q.leave(u, whole.Undone)
		r.failLinks(i, whole.Undone...)
		r.warn(i, whole.Warnings...)
	case dangling:
		if r.leaveMissing(i, q, missingRef(out.Err)) == 0 {
			v = failed
		}
	case unsure:
		g, err := retry(ctx, r, func() (*identity.Group, error) { return r.readTeam(ctx, u.Name) })
		if ctx.Err() != nil {
			return v, false
		}
		if err == nil && g != nil {
			outcomes = sightOf(u, g, whole)
			r.takeSeen(q, u, outcomes)
		}
	case fatal:
		r.halt(fmt.Errorf("write to team %q: %w", u.Name, out.Err))
		if upstream.ClassOf(out.Err) == upstream.Unknown {
			return v, false
		}
	case failed, again:
	}
	return v, r.settle(seq, outcomes) && v != fatal
}

// leaveMissing takes a role or member that the tenant does not know out of q.
func (r *runner) leaveMissing(i int, q *queue, missing string) int {
	if slices.Contains(q.addRoles, missing) || slices.Contains(q.removeRoles, missing) {
		r.setRoleMissing(missing)
	}
	return r.leaveOut(i, q, func(_ LinkKind, key string) string {
		if key == missing {
			return "the tenant does not know it"
		}
		return ""
	})
}
