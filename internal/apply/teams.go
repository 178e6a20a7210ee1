package apply

import (
	"context"
	"fmt"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// teamState is how far the writes of a team are between its parts. Only one part is worked on at a time.
type teamState struct {
	left teamWrites
	dead bool // the team failed, or the run stops
}

// writePart carries out one part of a team's writes: the first creates the team, if it is to be created, and
// writes all but the members who come later; the others add members.
func (r *runner) writePart(ctx context.Context, t *task) {
	i := t.changes[0]
	s := r.teamState(i)
	if s.dead {
		r.countAsFailed(i, len(t.members))
		return
	}
	begun := t.part > 0 || r.beginTeam(ctx, i, s)
	s.left.addMembers = t.members
	if !begun {
		s.dead = true
		r.countAsFailed(i, s.left.links())
		return
	}
	links := s.left.links()
	r.leaveAbsent(i, &s.left)
	for _, member := range s.left.trim(r.d.Target.Limits(s.left.size).MaxMembers) {
		r.failLinks(i, LinkFailure{Kind: MemberLink, Key: member, Code: CodeTeamFull, Cause: "the team is full"})
	}
	r.counter.advance(links - s.left.links())
	switch {
	case !r.writeTeam(ctx, i, &s.left):
		s.dead = true
	case t.last:
		r.done(i, nil, nil)
		r.counter.advance(1)
		r.notifySettled(i)
	}
	r.counter.notify()
}

// countAsFailed counts links of a team that failed before they were written; where the run stops they stay to be done.
func (r *runner) countAsFailed(i, links int) {
	if r.status(i) == Failed {
		r.counter.advance(links)
		r.counter.notify()
	}
}

// teamState gives the state of team change i.
func (r *runner) teamState(i int) *teamState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.teams[i] == nil {
		r.teams[i] = &teamState{left: r.teamLeft(i)}
	}
	return r.teams[i]
}

// teamLeft gives what earlier processes left to write to a team.
func (r *runner) teamLeft(i int) teamWrites {
	w := newTeamWrites(&r.p.Changes[i])
	r.replayed.dropDone(i, &w)
	return w
}

// beginTeam creates team change i where it does not exist yet. It is false where the team failed or the run
// stops.
func (r *runner) beginTeam(ctx context.Context, i int, s *teamState) bool {
	c := &r.p.Changes[i]
	r.counter.advance(units(c) - 1 - s.left.links())
	if c.Op != plan.Create || s.left.created {
		return true
	}
	create := r.createTeamCall(&s.left.created)
	r.workThrough(ctx, create, r.items(create, []int{i}))
	return s.left.created
}

// leaveAbsent takes members out whom the run failed to create, and roles the tenant does not know.
func (r *runner) leaveAbsent(i int, w *teamWrites) {
	if r.anyAbsent() {
		r.leaveOut(i, w, CodeNotCreated, func(kind LinkKind, key string) string {
			if cause := r.whyAbsent(key); kind == MemberLink && cause != "" {
				return "this person was not created: " + cause
			}
			return ""
		})
	}
	r.leaveOut(i, w, upstream.UnknownLink, func(kind LinkKind, key string) string {
		if kind == RoleLink && r.roleMissing(key) {
			return "the tenant does not know this role"
		}
		return ""
	})
}

// leaveOut takes links out of w for which why gives a cause, notes them as failed and counts them.
func (r *runner) leaveOut(i int, w *teamWrites, code string, why func(kind LinkKind, key string) string) int {
	var lost []LinkFailure
	note := func(kind LinkKind, keys []string) {
		for _, key := range keys {
			if cause := why(kind, key); cause != "" {
				lost = append(lost, LinkFailure{Kind: kind, Key: key, Code: code, Cause: cause})
			}
		}
	}
	note(MemberLink, w.removeMembers)
	note(RoleLink, w.removeRoles)
	note(RoleLink, w.addRoles)
	note(MemberLink, w.addMembers)
	if len(lost) == 0 {
		return 0
	}
	w.filter(func(kind LinkKind, key string) bool { return why(kind, key) == "" })
	r.failLinks(i, lost...)
	return len(lost)
}

// writeTeam makes the writes of w one after the other, each cut anew by the limits of the moment. It is
// false where the team failed or the run stops.
func (r *runner) writeTeam(ctx context.Context, i int, w *teamWrites) bool {
	for try := 1; !w.empty(); {
		links := w.links()
		u := w.next(r.d.Target.Limits(w.size))
		u.GroupKey = upstream.GroupKey{Name: r.p.Changes[i].Key, Ref: r.ref(i), Created: r.p.Changes[i].Created}
		seq, _, ok := r.intend(ctx, Record{Kind: kindOf(&u), Team: u.Name, Keys: keysOf(&u), Describe: u.Description != nil})
		if !ok {
			return false
		}
		out := r.sendGroup(&u)
		v, ok := r.afterWrite(ctx, i, w, seq, &u, out)
		if !ok {
			return false
		}
		r.counter.advance(links - w.links())
		r.counter.notify()
		switch {
		case v == failed:
			r.failTeam(i, w, out.Err)
			return false
		case v == succeeded || v == missingReference || links > w.links() || w.empty():
			try = 1
			continue
		case try >= maxTries || waitedEnough(out.Err):
			r.failTeam(i, w, givenUp(try, out.Err))
			r.gaveUp(out.Err, i)
			return false
		}
		try++
		if !r.pause(ctx, try, askedPause(out.Err)) {
			return false
		}
	}
	return true
}

// failTeam gives the rest of a team's writes up.
func (r *runner) failTeam(i int, w *teamWrites, cause error) {
	r.fail(i, cause)
	r.counter.advance(1 + w.links())
}

func (r *runner) sendGroup(u *upstream.GroupUpdate) upstream.Outcome {
	r.counter.onWire(1)
	defer r.counter.onWire(-1)
	out := r.writer.UpdateGroup(r.inFlight, *u)
	r.counter.called(r.d.Target.GroupCalls(u), "team "+u.Name)
	return out
}

// afterWrite settles a write to a team and takes what is done off w. ok is false where the run stops;
// an uncertain write that could not be looked at stays unsettled then.
func (r *runner) afterWrite(ctx context.Context, i int, w *teamWrites, seq uint64, u *upstream.GroupUpdate, out upstream.Outcome) (v outcomeKind, ok bool) {
	whole := ItemOutcome{OK: out.Err == nil, Ref: out.Ref, Warnings: append(keptWarnings(out.Kept), out.Warnings...)}
	if out.Err != nil {
		whole.Error, whole.Class, whole.Code = out.Err.Error(), string(upstream.ClassOf(out.Err)), codeOf(out.Err)
	} else {
		whole.Undone = failuresOf(out.Undone)
	}
	outcomes := []ItemOutcome{whole}
	v = judge(out.Err)
	switch v {
	case succeeded:
		r.outage.succeeded()
		w.markWritten(u)
		w.noteUndone(u, whole.Undone)
		r.failLinks(i, whole.Undone...)
		r.warn(i, whole.Warnings...)
	case missingReference:
		if r.leaveUnknown(i, w, missingRef(out.Err)) == 0 {
			v = failed
		}
	case unsure:
		g, err := retry(ctx, r, func() (*identity.Group, error) { return r.readTeam(ctx, u.Name) })
		if ctx.Err() != nil {
			return v, false
		}
		if err == nil && g != nil {
			outcomes = compareTeam(u, g, whole)
			takeSeen(w, u, outcomes)
		}
	case fatal:
		r.halt(fmt.Errorf("write to team %q: %w", u.Name, out.Err))
		if upstream.ClassOf(out.Err) == upstream.Unknown {
			return v, false
		}
	case failed, again:
	}
	return v, r.settleAs(seq, outcomes) && v != fatal
}

// leaveUnknown takes a role or member that the tenant does not know out of w.
func (r *runner) leaveUnknown(i int, w *teamWrites, missing string) int {
	if slices.Contains(w.addRoles, missing) || slices.Contains(w.removeRoles, missing) {
		r.setRoleMissing(missing)
	}
	return r.leaveOut(i, w, upstream.UnknownLink, func(_ LinkKind, key string) string {
		if key == missing {
			return "the tenant does not know it"
		}
		return ""
	})
}
