package plan

import (
	"maps"
	"slices"
	"strings"

	"sacbridge/internal/identity"
)

// emitTeams writes the changes of teams down, creates first.
func (m *planner) emitTeams(p *Plan) {
	cases := m.teamCases()
	var creates, updates []Change
	for _, name := range slices.Sorted(maps.Keys(m.teams)) {
		t := m.teams[name]
		if !t.exists {
			continue
		}
		c := m.teamChange(t)
		if c == nil || !m.allowTeam(t, c, cases) {
			if c == nil {
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

// otherKey gives the team's key in the source, where it is another.
func (t *team) otherKey() string {
	if t.source == t.name {
		return ""
	}
	return t.source
}

// teamChange compares one team's projected state with the target; nil where nothing differs.
func (m *planner) teamChange(t *team) *Change {
	c := &Change{Entity: Team, Op: Update, Key: t.name, Source: t.otherKey(), Reasons: t.why}
	var before []string
	if t.old != nil {
		c.Ref, c.Created, before = t.old.Ref, t.old.Created, identity.Set(t.old.Roles)
		c.Size = max(t.old.Size, len(t.base))
	}
	switch {
	case t.created():
		c.Op, c.Group = Create, &identity.Group{Name: t.name, Description: t.description}
	case t.setDescription && t.old != nil && t.description != t.old.Description && !m.isIgnored(FieldDescription, t.name):
		c.Fields = []Field{{Name: FieldDescription, Before: t.old.Description, After: t.description}}
	}
	c.AddRoles, c.RemoveRoles = identity.Diff(before, t.currentRoles())
	for id, in := range t.delta {
		if in {
			c.AddMembers = append(c.AddMembers, id)
		} else if p := m.people[id]; p == nil || !p.toDelete || p.stopped { // who is deleted leaves with that
			c.RemoveMembers = append(c.RemoveMembers, id)
		}
	}
	slices.Sort(c.AddMembers)
	slices.Sort(c.RemoveMembers)
	if !t.created() && c.idle() {
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
func (m *planner) allowTeam(t *team, c *Change, cases map[string][]string) bool {
	if m.protected.teams[t.name] {
		m.skip(Finding{Code: ProtectedTeam, Entity: Team, Key: t.name})
		return false
	}
	before := len(c.AddMembers)
	m.allowMembers(t, c)
	if t.created() && !t.primary && before > 0 && len(c.AddMembers) == 0 {
		return false // a secondary team that nobody can join is not needed
	}
	if !t.created() && c.idle() {
		return false
	}
	if conflict := m.teamConflict(t, cases); conflict != nil {
		m.conflict(*conflict)
		return false
	}
	c.AddRoles, c.RemoveRoles = m.allowRoles(Team, t.name, c.AddRoles, c.RemoveRoles)
	if len(c.AddRoles)+len(c.RemoveRoles) > 0 && t.old != nil {
		c.RolesBefore, c.DecidesAllRoles = identity.Set(t.old.Roles), t.decidesAllRoles
	}
	if len(c.AddMembers)+len(c.RemoveMembers) > 0 && t.decidesAllMembers && t.old != nil {
		c.DecidesAllMembers, c.MembersBefore = true, t.base
	}
	return t.created() || !c.idle()
}

// allowMembers takes out of a team's change the people who are protected or will not exist, and all
// removals where the source's list looks cut short.
func (m *planner) allowMembers(t *team, c *Change) {
	if t.short == nil && t.absent {
		t.short = m.emptied(t, c)
	}
	if t.short != nil && len(c.RemoveMembers) > 0 {
		m.conflict(*t.short)
		c.RemoveMembers = nil
	}
	var missing []string
	c.AddMembers = slices.DeleteFunc(c.AddMembers, func(id string) bool {
		if m.alive(id) {
			return m.skipMember(t, id)
		}
		if p := m.people[id]; p == nil || !p.stopped { // who was stopped is reported already
			missing = append(missing, id)
		}
		return true
	})
	c.RemoveMembers = slices.DeleteFunc(c.RemoveMembers, func(id string) bool { return m.skipMember(t, id) })
	if len(missing) > 0 {
		m.skip(Finding{Code: MembersMissing, Entity: Team, Key: t.name, Users: missing})
	}
}

// skipMember notes a protected person whose membership would change.
func (m *planner) skipMember(t *team, id string) bool {
	reason := m.protected.membership(id)
	if reason != "" {
		m.skip(Finding{Code: reason, Entity: User, Key: id, Teams: []string{t.name}})
	}
	return reason != ""
}

// teamConflict gives what stands against writing to a team, or nil.
func (m *planner) teamConflict(t *team, cases map[string][]string) *Finding {
	if !m.target.Tenant.TakesTeamName(t.name) {
		return &Finding{Code: TeamNameRefused, Entity: Team, Key: t.name}
	}
	if cause, ok := m.target.Unreadable[t.name]; ok {
		return &Finding{Code: TeamUnreadable, Entity: Team, Key: t.name, Cause: cause}
	}
	if t.old != nil && t.old.Namesakes > 0 {
		return &Finding{Code: TeamNameTwice, Entity: Team, Key: t.name, Count: t.old.Namesakes + 1}
	}
	if others := without(cases[strings.ToLower(t.name)], t.name); t.created() && len(others) > 0 {
		return &Finding{Code: TeamNameCase, Entity: Team, Key: t.name, Teams: others}
	}
	return nil
}

// teamCases gives the names of the target's teams and of those to be created, by lower case: team names
// are unique without case (script 1501).
func (m *planner) teamCases() map[string][]string {
	out := map[string][]string{}
	put := func(name string) { out[strings.ToLower(name)] = append(out[strings.ToLower(name)], name) }
	for name := range m.target.Groups {
		put(name)
	}
	for name := range m.target.Unreadable {
		put(name)
	}
	for name, t := range m.teams {
		if t.created() {
			put(name)
		}
	}
	return out
}
