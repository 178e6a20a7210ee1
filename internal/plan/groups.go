package plan

import (
	"maps"
	"slices"
	"strings"

	"sacbridge/internal/identity"
)

// settleTeams writes the changes of teams down, creates first.
func (m *maker) settleTeams(p *Plan) {
	cases := m.teamCases()
	var creates, updates []Change
	for _, name := range slices.Sorted(maps.Keys(m.teams)) {
		t := m.teams[name]
		c := m.teamChange(t)
		if c == nil || !m.allowTeam(t, c, cases) {
			if c == nil && t.exists {
				p.Counts.UnchangedTeams++
			}
			continue
		}
		if c.Op == Create {
			creates = append(creates, *c)
			continue
		}
		updates = append(updates, *c)
	}
	p.Changes = append(append(p.Changes, creates...), updates...)
}

// teamChange compares one team's picture with the target; nil where nothing differs.
func (m *maker) teamChange(t *team) *Change {
	c := &Change{Entity: Team, Op: Update, Key: t.name, Reasons: t.why}
	var before []string
	if t.old != nil {
		c.Ref, before = t.old.Ref, identity.Set(t.old.Roles)
		c.Size = max(t.old.Size, len(t.base))
	}
	if t.create {
		c.Op, c.Group = Create, &identity.Group{Name: t.name, Description: t.description}
	} else if t.setDescription && t.old != nil && t.description != t.old.Description {
		c.Fields = []Field{{Name: FieldDescription, Before: t.old.Description, After: t.description}}
	}
	c.AddRoles, c.RemoveRoles = identity.Diff(before, t.currentRoles())
	for id, in := range t.delta {
		if in {
			c.AddMembers = append(c.AddMembers, id)
		} else {
			c.RemoveMembers = append(c.RemoveMembers, id)
		}
	}
	slices.Sort(c.AddMembers)
	slices.Sort(c.RemoveMembers)
	if !t.create && c.idle() {
		return nil
	}
	return c
}

// idle reports whether an update would change nothing.
func (c *Change) idle() bool {
	return len(c.Fields)+len(c.AddRoles)+len(c.RemoveRoles)+len(c.AddMembers)+len(c.RemoveMembers) == 0
}

// allowTeam takes out of a team's change what cannot or must not be done, with a conflict or skip for
// each. It reports whether anything is left.
func (m *maker) allowTeam(t *team, c *Change, cases map[string][]string) bool {
	if m.guard.teams[t.name] {
		m.skip(Finding{Code: ProtectedTeam, Entity: Team, Key: t.name})
		return false
	}
	before := len(c.AddMembers)
	m.allowMembers(t, c)
	if t.create && !t.primary && before > 0 && len(c.AddMembers) == 0 {
		return false // a secondary team that nobody can join is not needed
	}
	if !t.create && c.idle() {
		return false
	}
	if conflict := m.teamConflict(t, cases); conflict != nil {
		m.conflict(*conflict)
		return false
	}
	c.AddRoles, c.RemoveRoles = m.allowRoles(Team, t.name, c.AddRoles, c.RemoveRoles)
	if len(c.AddRoles)+len(c.RemoveRoles) > 0 && t.old != nil {
		c.RolesBefore, c.ExactRoles = identity.Set(t.old.Roles), t.exactRoles
	}
	if len(c.AddMembers)+len(c.RemoveMembers) > 0 && t.exactMembers && t.old != nil {
		c.ExactMembers, c.MembersBefore = true, t.base
	}
	return t.create || !c.idle()
}

// allowMembers takes out of a team's change the people who are protected or will not exist, and all
// removals where the source's list looks cut short.
func (m *maker) allowMembers(t *team, c *Change) {
	if t.short != nil && len(c.RemoveMembers) > 0 {
		m.conflict(*t.short)
		c.RemoveMembers = nil
	}
	var ghosts []string
	c.AddMembers = slices.DeleteFunc(c.AddMembers, func(id string) bool {
		if m.alive(id) {
			return m.skipMember(t, id)
		}
		if p := m.people[id]; p == nil || !p.stopped { // who was stopped is reported already
			ghosts = append(ghosts, id)
		}
		return true
	})
	c.RemoveMembers = slices.DeleteFunc(c.RemoveMembers, func(id string) bool { return m.skipMember(t, id) })
	if len(ghosts) > 0 {
		m.skip(Finding{Code: MembersMissing, Entity: Team, Key: t.name, Users: ghosts})
	}
}

// skipMember notes a protected person whose membership would change.
func (m *maker) skipMember(t *team, id string) bool {
	reason := m.guard.membership(id)
	if reason != "" {
		m.skip(Finding{Code: reason, Entity: User, Key: id, Teams: []string{t.name}})
	}
	return reason != ""
}

// teamConflict gives what stands against writing to a team, or nil.
func (m *maker) teamConflict(t *team, cases map[string][]string) *Finding {
	if cause, ok := m.target.Unreadable[t.name]; ok {
		return &Finding{Code: TeamUnreadable, Entity: Team, Key: t.name, Cause: cause}
	}
	if t.old != nil && t.old.Twins > 0 {
		return &Finding{Code: TeamNameTwice, Entity: Team, Key: t.name, Count: t.old.Twins + 1}
	}
	if others := without(cases[strings.ToLower(t.name)], t.name); t.create && len(others) > 0 {
		return &Finding{Code: TeamNameCase, Entity: Team, Key: t.name, Teams: others}
	}
	return nil
}

// teamCases gives the names of the target's teams and of those to be created, by lower case: team names
// are unique without case (script 1501).
func (m *maker) teamCases() map[string][]string {
	out := map[string][]string{}
	put := func(name string) { out[strings.ToLower(name)] = append(out[strings.ToLower(name)], name) }
	for name := range m.target.Groups {
		put(name)
	}
	for name := range m.target.Unreadable {
		put(name)
	}
	for name, t := range m.teams {
		if t.create {
			put(name)
		}
	}
	return out
}

// checkSourceSize marks a team of which nobody may be removed, because the source's list of members is
// smaller than the rules trust.
func (m *maker) checkSourceSize(t *team, c CopyTeam, src *identity.Group, members int) {
	replaces := c.Members == identity.Replace || c.copiesUsers() && c.UserTeams == identity.Replace
	if !replaces && c.Members != identity.Remove {
		return
	}
	had := len(t.base)
	if t.old != nil {
		had = max(had, t.old.Size)
	}
	short := Finding{Entity: Team, Key: t.name, Count: members}
	g := m.rules.Guards.MinSourceSize
	switch {
	case src.Size > members && members > 0:
		short.Code, short.Of = SourceReadShort, src.Size
	case g.Count != nil && members < *g.Count:
		short.Code, short.Limit = SourceTooSmall, *g.Count
	case replaces && g.Percent != nil && had >= minTrusted && float64(members)*100 < *g.Percent*float64(had):
		short.Code, short.Of, short.Percent = SourceShareTooSmall, had, *g.Percent
	default:
		return
	}
	t.short = &short
}
