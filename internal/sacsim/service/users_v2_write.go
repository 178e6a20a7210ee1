package service

import (
	"net/http"
	"slices"
	"strings"
)

// createUserV2 takes the USERID as it is wanted, in capitals, under every SSO mode.
func (s *Service) createUserV2(q *request) reply {
	if s.creates.repeated(q.call.Actor, q.raw) {
		q.call.violate("user create repeated without reading users first")
	}
	if slices.Contains(q.body.schemas(), urnBulk) {
		q.call.violate("BulkRequest posted to /Users")
		return q.invalid()
	}
	in, err := parseUser(q.body)
	if err != nil || or(in.userName, "") == "" || or(in.email, "") == "" || or(in.family, "") == "" {
		return q.invalid()
	}
	id := strings.ToUpper(*in.userName)
	if strings.ContainsAny(id, " \t\"/\\") {
		return q.invalid()
	}
	if len(s.state.byFold[strings.ToLower(id)]) > 0 {
		return q.taken("User " + id + " already exists.")
	}
	if bad := s.checkInput(q, in, s.state.byUUID, id); bad != nil {
		return *bad
	}
	if !s.settings.on(setV2Inactive) {
		in.active = nil
	}
	u := s.newUser(in, id)
	s.loginV2(u, in)
	if bad := s.checkIdentityV2(q, nil, u); bad != nil {
		return *bad
	}
	if or(in.active, true) && s.licensesLeft() < 1 {
		return q.invalid()
	}
	s.finishUser(q, u, in, s.state.byUUID)
	doc := renderUserV2(u)
	s.grantDefaults(u)
	return reply{status: http.StatusCreated, body: doc}
}

// loginV2 sets the login ID of a user created by v2. A mapping that is an e-mail comes out in lower
// case while the e-mail keeps its case, which makes people nobody can patch (script 2402).
func (s *Service) loginV2(u *user, in *userInput) {
	switch s.cfg.SSO {
	case SSODefault:
		u.login, u.idp = u.id, s.lowered(or(in.idp, u.email))
	case SSOEmail:
		u.idp = s.lowered(or(in.idp, u.email))
		u.login = u.idp
	default:
		u.idp = or(in.idp, u.id)
		u.login = u.idp
	}
}

// checkIdentityV2 refuses an e-mail or idpUserId that another user owns, and a person who would be
// inconsistent. A create forgives letter case, since the tenant lower-cases idpUserId itself.
func (s *Service) checkIdentityV2(q *request, self, next *user) *reply {
	var out reply
	if self == nil || !strings.EqualFold(self.email, next.email) {
		if owner := other(s.state.byEmail[strings.ToLower(next.email)], self); owner != nil {
			out = q.taken(textEmail + owner.id)
			return &out
		}
	}
	if self == nil || !strings.EqualFold(self.idp, next.idp) {
		if owner := other(s.state.byIDP[strings.ToLower(next.idp)], self); owner != nil {
			out = q.taken("idpUserId is already used for " + owner.id)
			return &out
		}
	}
	judged := user{id: next.id, email: next.email, idp: next.idp}
	if self == nil && strings.EqualFold(judged.email, judged.idp) {
		judged.email = judged.idp
	}
	if !s.consistent(&judged) {
		out = q.invalid()
		return &out
	}
	return nil
}

// consistent is the rule behind most of the tenant's unreadable 400s (KBA 3562962, KBA 3718579).
func (s *Service) consistent(u *user) bool {
	switch s.cfg.SSO {
	case SSODefault, SSOEmail:
		return u.email == u.idp && u.email != ""
	case SSOUserID:
		return u.idp == u.id && u.email != ""
	case SSOCustom:
		return u.idp != "" && u.email != ""
	}
	return false
}

// putUserV2 resets what the body leaves out.
func (s *Service) putUserV2(q *request) reply {
	u := s.state.byUUID[q.id]
	if u == nil {
		return q.missing("User", q.id)
	}
	in, err := parseUser(q.body)
	if err != nil || or(in.userName, "") == "" || or(in.email, "") == "" {
		return q.invalid()
	}
	in.reset()
	if in.idp == nil {
		in.idp = s.defaultIDP(u, in)
	}
	return s.updateV2(q, u, in)
}

func (s *Service) defaultIDP(u *user, in *userInput) *string {
	switch s.cfg.SSO {
	case SSODefault, SSOEmail:
		return in.email
	case SSOUserID:
		return &u.id
	case SSOCustom:
		return &u.idp
	}
	return nil
}

// reset fills in what a PUT left out with what a fresh user would have.
func (in *userInput) reset() {
	def := defaultParams()
	fill(&in.externalID, "")
	fill(&in.language, "en")
	fill(&in.display, "")
	fill(&in.given, "")
	fill(&in.middle, "")
	fill(&in.family, "")
	fill(&in.formatted, "")
	fill(&in.manager, "")
	fill(&in.active, true)
	fill(&in.photos, nil)
	fill(&in.roles, nil)
	fill(&in.params.access, def.DataAccessLanguage)
	fill(&in.params.date, def.DateFormatting)
	fill(&in.params.time, def.TimeFormatting)
	fill(&in.params.number, def.NumberFormatting)
	fill(&in.params.cleanUp, def.CleanUpDays)
	fill(&in.params.notify, def.SystemNotifications)
	fill(&in.params.concurrent, def.IsConcurrent)
}

func fill[T any](dst **T, def T) {
	if *dst == nil {
		*dst = &def
	}
}

// updateV2 checks the user as it would become and writes it. Judging the outcome lets one request
// repair an inconsistent person, as scripts 2402 and 2667 do.
func (s *Service) updateV2(q *request, u *user, in *userInput) reply {
	if u.owner() {
		return q.invalid()
	}
	if in.userName != nil && !strings.EqualFold(*in.userName, u.id) {
		return q.invalid() // a USERID is given once (script 2666)
	}
	if bad := s.checkInput(q, in, s.state.byUUID, u.uuid); bad != nil {
		return *bad
	}
	if s.settings.on(setEmailMapped) && s.cfg.SSO != SSODefault {
		in.email = nil
		if s.cfg.SSO == SSOEmail {
			in.idp = nil
		}
	}
	s.dropIgnored(in)
	if s.settings.on(setNamesMapped) {
		in.display, in.given, in.middle, in.family, in.formatted = nil, nil, nil, nil, nil
	}
	next := *u
	put(&next.email, in.email)
	put(&next.idp, in.idp)
	if bad := s.checkIdentityV2(q, u, &next); bad != nil {
		return *bad
	}
	if or(in.active, false) && !u.active && s.licensesLeft() < 1 {
		return q.refuse(http.StatusPreconditionRequired, "", "There are not enough licenses.")
	}
	s.state.change(u, func() { s.applyV2(u, in) })
	s.record(q, "USER", u.id, "Update")
	q.call.Work = Work{Kind: WorkWriteUser}
	return ok(renderUserV2(u))
}

func (s *Service) applyV2(u *user, in *userInput) {
	s.applyCommon(u, in, s.state.byUUID)
	put(&u.externalID, in.externalID)
	put(&u.display, in.display)
	put(&u.given, in.given)
	put(&u.middle, in.middle)
	put(&u.family, in.family)
	put(&u.formatted, in.formatted)
	put(&u.email, in.email)
	if in.idp != nil && *in.idp != u.idp {
		u.idp = *in.idp
		if s.cfg.SSO != SSODefault {
			u.login = u.idp
		}
	}
}
