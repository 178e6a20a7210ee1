package service

import (
	"net/http"
	"slices"
	"strings"
)

// createUserV1 derives the USERID from userName; a taken one with a new e-mail gives <ID>_1
// (script 1121), a taken e-mail is a conflict.
func (s *Service) createUserV1(q *request) reply {
	if s.creates.repeated(q.call.Actor, q.raw) {
		q.call.violate("user create repeated without reading users first")
	}
	if slices.Contains(q.body.schemas(), urnBulk) {
		q.call.violate("BulkRequest posted to /Users")
		return q.invalid()
	}
	in, err := parseUser(q.body)
	if err != nil {
		return q.invalidBecause(textInvalid + " " + err.Error())
	}
	if or(in.userName, "") == "" || or(in.email, "") == "" {
		return q.invalidBecause("userName and emails are mandatory.")
	}
	id, fits := s.deriveID(*in.userName, *in.email)
	if !fits {
		return q.invalidBecause(textSSO)
	}
	if owner := other(s.state.byEmail[strings.ToLower(*in.email)], nil); owner != nil {
		return q.taken(textEmail + owner.id)
	}
	if bad := s.checkInput(q, in, s.state.byID, id); bad != nil {
		return *bad
	}
	if s.licensesLeft() < 1 {
		return q.invalidBecause("There are not enough licenses.")
	}
	in.active = nil // a v1 create ignores it (script 1101)
	u := s.newUser(in, s.freeID(id))
	s.loginV1(u, in)
	s.finishUser(q, u, in, s.state.byID)
	doc := renderUserV1(u)
	s.grantDefaults(u)
	return reply{status: http.StatusCreated, body: doc}
}

// loginV1 sets the login ID and the idpUserId of a user created by v1.
func (s *Service) loginV1(u *user, in *userInput) {
	u.login = u.id
	if s.cfg.SSO == SSOEmail || s.cfg.SSO == SSOCustom && !s.loginTaken(u, *in.userName) {
		u.login = *in.userName
	}
	u.idp = u.login
	if s.cfg.SSO == SSODefault || s.cfg.SSO == SSOEmail {
		u.idp = s.lowered(u.email)
	}
}

// lowered is what the tenant keeps as idpUserId on a create (script 2402).
func (s *Service) lowered(v string) string {
	if s.settings.on(setLowerIDP) {
		return strings.ToLower(v)
	}
	return v
}

// deriveID makes the USERID of a v1 create and tells whether userName fits the SSO mode (KBA 3677629).
func (s *Service) deriveID(userName, email string) (id string, fits bool) {
	local, _, isEmail := strings.Cut(userName, "@")
	switch s.cfg.SSO {
	case SSOEmail:
		fits = strings.EqualFold(userName, email)
	case SSOUserID:
		fits = !isEmail
	default:
		fits = true
	}
	id = legalID(local)
	return id, fits && id != ""
}

// legalID keeps what a USERID may hold: capital letters, digits and underscores.
func legalID(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, strings.ToUpper(s))
}

// freeID is the id itself, or the first of <id>_1, <id>_2, … that is free.
func (s *Service) freeID(id string) string {
	if s.state.byID[id] == nil {
		return id
	}
	for n := 1; ; n++ {
		next := id + "_" + itoa(n)
		if s.state.byID[next] == nil {
			return next
		}
	}
}
