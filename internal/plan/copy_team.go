package plan

import (
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"

	"sacbridge/internal/identity"
)

// maxDescription is the length of a team's description that SAC takes, in characters (script 1501).
const maxDescription = 1024

// copyTeam applies one row of scripts 1953 and 1983: the team, then its people, and at the end name,
// members and role links, so that these come after all that is done for single people.
func (m *planner) copyTeam(c CopyTeam, origin string, why reasons) {
	src := m.sourceTeam(c, origin)
	if src == nil {
		return
	}
	t := m.primaryTeam(c.Team, src.Name, why)
	members := sortedView(src.Members)
	replaces := c.Members == identity.Replace || c.copiesUsers() && c.UserTeams == identity.Replace
	if replaces || c.Members == identity.Remove {
		m.checkSourceSize(t, replaces, len(members), src.Size)
	}
	if c.copiesUsers() {
		for _, id := range members {
			u := m.source.Users[id]
			if u == nil {
				m.missingInSource(User, id, origin)
				continue
			}
			m.copyPerson(m.counterparts.user(id), u, c.Users, c.UserRoles, c.UserTeams, why)
		}
	}
	if t.toDelete {
		return
	}
	if c.Name == NameCopy && src.Description != "" {
		m.setDescription(t, src.Description, why)
	}
	if linked(c.Members) {
		m.editMembers(t, c.Members, m.counterparts.users(src.Members), why)
	}
	if linked(c.TeamRoles) && t.editRoles(c.TeamRoles, m.roles.set(src.Roles)) {
		t.why = note(t.why, why.teamRoles)
	}
}

// primaryTeam gives the team that a step is about and creates it where the target lacks it.
func (m *planner) primaryTeam(name, source string, why reasons) *team {
	t := m.team(name, false)
	t.primary = true
	t.source = cmp.Or(t.source, source)
	switch {
	case t.toDelete:
		t.wantedBack = true
	case !t.exists:
		t.exists = true
		t.why = note(t.why, why.team)
	}
	return t
}

// sourceTeam gives the source's team of a row, or notes why the row cannot be done.
func (m *planner) sourceTeam(c CopyTeam, origin string) *identity.Group {
	name := c.source()
	if cause, ok := m.source.Unreadable[name]; ok {
		m.conflict(Finding{Code: SourceUnreadable, Entity: Team, Key: name, Origin: origin, Cause: cause})
		return nil
	}
	src := m.source.Groups[name]
	if src == nil {
		m.missingInSource(Team, name, origin)
		return nil
	}
	if src.Namesakes > 0 {
		m.conflict(Finding{Code: SourceTeamTwice, Entity: Team, Key: name, Origin: origin, Count: src.Namesakes + 1})
		return nil
	}
	if src.Members == nil && src.Size > 0 && c.needsMembers() {
		m.conflict(Finding{Code: SourceMembersUnread, Entity: Team, Key: name, Origin: origin, Count: src.Size})
		return nil
	}
	return src
}

// sourceOfSecondary gives the source's team whose role links a secondary team gets that is created, nil
// where it gets none.
func (m *planner) sourceOfSecondary(name string) *identity.Group {
	if !m.req.Options.SecondaryRoles {
		return nil
	}
	for _, source := range slices.Sorted(maps.Keys(m.counterparts.Teams)) {
		if m.counterparts.Teams[source] == name && m.source.Groups[source] != nil {
			return m.source.Groups[source]
		}
	}
	return m.source.Groups[name]
}

// setDescription sets a team's description, shortened to what SAC takes.
func (m *planner) setDescription(t *team, text string, why reasons) {
	if n := utf8.RuneCountInString(text); n > maxDescription {
		m.warn(Finding{Code: DescriptionCut, Entity: Team, Key: t.name, Count: n, Limit: maxDescription})
		text = string([]rune(text)[:maxDescription])
	}
	t.description, t.setDescription = text, true
	if t.old == nil || t.old.Description != text {
		t.why = note(t.why, why.name)
	}
}

// editMembers applies an action with S = names. Those who will not exist in the target are taken out
// again when the changes are written down, for a later step may create them.
func (m *planner) editMembers(t *team, action identity.Action, names []string, why reasons) {
	if n := t.membersUnread(); n > 0 && action.Shrinks() {
		m.conflict(Finding{Code: MembersUnread, Entity: Team, Key: t.name, Count: n, Name: string(action)})
		return
	}
	t.decidesAllMembers = t.decidesAllMembers || action.Exact()
	now := m.membersOf(t)
	come, gone := identity.Diff(now, identity.Apply(action, now, names, m.everyone(action)))
	for _, id := range gone {
		m.setMember(t, id, false, why.members)
	}
	for _, id := range come {
		m.setMember(t, id, true, why.members)
	}
}

// everyone gives all people of the projected state, for the actions that look at them.
func (m *planner) everyone(action identity.Action) []string {
	if action != identity.ExcludeAll && action != identity.Invert {
		return nil
	}
	var out []string
	for id := range m.target.Users {
		if m.projected(id) != nil {
			out = append(out, id)
		}
	}
	for id, p := range m.people {
		if p.created() {
			out = append(out, id)
		}
	}
	return out
}
