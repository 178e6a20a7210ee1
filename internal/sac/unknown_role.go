package sac

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// A tenant's words for an unknown role are not documented, so those that are known are not relied upon: where a write
// with roles is refused for no known reason, the roles are looked for in these words, then in the tenant's list of
// roles, and where that is of no use the write is made without them, and with each of them alone. So an unknown role
// costs its own link only.

// explainRole names the role in a refusal of a write that gives these roles, as far as words and the list of roles
// tell. isOpen says that one of them may be at fault, which only trying shows.
func (t *Tenant) explainRole(ctx context.Context, err error, roles []string) (isOpen bool) {
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok || len(roles) == 0 || !mayBeRole(e) {
		return false
	}
	unknown := roleInWords(e.Detail, roles)
	if unknown == "" {
		if known := t.roles.get(ctx, t); known != nil {
			i := slices.IndexFunc(roles, func(role string) bool { return !slices.Contains(known, role) })
			if i < 0 {
				return false
			}
			unknown = roles[i]
		}
	}
	if unknown == "" {
		return true
	}
	e.Class, e.Code, e.MissingRef = upstream.Refused, upstream.CodeUnknownRole, unknown
	e.Cause = "the tenant has no role " + unknown + ": create it there, or translate the role"
	return false
}

// roleList is the tenant's list of roles, read once in a run; nil where there is none.
type roleList struct {
	turn interruptibleMutex
	read bool
	ids  []string
}

func newRoleList() *roleList { return &roleList{turn: newInterruptibleMutex()} }

func (l *roleList) get(ctx context.Context, t *Tenant) []string {
	unlock, err := l.turn.lock(ctx, "list roles", t.permission)
	if err != nil {
		return nil
	}
	defer unlock()
	if !l.read {
		ids, listed, err := t.RoleIDs(ctx)
		if l.read = err == nil; l.read && listed {
			l.ids = ids
		}
	}
	return l.ids
}

// mayBeRole reports whether the tenant refused a write for good and nothing is known that explains it.
func mayBeRole(e *upstream.Error) bool {
	return e.Class == upstream.Refused && e.MissingRef == "" && (e.Code == "" || e.Code == upstream.CodeUnexplained) &&
		(e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity)
}

// roleInWords finds the role that a text is about: by its ID, or by its name where the text speaks of roles. Longer IDs
// go first, for one may begin like another.
func roleInWords(text string, roles []string) string {
	bySize := slices.Clone(roles)
	slices.SortFunc(bySize, func(a, b string) int { return len(b) - len(a) })
	for _, role := range bySize {
		if strings.Contains(text, role) {
			return role
		}
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\"'`.,;:()[]<>", r) })
	if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(strings.ToLower(w), "role") }) {
		return ""
	}
	for _, role := range bySize {
		if _, name, ok := identity.SplitRole(role); ok && slices.Contains(words, name) {
			return role
		}
	}
	return ""
}

// refusedRole is the link of a role that the tenant refuses alone.
func refusedRole(role string, err error) upstream.Undone {
	return upstream.Undone{Kind: upstream.RolePart, Key: role, Code: upstream.UnknownLink, Cause: "the tenant refuses this role: " + err.Error()}
}

// createWithoutRoles creates a person whose roles may be at fault without them, and gives them afterwards, each
// alone. Where that is refused, too, the roles are not at fault.
func (w writer) createWithoutRoles(ctx context.Context, u *identity.User, first upstream.Outcome) upstream.Outcome {
	bare := *u
	bare.Roles = nil
	out := w.create(ctx, []*identity.User{&bare})[0]
	if out.Err != nil {
		return first
	}
	key := upstream.UserKey{UserID: u.UserID, Ref: out.Ref}
	given := w.giveRoles(ctx, upstream.UserUpdate{UserKey: key, AddRoles: u.Roles})
	out.Undone, out.Err = append(out.Undone, given.Undone...), afterCreate(given.Err)
	return out
}

// updateWithoutRoles makes an update whose new roles may be at fault without them, and gives them afterwards, each
// alone.
func (w writer) updateWithoutRoles(ctx context.Context, u upstream.UserUpdate, first upstream.Outcome) upstream.Outcome {
	bare := u
	bare.AddRoles = nil
	var out upstream.Outcome
	if !bare.Empty() {
		if out = w.update(ctx, []upstream.UserUpdate{bare})[0]; out.Err != nil {
			return first
		}
	} else if len(u.AddRoles) == 1 {
		return first
	}
	given := w.giveRoles(ctx, u)
	if bare.Empty() && len(given.Undone) == len(u.AddRoles) {
		return first
	}
	out.Undone, out.Kept = append(out.Undone, given.Undone...), append(out.Kept, given.Kept...)
	out.Warnings, out.Err = append(out.Warnings, given.Warnings...), given.Err
	return out
}

// giveRoles adds roles to a person one by one.
func (w writer) giveRoles(ctx context.Context, u upstream.UserUpdate) (out upstream.Outcome) {
	for _, role := range u.AddRoles {
		one := w.update(ctx, []upstream.UserUpdate{{UserKey: u.UserKey, AddRoles: []string{role}}})[0]
		switch {
		case upstream.ClassOf(one.Err) == upstream.Refused:
			out.Undone = append(out.Undone, refusedRole(role, one.Err))
		case one.Err != nil:
			out.Err = one.Err
			return out
		}
		out.Undone, out.Kept = append(out.Undone, one.Undone...), append(out.Kept, one.Kept...)
	}
	return out
}

// changeGroupWithoutRoles makes a write to a team whose new roles may be at fault without them, and gives them
// afterwards, each alone.
func (w writer) changeGroupWithoutRoles(ctx context.Context, u upstream.GroupUpdate, first upstream.Outcome) upstream.Outcome {
	bare := u
	bare.AddRoles = nil
	var out upstream.Outcome
	if teamParts(&bare) > 0 {
		if out = w.updateGroup(ctx, bare); out.Err != nil {
			return first
		}
	}
	for _, role := range u.AddRoles {
		one := w.updateGroup(ctx, upstream.GroupUpdate{GroupKey: u.GroupKey, Size: u.Size, AddRoles: []string{role}})
		switch {
		case upstream.ClassOf(one.Err) == upstream.Refused:
			out.Undone = append(out.Undone, refusedRole(role, one.Err))
		case one.Err != nil:
			out.Err = one.Err
			return out
		}
		out.Undone, out.Kept = append(out.Undone, one.Undone...), append(out.Kept, one.Kept...)
	}
	return out
}
