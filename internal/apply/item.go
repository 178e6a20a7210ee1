package apply

import (
	"slices"

	"sacbridge/internal/upstream"
)

// roles gives the roles that an item would link.
func (it *item) roles() []string {
	switch {
	case it.user != nil:
		return it.user.Roles
	case it.update != nil:
		return it.update.AddRoles
	}
	return nil
}

// manager gives the manager that an item would set; "" for none.
func (it *item) manager() string {
	switch {
	case it.user != nil:
		return it.user.Manager
	case it.update != nil && it.update.Manager != nil:
		return it.update.Manager.After
	}
	return ""
}

// leaveRole takes one role out of what is sent and notes the failed link. What the plan holds is not
// touched.
func (it *item) leaveRole(role, cause string) bool {
	roles := it.roles()
	at := slices.Index(roles, role)
	if at < 0 {
		return false
	}
	roles = slices.Delete(slices.Clone(roles), at, at+1)
	if it.user != nil {
		u := *it.user
		u.Roles, it.user = roles, &u
	} else {
		up := *it.update
		up.AddRoles, it.update = roles, &up
	}
	it.links = append(it.links, LinkFailure{Kind: RoleLink, Key: role, Cause: cause})
	return true
}

// leaveManager likewise takes the manager out; an update then leaves the manager as it is.
func (it *item) leaveManager(manager, cause string) bool {
	if manager == "" || it.manager() != manager {
		return false
	}
	if it.user != nil {
		u := *it.user
		u.Manager, it.user = "", &u
	} else {
		up := *it.update
		up.Manager, it.update = nil, &up
	}
	it.links = append(it.links, LinkFailure{Kind: ManagerLink, Key: manager, Cause: cause})
	return true
}

// userKey names the item's person for a call.
func (it *item) userKey() upstream.UserKey { return upstream.UserKey{UserID: it.key, Ref: it.ref} }

// failures gives all links of an item that are not made, though it succeeded.
func (it *item) failures() []LinkFailure { return slices.Concat(it.links, it.undone) }

// failuresOf puts what the tenant accepted and did not do into the words of results.
func failuresOf(parts []upstream.Undone) []LinkFailure {
	if len(parts) == 0 {
		return nil
	}
	out := make([]LinkFailure, len(parts))
	for n, p := range parts {
		out[n] = LinkFailure{Kind: LinkKind(p.Kind), Key: p.Key, Cause: p.Cause, Code: p.Code}
	}
	return out
}

// told puts what somebody else did meanwhile into warnings.
func told(kept []string) []string {
	out := make([]string, len(kept))
	for n, what := range kept {
		out[n] = "changed by somebody else and kept: " + what
	}
	return out
}
