package plan

import "sacbridge/internal/identity"

// TargetScope says what has to be read of the target for req, once the source has been read: the same
// people by all of their names, their managers, and the teams and roles that links would be made to.
// The target's namespace and SSO decide about role names and login IDs.
func TargetScope(req Request, source identity.Snapshot, target identity.Tenant) identity.Scope {
	n := needs{
		source: source, target: target, roles: newTranslator(req.Options, source.Tenant, target),
		counterparts: req.counterparts(), secondary: req.Options.SecondaryRoles,
		users: set{}, emails: set{}, logins: set{}, teams: set{}, members: set{}, roleIDs: set{},
	}
	for _, step := range req.Steps {
		n.step(step)
	}
	return identity.Scope{
		Groups: n.teams.list(), MembersOf: n.members.list(), People: n.people, AllUsers: n.everyone,
		UserIDs: n.users.list(), Emails: n.emails.list(), LoginIDs: n.logins.list(), Roles: n.roleIDs.list(),
	}
}

// needs gathers what a request needs of the target.
type needs struct {
	source       identity.Snapshot
	target       identity.Tenant
	roles        translator
	counterparts Counterparts
	secondary    bool

	users, emails, logins, teams, members, roleIDs set
	people, everyone                               bool
}

func (n *needs) step(step Step) {
	switch {
	case step.CopyUser != nil:
		c := step.CopyUser
		n.copyPerson(c.UserID, n.source.Users[c.source()], c.Roles, c.Teams)
	case step.CopyTeam != nil:
		n.copyTeam(*step.CopyTeam)
	case step.SetUser != nil:
		n.setUser(step.SetUser)
	case step.SetTeam != nil:
		n.setTeam(step.SetTeam)
	case step.DeleteUser != nil:
		n.who(step.DeleteUser.Who)
		// Nothing but a reading of everybody tells whose manager somebody is.
		n.everyone = n.everyone || step.DeleteUser.ClearReports
	case step.DeleteTeam != nil:
		n.teams.add(step.DeleteTeam.Team)
		n.members.add(step.DeleteTeam.Team)
	}
}

// copyPerson asks for one person by every name that could collide, and for all that links would be made to.
func (n *needs) copyPerson(id string, u *identity.User, roles, teams identity.Action) {
	if u == nil {
		return
	}
	n.users.add(id, n.counterparts.user(u.Manager), n.target.AssignedUserID(id, u.Email))
	n.emails.add(identity.Fold(u.Email))
	if n.target.SSO == identity.SSOCustom {
		n.logins.add(newLoginID(id, u.Email, freeLoginID(u, n.source.Tenant.SSO), identity.SSOCustom))
	}
	if roles.Grows() {
		n.roleIDs.add(n.roles.set(u.Roles)...)
	}
	if !teams.Grows() {
		return
	}
	n.teams.add(n.counterparts.teams(u.Teams)...)
	if !n.secondary {
		return
	}
	for _, name := range u.Teams {
		if g := n.source.Groups[name]; g != nil {
			n.roleIDs.add(n.roles.set(g.Roles)...)
		}
	}
}

// copyTeam asks for a team, for its members where a step can change them, and for the source's members.
func (n *needs) copyTeam(c CopyTeam) {
	src := n.source.Groups[c.source()]
	if src == nil {
		return
	}
	n.teams.add(c.Team)
	if linked(c.Members) || c.copiesUsers() && linked(c.UserTeams) {
		n.members.add(c.Team)
	}
	// Those who leave are read as people, for the System Owner is known by role link only.
	n.people = n.people || c.Members.Shrinks()
	if c.TeamRoles.Grows() {
		n.roleIDs.add(n.roles.set(src.Roles)...)
	}
	if !c.copiesUsers() {
		if c.Members.Grows() {
			n.users.add(n.counterparts.users(src.Members)...)
		}
		return
	}
	for _, member := range src.Members {
		id := n.counterparts.user(member)
		n.copyPerson(id, n.source.Users[member], c.UserRoles, c.UserTeams)
		if c.Members.Grows() {
			n.users.add(id)
		}
	}
}

// who asks for the people whom a step names.
func (n *needs) who(w Who) {
	n.users.add(w.UserID)
	n.emails.add(identity.Fold(w.Email))
	n.login(w.LoginID)
	if w.MembersOf != "" {
		n.membersOf(w.MembersOf)
	}
}

// login asks for whoever has a login ID. Where the tenant makes it of another name, that name finds them.
func (n *needs) login(id string) {
	if n.target.SSO == identity.SSOCustom {
		n.logins.add(id)
		return
	}
	n.emails.add(identity.Fold(id))
	n.users.add(id)
}

// membersOf asks for a team's members as people.
func (n *needs) membersOf(team string) {
	n.teams.add(team)
	n.members.add(team)
	n.people = true
}

// setUser asks for the people of a step, for whoever has the names that they are to get, and for all that
// links would be made to.
func (n *needs) setUser(s *SetUser) {
	n.who(s.Who)
	for _, values := range []Values{s.Values, s.New} {
		n.users.add(values[FieldManager])
		n.emails.add(identity.Fold(values[FieldEmail]))
		if n.target.SSO == identity.SSOCustom {
			n.logins.add(values[FieldLoginID])
		}
	}
	if n.target.SSO == identity.SSOCustom && s.IfMissing == MissingCreate {
		n.logins.add(s.UserID)
	}
	if s.Roles != nil && s.Roles.Action.Grows() {
		n.roleIDs.add(s.Roles.Names...)
	}
	if s.Teams != nil && s.Teams.Action.Grows() {
		n.teams.add(s.Teams.Names...)
	}
}

func (n *needs) setTeam(s *SetTeam) {
	n.teams.add(s.Team)
	if e := s.Roles; e != nil {
		n.teams.add(e.OfTeam)
		if e.Action.Grows() {
			n.roleIDs.add(e.Names...)
		}
	}
	e := s.Members
	if e == nil || !linked(e.Action) {
		return
	}
	n.members.add(s.Team)
	n.people = n.people || e.Action.Shrinks() // as in copyTeam
	if e.Action.Grows() {
		n.users.add(e.Names...)
	}
	n.everyone = n.everyone || e.Action == identity.ExcludeAll || e.Action == identity.Invert
	if e.OfTeam != "" {
		n.membersOf(e.OfTeam)
	}
}
