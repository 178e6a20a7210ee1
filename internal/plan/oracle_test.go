package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// simulation does what the scripts do, row by row and set by set, on plain maps. It shares no code with the
// planner. What no tenant can do, or no plan, is taken back at the end.
type simulation struct {
	source, target identity.Snapshot
	options        plan.Options
	emailIsLogin   bool

	users   map[string]simUser
	teams   map[string]simTeam
	members map[string]map[string]bool // by team and person, whether the person exists or not

	deletedUsers, wantedUsers map[string]bool // existed before and were deleted; were wanted after that
	deletedTeams, wantedTeams map[string]bool
	clears                    map[string]bool // reports lose this manager
	primary                   map[string]bool // teams that a row is about
}

type simUser struct {
	roles map[string]bool
	attrs map[plan.FieldName]string
}

type simTeam struct {
	roles       map[string]bool
	description string
}

func setOf(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[s] = true
	}
	return out
}

// attrsOf gives the attributes that the simulation knows.
func attrsOf(u *identity.User) map[plan.FieldName]string {
	return map[plan.FieldName]string{
		plan.FieldEmail: u.Email, plan.FieldGivenName: u.GivenName, plan.FieldDisplayName: u.DisplayName,
		plan.FieldActive: strconv.FormatBool(u.Active), plan.FieldConcurrent: strconv.FormatBool(u.Concurrent),
		plan.FieldLanguage: u.Language, plan.FieldManager: u.Manager,
		plan.FieldDateFormat: u.Settings.DateFormat, plan.FieldCleanUpDays: strconv.Itoa(u.Settings.CleanUpDays),
		plan.FieldPhotos: strings.Join(u.Photos, "\n"),
	}
}

func newSimulation(s identity.Snapshot) *simulation {
	sim := &simulation{
		target: s, users: map[string]simUser{}, teams: map[string]simTeam{}, members: map[string]map[string]bool{},
		deletedUsers: map[string]bool{}, wantedUsers: map[string]bool{}, deletedTeams: map[string]bool{}, wantedTeams: map[string]bool{},
		clears: map[string]bool{}, primary: map[string]bool{},
	}
	for id, u := range s.Users {
		sim.users[id] = simUser{setOf(u.Roles), attrsOf(u)}
	}
	for name, g := range s.Groups {
		sim.teams[name] = simTeam{setOf(g.Roles), g.Description}
		sim.members[name] = setOf(g.Members)
	}
	return sim
}

// simLines gives a snapshot in the words of simulate.
func simLines(s identity.Snapshot) []string { return newSimulation(s).lines() }

// simulate gives the target after a request, as lines.
func simulate(req plan.Request, source, target identity.Snapshot) []string {
	s := newSimulation(target)
	s.source, s.options = source, req.Options
	s.emailIsLogin = target.Tenant.SSO == "email" || target.Tenant.SSO == "default"
	for _, step := range req.Steps {
		s.row(step)
	}
	s.takeBack()
	return s.lines()
}

func (s *simulation) row(step plan.Step) {
	switch {
	case step.CopyUser != nil:
		c := step.CopyUser
		s.copyPerson(c.UserID, c.Users, c.Roles, c.Teams)
	case step.CopyTeam != nil:
		s.copyTeam(step.CopyTeam)
	case step.SetUser != nil:
		for _, id := range s.who(step.SetUser.Who) {
			s.setUser(id, step.SetUser)
		}
	case step.SetTeam != nil:
		s.setTeam(step.SetTeam)
	case step.DeleteUser != nil:
		for _, id := range s.who(step.DeleteUser.Who) {
			s.deleteUser(id, step.DeleteUser.ClearReports)
		}
	case step.DeleteTeam != nil:
		s.deleteTeam(step.DeleteTeam.Team)
	}
}

func (s *simulation) copyTeam(c *plan.CopyTeam) {
	src := s.source.Groups[c.Team]
	if src == nil {
		return
	}
	there := s.need(c.Team)
	if c.Users != plan.UsersNone {
		for _, id := range src.Members {
			s.copyPerson(id, c.Users, c.UserRoles, c.UserTeams)
		}
	}
	if !there {
		return
	}
	t := s.teams[c.Team]
	s.members[c.Team] = combine(c.Members, s.members[c.Team], setOf(src.Members), nil)
	t.roles = combine(c.TeamRoles, t.roles, setOf(src.Roles), nil)
	if c.Name == plan.NameCopy {
		t.description = src.Description
	}
	s.teams[c.Team] = t
}

// need makes a team that a row is about exist; false where an earlier row deleted it.
func (s *simulation) need(name string) bool {
	if s.deletedTeams[name] {
		s.wantedTeams[name] = true
		return false
	}
	s.primary[name] = true
	s.create(name, nil)
	return true
}

// create makes a team exist.
func (s *simulation) create(name string, roles map[string]bool) {
	if _, ok := s.teams[name]; !ok {
		s.teams[name] = simTeam{roles, name}
		s.members[name] = map[string]bool{}
	}
}

