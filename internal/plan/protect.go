package plan

import (
	"slices"

	"sacbridge/internal/identity"
)

// keeper knows what no plan may change.
type keeper struct {
	users, teams, roles map[string]bool
	target              identity.Snapshot
}

func newKeeper(p Protect, target identity.Snapshot) keeper {
	return keeper{users: identity.Lookup(p.Users), teams: identity.Lookup(p.Teams), roles: identity.Lookup(p.Roles), target: target}
}

// user gives the reason why a person may not be changed, or "".
func (k keeper) user(id string) string {
	if u := k.target.Users[id]; u != nil && u.IsSystemOwner() {
		return "is the System Owner, whom no API can change"
	}
	if k.users[id] {
		return "is protected"
	}
	return ""
}

// team gives the reason why a team may not be changed, or "".
func (k keeper) team(name string) string {
	if k.teams[name] {
		return "is protected"
	}
	return ""
}

// Touching lists what p would change although protect forbids it. Make leaves such changes out, but a saved
// plan may have been made before something was protected.
func (p *Plan) Touching(protect Protect) []Skip {
	var hits []Skip
	for i := range p.Changes {
		c := &p.Changes[i]
		hit := func(kind string, keys []string, protected ...string) {
			for _, key := range keys {
				if slices.Contains(protected, key) {
					hits = append(hits, Skip{Entity: c.Entity, Key: c.Key, Reason: kind + " " + key + " is protected"})
				}
			}
		}
		if c.Entity == User {
			hit("user", []string{c.Key}, protect.Users...)
		} else {
			hit("team", []string{c.Key}, protect.Teams...)
		}
		hit("user", c.AddMembers, protect.Users...)
		hit("user", c.RemoveMembers, protect.Users...)
		hit("role", c.AddRoles, protect.Roles...)
		hit("role", c.RemoveRoles, protect.Roles...)
		if c.User != nil && c.Op == Create {
			hit("role", c.User.Roles, protect.Roles...)
		}
	}
	return hits
}
