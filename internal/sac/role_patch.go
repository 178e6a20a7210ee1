package sac

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// roleWriteMode is how role links of a person are written by v2.
type roleWriteMode int

const (
	wholeRoles       roleWriteMode = iota // the whole set, made from a reading: what SAP's samples show
	singleRoles                           // adding and removing single roles, which SAP's notes claim (KBA 3718579)
	probeSingleRoles                      // single roles, in a way that shows whether the tenant does just that
)

// canProbeRolePatch reports whether an update of somebody who holds the roles before can show what the tenant
// makes of single roles. Something has to be left that a tenant would take away which treats an addition
// as the whole set, or empties the set at a removal.
func canProbeRolePatch(before []string, u *upstream.UserUpdate) bool {
	if !u.ChangesRoles() {
		return false
	}
	stay := staying(before, u)
	if len(u.AddRoles) == 0 {
		return len(stay) > 1 // one of them is added again
	}
	return len(stay) > 0
}

// staying are the roles that an update leaves alone.
func staying(before []string, u *upstream.UserUpdate) []string {
	return identity.Apply(identity.Remove, before, slices.Concat(u.RemoveRoles, u.AddRoles), nil)
}

// chooseProbe picks a job to probe single roles with, where that is not known yet. facts.endProbe must
// follow where it gives one.
func (t *Tenant) chooseProbe(jobs []*userJob) *userJob {
	at := slices.IndexFunc(jobs, func(j *userJob) bool { return j.now != nil && canProbeRolePatch(j.now.Roles, &j.rest) })
	if at < 0 || !t.facts.beginProbe() {
		return nil
	}
	j := jobs[at]
	j.roleMode = probeSingleRoles
	ref, _ := t.ids.ref(j.manager())
	t.makeOp(j, ref)
	return j
}

// rolePatches writes role links in one of the modes.
func rolePatches(u *upstream.UserUpdate, now *identity.User, mode roleWriteMode) []patch {
	if !u.ChangesRoles() {
		return nil
	}
	add, remove := u.AddRoles, u.RemoveRoles
	switch mode {
	case wholeRoles:
		return []patch{{Op: "replace", Path: "roles", Value: roleObjects(setChange(now.Roles, remove, add))}}
	case probeSingleRoles:
		// Both kinds have to be there: a removal of what is not held, or an addition of what is.
		if len(remove) == 0 {
			remove = add[:1]
		}
		if len(add) == 0 {
			add = staying(now.Roles, u)[:1]
		}
	case singleRoles:
	}
	var ops []patch
	if len(remove) > 0 {
		ops = append(ops, patch{Op: "remove", Path: "roles[" + anyOf("value", remove) + "]"})
	}
	if len(add) > 0 {
		ops = append(ops, patch{Op: "add", Path: "roles", Value: roleObjects(add)})
	}
	return ops
}

// judgeRolePatch looks at what the tenant made of single roles. It is false where it did something else
// than was asked: the job is then settled by writing the whole set, with what was lost.
func (t *Tenant) judgeRolePatch(ctx context.Context, j *userJob, now *identity.User, undone []upstream.Undone) bool {
	if !j.rest.ChangesRoles() {
		return true
	}
	var lost []string
	wiped := false
	if j.now != nil {
		stay := staying(j.now.Roles, &j.rest)
		_, lost = identity.Diff(stay, identity.Set(now.Roles))
		if len(j.rest.AddRoles) == 0 && len(stay) > 0 {
			stay = stay[1:] // the first is added again by a probe
		}
		wiped = len(stay) > 0 && len(identity.Apply(identity.Intersect, stay, now.Roles, nil)) == 0
	}
	missing := slices.ContainsFunc(undone, func(part upstream.Undone) bool { return part.Kind == upstream.RolePart })
	if !missing && !wiped {
		if j.roleMode == probeSingleRoles && len(lost) == 0 {
			t.facts.setRolePatch(upstream.Yes)
		}
		return true // what else is different is somebody else's work
	}
	if !wiped {
		lost = nil
	}
	t.writeWholeRoles(ctx, j, now, lost, undone)
	return false
}

// writeWholeRoles makes up for single roles that the tenant did not add or remove as asked.
func (t *Tenant) writeWholeRoles(ctx context.Context, j *userJob, now *identity.User, lost []string, undone []upstream.Undone) {
	var out upstream.Outcome
	u := upstream.UserUpdate{
		UserKey: upstream.UserKey{UserID: j.asked.UserID, Ref: j.ref}, RolesBefore: now.Roles,
		AddRoles: slices.Concat(j.rest.AddRoles, lost), RemoveRoles: j.rest.RemoveRoles,
	}
	again := newUserJob(u, &out)
	again.whole = true
	t.patchUser(ctx, again, upstream.Moment{})
	if out.Err == nil && len(out.Undone) == 0 {
		t.facts.setRolePatch(upstream.No)
	}
	undone = slices.DeleteFunc(slices.Clone(undone), func(part upstream.Undone) bool { return part.Kind == upstream.RolePart })
	t.facts.recordUndone(j.rest.Attributes(), undone)
	j.out.Undone = slices.Concat(j.out.Undone, undone, out.Undone)
	j.out.Kept = append(j.out.Kept, out.Kept...)
	j.end(lostRoles(out.Err, lost))
}

// lostRoles says which roles a probe has cost, where they could not be written back.
func lostRoles(err error, lost []string) error {
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok || len(lost) == 0 {
		return err
	}
	told := *e
	told.Class, told.Code = upstream.Unknown, upstream.CodeRolesLost
	told.Cause = "the tenant took roles away that were to stay, and they are not written back: " + strings.Join(lost, ", ")
	return &told
}

// refusesSingleRoles reports whether a refusal may be about the way in which roles were written.
func refusesSingleRoles(j *userJob, err error) bool {
	e, ok := errors.AsType[*upstream.Error](err)
	return ok && j.roleMode != wholeRoles && j.rest.ChangesRoles() && e.Class == upstream.Refused && !invalidRole.MatchString(e.Detail)
}

// sendWholeRoles sends a refused job again with its roles as a whole set. Where that is taken the tenant
// takes no single roles.
func (t *Tenant) sendWholeRoles(ctx context.Context, j *userJob) {
	j.roleMode, j.whole = wholeRoles, true
	echo, err := t.sendPatch(ctx, j, upstream.Moment{})
	if err == nil {
		t.facts.setRolePatch(upstream.No)
	}
	t.settlePatch(ctx, j, echo, err)
}
