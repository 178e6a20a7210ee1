package plan

import (
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

// SourceScope says what has to be read of the source for req.
func SourceScope(req Request) identity.Scope {
	users, teams, members := set{}, set{}, set{}
	var s identity.Scope
	for _, step := range req.Steps {
		switch {
		case step.CopyUser != nil:
			users.add(step.CopyUser.UserID)
		case step.CopyTeam != nil:
			c := *step.CopyTeam
			teams.add(c.Team)
			if needsMembers(c) {
				members.add(c.Team)
			}
			s.People = s.People || c.copiesUsers()
		}
		// Which secondary teams there are is known only once the people are read.
		s.AllGroups = s.AllGroups || req.Options.SecondaryRoles && userTeams(step).Grows()
	}
	s.UserIDs, s.Groups, s.MembersOf = users.list(), teams.list(), members.list()
	return s
}

// set gathers strings, each once.
type set map[string]bool

func (s set) add(values ...string) {
	for _, v := range values {
		if v != "" {
			s[v] = true
		}
	}
}

func (s set) list() []string { return slices.Sorted(maps.Keys(s)) }
