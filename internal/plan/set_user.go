package plan

import (
	"cmp"
	"errors"
	"fmt"

	"sacbridge/internal/identity"
)

// setUser applies one row that wants attributes and links of people to be as told.
func (m *planner) setUser(s *SetUser, origin string, why reasons) {
	for _, id := range m.find(s.Who, origin) {
		m.setPerson(id, s, origin, why)
	}
}

// setPerson does so for one of them.
func (m *planner) setPerson(id string, s *SetUser, origin string, why reasons) {
	p := m.person(id)
	p.source = cmp.Or(p.source, s.Source)
	isNew := p.now == nil
	switch {
	case p.toDelete && s.IfMissing == MissingCreate:
		p.wantedBack = true
		return
	case isNew:
		if !m.mayCreate(User, id, s.IfMissing, origin) {
			return
		}
		p.now = &identity.User{UserID: id, Active: true}
		p.why = note(p.why, why.create)
	default:
		if !m.mayUpdate(User, id, s.IfExists, origin) {
			return
		}
		p.why = note(p.why, why.fields)
	}
	if err := m.setValues(p, s, isNew); err != nil {
		p.stopped = true
		m.conflict(Finding{Code: InvalidValue, Entity: User, Key: id, Origin: origin, Cause: err.Error()})
	}
	m.indexNames(p.now)
	if s.Roles != nil && linked(s.Roles.Action) {
		p.setRoles(s.Roles.Action, s.Roles.Names)
		p.why = note(p.why, why.roles)
	}
	if s.Teams != nil && linked(s.Teams.Action) {
		m.editTeamsOf(id, s.Teams.Action, s.Teams.Names, s.Teams.FromReading, why)
	}
}

// mayCreate decides about an entity that the projected state lacks.
func (m *planner) mayCreate(e Entity, key string, choice IfMissing, origin string) bool {
	switch choice {
	case MissingCreate:
		return true
	case MissingLeave:
		m.skip(Finding{Code: LeftMissing, Entity: e, Key: key})
	case MissingRefuse:
		m.conflict(Finding{Code: MissingInTarget, Entity: e, Key: key, Origin: origin})
	}
	return false
}

// mayUpdate decides about an entity that the projected state has.
func (m *planner) mayUpdate(e Entity, key string, choice IfExists, origin string) bool {
	switch choice {
	case ExistsUpdate:
		return true
	case ExistsLeave:
		m.skip(Finding{Code: LeftExisting, Entity: e, Key: key})
	case ExistsRefuse:
		m.conflict(Finding{Code: ExistsAlready, Entity: e, Key: key, Origin: origin})
	}
	return false
}

// setValues puts wanted values into the projected state. Errors name the attribute.
func (m *planner) setValues(p *person, s *SetUser, isNew bool) error {
	var errs []error
	for _, a := range attributes {
		want, asked := s.Values[a.name]
		if !asked && isNew {
			want, asked = s.New[a.name]
		}
		if asked {
			errs = append(errs, m.setValue(p, a, want))
		}
	}
	for _, values := range []Values{s.Values, s.New} {
		for name := range values {
			if _, known := attributeOf(name); !known {
				errs = append(errs, fmt.Errorf("people have no %s", name))
			}
		}
	}
	if isNew {
		u := p.now
		u.LoginID = newLoginID(u.UserID, u.Email, u.LoginID, m.target.Tenant.SSO)
	}
	return errors.Join(errs...)
}

// setValue puts one wanted value into the projected state. Where the tenant makes the login ID of the e-mail
// or of the user ID, there is no other: wanting the one is wanting the other.
func (m *planner) setValue(p *person, a attribute, want string) error {
	now, sso := p.now, m.target.Tenant.SSO
	if a.name == FieldEmail {
		want = unlessSame(now.Email, identity.Fold(want))
	}
	if a.name == FieldLoginID {
		switch want = unlessSame(now.LoginID, want); {
		case want == now.LoginID:
			return nil
		case sso == identity.SSOUserID && want != now.UserID, emailIsLoginID(sso) && identity.Fold(want) != identity.Fold(now.Email):
			return fmt.Errorf("%s: the tenant's SSO mode %s gives no other login ID than %s", a.name, sso, newLoginID(now.UserID, now.Email, "", sso))
		case sso != identity.SSOCustom:
			return nil
		}
	}
	if want == a.get(now) {
		return nil
	}
	if err := a.set(p.edit(), want); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return nil
}
