package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// maxDescription is what a team's description is cut at (script 1501).
const maxDescription = 1024

// folderHeader keeps v2 from making a folder for a new team.
const folderHeader = "X-Sap-Sac-Create-Team-Folder"

// truncateDescription shortens a description to what SAC takes.
func truncateDescription(s string) string {
	runes := []rune(s)
	if len(runes) <= maxDescription {
		return s
	}
	return string(runes[:maxDescription])
}

// CreateGroup creates an empty team: on CF by v2 and without a team folder, on NEO by v1, which always
// makes one.
func (w writer) CreateGroup(ctx context.Context, g *identity.Group) upstream.Outcome {
	op := fmt.Sprintf("create team %q", g.Name)
	r := session.Request{Op: op, Method: http.MethodPost}
	description := g.Description
	if w.hasV2() {
		if description == "" {
			description = g.Name
		}
		r.Path, r.Header = pathV2+"/Groups", http.Header{folderHeader: {"false"}}
		r.Body = object{
			"schemas": []string{urnGroup, urnTeamV2}, "displayName": g.Name, "members": []any{},
			urnTeamV2: object{"description": truncateDescription(description)},
		}
	} else {
		if description == "" {
			description = g.Name + " with Team Folder"
		}
		r.Path = pathV1 + "/Groups"
		r.Body = object{"schemas": []string{urnGroup}, "id": g.Name, "displayName": truncateDescription(description)}
	}
	var made *team
	v := v1
	if w.hasV2() {
		v = v2
	}
	r.Decode = func(dec *json.Decoder) error {
		var err error
		made, err = w.decodeTeam(dec, v, false)
		return err
	}
	_, err := w.do(ctx, r)
	if err == nil && (made == nil || made.group.Name != g.Name) {
		err = noAnswer(op) // the caller looks
	}
	if err != nil {
		return upstream.Outcome{Err: explainTeamCreate(err)}
	}
	out := upstream.Outcome{Ref: made.group.Ref}
	wanted := upstream.GroupUpdate{Description: &upstream.Edit[string]{After: truncateDescription(description)}}
	if g.Description != "" && len(wanted.Missing(made.group)) > 0 {
		out.Undone = wanted.Missing(w.teamNow(ctx, made.group))
	}
	return out
}

// teamNow reads a team again; where that fails it is as told.
func (t *Tenant) teamNow(ctx context.Context, told *identity.Group) *identity.Group {
	for g, err := range t.FindGroups(ctx, upstream.GroupQuery{Names: []string{told.Name}}) {
		if err == nil && g.Name == told.Name {
			return g
		}
	}
	return told
}

// explainTeamCreate names the two causes that SAP's scripts name for a 400 or 409.
func explainTeamCreate(err error) error {
	e, ok := errors.AsType[*upstream.Error](err)
	if ok && (e.Status == http.StatusBadRequest || e.Status == http.StatusConflict) {
		e.Class, e.Code = upstream.Conflict, upstream.CodeTeamExists
		e.Cause = "a team of this name exists, if only in other letter case or hidden from v1 " +
			`(setting "Ignore Content Namespace For Teams"), or a team folder of this name is left under Files > System: delete that folder`
	}
	return err
}

// DeleteGroup deletes a team; its people and its folder stay.
func (w writer) DeleteGroup(ctx context.Context, k upstream.GroupKey) upstream.Outcome {
	op := fmt.Sprintf("delete team %q", k.Name)
	request := session.Request{Op: op, Method: http.MethodDelete, Path: groupPath(v1, k.Name), Slow: true}
	var resp *session.Response
	var err error
	if w.hasV2() {
		ref, lookErr := w.teamRef(ctx, k)
		if upstream.ClassOf(lookErr) == upstream.Gone {
			return upstream.Outcome{}
		}
		if lookErr != nil {
			return upstream.Outcome{Err: classed(op, lookErr)}
		}
		request.Path = groupPath(v2, ref)
		resp, err = w.do(ctx, request)
	} else { // by name, which another team may have by now
		resp, err = w.readThenWrite(ctx, op, func(t *Tenant) (session.Request, error) {
			raw, err := t.readRawTeam(ctx, op, k.Name)
			if err != nil {
				return session.Request{}, err
			}
			return request, k.Same(raw.group())
		})
	}
	switch {
	case err == nil && resp.Status != http.StatusNoContent:
		return upstream.Outcome{Err: noAnswer(op)}
	case upstream.ClassOf(err) != upstream.Gone:
		return upstream.Outcome{Err: err}
	case w.cfg.Platform == identity.PlatformCF && !w.hasV2():
		return upstream.Outcome{Err: w.hiddenOrGone(ctx, op, k.Name)}
	}
	return upstream.Outcome{}
}

// hiddenOrGone tells a team that does not exist (nil) from one that v1 lists but cannot address.
func (t *Tenant) hiddenOrGone(ctx context.Context, op, name string) error {
	for g, err := range t.FindGroups(ctx, upstream.GroupQuery{Names: []string{name}}) {
		if err != nil {
			return classed(op, err)
		}
		if g.Name == name {
			return refused(op, upstream.CodeHiddenTeam, causeHidden)
		}
	}
	return nil
}

// UpdateGroup makes one write to a team. Members go by v2 PATCH on CF, which names only who comes and
// who goes. Roles go by v1 PUT wherever v1 sees the team: that is how every SAP script writes them,
// while no public source shows how v2 takes the roles of a team.
func (w writer) UpdateGroup(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	out := w.updateGroup(ctx, u)
	if w.explainRole(ctx, out.Err, u.AddRoles) {
		return w.changeGroupWithoutRoles(ctx, u, out)
	}
	return out
}

func (w writer) updateGroup(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	if !w.hasV2() {
		return w.putTeam(ctx, u)
	}
	var out upstream.Outcome
	if u.ChangesRoles() {
		out = w.changeRoles(ctx, u)
	}
	if out.Err != nil || !u.ChangesMembers() && u.Description == nil {
		return out
	}
	u.AddRoles, u.RemoveRoles = nil, nil
	next := w.patchTeam(ctx, u)
	next.Undone, next.Kept = append(out.Undone, next.Undone...), append(out.Kept, next.Kept...)
	return next
}
