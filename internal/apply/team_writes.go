package apply

import (
	"slices"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// teamWrites is what is still to be written to one team. Its lists are parts of the plan's own as long as
// nothing goes wrong.
type teamWrites struct {
	created bool // by an earlier process

	description   *upstream.Edit[string]
	removeMembers []string
	removeRoles   []string
	addRoles      []string
	addMembers    []string
	size          int // members the team has now

	// What the team is expected to hold now, where an action decided about the whole set.
	decidesAllRoles   bool
	rolesNow          []string // known where roles change
	decidesAllMembers bool
	membersNow        []string // known for decidesAllMembers until the first write, and nobody for a new team until its first members
}

// newTeamWrites gives the writes that change c needs once its team exists.
func newTeamWrites(c *plan.Change) teamWrites {
	w := teamWrites{
		removeMembers: c.RemoveMembers, removeRoles: c.RemoveRoles,
		addRoles: c.AddRoles, addMembers: c.AddMembers, size: c.Size,
		decidesAllRoles: c.DecidesAllRoles, rolesNow: c.RolesBefore, decidesAllMembers: c.DecidesAllMembers, membersNow: c.MembersBefore,
	}
	if c.Op == plan.Create {
		w.size, w.membersNow = 0, []string{}
	} else if i := slices.IndexFunc(c.Fields, isDescription); i >= 0 {
		w.description = edit(c.Fields[i].Before, c.Fields[i].After)
	}
	return w
}

func isDescription(f plan.Field) bool { return f.Name == plan.FieldDescription }

// trim takes out the additions that would make the team larger than most (0: any number), and gives them.
func (w *teamWrites) trim(most int) []string {
	room := most - (w.size - len(w.removeMembers))
	if most <= 0 || room >= len(w.addMembers) {
		return nil
	}
	room = max(room, 0)
	rest := w.addMembers[room:]
	w.addMembers = w.addMembers[:room:room]
	return rest
}

// empty reports whether nothing is left to write.
func (w *teamWrites) empty() bool {
	return w.description == nil && len(w.removeMembers) == 0 && len(w.removeRoles) == 0 &&
		len(w.addRoles) == 0 && len(w.addMembers) == 0
}

// next gives the next write without taking it off: one kind of change, in the order of SAP's team engine
// (members off, roles off, roles on, members on), role changes of both kinds sharing a write. The
// description goes with whatever is first.
func (w *teamWrites) next(l upstream.Limits) upstream.GroupUpdate {
	u := upstream.GroupUpdate{Size: w.size, Description: w.description}
	switch {
	case len(w.removeMembers) > 0:
		u.RemoveMembers = head(w.removeMembers, l.RemoveChunk)
	case len(w.removeRoles)+len(w.addRoles) > 0:
		u.RolesBefore, u.DecidesAllRoles = w.rolesNow, w.decidesAllRoles
		u.RemoveRoles = head(w.removeRoles, l.RoleChunk)
		if left := max(l.RoleChunk, 1) - len(u.RemoveRoles); left > 0 {
			u.AddRoles = head(w.addRoles, left)
		}
	case len(w.addMembers) > 0:
		u.AddMembers = head(w.addMembers, l.AddChunk)
	}
	u.MembersBefore, u.DecidesAllMembers = w.membersNow, w.decidesAllMembers
	return u
}

// head is the first n, at least one, of list.
func head(list []string, n int) []string {
	n = min(max(n, 1), len(list))
	return list[:n:n]
}

// markWritten removes a write that next gave off, as done.
func (w *teamWrites) markWritten(u *upstream.GroupUpdate) {
	if u.Description != nil {
		w.description = nil
	}
	w.removeMembers = w.removeMembers[len(u.RemoveMembers):]
	w.removeRoles = w.removeRoles[len(u.RemoveRoles):]
	w.addRoles = w.addRoles[len(u.AddRoles):]
	w.addMembers = w.addMembers[len(u.AddMembers):]
	w.size = max(w.size+len(u.AddMembers)-len(u.RemoveMembers), 0)
	if u.ChangesRoles() {
		w.rolesNow = changed(w.rolesNow, u.RemoveRoles, u.AddRoles)
	}
	if w.decidesAllMembers || u.ChangesMembers() { // they were compared
		w.decidesAllMembers, w.membersNow = false, nil
	}
}

// noteUndone corrects the idea of the team by what was not done of a write that was taken off.
func (w *teamWrites) noteUndone(u *upstream.GroupUpdate, undone []LinkFailure) {
	var add, remove []string
	for _, l := range undone {
		switch {
		case l.Kind == MemberLink && len(u.AddMembers) > 0:
			w.size = max(w.size-1, 0)
		case l.Kind == MemberLink:
			w.size++
		case l.Kind == RoleLink && slices.Contains(u.AddRoles, l.Key):
			add = append(add, l.Key)
		case l.Kind == RoleLink:
			remove = append(remove, l.Key)
		}
	}
	w.rolesNow = changed(w.rolesNow, add, remove)
}

// filter takes out of all lists what keep does not want. Lists that lose nothing are not copied.
func (w *teamWrites) filter(keep func(kind LinkKind, key string) bool) {
	w.removeMembers = kept(w.removeMembers, MemberLink, keep)
	w.addMembers = kept(w.addMembers, MemberLink, keep)
	w.removeRoles = kept(w.removeRoles, RoleLink, keep)
	w.addRoles = kept(w.addRoles, RoleLink, keep)
}

func kept(list []string, kind LinkKind, keep func(LinkKind, string) bool) []string {
	drop := func(key string) bool { return !keep(kind, key) }
	if !slices.ContainsFunc(list, drop) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// links counts the links that are still to be written.
func (w *teamWrites) links() int {
	return len(w.removeMembers) + len(w.removeRoles) + len(w.addRoles) + len(w.addMembers)
}

// kindOf tells the kind of record for a write to a team.
func kindOf(u *upstream.GroupUpdate) string {
	switch {
	case len(u.RemoveMembers) > 0:
		return KindRemoveMembers
	case len(u.RemoveRoles)+len(u.AddRoles) > 0:
		return KindChangeRoles
	case len(u.AddMembers) > 0:
		return KindAddMembers
	}
	return KindDescribeTeam
}

// keysOf gives the links that a write changes.
func keysOf(u *upstream.GroupUpdate) []string {
	switch {
	case len(u.RemoveMembers) > 0:
		return u.RemoveMembers
	case len(u.AddMembers) > 0:
		return u.AddMembers
	}
	return slices.Concat(u.RemoveRoles, u.AddRoles)
}
