package plan

import (
	"slices"

	"sacbridge/internal/identity"
)

// find gives the people whom a step is about, by user ID, and notes where there is nobody, or are several,
// of a name that one person has.
func (m *planner) find(w Who, origin string) []string {
	switch {
	case w.UserID != "":
		return []string{w.UserID}
	case w.MembersOf != "":
		return m.findMembers(w.MembersOf, origin)
	case w.Email != "":
		return m.findOne(w.Email, m.haveEmail(w.Email), origin)
	case w.LoginID != "":
		return m.findOne(w.LoginID, m.haveLogin(w.LoginID), origin)
	}
	m.conflict(Finding{Code: MissingInTarget, Entity: User, Origin: origin})
	return nil
}

func (m *planner) findOne(name string, found []string, origin string) []string {
	switch len(found) {
	case 0:
		m.conflict(Finding{Code: MissingInTarget, Entity: User, Key: name, Origin: origin})
		return nil
	case 1:
		return found
	}
	m.conflict(Finding{Code: SeveralPeople, Entity: User, Key: name, Origin: origin, Users: found})
	return nil
}

// findMembers gives the existing people in a team.
func (m *planner) findMembers(name, origin string) []string {
	if !m.readable(&LinkEdit{OfTeam: name}, origin) {
		return nil
	}
	return slices.DeleteFunc(m.membersOf(m.team(name, false)), func(id string) bool { return m.projected(id) == nil })
}

// haveEmail gives the people of the projected state with this e-mail.
func (m *planner) haveEmail(email string) []string {
	m.makeIndex()
	return m.holders(m.byEmail, email, func(u *identity.User) string { return u.Email })
}

// haveLogin gives the people of the projected state with this login ID.
func (m *planner) haveLogin(login string) []string {
	m.makeIndex()
	return m.holders(m.byLogin, login, func(u *identity.User) string { return u.LoginID })
}

func (m *planner) holders(index map[string][]string, name string, of func(*identity.User) string) []string {
	key := identity.Fold(name)
	return slices.DeleteFunc(identity.Set(index[key]), func(id string) bool {
		u := m.projected(id)
		return u == nil || identity.Fold(of(u)) != key
	})
}

// makeIndex lists everybody by name, once.
func (m *planner) makeIndex() {
	if m.byEmail != nil {
		return
	}
	m.byEmail, m.byLogin = map[string][]string{}, map[string][]string{}
	for _, u := range m.target.Users {
		m.indexNames(u)
	}
	for _, p := range m.people {
		m.indexNames(p.now)
	}
}

// indexNames lists somebody who may have got a name, where there is an index.
func (m *planner) indexNames(u *identity.User) {
	if m.byEmail == nil || u == nil {
		return
	}
	email, login := identity.Fold(u.Email), identity.Fold(u.LoginID)
	m.byEmail[email] = append(m.byEmail[email], u.UserID)
	m.byLogin[login] = append(m.byLogin[login], u.UserID)
}
