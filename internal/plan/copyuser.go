package plan

import "sacbridge/internal/identity"

// copyUser applies one row of scripts 1903 and 1933.
func (m *maker) copyUser(c CopyUser, origin string, why reasons) {
	src := m.source.Users[c.UserID]
	if src == nil {
		m.missing(User, c.UserID, origin)
		return
	}
	m.copyPerson(src, c.Users, c.Roles, c.Teams, why)
}

// missing notes that the source lacks someone or something that was asked for. Only that row, or that
// member, ends there (the scripts end a whole row of 1953 at one missing member).
func (m *maker) missing(e Entity, key, origin string) {
	m.conflict(Finding{Code: MissingInSource, Entity: e, Key: key, Origin: origin})
}

// copyPerson brings one person with role links and teams into the picture. Who is created has no links
// yet, so that keep and remove give nothing.
func (m *maker) copyPerson(src *identity.User, users Users, roles, teams identity.Action, why reasons) {
	p := m.person(src)
	switch {
	case p.old == nil && !p.create:
		p.create = true
		p.why = note(p.why, why.create)
	case users != UsersAll:
		return
	default:
		p.sync = true
		p.why = note(p.why, why.fields)
	}
	if linked(roles) {
		p.roles = identity.Apply(roles, p.currentRoles(), m.roles.set(src.Roles), nil)
		p.setRoles = true
		p.exact = p.exact || roles.Exact()
		p.why = note(p.why, why.roles)
	}
	if linked(teams) {
		now := m.teamsOf(p.id)
		come, gone := identity.Diff(now, identity.Apply(teams, now, src.Teams, nil))
		m.join(p.id, come, why)
		m.leave(p.id, gone, why)
	}
}

// join makes a person a member of teams; those that the target lacks are created bare, as the samples
// do (script 1903), unless the options give them the source's role links.
func (m *maker) join(id string, names []string, why reasons) {
	for _, name := range names {
		t := m.team(name, false)
		if !t.exists && !t.create {
			t.create = true
			t.why = note(t.why, why.secondary)
			if src := m.source.Groups[name]; m.req.Options.SecondaryRoles && src != nil {
				t.roles, t.setRoles = m.roles.set(src.Roles), true
			}
		}
		m.setMember(t, id, true, why.teams)
	}
}

func (m *maker) leave(id string, names []string, why reasons) {
	for _, name := range names {
		m.setMember(m.team(name, true), id, false, why.teams)
	}
}

// linked reports whether an action on links does anything.
func linked(a identity.Action) bool { return a != identity.Keep && a != "" }
