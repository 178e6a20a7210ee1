package plan

import "sacbridge/internal/identity"

// maxDescription is the length of a team's description that SAC takes, in characters (script 1501).
const maxDescription = 1024

// copyTeam applies one row of scripts 1953 and 1983: the team, then its people, and at the end name,
// members and role links, so that these come after all that is done for single people.
func (m *maker) copyTeam(c CopyTeam, origin string, why reasons) {
	src := m.sourceTeam(c, origin)
	if src == nil {
		return
	}
	t := m.team(c.Team, false)
	t.primary = true
	if !t.exists && !t.create {
		t.create = true
		t.why = note(t.why, why.team)
	}
	members := sortedView(src.Members)
	m.checkSourceSize(t, c, src, len(members))
	if c.copiesUsers() {
		for _, id := range members {
			u := m.source.Users[id]
			if u == nil {
				m.missing(User, id, origin)
				continue
			}
			m.copyPerson(u, c.Users, c.UserRoles, c.UserTeams, why)
		}
	}
	m.copyTeamItself(t, c, src, why)
}

// sourceTeam gives the source's team of a row, or notes why the row cannot be done.
func (m *maker) sourceTeam(c CopyTeam, origin string) *identity.Group {
	if cause, ok := m.source.Unreadable[c.Team]; ok {
		m.conflict(Finding{Code: SourceUnreadable, Entity: Team, Key: c.Team, Origin: origin, Cause: cause})
		return nil
	}
	src := m.source.Groups[c.Team]
	if src == nil {
		m.missing(Team, c.Team, origin)
		return nil
	}
	if src.Twins > 0 {
		m.conflict(Finding{Code: SourceTeamTwice, Entity: Team, Key: c.Team, Origin: origin, Count: src.Twins + 1})
		return nil
	}
	if src.Members == nil && src.Size > 0 && needsMembers(c) {
		m.conflict(Finding{Code: SourceMembersUnread, Entity: Team, Key: c.Team, Origin: origin, Count: src.Size})
		return nil
	}
	return src
}

// needsMembers reports whether a row looks at the source team's members.
func needsMembers(c CopyTeam) bool {
	return linked(c.Members) || c.copiesUsers()
}

// copyTeamItself is the last step of a row: description, members, role links.
func (m *maker) copyTeamItself(t *team, c CopyTeam, src *identity.Group, why reasons) {
	if c.Name == NameCopy && src.Description != "" {
		t.description, t.setDescription = cut(src.Description, maxDescription), true
		if t.old == nil || t.old.Description != t.description {
			t.why = note(t.why, why.name)
		}
	}
	if linked(c.Members) {
		m.copyMembers(t, c.Members, src.Members, why)
	}
	if linked(c.TeamRoles) {
		now := t.currentRoles()
		// On a team that the plan creates remove and intersect leave nothing, as on any empty set.
		t.roles, t.setRoles = identity.Apply(c.TeamRoles, now, m.roles.set(src.Roles), nil), true
		t.exactRoles = t.exactRoles || c.TeamRoles.Exact()
		if come, gone := identity.Diff(now, t.roles); len(come)+len(gone) > 0 {
			t.why = note(t.why, why.teamRoles)
		}
	}
}

// copyMembers applies the members action with S = the source's members. Those who will not exist in the
// target are taken out again when the picture is settled, for a later step may create them.
func (m *maker) copyMembers(t *team, action identity.Action, source []string, why reasons) {
	if t.old != nil && t.old.Members == nil && t.old.Size > 0 && action.Shrinks() {
		m.conflict(Finding{Code: MembersUnread, Entity: Team, Key: t.name, Count: t.old.Size, Name: string(action)})
		return
	}
	t.exactMembers = t.exactMembers || action.Exact()
	now := m.membersOf(t)
	come, gone := identity.Diff(now, identity.Apply(action, now, source, nil))
	for _, id := range gone {
		m.setMember(t, id, false, why.members)
	}
	for _, id := range come {
		m.setMember(t, id, true, why.members)
	}
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
