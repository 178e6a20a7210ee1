package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// patchTeam changes members and description by one v2 PATCH.
func (t *Tenant) patchTeam(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	op := fmt.Sprintf("update team %q", u.Name)
	if len(u.RemoveMembers) > maxRemovals {
		return upstream.Outcome{Err: refused(op, fmt.Sprintf("one PATCH removes at most %d members", maxRemovals))}
	}
	ref, err := t.teamRef(ctx, u.GroupKey)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	p, err := t.newMemberPatch(ctx, u)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	out, err := t.sendTeamPatch(ctx, op, ref, p)
	e, ok := errors.AsType[*upstream.Error](err)
	if ok && e.Status == http.StatusBadRequest && len(p.addRefs) > 0 {
		// Somebody of the book may have been deleted behind our back: ask anew and leave those out.
		return t.patchKnown(ctx, op, ref, u, p, err)
	}
	if err != nil {
		return upstream.Outcome{Err: explain(err, "")}
	}
	return out
}

// patchKnown repeats a refused PATCH without the people who do not exist any more.
func (t *Tenant) patchKnown(ctx context.Context, op, ref string, u upstream.GroupUpdate, old *memberPatch, refusal error) upstream.Outcome {
	for _, id := range u.AddMembers {
		t.book.strike(id)
	}
	p, err := t.newMemberPatch(ctx, u)
	if err != nil || len(p.unknown) == len(old.unknown) {
		return upstream.Outcome{Err: explain(refusal, "")}
	}
	out, err := t.sendTeamPatch(ctx, op, ref, p)
	if err != nil {
		return upstream.Outcome{Err: explain(err, "")}
	}
	return out
}

// memberPatch is one member change in UUIDs.
type memberPatch struct {
	u       upstream.GroupUpdate
	addRefs map[string]string // UUID → user ID
	adds    []string          // UUIDs in order
	removes []string
	unknown []string // user IDs to add that the tenant does not have
}

// newMemberPatch finds the UUIDs. Who does not exist cannot be a member, so removing them is done.
func (t *Tenant) newMemberPatch(ctx context.Context, u upstream.GroupUpdate) (*memberPatch, error) {
	refs, err := t.refsOf(ctx, slices.Concat(u.RemoveMembers, u.AddMembers))
	if err != nil {
		return nil, err
	}
	p := &memberPatch{u: u, addRefs: map[string]string{}}
	for _, ref := range refs[:len(u.RemoveMembers)] {
		if ref != "" {
			p.removes = append(p.removes, ref)
		}
	}
	for i, id := range u.AddMembers {
		ref := refs[len(u.RemoveMembers)+i]
		if ref == "" {
			p.unknown = append(p.unknown, id)
			continue
		}
		p.addRefs[ref] = id
		p.adds = append(p.adds, ref)
	}
	return p, nil
}

// operations writes the PATCH. Removals name each member in a filter path: a bare "members" with a
// value list empties the team (script 2666).
func (p *memberPatch) operations() []patch {
	var ops []patch
	if len(p.removes) > 0 {
		ops = append(ops, patch{Op: "remove", Path: "members[" + anyOf("value", p.removes) + "]"})
	}
	if len(p.adds) > 0 {
		entries := make([]object, len(p.adds))
		for i, ref := range p.adds {
			entries[i] = object{"value": ref}
		}
		ops = append(ops, patch{Op: "add", Path: "members", Value: entries})
	}
	if p.u.Description != nil {
		ops = append(ops, patch{Op: "replace", Path: urnTeamV2 + ":description", Value: cut(p.u.Description.After)})
	}
	return ops
}

// sendTeamPatch sends the PATCH and checks who is in the team afterwards.
func (t *Tenant) sendTeamPatch(ctx context.Context, op, ref string, p *memberPatch) (upstream.Outcome, error) {
	var out upstream.Outcome
	for _, id := range p.unknown {
		out.Undone = append(out.Undone, leftOut(id))
	}
	ops := p.operations()
	if len(ops) == 0 {
		return out, nil
	}
	var echo *patchEcho
	resp, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodPatch, Path: groupPath(v2, ref), Body: patchBody(ops), Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			echo, err = p.readEcho(dec)
			return err
		},
	})
	if err != nil {
		return out, err
	}
	if len(p.adds) > 0 {
		t.tune.added(p.u.Size, len(p.adds)+len(p.removes), resp.Elapsed)
	}
	if echo == nil {
		return out, nil
	}
	for _, ref := range p.adds {
		if !echo.present[ref] {
			id := p.addRefs[ref]
			t.book.strike(id)
			out.Undone = append(out.Undone, leftOut(id))
		}
	}
	for _, ref := range p.removes {
		if echo.present[ref] && p.addRefs[ref] == "" {
			id, _ := t.book.id(ref)
			out.Warnings = append(out.Warnings, "the tenant kept member "+id)
		}
	}
	return out, nil
}

// patchEcho says which of the changed members are in the team.
type patchEcho struct{ present map[string]bool }

// readEcho walks the answer, in which a large team lists all its members, and keeps those that matter.
func (p *memberPatch) readEcho(dec *json.Decoder) (*patchEcho, error) {
	asked := toSet(p.removes)
	for ref := range p.addRefs {
		asked[ref] = true
	}
	echo := &patchEcho{present: map[string]bool{}}
	err := readObject(dec, func(key string) error {
		if key != "members" {
			return skip(dec)
		}
		return readArray(dec, func() error {
			var m link
			if err := dec.Decode(&m); err != nil {
				return fmt.Errorf("read member: %w", err)
			}
			if asked[string(m.Value)] {
				echo.present[string(m.Value)] = true
			}
			return nil
		})
	})
	return echo, err
}

// patchRoles writes the role links of a team that v1 does not see. The shape is that of people's roles,
// for no public source shows one for teams; the answer is checked.
func (t *Tenant) patchRoles(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	op := fmt.Sprintf("update team %q", u.Name)
	ref, err := t.teamRef(ctx, u.GroupKey)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	tm, err := t.getTeam(ctx, v2, u.Name, groupPath(v2, ref), false)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	roles := setChange(tm.group.Roles, u.RemoveRoles, u.AddRoles)
	ops := []patch{{Op: "replace", Path: "roles", Value: roleObjects(roles)}}
	var echo *team
	resp, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodPatch, Path: groupPath(v2, ref), Body: patchBody(ops), Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			echo, err = t.decodeTeam(dec, v2, false)
			return err
		},
	})
	if err != nil {
		return upstream.Outcome{Err: explain(err, "")}
	}
	t.tune.rolesChanged(u.Size, len(u.AddRoles)+len(u.RemoveRoles), resp.Elapsed)
	if echo == nil {
		return upstream.Outcome{}
	}
	return compareTeam(u, nil, toSet(echo.group.Roles))
}
