package service

import (
	"net/http"
	"slices"
	"strings"
)

// putUserV1 replaces what v1 lets change: not the names, not the display name, not the teams
// (script 1111). Roles that are not named go, unless the header asks to keep them (SAP note 3092730).
func (s *Service) putUserV1(q *request) reply {
	u := s.state.byID[q.id]
	if u == nil {
		return q.missing("User", q.id)
	}
	if missing := lacking(q.body.schemas(), schemasV1()); missing != "" {
		q.call.violate("PUT of a v1 user without the schema " + missing)
	}
	in, err := parseUser(q.body)
	if err != nil {
		return q.invalidBecause(textInvalid + " " + err.Error())
	}
	if u.owner() {
		return q.invalid()
	}
	if in.roles == nil && !keepsRoles(q) {
		in.roles = &[]string{}
	}
	in.display, in.given, in.middle, in.family, in.formatted, in.externalID, in.idp = nil, nil, nil, nil, nil, nil, nil
	s.dropIgnored(in)
	if s.settings.on(setIgnoreActive) {
		in.active = nil
	}
	if s.settings.on(setEmailMapped) && s.cfg.SSO != SSODefault {
		in.email = nil
	}
	if bad := s.checkInput(q, in, s.state.byID, u.id); bad != nil {
		return *bad
	}
	if bad := s.checkIdentityV1(q, u, in); bad != nil {
		return *bad
	}
	if in.active != nil && *in.active && !u.active && s.licensesLeft() < 1 {
		return q.invalidBecause("There are not enough licenses.")
	}
	s.state.change(u, func() { s.applyV1(u, in) })
	s.record(q, "USER", u.id, "Update")
	q.call.Work = Work{Kind: WorkWriteUser}
	return reply{status: http.StatusOK, body: renderUserV1(u)}
}

func keepsRoles(q *request) bool {
	return strings.EqualFold(q.header.Get("x-ignore-roles-if-missing"), "true")
}

// lacking gives the first wanted value that is not there.
func lacking(have, want []string) string {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return w
		}
	}
	return ""
}

// checkIdentityV1 looks at e-mail and userName. A clash under custom SSO leaves the user without a
// userName, and so does the tenant (script 1131).
func (s *Service) checkIdentityV1(q *request, u *user, in *userInput) *reply {
	refuse := func(status int, why string) *reply {
		out := q.refuse(status, "invalidValue", why)
		return &out
	}
	if in.email != nil && *in.email == "" {
		return refuse(http.StatusBadRequest, textInvalid)
	}
	if in.email != nil {
		if owner := other(s.state.byEmail[strings.ToLower(*in.email)], u); owner != nil {
			return refuse(s.settings.number(setPutConflict), textEmail+owner.id)
		}
	}
	name := or(in.userName, "")
	if name == "" || name == u.login {
		in.userName = nil
		if s.cfg.SSO == SSOEmail && in.email != nil && !strings.EqualFold(*in.email, u.login) && !strings.EqualFold(*in.email, u.email) {
			return refuse(http.StatusBadRequest, textSSO)
		}
		return nil
	}
	switch s.cfg.SSO {
	case SSOEmail:
		if !strings.EqualFold(name, or(in.email, u.email)) {
			return refuse(http.StatusBadRequest, textSSO)
		}
	case SSOCustom:
		if s.loginTaken(u, name) {
			s.state.change(u, func() { u.login, u.idp = "", "" })
			return refuse(s.settings.number(setPutConflict), "User name "+name+" is already used.")
		}
	default:
		in.userName = nil
		if status := s.settings.number(setUserNameFixed); status >= http.StatusBadRequest {
			return refuse(status, textSSO)
		}
	}
	return nil
}

// loginTaken compares exactly: a custom mapping minds letter case.
func (s *Service) loginTaken(u *user, name string) bool {
	return slices.ContainsFunc(s.state.byLogin[strings.ToLower(name)], func(x *user) bool {
		return x != u && x.login == name
	})
}

// applyV1 writes a checked PUT; it runs inside state.change.
func (s *Service) applyV1(u *user, in *userInput) {
	s.applyCommon(u, in, s.state.byID)
	if in.userName != nil {
		u.login, u.idp = *in.userName, *in.userName
	}
	if in.email != nil && *in.email != u.email {
		u.email = *in.email
		if s.cfg.SSO == SSODefault || s.cfg.SSO == SSOEmail {
			u.idp = u.email
		}
	}
}
