package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// Person is somebody by user ID, and where they were named.
type Person struct{ UserID, Origin string }

// Selection says which people of a source are meant: those who fulfil everything that is given.
type Selection struct {
	People []Person // nil: not given
	Teams  []string // members of any of these
	// Match judges one person of the source; nil: everybody fits.
	Match  func(*identity.User) (bool, error)
	Origin string // of people who are found by team or Match
}

// MissingTeamError says that a team that people were to be found by is not in the source; nothing was written.
type MissingTeamError struct{ Team, Tenant string }

// Error names team and tenant.
func (e *MissingTeamError) Error() string {
	return fmt.Sprintf("team %q is not in the source tenant %s", e.Team, e.Tenant)
}

// Find gives the people who are meant, in the order in which they were given, else by user ID, with what it read of
// the source to find out: nothing where people are given and nothing else.
func (s *Selection) Find(ctx context.Context, source upstream.Reader) ([]Person, *identity.Snapshot, error) {
	if len(s.Teams) == 0 && s.Match == nil {
		return s.People, nil, nil
	}
	known, err := upstream.Load(ctx, source, s.scope())
	if err != nil {
		return nil, nil, fmt.Errorf("find the people who are meant: %w", err)
	}
	for _, team := range s.Teams {
		if known.Groups[team] == nil {
			return nil, nil, &MissingTeamError{Team: team, Tenant: known.Tenant.Name}
		}
	}
	people, err := s.pick(&known)
	return people, &known, err
}

// scope is what has to be read.
func (s *Selection) scope() identity.Scope {
	switch {
	case len(s.Teams) > 0:
		return identity.Scope{Groups: s.Teams, MembersOf: s.Teams, People: true}
	case s.People != nil:
		var scope identity.Scope
		for _, p := range s.People {
			scope.UserIDs = append(scope.UserIDs, p.UserID)
		}
		return scope
	}
	return identity.Scope{AllUsers: true}
}

// pick gives those of the snapshot who are meant.
func (s *Selection) pick(known *identity.Snapshot) ([]Person, error) {
	candidates := s.People
	if candidates == nil {
		for _, id := range slices.Sorted(maps.Keys(known.Users)) {
			candidates = append(candidates, Person{id, s.Origin})
		}
	}
	members := map[string]bool{}
	for _, team := range s.Teams {
		for _, id := range known.Groups[team].Members {
			members[id] = true
		}
	}
	var picked []Person
	for _, c := range candidates {
		if len(s.Teams) > 0 && !members[c.UserID] {
			continue
		}
		ok, err := s.matches(known.Users[c.UserID])
		if err != nil {
			return nil, err
		}
		if ok {
			picked = append(picked, c)
		}
	}
	return picked, nil
}

// matches judges one person. Someone who is not there (nil) stays in, so that the plan reports a user ID that was
// given wrongly.
func (s *Selection) matches(u *identity.User) (bool, error) {
	if s.Match == nil || u == nil {
		return true, nil
	}
	return s.Match(u)
}
