package sac

import (
	"context"
	"encoding/json"
	"net/http"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// changeRoles writes role links on CF: through v1, or by v2 where v1 does not see the team.
func (t *Tenant) changeRoles(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	only := upstream.GroupUpdate{
		GroupKey: u.GroupKey, Size: u.Size,
		AddRoles: u.AddRoles, RemoveRoles: u.RemoveRoles, RolesBefore: u.RolesBefore, DecidesAllRoles: u.DecidesAllRoles,
	}
	if !u.DecidesAllMembers { // who must be exactly as planned is compared with the members' own write
		only.MembersBefore = u.MembersBefore
	}
	if t.mayV1() && identity.IsAddressable(u.Name) {
		out := t.putTeam(ctx, only)
		if upstream.ClassOf(out.Err) != upstream.Gone {
			return out
		}
	}
	return t.patchRoles(ctx, only)
}

// patchRoles writes the role links of a team that v1 does not see. The shape is that of people's roles,
// for no public source shows one for teams; the answer is checked.
func (t *Tenant) patchRoles(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	w := &teamWrite{asked: u}
	ref, err := t.teamRef(ctx, u.GroupKey)
	if err != nil {
		return upstream.Outcome{Err: classed(w.op(), err)}
	}
	read := func(t *Tenant) (*identity.Group, error) {
		tm, err := t.getTeam(ctx, v2, u.Name, groupPath(v2, ref), false)
		if err != nil {
			return nil, err
		}
		if tm.group.Ref != ref {
			return nil, otherAnswer(w.op())
		}
		return tm.group, nil
	}
	resp, err := t.readThenWrite(ctx, w.op(), func(t *Tenant) (session.Request, error) {
		now, err := read(t)
		if err != nil {
			return session.Request{}, err
		}
		if err := w.reduceToRemaining(now); err != nil {
			return session.Request{}, err
		}
		roles := setChange(now.Roles, w.rest.RemoveRoles, w.rest.AddRoles)
		return session.Request{
			Op: w.op(), Method: http.MethodPatch, Path: groupPath(v2, ref), Slow: true,
			Body:   patchBody([]patch{{Op: "replace", Path: "roles", Value: roleObjects(roles)}}),
			Decode: func(dec *json.Decoder) error { return t.decodeTold(dec, ref, w) },
		}, nil
	})
	if err == nil {
		t.chunks.rolesChanged(u.Size, len(w.rest.AddRoles)+len(w.rest.RemoveRoles), resp.Elapsed)
	}
	return t.judgeTeam(w, err, func() (*identity.Group, error) { return read(t) })
}

// decodeTold keeps the team of an answer where it is the right one.
func (t *Tenant) decodeTold(dec *json.Decoder, ref string, w *teamWrite) error {
	w.told = nil
	echo, err := t.decodeTeam(dec, v2, false)
	if err == nil && echo.group.Ref == ref {
		w.told = echo.group
	}
	return err
}
