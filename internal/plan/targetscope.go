package plan

import "sacbridge/internal/identity"

// TargetScope says what has to be read of the target for req, once the source has been read: the same
// people by all of their names, their managers, and the teams and roles that links would be made to.
// The target's namespace and SSO decide about role names and login IDs.
func TargetScope(req Request, source identity.Snapshot, target identity.Tenant) identity.Scope {
	w := wanted{
		source: source, target: target, roles: newTranslator(req.Options, source.Tenant, target),
		secondary: req.Options.SecondaryRoles,
		users:     set{}, emails: set{}, logins: set{}, teams: set{}, members: set{}, roleIDs: set{},
	}
	for _, step := range req.Steps {
		switch {
		case step.CopyUser != nil:
			w.person(source.Users[step.CopyUser.UserID], step.CopyUser.Roles, step.CopyUser.Teams)
		case step.CopyTeam != nil:
			w.team(*step.CopyTeam)
		}
	}
	return identity.Scope{
		Groups: w.teams.list(), MembersOf: w.members.list(), People: w.people,
		UserIDs: w.users.list(), Emails: w.emails.list(), LoginIDs: w.logins.list(), Roles: w.roleIDs.list(),
	}
}

// wanted gathers what a request needs of the target.
type wanted struct {
	source    identity.Snapshot
	target    identity.Tenant
	roles     translator
	secondary bool

	users, emails, logins, teams, members, roleIDs set
	people                                         bool
}

// person asks for one person by every name that could collide, and for all that links would be made to.
func (w *wanted) person(u *identity.User, roles, teams identity.Action) {
	if u == nil {
		return
	}
	w.users.add(u.UserID, u.Manager)
	w.emails.add(identity.Fold(u.Email))
	if w.target.SSO == ssoCustom {
		w.logins.add(newLoginID(u, w.source.Tenant.SSO, ssoCustom))
	}
	if roles.Grows() {
		w.roleIDs.add(w.roles.set(u.Roles)...)
	}
	if !teams.Grows() {
		return
	}
	w.teams.add(u.Teams...)
	if !w.secondary {
		return
	}
	for _, name := range u.Teams {
		if g := w.source.Groups[name]; g != nil {
			w.roleIDs.add(w.roles.set(g.Roles)...)
		}
	}
}

// team asks for a team, for its members where a step can change them, and for the source's members.
func (w *wanted) team(c CopyTeam) {
	src := w.source.Groups[c.Team]
	if src == nil {
		return
	}
	w.teams.add(c.Team)
	if linked(c.Members) || c.copiesUsers() && linked(c.UserTeams) {
		w.members.add(c.Team)
	}
	// Those who leave are read as people, for the System Owner is known by role link only.
	w.people = w.people || c.Members.Shrinks()
	if c.TeamRoles.Grows() {
		w.roleIDs.add(w.roles.set(src.Roles)...)
	}
	if !c.copiesUsers() {
		if c.Members.Grows() {
			w.users.add(src.Members...)
		}
		return
	}
	for _, id := range src.Members {
		w.person(w.source.Users[id], c.UserRoles, c.UserTeams)
		if c.Members.Grows() {
			w.users.add(id)
		}
	}
}
