package service

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// pathID escapes an id for a location; team names may hold spaces and slashes.
func pathID(id string) string { return url.PathEscape(id) }

// checkInput refuses unknown roles and unknown managers. self is an id that the user itself is going
// to have, since people may be their own managers (sample data of script 1231).
func (s *Service) checkInput(q *request, in *userInput, managers map[string]*user, self string) *reply {
	if in.roles != nil {
		if bad, unknown := s.state.unknownRole(*in.roles); unknown {
			out := q.invalidBecause(textRole + bad + ".")
			return &out
		}
	}
	if m := or(in.manager, ""); m != "" && managers[m] == nil && m != self {
		out := q.invalidBecause("User/group operation not completed: Invalid manager " + m + ".")
		return &out
	}
	return nil
}

// licensesLeft counts active users against the licence; without a limit there are always more.
func (s *Service) licensesLeft() int {
	if s.settings[setMaxLicenses] == nil {
		return math.MaxInt
	}
	return s.settings.number(setMaxLicenses) - s.state.active
}

// newUser makes a user with the defaults and what the request says of names and formats.
func (s *Service) newUser(in *userInput, id string) *user {
	u := &user{
		id: id, active: true, language: "en", params: defaultParams(), created: s.now().UTC(),
		email: *in.email, given: or(in.given, ""), middle: or(in.middle, ""), family: or(in.family, ""),
		formatted: or(in.formatted, ""), display: or(in.display, ""), externalID: or(in.externalID, ""),
	}
	if u.display == "" {
		u.display = u.fullName()
	}
	return u
}

// finishUser puts a new user into the tenant with its roles, photos, formats and manager.
func (s *Service) finishUser(q *request, u *user, in *userInput, managers map[string]*user) {
	s.state.addUser(u)
	s.state.change(u, func() { s.applyCommon(u, in, managers) })
	s.record(q, "USER", u.id, "Create")
	s.creates.created(q.call.Actor, q.raw)
	q.call.Work = Work{Kind: WorkCreateUser}
}

// applyCommon writes what v1 and v2 share.
func (s *Service) applyCommon(u *user, in *userInput, managers map[string]*user) {
	put(&u.active, in.active)
	if in.roles != nil {
		u.roles = s.granted(u.roles, *in.roles)
	}
	if in.language != nil && *in.language != "" {
		u.language = *in.language
	}
	if in.photos != nil {
		u.photos = nonEmpty(*in.photos)
	}
	if in.manager != nil {
		m := managers[*in.manager]
		if m == nil && *in.manager == u.id {
			m = u
		}
		s.state.setManager(u, m)
	}
	in.params.apply(&u.params)
}

// grantDefaults adds the tenant's default roles, which happens after the answer to a create; a
// client has to read again before it writes (script 1233).
func (s *Service) grantDefaults(u *user) {
	if len(s.state.defaultRoles) == 0 {
		return
	}
	s.state.change(u, func() {
		u.roles = unique(slices.Concat(u.roles, s.state.defaultRoles))
		if s.settings.on(setFlipLicence) {
			u.params.IsConcurrent = !u.params.IsConcurrent
		}
	})
}

// fullName is what the tenant shows when it was given no other name.
func (u *user) fullName() string {
	if u.formatted != "" {
		return u.formatted
	}
	if u.given != "" && u.family != "" {
		return u.given + " " + u.family
	}
	return u.given + u.family
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }
