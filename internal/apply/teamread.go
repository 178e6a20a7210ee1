package apply

import (
	"context"
	"errors"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// sightOf compares a write with the team as it was read afterwards. whole speaks for a write that did
// not take effect.
func sightOf(u *upstream.GroupUpdate, g *identity.Group, whole ItemOutcome) []ItemOutcome {
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
			outcomes = append(outcomes, ItemOutcome{Key: key, Error: whole.Error, Class: whole.Class})
		}
		return outcomes
	}
	outcomes := []ItemOutcome{whole}
	for _, key := range done {
		outcomes = append(outcomes, ItemOutcome{Key: key, OK: true})
	}
	return outcomes
}

// takeSeen takes what outcomes tell as done off q.
func (r *runner) takeSeen(q *queue, u *upstream.GroupUpdate, outcomes []ItemOutcome) {
	rec := Record{Keys: keysOf(u), Describe: u.Description != nil, Outcomes: outcomes}
	var seen progress
	seen.absorb(kindOf(u), &rec)
	seen.shorten(q)
}

// readTeam reads a team with its members; nil where it does not exist or cannot be read.
func (r *runner) readTeam(ctx context.Context, name string) (*identity.Group, error) {
	r.tally.call(1, "looking at team "+name)
	var found *identity.Group
	for g, err := range r.d.Target.FindGroups(ctx, upstream.GroupQuery{Names: []string{name}, Members: true}) {
		if _, unreadable := errors.AsType[*upstream.UnreadableError](err); unreadable {
			continue
		}
		if err != nil {
			return nil, err
		}
		if g.Name == name {
			found = g
		}
	}
	return found, nil
}

// createTeamStage creates one team; created tells whether it exists then.
func (r *runner) createTeamStage(created *bool) stage {
	return stage{
		kind: KindCreateTeam,
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			c := r.changeOf(&items[0])
			g := &identity.Group{Name: c.Key}
			if c.Group != nil {
				g.Description = c.Group.Description
			}
			return []upstream.Outcome{r.target.CreateGroup(ctx, g)}
		},
		look: r.lookAtTeam(true),
		ok: func(it *item) {
			*created = true
			r.remember(it.change, it.ref)
			r.warn(it.change, it.warnings...)
		},
	}
}

// deleteTeamStage deletes one team.
func (r *runner) deleteTeamStage() stage {
	return stage{
		kind: KindDeleteTeam,
		send: func(ctx context.Context, items []item) []upstream.Outcome {
			key := upstream.GroupKey{Name: items[0].key, Ref: items[0].ref}
			return goneIsDone([]upstream.Outcome{r.target.DeleteGroup(ctx, key)})
		},
		look: r.lookAtTeam(false),
	}
}

// lookAtTeam makes a stage's look that tells whether a team's existence is as wanted. A team that exists
// but cannot be read exists.
func (r *runner) lookAtTeam(wanted bool) func(context.Context, []item) ([]sight, error) {
	return func(ctx context.Context, items []item) ([]sight, error) {
		r.tally.call(1, "looking at team "+items[0].key)
		exists, ref := false, ""
		for g, err := range r.d.Target.FindGroups(ctx, upstream.GroupQuery{Names: []string{items[0].key}}) {
			if u, ok := errors.AsType[*upstream.UnreadableError](err); ok {
				exists = exists || u.Name == items[0].key
				continue
			}
			if err != nil {
				return nil, err
			}
			if g.Name == items[0].key {
				exists, ref = true, g.Ref
			}
		}
		return []sight{{done: exists == wanted, ref: ref}}, nil
	}
}
