package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// rawTeam is a v1 team with every key it has; members and roles stand apart.
type rawTeam struct {
	fields  map[string]json.RawMessage
	members []string
	roles   []string
}

// decodeRawTeam reads a v1 team member by member.
func decodeRawTeam(dec *json.Decoder) (*rawTeam, error) {
	raw := &rawTeam{fields: map[string]json.RawMessage{}}
	err := readObject(dec, func(key string) error {
		switch key {
		case "members":
			return readArray(dec, func() error {
				var m link
				if err := dec.Decode(&m); err != nil {
					return fmt.Errorf("read member: %w", err)
				}
				if m.Value != "" {
					raw.members = append(raw.members, string(m.Value))
				}
				return nil
			})
		case "roles":
			var ls links
			if err := dec.Decode(&ls); err != nil {
				return fmt.Errorf("read roles: %w", err)
			}
			raw.roles = values(ls, false)
			return nil
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("read %s: %w", key, err)
		}
		raw.fields[key] = v
		return nil
	})
	return raw, err
}

// member is an entry of a v1 team (script 1103).
type member struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Ref   string `json:"$ref"`
}

// body is the whole team as v1 takes it: members and roles are the desired totals.
func (r *rawTeam) body() object {
	out := make(object, len(r.fields)+2)
	for k, v := range r.fields {
		out[k] = v
	}
	members := make([]member, len(r.members))
	for i, id := range r.members {
		members[i] = member{Type: "User", Value: id, Ref: userPath(v1, id)}
	}
	out["members"], out["roles"] = members, notNil(r.roles)
	return out
}

// changed gives the team after an update; raw stays as it is.
func (r *rawTeam) changed(u upstream.GroupUpdate) (*rawTeam, error) {
	next := &rawTeam{fields: maps.Clone(r.fields)}
	next.members = setChange(r.members, u.RemoveMembers, u.AddMembers)
	next.roles = setChange(r.roles, u.RemoveRoles, u.AddRoles)
	if u.Description != nil {
		return next, edit(next.fields, "displayName", cut(u.Description.After))
	}
	return next, nil
}

// setChange removes and adds, keeping the order of what stays.
func setChange(have, remove, add []string) []string {
	gone := make(map[string]bool, len(remove))
	for _, s := range remove {
		gone[s] = true
	}
	there := make(map[string]bool, len(have)+len(add))
	out := make([]string, 0, len(have)+len(add))
	for _, s := range have {
		if !gone[s] && !there[s] {
			there[s] = true
			out = append(out, s)
		}
	}
	for _, s := range add {
		if !there[s] {
			there[s] = true
			out = append(out, s)
		}
	}
	return out
}

// putTeam reads a team and writes it back whole. Class Gone says
// that v1 does not find the team.
func (t *Tenant) putTeam(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	op := fmt.Sprintf("update team %q", u.Name)
	raw, err := t.readRawTeam(ctx, op, u.Name)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	next, err := raw.changed(u)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	if len(next.members) > maxMembers {
		return upstream.Outcome{Err: refused(op, fmt.Sprintf("a team takes at most %d members (script 1103)", maxMembers))}
	}
	var echo *rawTeam
	resp, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodPut, Path: groupPath(v1, u.Name), Header: keepRolesHeader(), Body: next.body(), Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			echo, err = decodeRawTeam(dec)
			return err
		},
	})
	if err != nil {
		return upstream.Outcome{Err: explain(err, "")}
	}
	if echo == nil {
		return upstream.Outcome{}
	}
	t.learnFrom(u, len(raw.members), resp.Elapsed)
	return compareTeam(u, toSet(echo.members), toSet(echo.roles))
}

// learnFrom tunes the chunks by the answer time of one kind of change.
func (t *Tenant) learnFrom(u upstream.GroupUpdate, size int, took time.Duration) {
	members, roles := len(u.AddMembers)+len(u.RemoveMembers), len(u.AddRoles)+len(u.RemoveRoles)
	switch {
	case roles == 0 && len(u.AddMembers) > 0:
		t.tune.added(size, members, took)
	case members == 0 && roles > 0:
		t.tune.rolesChanged(size, roles, took)
	}
}

func (t *Tenant) readRawTeam(ctx context.Context, op, name string) (*rawTeam, error) {
	var raw *rawTeam
	_, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodGet, Path: groupPath(v1, name), Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			raw, err = decodeRawTeam(dec)
			return err
		},
	})
	if e, ok := errors.AsType[*upstream.Error](err); ok && e.Class == upstream.Gone && t.cfg.Platform == platformCF {
		e.Cause = "the team does not exist, or " + causeHidden
	}
	return raw, err
}

func toSet(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}

// leftOut is a member whom the tenant left out of an accepted write.
func leftOut(id string) upstream.Undone {
	return upstream.Undone{
		Kind: upstream.MemberPart, Key: id, Code: upstream.Dropped,
		Cause: "the tenant accepted the write but left this member out: most likely it does not know the user ID",
	}
}

// compareTeam checks what the tenant made of a write: it leaves out silently whom it does not know
// (script 1103).
func compareTeam(u upstream.GroupUpdate, members, roles map[string]bool) upstream.Outcome {
	var out upstream.Outcome
	for _, id := range u.AddMembers {
		if !members[id] {
			out.Undone = append(out.Undone, leftOut(id))
		}
	}
	for _, id := range u.RemoveMembers {
		if members[id] && !slices.Contains(u.AddMembers, id) {
			out.Warnings = append(out.Warnings, "the tenant kept member "+id)
		}
	}
	for _, r := range u.AddRoles {
		if !roles[r] {
			out.Warnings = append(out.Warnings, "the tenant left out role "+r)
		}
	}
	for _, r := range u.RemoveRoles {
		if roles[r] && !slices.Contains(u.AddRoles, r) {
			out.Warnings = append(out.Warnings, "the tenant kept role "+r)
		}
	}
	return out
}
