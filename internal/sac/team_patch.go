package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// patchTeam changes members and description by one v2 PATCH, which names only who comes and who goes. The
// team is read right before where the description changes, or where its members are to be exactly as
// planned.
func (t *Tenant) patchTeam(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	op := teamOp(u.Name)
	if len(u.RemoveMembers) > maxRemovals {
		return upstream.Outcome{Err: refused(op, upstream.CodeTooMany, fmt.Sprintf("one PATCH removes at most %d members", maxRemovals))}
	}
	ref, err := t.teamRef(ctx, u.GroupKey)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	u.Description = cutEdit(u.Description)
	p, err := t.newMemberPatch(ctx, u, ref)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	err = t.sendTeamPatch(ctx, p)
	e, ok := errors.AsType[*upstream.Error](err)
	if ok && e.Status == http.StatusBadRequest && len(p.addRefs) > 0 {
		// Somebody of the cache may have been deleted behind our back: ask anew and leave those out.
		p, err = t.patchKnown(ctx, p, err)
	}
	return t.judgeTeamPatch(ctx, p, err)
}

// patchKnown repeats a refused PATCH without the people who do not exist any more.
func (t *Tenant) patchKnown(ctx context.Context, old *memberPatch, refusal error) (*memberPatch, error) {
	for _, id := range old.asked.AddMembers {
		t.ids.forget(id)
	}
	p, err := t.newMemberPatch(ctx, old.asked, old.ref)
	if err != nil || len(p.unknown) == len(old.unknown) {
		return old, refusal
	}
	return p, t.sendTeamPatch(ctx, p)
}

// judgeTeamPatch gives the outcome of a PATCH.
func (t *Tenant) judgeTeamPatch(ctx context.Context, p *memberPatch, err error) upstream.Outcome {
	out := upstream.Outcome{Kept: p.kept}
	for _, id := range p.unknown {
		out.Undone = append(out.Undone, upstream.Undone{
			Kind: upstream.MemberPart, Key: id, Code: upstream.UnknownLink, Cause: "the tenant does not know the user ID",
		})
	}
	e, _ := errors.AsType[*upstream.Error](err)
	switch {
	case errors.Is(err, errNothing):
		return out
	case err != nil && (e == nil || !isNoAnswer(e)):
		return upstream.Outcome{Err: explain(classed(teamOp(p.asked.Name), err), "")}
	}
	t.seeTeam(&p.rest, p.told, &out, func() (*identity.Group, error) { return t.readMembers(ctx, p) })
	return out
}

// memberPatch is one change of a team by v2, in UUIDs.
type memberPatch struct {
	asked   upstream.GroupUpdate
	rest    upstream.GroupUpdate // what the answer must show
	kept    []string
	ref     string
	addRefs map[string]string // UUID → user ID, of those to add
	userIDs map[string]string // likewise, of all that the patch is about
	adds    []string          // UUIDs in order
	removes []string
	unknown []string // user IDs to add that the tenant does not have
	told    *identity.Group
}

