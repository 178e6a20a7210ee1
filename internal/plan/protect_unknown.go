package plan

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"sacbridge/internal/identity"
)

// Scope is what has to be read of a tenant for Unknown. User IDs are asked for in upper case too, which is how SAC
// keeps them; teams whose names differ by letter case only come unasked.
func (p Protect) Scope() identity.Scope {
	users := set{}
	for _, id := range p.Users {
		users.add(id, strings.ToUpper(id))
	}
	return identity.Scope{UserIDs: users.list(), Groups: identity.Set(p.Teams), Roles: identity.Set(p.Roles)}
}

// Unknown lists what p names and the tenant does not have, from a snapshot of p.Scope: whoever is misspelt is not
// protected. What differs by letter case only is named in Users, Teams or, a role, in Name. A role is judged only where
// the tenant lists its roles.
func (p Protect) Unknown(tenant identity.Snapshot) []Finding {
	var out []Finding
	for _, id := range identity.Set(p.Users) {
		if tenant.Users[id] == nil {
			out = append(out, Finding{Code: UnknownProtectedUser, Entity: User, Key: id, Users: sameButCase(id, maps.Keys(tenant.Users))})
		}
	}
	for _, name := range identity.Set(p.Teams) {
		if _, unreadable := tenant.Unreadable[name]; tenant.Groups[name] == nil && !unreadable {
			out = append(out, Finding{Code: UnknownProtectedTeam, Entity: Team, Key: name, Teams: sameButCase(name, maps.Keys(tenant.Groups))})
		}
	}
	for _, role := range identity.Set(p.Roles) {
		if tenant.RolesComplete && !tenant.Roles[role] {
			similar := sameButCase(role, maps.Keys(tenant.Roles))
			out = append(out, Finding{Code: UnknownProtectedRole, Entity: Role, Key: role, Name: strings.Join(similar, ", ")})
		}
	}
	return out
}

// sameButCase gives the names that differ from name by letter case only.
func sameButCase(name string, known iter.Seq[string]) []string {
	var out []string
	for other := range known {
		if other != name && identity.Fold(other) == identity.Fold(name) {
			out = append(out, other)
		}
	}
	slices.Sort(out)
	return out
}

// Warn adds warnings to a plan that has been made.
func (p *Plan) Warn(warnings ...Finding) {
	p.Warnings = sortedFindings(append(p.Warnings, warnings...))
}
