package apply

import (
	"slices"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// item is one change on its way to the tenant.
type item struct {
	change int
	key    string
	user   *identity.User       // to create
	update *upstream.UserUpdate // to update or correct
	ref    string
	born   time.Time // when the target's reading says that the person or team came to be; zero where that is not known

	leftOut  []LinkFailure // of what is sent
	undone   []LinkFailure // accepted by the tenant and not done
	warnings []string
	known    []LinkFailure // of the person's create, which this corrects
	whole    *plan.Change  // all that is to be done to a person, also what is left out now
	rest     *plan.Change  // what of it is still to be done after the write

	since          time.Time      // by the tenant's clock, when the first try began; zero where it is not known
	person         *identity.User // as a look found whom the call created
	roles          []string       // of a created person, by the answer to the create; nil where that showed nobody
	verifiedByRead bool           // a look, not an answer, told that the call succeeded
	earlier        bool           // created by an earlier process of the run
	adopted        bool           // the look could not tell whether this run or somebody else created it
	unseen         bool           // created by the answer's word only
	unsure         bool           // an earlier try may have taken effect, now or later
	cut            bool           // something was left out, so that the next try may start at once
	err            error          // of the last try
}

// sendsNothing reports whether an update has nothing left to send.
func (it *item) sendsNothing() bool { return it.update != nil && it.update.Empty() }

// wantedRoles gives the roles that an item would add.
func (it *item) wantedRoles() []string {
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
func (it *item) leaveRole(role, code, cause string) bool {
	roles := it.wantedRoles()
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
	it.leftOut = append(it.leftOut, LinkFailure{Kind: RoleLink, Key: role, Code: code, Cause: cause})
	return true
}

// leaveManager likewise takes the manager out; an update then leaves the manager as it is.
func (it *item) leaveManager(manager, code, cause string) bool {
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
	it.leftOut = append(it.leftOut, LinkFailure{Kind: ManagerLink, Key: manager, Code: code, Cause: cause})
	return true
}

// userKey names the item's person for a call.
func (it *item) userKey() upstream.UserKey {
	return upstream.UserKey{UserID: it.key, Ref: it.ref, Created: it.born}
}

// groupKey names the item's team for a call.
func (it *item) groupKey() upstream.GroupKey {
	return upstream.GroupKey{Name: it.key, Ref: it.ref, Created: it.born}
}

// isGone reports whether the item's person is gone: nobody has the user ID, or somebody else has it by now.
func (it *item) isGone(now *identity.User) bool {
	return now == nil || it.ref != "" && now.Ref != "" && it.ref != now.Ref || it.userKey().Same(now) != nil
}

// failures gives all links of an item that are not made, though it succeeded.
func (it *item) failures() []LinkFailure { return slices.Concat(it.leftOut, it.undone) }

// outcome puts the state of an item into the journal's words.
func (it *item) outcome() ItemOutcome {
	o := ItemOutcome{Key: it.key, OK: it.err == nil}
	if o.OK {
		o.Ref, o.Warnings, o.Undone, o.Rest = it.ref, it.warnings, it.undone, it.rest
		o.Adopted, o.Unseen = it.adopted, it.unseen
		return o
	}
	o.Error, o.Class, o.Code = it.err.Error(), string(upstream.ClassOf(it.err)), codeOf(it.err)
	return o
}

// failuresOf puts what the tenant accepted and did not do into the words of results.
func failuresOf(parts []upstream.Undone) []LinkFailure {
	if len(parts) == 0 {
		return nil
	}
	out := make([]LinkFailure, len(parts))
	for n, p := range parts {
		out[n] = LinkFailure{Kind: LinkKind(p.Kind), Key: p.Key, Cause: p.Cause, Code: p.Code}
		if p.Code == upstream.Ignored {
			out[n].Cause += ": a new plan leaves it out"
		}
	}
	return out
}

// keptWarnings puts what somebody else did meanwhile into warnings.
func keptWarnings(kept []string) []string {
	out := make([]string, len(kept))
	for n, what := range kept {
		out[n] = "changed by somebody else and kept: " + what
	}
	return out
}

// updatesOf gives the updates of items.
func updatesOf(items []item) []upstream.UserUpdate {
	updates := make([]upstream.UserUpdate, len(items))
	for n := range items {
		updates[n] = *items[n].update
	}
	return updates
}

// usersOf gives the people whom items create.
func usersOf(items []item) []*identity.User {
	users := make([]*identity.User, len(items))
	for n := range items {
		users[n] = items[n].user
	}
	return users
}