func (s *simulation) copyPerson(id string, users plan.Users, roles, teams identity.Action) {
	src := s.source.Users[id]
	u, exists := s.users[id]
	switch {
	case src == nil:
		return
	case s.deletedUsers[id]:
		s.wantedUsers[id] = true
		return
	case !exists:
		u = simUser{map[string]bool{}, attrsOf(src)}
		if s.options.Active != plan.ActiveSource {
			u.attrs[plan.FieldActive] = "true"
		}
	case users != plan.UsersAll:
		return
	default:
		u.attrs = s.follow(u.attrs, attrsOf(src))
	}
	u.roles = combine(roles, u.roles, setOf(src.Roles), nil)
	s.users[id] = u
	s.teamsOf(id, teams, setOf(src.Teams), s.options.SecondaryRoles)
}

// follow gives an existing person what the source tells.
func (s *simulation) follow(old, src map[plan.FieldName]string) map[plan.FieldName]string {
	out := maps.Clone(old)
	for name, value := range src {
		switch name {
		case plan.FieldGivenName, plan.FieldDisplayName:
			continue
		case plan.FieldEmail:
			if !s.emailIsLogin {
				continue
			}
		case plan.FieldActive:
			if s.options.Active == plan.ActiveKeep {
				continue
			}
			if s.options.Active == plan.ActiveTrue {
				value = "true"
			}
		default:
		}
		if value != "" || name == plan.FieldManager || name == plan.FieldPhotos {
			out[name] = value
		}
	}
	return out
}

func (s *simulation) teamsOf(id string, action identity.Action, wanted map[string]bool, sourceRoles bool) {
	now := map[string]bool{}
	for name := range s.teams {
		if s.members[name][id] {
			now[name] = true
		}
	}
	after := combine(action, now, wanted, nil)
	for name := range after {
		if s.deletedTeams[name] {
			s.wantedTeams[name] = true
			continue
		}
		var roles map[string]bool
		if g := s.source.Groups[name]; sourceRoles && g != nil {
			roles = setOf(g.Roles)
		}
		s.create(name, roles)
	}
	for name := range s.teams {
		s.members[name] = maps.Clone(s.members[name])
		delete(s.members[name], id)
		if after[name] {
			s.members[name][id] = true
		}
	}
}

// who finds the people of a row; a user ID may name somebody who does not exist.
func (s *simulation) who(w plan.Who) []string {
	var found []string
	for id, u := range s.users {
		if w.Email != "" && u.attrs[plan.FieldEmail] == w.Email || w.MembersOf != "" && s.members[w.MembersOf][id] {
			found = append(found, id)
		}
	}
	switch _, exists := s.teams[w.MembersOf]; {
	case w.UserID != "":
		return []string{w.UserID}
	case w.MembersOf != "" && !exists, w.Email != "" && len(found) != 1:
		return nil
	}
	return found
}

func (s *simulation) setUser(id string, row *plan.SetUser) {
	u, exists := s.users[id]
	switch {
	case s.deletedUsers[id]:
		if row.IfMissing == plan.MissingCreate {
			s.wantedUsers[id] = true
		}
		return
	case !exists && row.IfMissing != plan.MissingCreate, exists && row.IfExists != plan.ExistsUpdate:
		return
	case !exists:
		u = simUser{map[string]bool{}, attrsOf(&identity.User{Active: true})}
		maps.Copy(u.attrs, row.New)
	}
	u.attrs = maps.Clone(u.attrs)
	maps.Copy(u.attrs, row.Values)
	if e := row.Roles; e != nil {
		u.roles = combine(e.Action, u.roles, setOf(e.Names), nil)
	}
	s.users[id] = u
	if e := row.Teams; e != nil {
		s.teamsOf(id, e.Action, setOf(e.Names), false)
	}
}

func (s *simulation) setTeam(row *plan.SetTeam) {
	_, exists := s.teams[row.Team]
	if s.deletedTeams[row.Team] && row.IfMissing == plan.MissingCreate {
		s.wantedTeams[row.Team] = true
		return
	}
	if !exists && row.IfMissing != plan.MissingCreate || exists && row.IfExists != plan.ExistsUpdate {
		return
	}
	s.need(row.Team)
	t := s.teams[row.Team]
	if row.Description != nil {
		t.description = *row.Description
	}
	if e := row.Members; e != nil && s.has(e.OfTeam) {
		everyone, names := map[string]bool{}, setOf(e.Names)
		for id := range s.users {
			everyone[id] = true
		}
		if e.OfTeam != "" {
			names = maps.Clone(s.members[e.OfTeam])
			maps.DeleteFunc(names, func(id string, _ bool) bool { return s.deletedUsers[id] })
		}
		s.members[row.Team] = combine(e.Action, s.members[row.Team], names, everyone)
	}
	if e := row.Roles; e != nil && s.has(e.OfTeam) {
		names := setOf(e.Names)
		if e.OfTeam == row.Team {
			names = t.roles
		} else if e.OfTeam != "" {
			names = s.teams[e.OfTeam].roles
		}
		t.roles = combine(e.Action, t.roles, names, nil)
	}
	s.teams[row.Team] = t
}

