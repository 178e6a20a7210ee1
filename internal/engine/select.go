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
	// Names are the teams and roles that Match asks about. Where the source has none of that name it is an error, since
	// Match would then say no to everybody, or yes.
	Names RuleNames
	// AllowEmpty takes it for an answer that Match fits nobody, or asks about names that the source does not have.
	AllowEmpty bool
}

// RuleNames are the teams and roles that a rule names.
type RuleNames struct {
	Teams, Roles []string
	// HasRole tells whether one of the role IDs is meant by a name.
	HasRole func(roleIDs []string, name string) bool
}

// MissingTeamError says that a team that people were to be found by is not in the source; nothing was written.
type MissingTeamError struct{ Team, Tenant string }

// Error names team and tenant.
func (e *MissingTeamError) Error() string {
	return fmt.Sprintf("team %q is not in the source tenant %s", e.Team, e.Tenant)
}

// NobodySelectedError says that Match fits nobody; nothing was written.
type NobodySelectedError struct{ Origin, Tenant string }

// Error names what selects nobody.
func (e *NobodySelectedError) Error() string {
	return fmt.Sprintf("%s selects nobody in tenant %s", e.Origin, e.Tenant)
}

// UnknownNameError says that a rule names a team or role that the source does not have; nothing was written.
type UnknownNameError struct{ Kind, Name, Origin, Tenant string }

// Error names it.
func (e *UnknownNameError) Error() string {
	return fmt.Sprintf("%s names the %s %q, and tenant %s has none of that name", e.Origin, e.Kind, e.Name, e.Tenant)
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
	if !s.AllowEmpty {
		if err := s.checkNames(ctx, source, &known); err != nil {
			return nil, nil, err
		}
	}
	people, err := s.pick(&known)
	if err == nil && len(people) == 0 && s.Match != nil && !s.AllowEmpty {
		err = &NobodySelectedError{Origin: s.Origin, Tenant: known.Tenant.Name}
	}
	return people, &known, err
}

// checkNames looks for the teams and roles that Match asks about: among those who were read first, which costs nothing.
func (s *Selection) checkNames(ctx context.Context, source upstream.Reader, known *identity.Snapshot) error {
	teams, roles := s.unmet(known)
	if len(teams)+len(roles) == 0 {
		return nil
	}
	there, err := upstream.Load(ctx, source, identity.Scope{Groups: teams, Roles: roles})
	if err != nil {
		return fmt.Errorf("look for the teams and roles that %s names: %w", s.Origin, err)
	}
	for _, team := range teams {
		if _, unreadable := there.Unreadable[team]; there.Groups[team] == nil && !unreadable {
			return &UnknownNameError{Kind: "team", Name: team, Origin: s.Origin, Tenant: known.Tenant.Name}
		}
	}
	all := slices.Collect(maps.Keys(there.Roles))
	for _, role := range roles {
		if there.RolesComplete && !s.Names.HasRole(all, role) {
			return &UnknownNameError{Kind: "role", Name: role, Origin: s.Origin, Tenant: known.Tenant.Name}
		}
	}
	return nil
}

// unmet gives the names that nobody who was read is in or holds.
func (s *Selection) unmet(known *identity.Snapshot) (teams, roles []string) {
	inTeam, held := map[string]bool{}, map[string]bool{}
	for _, u := range known.Users {
		for _, team := range u.Teams {
			inTeam[team] = true
		}
		for _, role := range u.Roles {
			held[role] = true
		}
	}
	for _, team := range s.Names.Teams {
		if !inTeam[team] {
			teams = append(teams, team)
		}
	}
	ids := slices.Collect(maps.Keys(held))
	for _, role := range s.Names.Roles {
		if !s.Names.HasRole(ids, role) {
			roles = append(roles, role)
		}
	}
	return teams, roles
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
