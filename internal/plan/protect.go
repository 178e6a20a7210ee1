package plan

import "sacbridge/internal/identity"

// keeper knows what no plan may change.
type keeper struct {
	users, teams, roles map[string]bool
	target              identity.Snapshot
}

func newKeeper(p Protect, target identity.Snapshot) keeper {
	return keeper{users: lookup(p.Users), teams: lookup(p.Teams), roles: lookup(p.Roles), target: target}
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

func lookup(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}
