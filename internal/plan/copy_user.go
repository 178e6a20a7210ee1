package plan

import (
	"cmp"

	"sacbridge/internal/identity"
)

// copyUser applies one row of scripts 1903 and 1933.
func (m *planner) copyUser(c CopyUser, origin string, why reasons) {
	src := m.source.Users[c.source()]
	if src == nil {
		m.missingInSource(User, c.source(), origin)
		return
	}
	m.copyPerson(c.UserID, src, c.Users, c.Roles, c.Teams, why)
}

// missingInSource notes that the source lacks someone or something that was asked for. Only that row, or
// that member, ends there (the scripts end a whole row of 1953 at one missing member).
func (m *planner) missingInSource(e Entity, key, origin string) {
	m.conflict(Finding{Code: MissingInSource, Entity: e, Key: key, Origin: origin})
}

// copyPerson brings one person with role links and teams into the projected state. Who is created has
// no links yet, so that keep and remove give nothing.
func (m *planner) copyPerson(id string, src *identity.User, users Users, roles, teams identity.Action, why reasons) {
	p := m.person(id)
	p.source, p.copyOf = cmp.Or(p.source, src.UserID), src.UserID
	switch {
	case p.toDelete:
		p.wantedBack = true
		return
	case p.now == nil:
		p.now = m.newCopy(id, src)
		m.indexNames(p.now)
		p.why = note(p.why, why.create)
		if p.now.Active && !src.Active {
			m.warn(Finding{Code: CreatedActive, Entity: Attribute, Key: string(FieldActive), Users: []string{id}})
		}
	case users != UsersAll:
		return
	default:
		m.copyFields(p, src)
		p.why = note(p.why, why.fields)
	}
	if linked(roles) {
		p.setRoles(roles, m.roles.set(src.Roles))
		p.why = note(p.why, why.roles)
	}
	if linked(teams) {
		m.editTeamsOf(id, teams, m.counterparts.teams(src.Teams), true, why)
	}
}

// newCopy gives the person to create for src, without role links. The e-mail goes in lower case: a person
// whose e-mail and login ID differ in case cannot be patched (script 2402).
func (m *planner) newCopy(id string, src *identity.User) *identity.User {
	return &identity.User{
		UserID: id, Email: identity.Fold(src.Email),
		LoginID:   newLoginID(id, src.Email, freeLoginID(src, m.source.Tenant.SSO), m.target.Tenant.SSO),
		GivenName: src.GivenName, FamilyName: src.FamilyName, DisplayName: src.DisplayName,
		Active:     m.req.Options.Active != ActiveSource || src.Active,
		Concurrent: src.Concurrent, Language: src.Language, Settings: src.Settings,
		Photos: src.Photos, Manager: m.counterparts.user(src.Manager),
	}
}

// copyFields makes the fields of a person in the projected state those of the source. Names and the display
// name never follow (script 1903). A text that the source does not tell is not copied.
func (m *planner) copyFields(p *person, src *identity.User) {
	for _, a := range attributes {
		want := m.copiedValue(a, p, src)
		if told := want != "" || a.name == FieldPhotos || a.name == FieldManager; told && want != a.get(p.now) {
			_ = a.set(p.edit(), want) // a value that was read is one
		}
	}
	m.indexNames(p.now)
}

// copiedValue gives the value that an attribute gets from the source; the person's own where it does not follow.
func (m *planner) copiedValue(a attribute, p *person, src *identity.User) string {
	from, to := m.source.Tenant.SSO, m.target.Tenant.SSO
	own, want := a.get(p.now), a.get(src)
	switch a.name {
	case FieldGivenName, FieldFamilyName, FieldDisplayName:
		return own
	case FieldEmail:
		if !emailIsLoginID(to) {
			return own
		}
		return unlessSame(own, identity.Fold(want))
	case FieldLoginID:
		if to != identity.SSOCustom || from != identity.SSOCustom && from != identity.SSOEmail {
			return own
		}
		return unlessSame(own, newLoginID(p.id, src.Email, freeLoginID(src, from), to))
	case FieldActive:
		return m.followedActive(own, want)
	case FieldManager:
		return m.counterparts.user(want)
	default:
		return want
	}
}

// unlessSame gives the wanted name, or the person's own where letter case is all that differs.
func unlessSame(own, want string) string {
	if identity.Fold(own) == identity.Fold(want) {
		return own
	}
	return want
}

// followedActive gives the active flag that an existing person is to have.
func (m *planner) followedActive(own, source string) string {
	switch m.req.Options.Active {
	case ActiveSource:
		return source
	case ActiveTrue:
		return "true"
	case ActiveKeep:
	}
	return own
}

// editTeamsOf makes a person join and leave teams. Those that the target lacks are created bare, as the
// samples do (script 1903), unless the options give them the source's role links.
func (m *planner) editTeamsOf(id string, action identity.Action, names []string, fromReading bool, why reasons) {
	now := m.teamsOf(id)
	come, gone := identity.Diff(now, identity.Apply(action, now, names, nil))
	for _, name := range come {
		t := m.team(name, false)
		if t.toDelete {
			t.wantedBack = true
			continue
		}
		if !t.exists {
			t.exists = true
			t.why = note(t.why, why.secondary)
			if src := m.sourceOfSecondary(name); src != nil && fromReading {
				t.roles, t.setRoles = m.roles.set(src.Roles), true
			}
		}
		m.setMember(t, id, true, why.teams)
	}
	for _, name := range gone {
		t := m.team(name, true)
		t.absent = t.absent || fromReading && action.Exact()
		m.setMember(t, id, false, why.teams)
	}
}
