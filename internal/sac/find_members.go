package sac

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// resolve turns member UUIDs into user IDs: from the cache, else by looking the people up, or by
// reading the same teams through v1 where that takes fewer calls.
func (s *teamSearch) resolve(ctx context.Context) error {
	if !s.q.Members {
		return nil
	}
	unknown, teams := s.membersToName()
	if len(unknown) == 0 {
		s.nameMembers()
		return nil
	}
	if s.viaV1(len(unknown), len(teams)) {
		if err := s.membersV1(ctx, teams); err != nil {
			return err
		}
		if unknown, _ = s.membersToName(); len(unknown) == 0 {
			s.nameMembers()
			return nil
		}
	}
	if err := s.t.learn(ctx, nil, unknown); err != nil {
		return fmt.Errorf("look up team members: %w", err)
	}
	s.nameMembers()
	return nil
}

// membersToName gives the UUIDs that the cache does not know and the teams that have any.
func (s *teamSearch) membersToName() (refs, teams []string) {
	seen := map[string]bool{}
	for _, name := range s.order {
		had := len(refs)
		some := false
		for _, ref := range s.found[name].refs {
			if _, ok := s.t.ids.userID(ref); ok {
				continue
			}
			some = true
			if !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
		if some || len(refs) > had {
			teams = append(teams, name)
		}
	}
	return refs, teams
}

// viaV1 compares the prices of looking people up and of reading the teams once more by v1.
func (s *teamSearch) viaV1(people, teams int) bool {
	if !s.t.mayV1() || s.t.cfg.NoLookup {
		return false
	}
	lookups := ceil(people, batchSize)
	if total := s.t.people(); total > 0 {
		lookups = min(lookups, ceil(total, pageSize))
	}
	return teams < lookups
}

// membersV1 reads the members of teams through v1. A team that v1 cannot see, or that has a namesake,
// keeps its UUIDs.
func (s *teamSearch) membersV1(ctx context.Context, teams []string) error {
	got := make([]*team, len(teams))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.t.workers())
	for i, name := range teams {
		if s.found[name].group.Namesakes > 0 {
			continue
		}
		g.Go(func() error {
			tm, err := s.t.getTeamV1(gctx, name, true)
			if class := upstream.ClassOf(err); class == upstream.Gone || class == upstream.Refused {
				return nil
			}
			got[i] = tm
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, name := range teams {
		if got[i] != nil {
			s.found[name].group.Members = got[i].group.Members
			s.found[name].refs = nil
		}
	}
	return nil
}

// nameMembers replaces the UUIDs that are known by now; one that nobody answers to is no person.
func (s *teamSearch) nameMembers() {
	for _, name := range s.order {
		tm := s.found[name]
		for _, ref := range tm.refs {
			if id, ok := s.t.ids.userID(ref); ok {
				tm.group.Members = append(tm.group.Members, id)
			}
		}
		tm.refs = nil
	}
}

// learn makes the cache know people by user ID or UUID, as far as they exist.
func (t *Tenant) learn(ctx context.Context, ids, refs []string) error {
	if len(ids)+len(refs) == 0 {
		return nil
	}
	q := &userQuery{t: t, w: newWantedPeople(upstream.UserQuery{UserIDs: ids}, refs), seen: map[string]bool{}, v: v2}
	q.yield = func(*identity.User) bool { return true }
	// Whoever is found may have a manager of their own; that one is of no interest here.
	return q.run(ctx)
}
