package plan

import (
	"slices"

	"sacbridge/internal/identity"
)

// protection knows what no plan may change.
type protection struct {
	users, teams, roles map[string]bool
	target              identity.Snapshot
}

func newProtection(p Protect, target identity.Snapshot) protection {
	return protection{users: identity.Lookup(p.Users), teams: identity.Lookup(p.Teams), roles: identity.Lookup(p.Roles), target: target}
}

// unchanged gives the code of the reason why a person may be neither created nor changed, or "".
func (p protection) unchanged(id string, create bool) Code {
	switch {
	case p.isOwner(id):
		return OwnerUnchanged
	case p.users[id] && create:
		return ProtectedNotCreated
	case p.users[id]:
		return ProtectedUser
	}
	return ""
}

// membership gives the code of the reason why a person's memberships may not change, or "".
func (p protection) membership(id string) Code {
	switch {
	case p.isOwner(id):
		return OwnerMembership
	case p.users[id]:
		return ProtectedMembership
	}
	return ""
}

func (p protection) isOwner(id string) bool {
	u := p.target.Users[id]
	return u != nil && u.IsSystemOwner()
}

// ProtectedChanges lists what p would change although protect forbids it. Make leaves such changes out, but a saved
// plan may have been made before something was protected.
func (p *Plan) ProtectedChanges(protect Protect) []Finding {
	keep := newProtection(protect, identity.Snapshot{})
	var hits []Finding
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Entity == User && keep.users[c.Key] {
			hits = append(hits, Finding{Code: keep.unchanged(c.Key, c.Op == Create), Entity: User, Key: c.Key})
		}
		if c.Entity == Team && keep.teams[c.Key] {
			hits = append(hits, Finding{Code: ProtectedTeam, Entity: Team, Key: c.Key})
		}
		for _, id := range slices.Concat(c.AddMembers, c.RemoveMembers) {
			if keep.users[id] {
				hits = append(hits, Finding{Code: ProtectedMembership, Entity: User, Key: id, Teams: []string{c.Key}})
			}
		}
		roles := slices.Concat(c.AddRoles, c.RemoveRoles)
		if c.User != nil && c.Op == Create {
			roles = append(roles, c.User.Roles...)
		}
		for _, r := range roles {
			if keep.roles[r] {
				hits = append(hits, Finding{Code: ProtectedRole, Entity: c.Entity, Key: c.Key, Name: r})
			}
		}
	}
	return sortedFindings(hits)
}
