package apply

import (
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// queue is what is still to be written to one team. Its lists are parts of the plan's own as long as
// nothing goes wrong.
type queue struct {
	description   *upstream.Edit[string]
	removeMembers []string
	removeRoles   []string
	addRoles      []string
	addMembers    []string
	size          int // members the team has now

	// What the team is expected to hold now, where an action decided about the whole set.
	exactRoles   bool
	rolesNow     []string // known where roles change
	exactMembers bool
	membersNow   []string // known for exactMembers until the first write
}

// newQueue gives the writes that change c needs once its team exists.
func newQueue(c *plan.Change) queue {
	q := queue{
		removeMembers: c.RemoveMembers, removeRoles: c.RemoveRoles,
		addRoles: c.AddRoles, addMembers: c.AddMembers, size: c.Size,
		exactRoles: c.ExactRoles, rolesNow: c.RolesBefore, exactMembers: c.ExactMembers, membersNow: c.MembersBefore,
	}
	if c.Op == plan.Create {
		q.size = 0
	} else if i := slices.IndexFunc(c.Fields, isDescription); i >= 0 {
		q.description = edit(c.Fields[i].Before, c.Fields[i].After)
	}
	return q
}

func isDescription(f plan.Field) bool { return f.Name == plan.FieldDescription }

// trim takes out the additions that would make the team larger than most (0: any number), and gives them.
func (q *queue) trim(most int) []string {
	room := most - (q.size - len(q.removeMembers))
	if most <= 0 || room >= len(q.addMembers) {
		return nil
	}
	room = max(room, 0)
	rest := q.addMembers[room:]
	q.addMembers = q.addMembers[:room:room]
	return rest
}

// empty reports whether nothing is left to write.
func (q *queue) empty() bool {
	return q.description == nil && len(q.removeMembers) == 0 && len(q.removeRoles) == 0 &&
		len(q.addRoles) == 0 && len(q.addMembers) == 0
}

// next gives the next write without taking it off: one kind of change, in the order of SAP's team engine
// (members off, roles off, roles on, members on), role changes of both kinds sharing a write. The
// description goes with whatever is first.
func (q *queue) next(l upstream.Limits) upstream.GroupUpdate {
	u := upstream.GroupUpdate{Size: q.size, Description: q.description}
	switch {
	case len(q.removeMembers) > 0:
		u.RemoveMembers = head(q.removeMembers, l.RemoveChunk)
	case len(q.removeRoles)+len(q.addRoles) > 0:
		u.RolesBefore, u.ExactRoles = q.rolesNow, q.exactRoles
		u.RemoveRoles = head(q.removeRoles, l.RoleChunk)
		if left := max(l.RoleChunk, 1) - len(u.RemoveRoles); left > 0 {
			u.AddRoles = head(q.addRoles, left)
		}
	case len(q.addMembers) > 0:
		u.AddMembers = head(q.addMembers, l.AddChunk)
	}
	if q.exactMembers {
		u.MembersBefore, u.ExactMembers = q.membersNow, true
	}
	return u
}

// head is the first n, at least one, of list.
func head(list []string, n int) []string {
	n = min(max(n, 1), len(list))
	return list[:n:n]
}

// take removes a write that next gave from the queue, as done.
func (q *queue) take(u *upstream.GroupUpdate) {
	if u.Description != nil {
		q.description = nil
	}
	q.removeMembers = q.removeMembers[len(u.RemoveMembers):]
	q.removeRoles = q.removeRoles[len(u.RemoveRoles):]
	q.addRoles = q.addRoles[len(u.AddRoles):]
	q.addMembers = q.addMembers[len(u.AddMembers):]
	q.size = max(q.size+len(u.AddMembers)-len(u.RemoveMembers), 0)
	if u.ChangesRoles() {
		q.rolesNow = changed(q.rolesNow, u.RemoveRoles, u.AddRoles)
	}
	q.exactMembers, q.membersNow = false, nil // they were compared
}

// leave corrects the queue's idea of the team by what was not done of a write that was taken off.
func (q *queue) leave(u *upstream.GroupUpdate, undone []LinkFailure) {
	var add, remove []string
	for _, l := range undone {
		switch {
		case l.Kind == MemberLink && len(u.AddMembers) > 0:
			q.size = max(q.size-1, 0)
		case l.Kind == MemberLink:
			q.size++
		case l.Kind == RoleLink && slices.Contains(u.AddRoles, l.Key):
			add = append(add, l.Key)
		case l.Kind == RoleLink:
			remove = append(remove, l.Key)
		}
	}
	q.rolesNow = changed(q.rolesNow, add, remove)
}

// changed gives set without the links of remove and with those of add.
func changed(set, remove, add []string) []string {
	gone := identity.Set(remove)
	rest := slices.DeleteFunc(slices.Clone(set), func(key string) bool {
		_, ok := slices.BinarySearch(gone, key)
		return ok
	})
	return identity.Set(slices.Concat(rest, add))
}

// filter takes out of all lists what keep does not want. Lists that lose nothing are not copied.
func (q *queue) filter(keep func(kind LinkKind, key string) bool) {
	q.removeMembers = kept(q.removeMembers, MemberLink, keep)
	q.addMembers = kept(q.addMembers, MemberLink, keep)
	q.removeRoles = kept(q.removeRoles, RoleLink, keep)
	q.addRoles = kept(q.addRoles, RoleLink, keep)
}

func kept(list []string, kind LinkKind, keep func(LinkKind, string) bool) []string {
	drop := func(key string) bool { return !keep(kind, key) }
	if !slices.ContainsFunc(list, drop) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// links counts the links that are still to be written.
func (q *queue) links() int {
	return len(q.removeMembers) + len(q.removeRoles) + len(q.addRoles) + len(q.addMembers)
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
