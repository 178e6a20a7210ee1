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
	op := (&teamWrite{asked: u}).op()
	if len(u.RemoveMembers) > maxRemovals {
		return upstream.Outcome{Err: refused(op, upstream.CodeTooMany, fmt.Sprintf("one PATCH removes at most %d members", maxRemovals))}
	}
	ref, err := t.teamRef(ctx, u.GroupKey)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	u.Description = truncateEdit(u.Description)
	p, err := t.newMemberPatch(ctx, u, ref)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	err = t.sendTeamPatch(ctx, p)
	e, ok := errors.AsType[*upstream.Error](err)
	if ok && e.Status == http.StatusBadRequest && len(p.adds) > 0 {
		// Somebody of the cache may have been deleted behind our back: ask anew and leave those out.
		p, err = t.patchKnown(ctx, p, err)
	}
	out := t.judgeTeam(&p.teamWrite, err, func() (*identity.Group, error) { return t.readMembers(ctx, p) })
	if out.Err == nil {
		out.Undone = append(p.unknownLinks(), out.Undone...)
		out.Kept = append(out.Kept, t.nameOthers(ctx, p)...)
	}
	return out
}

// nameOthers says who is in a new team by somebody else's hand, as the answer showed it.
func (t *Tenant) nameOthers(ctx context.Context, p *memberPatch) []string {
	if len(p.others) == 0 {
		return nil
	}
	tm := &team{group: &identity.Group{}, refs: p.others}
	if err := t.nameMembers(ctx, tm); err != nil {
		return []string{fmt.Sprintf("%d more members were added meanwhile, whose names could not be read: %v", len(p.others), err)}
	}
	news := upstream.GroupUpdate{MembersBefore: []string{}}
	return news.OtherMembers(tm.group.Members)
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

// memberPatch is one change of a team by v2, in UUIDs.
type memberPatch struct {
	teamWrite
	ref     string
	adds    []string          // UUIDs in order
	removes []string          // likewise
	userIDs map[string]string // UUID → user ID, of all that the patch is about
	unknown []string          // user IDs to add that the tenant does not have
	others  []string          // UUIDs of further members of a new team, by the latest answer
}

// newMemberPatch finds the UUIDs. Who does not exist cannot be a member, so removing them is done.
func (t *Tenant) newMemberPatch(ctx context.Context, u upstream.GroupUpdate, ref string) (*memberPatch, error) {
	refs, err := t.refsOf(ctx, slices.Concat(u.RemoveMembers, u.AddMembers))
	if err != nil {
		return nil, err
	}
	p := &memberPatch{ref: ref, userIDs: map[string]string{}}
	p.asked, p.rest = u, upstream.GroupUpdate{GroupKey: u.GroupKey, Description: u.Description}
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
		p.userIDs[ref] = id
	}
	return p, nil
}

// unknownLinks are the members whom the tenant does not have.
func (p *memberPatch) unknownLinks() []upstream.Undone {
	var out []upstream.Undone
	for _, id := range p.unknown {
		out = append(out, upstream.Undone{
			Kind: upstream.MemberPart, Key: id, Code: upstream.UnknownLink, Cause: "the tenant does not know the user ID",
		})
	}
	return out
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
	var resp *session.Response
	var err error
	if p.asked.DecidesAllMembers || p.asked.Description != nil {
		resp, err = t.readThenWrite(ctx, p.op(), func(t *Tenant) (session.Request, error) {
			if err := t.readTeamBefore(ctx, p); err != nil {
				return session.Request{}, err
			}
			return p.request()
		})
	} else {
		var r session.Request
		if r, err = p.request(); err == nil {
			resp, err = t.do(ctx, r)
		}
	}
	if err == nil && len(p.adds) > 0 {
		t.chunks.added(p.asked.Size, len(p.adds)+len(p.removes), resp.Elapsed)
	}
	return err
}

func (p *memberPatch) request() (session.Request, error) {
	ops := p.operations()
	if len(ops) == 0 {
		return session.Request{}, errNothing
	}
	return session.Request{
		Op: p.op(), Method: http.MethodPatch, Path: groupPath(v2, p.ref), Body: patchBody(ops), Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			p.told, err = p.readTeam(dec)
			return err
		},
	}, nil
}

// readTeamBefore looks whether somebody else changed what the patch is about, and takes the description out
// where it is as wanted. Members need no comparing: the patch names single ones.
func (t *Tenant) readTeamBefore(ctx context.Context, p *memberPatch) error {
	tm, err := t.getTeam(ctx, v2, p.asked.Name, groupPath(v2, p.ref), p.asked.DecidesAllMembers)
	if err != nil {
		return err
	}
	if tm.group.Ref != p.ref {
		return otherAnswer(p.op())
	}
	if p.asked.DecidesAllMembers {
		if err := t.nameMembers(ctx, tm); err != nil {
			return err
		}
	}
	rest, kept, err := p.asked.CompareWith(tm.group)
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
		err = otherAnswer(p.op())
	}
	return g, err
}

// readTeam walks a team, which lists all members of a large one, and keeps those that the patch is about.
func (p *memberPatch) readTeam(dec *json.Decoder) (*identity.Group, error) {
	g := &identity.Group{Members: []string{}}
	isNew := p.asked.MembersBefore != nil && len(p.asked.MembersBefore) == 0 && !p.asked.DecidesAllMembers
	p.others = nil
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
			} else if isNew && m.Value != "" {
				p.others = append(p.others, string(m.Value))
			}
			return nil
		})
	})
	if w.id == p.ref {
		g.Name, g.Ref, g.Description = w.displayName, w.id, w.description
	}
	return g, err
}
