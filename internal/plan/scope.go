package plan

import (
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

// SourceScope says what has to be read of the source for req: nothing where no step copies.
func SourceScope(req Request) identity.Scope {
	users, teams, members := set{}, set{}, set{}
	var s identity.Scope
	for _, step := range req.Steps {
		switch {
		case step.CopyUser != nil:
			users.add(step.CopyUser.source())
		case step.CopyTeam != nil:
			c := *step.CopyTeam
			teams.add(c.source())
			if c.needsMembers() {
				members.add(c.source())
			}
			s.People = s.People || c.copiesUsers()
		default:
			continue
		}
		// Which secondary teams there are is known only once the people are read.
		s.AllGroups = s.AllGroups || req.Options.SecondaryRoles && step.userTeams().Grows()
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