// has reports whether names can be taken from a team; no team is fine.
func (s *simulation) has(ofTeam string) bool {
	_, ok := s.teams[ofTeam]
	return ok || ofTeam == ""
}

func (s *simulation) deleteUser(id string, clear bool) {
	if _, exists := s.users[id]; !exists {
		return
	}
	delete(s.users, id)
	if s.target.Users[id] != nil {
		s.deletedUsers[id] = true
		s.clears[id] = s.clears[id] || clear
		return
	}
	for name := range s.members {
		s.members[name] = maps.Clone(s.members[name])
		delete(s.members[name], id)
	}
}

func (s *simulation) deleteTeam(name string) {
	if _, exists := s.teams[name]; !exists {
		return
	}
	delete(s.teams, name)
	if s.target.Groups[name] != nil {
		s.deletedTeams[name] = true
		return
	}
	delete(s.members, name)
	delete(s.primary, name)
}

// takeBack undoes what no plan can do: who is deleted and wanted stays as before, so does a manager of
// others, nobody is made without an e-mail, nobody gets a manager who is not there.
func (s *simulation) takeBack() {
	restore := func(id string) {
		u := s.target.Users[id]
		s.users[id] = simUser{setOf(u.Roles), attrsOf(u)}
		delete(s.deletedUsers, id)
	}
	kept := map[string]bool{}
	for id := range s.wantedUsers {
		kept[id] = true
		restore(id)
	}
	for id, u := range s.users {
		if s.target.Users[id] == nil && u.attrs[plan.FieldEmail] == "" {
			delete(s.users, id)
		}
	}
	for id, u := range s.users {
		if _, there := s.users[u.attrs[plan.FieldManager]]; !there && u.attrs[plan.FieldManager] != "" {
			s.setManager(id, "")
			if old := s.target.Users[id]; old != nil {
				s.setManager(id, old.Manager)
			}
		}
	}
	s.keepManagers(kept, restore)
	for name := range s.wantedTeams {
		g := s.target.Groups[name]
		s.teams[name], s.members[name] = simTeam{setOf(g.Roles), g.Description}, setOf(g.Members)
	}
	for name := range s.teams {
		s.members[name] = maps.Clone(s.members[name])
		asked := len(s.members[name])
		maps.DeleteFunc(s.members[name], func(id string, _ bool) bool { _, there := s.users[id]; return !there })
		if s.target.Groups[name] == nil && !s.primary[name] && asked > 0 && len(s.members[name]) == 0 {
			delete(s.teams, name) // a secondary team that nobody can join
		}
	}
}

// keepManagers restores managers of people who stay, unless those lose the link, until nobody more stays.
func (s *simulation) keepManagers(kept map[string]bool, restore func(string)) {
	for again := true; again; {
		again = false
		for _, id := range slices.Sorted(maps.Keys(s.users)) {
			manager := s.users[id].attrs[plan.FieldManager]
			if s.deletedUsers[manager] && (!s.clears[manager] || kept[id]) {
				kept[manager], again = true, true
				restore(manager)
			}
		}
	}
	for id, u := range s.users {
		if s.deletedUsers[u.attrs[plan.FieldManager]] {
			s.setManager(id, "")
		}
	}
}

func (s *simulation) setManager(id, manager string) {
	u := s.users[id]
	u.attrs = maps.Clone(u.attrs)
	u.attrs[plan.FieldManager] = manager
	s.users[id] = u
}

// combine is the table of actions, element by element.
func combine(action identity.Action, target, source, everyone map[string]bool) map[string]bool {
	out := map[string]bool{}
	all := maps.Clone(target)
	if all == nil {
		all = map[string]bool{}
	}
	maps.Copy(all, source)
	maps.Copy(all, everyone)
	for e := range all {
		t, s := target[e], source[e]
		in := map[identity.Action]bool{
			"": t, identity.Keep: t, identity.Add: t || s, identity.Remove: t && !s, identity.Replace: s,
			identity.Intersect: t && s, identity.Exclude: t != s,
			identity.ExcludeAll: everyone[e] && (!t || !s), identity.Invert: everyone[e] && !s,
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
		var line strings.Builder
		line.WriteString("user " + id)
		for _, name := range slices.Sorted(maps.Keys(u.attrs)) {
			fmt.Fprintf(&line, " %s=%q", name, u.attrs[name])
		}
		out = append(out, line.String()+" roles="+keys(u.roles))
	}
	for name, t := range s.teams {
		out = append(out, fmt.Sprintf("team %s description=%s roles=%s members=%s", name, t.description, keys(t.roles), keys(s.members[name])))
	}
	slices.Sort(out)
	return out
}