// newMemberPatch finds the UUIDs. Who does not exist cannot be a member, so removing them is done.
func (t *Tenant) newMemberPatch(ctx context.Context, u upstream.GroupUpdate, ref string) (*memberPatch, error) {
	refs, err := t.refsOf(ctx, slices.Concat(u.RemoveMembers, u.AddMembers))
	if err != nil {
		return nil, err
	}
	p := &memberPatch{asked: u, ref: ref, addRefs: map[string]string{}, userIDs: map[string]string{}}
	p.rest = upstream.GroupUpdate{GroupKey: u.GroupKey, Description: u.Description}
	for i, id := range u.RemoveMembers {
		if ref := refs[i]; ref != "" {
			p.removes, p.rest.RemoveMembers = append(p.removes, ref), append(p.rest.RemoveMembers, id)
			p.userIDs[ref] = id
		}
	}
	for i, id := range u.AddMembers {
		ref := refs[len(u.RemoveMembers)+i]
		if ref == "" {
			p.unknown = append(p.unknown, id)
			continue
		}
		p.adds, p.rest.AddMembers = append(p.adds, ref), append(p.rest.AddMembers, id)
		p.addRefs[ref], p.userIDs[ref] = id, id
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
	if p.rest.Description != nil {
		ops = append(ops, patch{Op: "replace", Path: urnTeamV2 + ":description", Value: p.rest.Description.After})
	}
	return ops
}

// sendTeamPatch sends the PATCH and keeps what the answer tells; errNothing where nothing is left to send.
func (t *Tenant) sendTeamPatch(ctx context.Context, p *memberPatch) error {
	request := func() (session.Request, error) {
		ops := p.operations()
		if len(ops) == 0 {
			return session.Request{}, errNothing
		}
		return session.Request{
			Op: teamOp(p.asked.Name), Method: http.MethodPatch, Path: groupPath(v2, p.ref), Body: patchBody(ops), Slow: true,
			Decode: func(dec *json.Decoder) error {
				var err error
				p.told, err = p.readTeam(dec)
				return err
			},
		}, nil
	}
	var resp *session.Response
	var err error
	if p.asked.ExactMembers || p.asked.Description != nil {
		resp, err = t.unit(ctx, teamOp(p.asked.Name), func(t *Tenant) (session.Request, error) {
			if err := t.readTeamBefore(ctx, p); err != nil {
				return session.Request{}, err
			}
			return request()
		})
	} else {
		var r session.Request
		if r, err = request(); err == nil {
			resp, err = t.do(ctx, r)
		}
	}
	if changes := len(p.adds) + len(p.removes); err == nil && len(p.adds) > 0 {
		t.tune.added(p.asked.Size, changes, resp.Elapsed)
	}
	return err
}

// readTeamBefore takes what is left to do for a team that is there as now.
func (t *Tenant) readTeamBefore(ctx context.Context, p *memberPatch) error {
	tm, err := t.getTeam(ctx, v2, p.asked.Name, groupPath(v2, p.ref), p.asked.ExactMembers)
	if err != nil {
		return err
	}
	if tm.group.Ref != p.ref {
		return otherAnswer(teamOp(p.asked.Name))
	}
	if p.asked.ExactMembers {
		if err := t.nameMembers(ctx, tm); err != nil {
			return err
		}
	}
	rest, kept, err := p.asked.Against(tm.group)
	if err != nil {
		return err
	}
	p.rest.Description, p.kept = rest.Description, kept
	return nil
}

// nameMembers turns the members' UUIDs into user IDs.
func (t *Tenant) nameMembers(ctx context.Context, tm *team) error {
	var unknown []string
	for _, ref := range tm.refs {
		if _, known := t.ids.userID(ref); !known {
			unknown = append(unknown, ref)
		}
	}
	if err := t.learn(ctx, nil, unknown); err != nil {
		return fmt.Errorf("look up team members: %w", err)
	}
	for _, ref := range tm.refs {
		if id, known := t.ids.userID(ref); known {
			tm.group.Members = append(tm.group.Members, id)
		}
	}
	return nil
}

// readMembers reads the team as the write has left it, as far as the write is concerned.
func (t *Tenant) readMembers(ctx context.Context, p *memberPatch) (*identity.Group, error) {
	var g *identity.Group
	_, err := t.do(ctx, session.Request{
		Op: fmt.Sprintf("read team %q", p.asked.Name), Method: http.MethodGet, Path: groupPath(v2, p.ref), Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			g, err = p.readTeam(dec)
			return err
		},
	})
	if err == nil && g.Name != p.asked.Name {
		err = otherAnswer(teamOp(p.asked.Name))
	}
	return g, err
}

// readTeam walks a team, which lists all members of a large one, and keeps those that the patch is about.
func (p *memberPatch) readTeam(dec *json.Decoder) (*identity.Group, error) {
	g := &identity.Group{Members: []string{}}
	var w wireTeam
	err := readObject(dec, func(key string) error {
		if key != "members" {
			return w.field(dec, key)
		}
		return readArray(dec, func() error {
			var m link
			if err := dec.Decode(&m); err != nil {
				return fmt.Errorf("read member: %w", err)
			}
			if id, ours := p.userIDs[string(m.Value)]; ours {
				g.Members = append(g.Members, id)
			}
			return nil
		})
	})
	if w.id == p.ref {
		g.Name, g.Ref, g.Description = w.displayName, w.id, w.description
	}
	return g, err
}

// patchRoles writes the role links of a team that v1 does not see. The shape is that of people's roles,
// for no public source shows one for teams; the answer is checked.
func (t *Tenant) patchRoles(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	op := teamOp(u.Name)
	ref, err := t.teamRef(ctx, u.GroupKey)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	var out upstream.Outcome
	var rest upstream.GroupUpdate
	var echo *team
	resp, err := t.unit(ctx, op, func(t *Tenant) (session.Request, error) {
		tm, err := t.getTeam(ctx, v2, u.Name, groupPath(v2, ref), false)
		switch {
		case err != nil:
			return session.Request{}, err
		case tm.group.Ref != ref:
			return session.Request{}, otherAnswer(op)
		}
		if rest, out.Kept, err = u.Against(tm.group); err != nil {
			return session.Request{}, err
		}
		if !rest.ChangesRoles() {
			return session.Request{}, errNothing
		}
		roles := setChange(tm.group.Roles, rest.RemoveRoles, rest.AddRoles)
		return session.Request{
			Op: op, Method: http.MethodPatch, Path: groupPath(v2, ref), Slow: true,
			Body: patchBody([]patch{{Op: "replace", Path: "roles", Value: roleObjects(roles)}}),
			Decode: func(dec *json.Decoder) error {
				var err error
				echo, err = t.decodeTeam(dec, v2, false)
				return err
			},
		}, nil
	})
	e, _ := errors.AsType[*upstream.Error](err)
	switch {
	case errors.Is(err, errNothing):
		return out
	case err != nil && (e == nil || !isNoAnswer(e)):
		return upstream.Outcome{Err: explain(classed(op, err), "")}
	case err == nil:
		t.tune.rolesChanged(u.Size, len(rest.AddRoles)+len(rest.RemoveRoles), resp.Elapsed)
	}
	var told *identity.Group
	if echo != nil && echo.group.Ref == ref {
		told = echo.group
	}
	t.seeTeam(&rest, told, &out, func() (*identity.Group, error) {
		tm, err := t.getTeam(ctx, v2, u.Name, groupPath(v2, ref), false)
		if err != nil {
			return nil, err
		}
		return tm.group, nil
	})
	return out
}
