package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// simulation does what the transport scripts do, row by row and set by set, on plain maps. It shares
// no code with the planner.
type simulation struct {
	source    identity.Snapshot
	options   plan.Options
	users     map[string]simUser
	teams     map[string]simTeam
	willExist map[string]bool
}

type simUser struct {
	roles    map[string]bool
	language string
	active   bool
	manager  string
	name     string
}

type simTeam struct {
	roles, members map[string]bool
	description    string
}

func setOf(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[s] = true
	}
	return out
}

func simulate(req plan.Request, source, target identity.Snapshot) []string {
	s := simulation{source: source, options: req.Options, users: map[string]simUser{}, teams: map[string]simTeam{}, willExist: map[string]bool{}}
	for id, u := range target.Users {
		s.users[id] = simUser{setOf(u.Roles), u.Language, u.Active, u.Manager, u.DisplayName}
		s.willExist[id] = true
	}
	for name, g := range target.Groups {
		s.teams[name] = simTeam{setOf(g.Roles), setOf(g.Members), g.Description}
	}
	for _, step := range req.Steps {
		for _, id := range s.peopleOf(step) {
			s.willExist[id] = s.willExist[id] || source.Users[id] != nil
		}
	}
	for _, step := range req.Steps {
		s.row(step)
	}
	for id, u := range s.users {
		if u.manager != "" && !s.willExist[u.manager] {
			u.manager = ""
			if old := target.Users[id]; old != nil {
				u.manager = old.Manager
			}
			s.users[id] = u
		}
	}
	return s.lines()
}

func (s *simulation) peopleOf(step plan.Step) []string {
	if step.CopyUser != nil {
		return []string{step.CopyUser.UserID}
	}
	if g := s.source.Groups[step.CopyTeam.Team]; g != nil && step.CopyTeam.Users != plan.UsersNone {
		return g.Members
	}
	return nil
}

func (s *simulation) row(step plan.Step) {
	if c := step.CopyUser; c != nil {
		s.person(c.UserID, c.Users, c.Roles, c.Teams)
		return
	}
	c := step.CopyTeam
	src := s.source.Groups[c.Team]
	if src == nil {
		return
	}
	if _, ok := s.teams[c.Team]; !ok {
		s.teams[c.Team] = simTeam{map[string]bool{}, map[string]bool{}, c.Team}
	}
	for _, id := range s.peopleOf(step) {
		s.person(id, c.Users, c.UserRoles, c.UserTeams)
	}
	members := map[string]bool{}
	for _, id := range src.Members {
		if s.willExist[id] {
			members[id] = true
		}
	}
	t := s.teams[c.Team]
	t.members = combine(c.Members, t.members, members)
	t.roles = combine(c.TeamRoles, t.roles, setOf(src.Roles))
	if c.Name == plan.NameCopy {
		t.description = src.Description
	}
	s.teams[c.Team] = t
}

func (s *simulation) person(id string, users plan.Users, roles, teams identity.Action) {
	src := s.source.Users[id]
	if src == nil {
		return
	}
	u, exists := s.users[id]
	switch {
	case !exists:
		u = simUser{map[string]bool{}, src.Language, src.Active || s.options.Active != plan.ActiveSource, src.Manager, src.DisplayName}
	case users != plan.UsersAll:
		return
	default:
		u.language, u.manager = src.Language, src.Manager
		if s.options.Active == plan.ActiveSource {
			u.active = src.Active
		}
		if s.options.Active == plan.ActiveTrue {
			u.active = true
		}
	}
	u.roles = combine(roles, u.roles, setOf(src.Roles))
	s.users[id] = u
	s.teamsOf(id, teams, setOf(src.Teams))
}

func (s *simulation) teamsOf(id string, action identity.Action, wanted map[string]bool) {
	now := map[string]bool{}
	for name, t := range s.teams {
		if t.members[id] {
			now[name] = true
		}
	}
	after := combine(action, now, wanted)
	for name := range after {
		if _, ok := s.teams[name]; !ok {
			t := simTeam{map[string]bool{}, map[string]bool{}, name}
			if s.options.SecondaryRoles {
				t.roles = setOf(s.source.Groups[name].Roles)
			}
			s.teams[name] = t
		}
	}
	for name, t := range s.teams {
		t.members = maps.Clone(t.members)
		delete(t.members, id)
		if after[name] {
			t.members[id] = true
		}
		s.teams[name] = t
	}
}

// combine is the table of actions, element by element.
func combine(action identity.Action, target, source map[string]bool) map[string]bool {
	out := map[string]bool{}
	all := maps.Clone(target)
	maps.Copy(all, source)
	for e := range all {
		t, s := target[e], source[e]
		in := map[identity.Action]bool{
			identity.Keep: t, identity.Add: t || s, identity.Remove: t && !s, identity.Replace: s,
			identity.Intersect: t && s, identity.Exclude: t != s,
		}[action]
		if in {
			out[e] = true
		}
	}
	return out
}

func (s *simulation) lines() []string {
	keys := func(m map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }
	var out []string
	for id, u := range s.users {
		out = append(out, fmt.Sprintf("user %s language=%s active=%t manager=%s name=%s roles=%s", id, u.language, u.active, u.manager, u.name, keys(u.roles)))
	}
	for name, t := range s.teams {
		out = append(out, fmt.Sprintf("team %s description=%s roles=%s members=%s", name, t.description, keys(t.roles), keys(t.members)))
	}
	slices.Sort(out)
	return out
}

// simLines gives a snapshot in the words of simulation.lines.
func simLines(s identity.Snapshot) []string {
	sim := simulation{users: map[string]simUser{}, teams: map[string]simTeam{}}
	for id, u := range s.Users {
		sim.users[id] = simUser{setOf(u.Roles), u.Language, u.Active, u.Manager, u.DisplayName}
	}
	for name, g := range s.Groups {
		sim.teams[name] = simTeam{setOf(g.Roles), setOf(g.Members), g.Description}
	}
	return sim.lines()
}
