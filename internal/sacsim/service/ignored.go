package service

import (
	"slices"
)

// ignorableAttributes are the values of the setting ignoredAttributes: attributes of a user as a seed
// names them, and the description of a team.
func ignorableAttributes() []string {
	return []string{
		"email", "loginId", "givenName", "familyName", "displayName", "preferredLanguage", "active", "manager", "photos",
		"externalId", "dataAccessLanguage", "dateFormatting", "timeFormatting", "numberFormatting",
		"cleanUpNotificationsNumberOfDays", "systemNotificationsEmailOptIn", "isConcurrent", "team.description",
	}
}

// dropIgnored takes out of an update what the tenant accepts and ignores by its settings, as it does
// with what the identity provider owns (KBA 3411806). A create is not concerned.
func (s *Service) dropIgnored(in *userInput) {
	for name, drop := range map[string]func(){
		"email":                            func() { s.dropEmail(in) },
		"loginId":                          func() { in.dropLogin() },
		"givenName":                        func() { in.given, in.formatted = nil, nil },
		"familyName":                       func() { in.family, in.formatted = nil, nil },
		"displayName":                      func() { in.display = nil },
		"preferredLanguage":                func() { in.language = nil },
		"active":                           func() { in.active = nil },
		"manager":                          func() { in.manager = nil },
		"photos":                           func() { in.photos = nil },
		"externalId":                       func() { in.externalID = nil },
		"dataAccessLanguage":               func() { in.params.access = nil },
		"dateFormatting":                   func() { in.params.date = nil },
		"timeFormatting":                   func() { in.params.time = nil },
		"numberFormatting":                 func() { in.params.number = nil },
		"cleanUpNotificationsNumberOfDays": func() { in.params.cleanUp = nil },
		"systemNotificationsEmailOptIn":    func() { in.params.notify = nil },
		"isConcurrent":                     func() { in.params.concurrent = nil },
	} {
		if s.settings.has(setIgnored, name) {
			drop()
		}
	}
}

// dropEmail drops the login ID too where it has to be the e-mail.
func (s *Service) dropEmail(in *userInput) {
	in.email = nil
	if s.cfg.SSO == SSODefault || s.cfg.SSO == SSOEmail {
		in.idp = nil
	}
	if s.cfg.SSO == SSOEmail {
		in.userName = nil
	}
}

// dropLogin drops what maps a person to the identity provider, in v1 and in v2.
func (in *userInput) dropLogin() { in.idp, in.userName = nil, nil }

// granted is what holders of the roles have get of those that a write wants: all but the dropped ones,
// unless they have them already.
func (s *Service) granted(have, want []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(r string) bool {
		return s.settings.has(setDropRoles, r) && !slices.Contains(have, r)
	})
}

// admitted are those of the wanted members whom the team takes.
func (s *Service) admitted(t *team, want []*user) []*user {
	return slices.DeleteFunc(slices.Clone(want), func(u *user) bool {
		return s.settings.has(setDropMembers, u.id) && !t.members.has(u)
	})
}
