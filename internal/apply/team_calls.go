package apply

import (
	"context"
	"errors"
	"fmt"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// createTeamCall creates one team; created tells whether it exists then.
func (r *runner) createTeamCall(created *bool) call {
	return call{
		kind: KindCreateTeam, creates: true, look: r.lookAtCreatedTeam,
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			return []upstream.Outcome{r.writer.CreateGroup(ctx, r.teamOf(&items[0]))}
		},
		done: func(it *item) {
			r.setCreated(it.change, it.ref, it.adopted)
			*created = true
			r.warn(it.change, it.warnings...)
		},
		fail: func(it *item, cause error) {
			r.fail(it.change, cause)
			r.counter.advance(1)
		},
	}
}

// teamOf is the empty team that an item creates.
func (r *runner) teamOf(it *item) *identity.Group {
	g := &identity.Group{Name: it.key}
	if c := r.changeOf(it); c.Group != nil {
		g.Description = c.Group.Description
	}
	return g
}

// lookAtCreatedTeam reads a team whose creation is uncertain. It is this run's if it came to be after the
// first try began; where that is not known it must be as empty as it was to be made, and counts as adopted. One
// that cannot be read exists, and is taken for this run's unless the tenant said that the name was taken.
func (r *runner) lookAtCreatedTeam(ctx context.Context, items []item) ([]lookResult, error) {
	it := &items[0]
	g, unreadable, err := r.findTeam(ctx, it.key, false)
	if err != nil {
		return nil, err
	}
	switch {
	case g == nil && unreadable:
		return []lookResult{{done: upstream.ClassOf(it.err) != upstream.Conflict, adopted: true}}, nil
	case g == nil:
		return []lookResult{{}}, nil
	}
	return []lookResult{it.whoseTeam(g)}, nil
}

// whoseTeam tells whether a team is what the create of it made, which is empty. One that holds something is
// somebody else's where the tenant said that the name was taken; otherwise somebody may have filled it since, and
// it counts as adopted.
func (it *item) whoseTeam(g *identity.Group) lookResult {
	ours := lookResult{done: true, ref: g.Ref}
	empty := g.Size == 0 && len(g.Roles) == 0
	taken := upstream.ClassOf(it.err) == upstream.Conflict && !it.unsure
	switch {
	case it.since.IsZero() || g.Created.IsZero():
		ours.adopted = true
		if empty {
			return ours
		}
	case !g.Created.Before(it.since.Truncate(clockGrain).Add(-clockGrain)) && (empty || !taken):
		ours.adopted = !empty
		return ours
	}
	return lookResult{cause: &upstream.Error{
		Class: upstream.Conflict, Code: CodeTeamExists, Op: fmt.Sprintf("create team %q", it.key),
		Cause: "a team of this name exists, which this run did not make: make a new plan, which then compares the two",
	}}
}

// deleteTeamCall deletes one team.
func (r *runner) deleteTeamCall() call {
	return call{
		kind: KindDeleteTeam,
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			return goneIsDone([]upstream.Outcome{r.writer.DeleteGroup(ctx, items[0].groupKey())})
		},
		look: func(ctx context.Context, items []item) ([]lookResult, error) {
			g, unreadable, err := r.findTeam(ctx, items[0].key, false)
			return []lookResult{{done: !unreadable && (g == nil || items[0].groupKey().Same(g) != nil)}}, err
		},
		done: r.entityDone,
	}
}

// findTeam reads a team; unreadable says that it exists but cannot be read.
func (r *runner) findTeam(ctx context.Context, name string, members bool) (found *identity.Group, unreadable bool, err error) {
	r.counter.called(1, "looking at team "+name)
	for g, err := range r.d.Target.FindGroups(ctx, upstream.GroupQuery{Names: []string{name}, Members: members}) {
		if u, ok := errors.AsType[*upstream.UnreadableError](err); ok {
			unreadable = unreadable || u.Name == name
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if g.Name == name {
			found = g
		}
	}
	return found, unreadable, nil
}

// readTeam reads a team with its members; nil where it does not exist or cannot be read.
func (r *runner) readTeam(ctx context.Context, name string) (*identity.Group, error) {
	g, _, err := r.findTeam(ctx, name, true)
	return g, err
}

// compareTeam compares a write with the team as it was read afterwards. whole speaks for a write that did
// not take effect.
func compareTeam(u *upstream.GroupUpdate, g *identity.Group, whole ItemOutcome) []ItemOutcome {
	var done, undone []string
	compare := func(keys, there []string, wanted bool) {
		have := make(map[string]bool, len(there))
		for _, key := range there {
			have[key] = true
		}
		for _, key := range keys {
			if have[key] == wanted {
				done = append(done, key)
			} else {
				undone = append(undone, key)
			}
		}
	}
	compare(u.RemoveMembers, g.Members, false)
	compare(u.RemoveRoles, g.Roles, false)
	compare(u.AddRoles, g.Roles, true)
	compare(u.AddMembers, g.Members, true)

	if u.Description == nil || u.Description.After == g.Description {
		outcomes := []ItemOutcome{{OK: true}}
		for _, key := range undone {
			outcomes = append(outcomes, ItemOutcome{Key: key, Error: whole.Error, Class: whole.Class, Code: whole.Code})
		}
		return outcomes
	}
	outcomes := []ItemOutcome{whole}
	for _, key := range done {
		outcomes = append(outcomes, ItemOutcome{Key: key, OK: true})
	}
	return outcomes
}

// takeSeen takes what outcomes tell as done off w.
func takeSeen(w *teamWrites, u *upstream.GroupUpdate, outcomes []ItemOutcome) {
	rec := Record{Kind: kindOf(u), Keys: keysOf(u), Describe: u.Description != nil, Outcomes: outcomes}
	var seen teamDone
	seen.replay(&rec)
	seen.drop(w)
}
