package plan

import "slices"

// setTeam applies one row that wants description and links of a team to be as told.
func (m *planner) setTeam(s *SetTeam, origin string, why reasons) {
	t := m.team(s.Team, false)
	switch {
	case t.toDelete && s.IfMissing == MissingCreate:
		t.wantedBack = true
		return
	case !t.exists && !m.mayCreate(Team, s.Team, s.IfMissing, origin), t.exists && !m.mayUpdate(Team, s.Team, s.IfExists, origin):
		return
	}
	t = m.primaryTeam(s.Team, s.Source, why)
	if s.Description != nil {
		m.setDescription(t, *s.Description, why)
	}
	if e := s.Members; e != nil && linked(e.Action) && m.readable(e, origin) {
		names := m.namesOf(e, (*planner).membersOfTeam)
		if e.FromReading && e.Action.Shrinks() {
			m.checkSourceSize(t, e.Action.Exact(), len(sortedView(names)), 0)
		}
		m.editMembers(t, e.Action, names, why)
	}
	if e := s.Roles; e != nil && linked(e.Action) && m.readable(e, origin) && t.editRoles(e.Action, m.namesOf(e, (*planner).rolesOfTeam)) {
		t.why = note(t.why, why.teamRoles)
	}
}

// readable reports whether the team that an edit takes its names from is there to be read, and notes it
// where it is not.
func (m *planner) readable(e *LinkEdit, origin string) bool {
	if e.OfTeam == "" {
		return true
	}
	t := m.team(e.OfTeam, false)
	switch cause, hidden := m.target.Unreadable[e.OfTeam]; {
	case hidden:
		m.conflict(Finding{Code: TeamUnreadable, Entity: Team, Key: e.OfTeam, Origin: origin, Cause: cause})
	case !t.exists:
		m.conflict(Finding{Code: MissingInTarget, Entity: Team, Key: e.OfTeam, Origin: origin})
	case t.membersUnread() > 0:
		m.conflict(Finding{Code: MembersUnread, Entity: Team, Key: e.OfTeam, Origin: origin, Count: t.membersUnread(), Name: string(e.Action)})
	default:
		return true
	}
	return false
}

// namesOf gives the names of an edit: its own, or those of another team of the target.
func (m *planner) namesOf(e *LinkEdit, ofTeam func(*planner, *team) []string) []string {
	if e.OfTeam == "" {
		return e.Names
	}
	return ofTeam(m, m.team(e.OfTeam, false))
}

func (m *planner) rolesOfTeam(t *team) []string { return t.currentRoles() }

func (m *planner) membersOfTeam(t *team) []string {
	return slices.DeleteFunc(m.membersOf(t), func(id string) bool { return m.people[id] != nil && m.people[id].toDelete })
}
