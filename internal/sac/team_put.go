package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"sacbridge/internal/identity"
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
		return next, edit(next.fields, "displayName", u.Description.After)
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

// group is the team as the contract knows it, with its members.
func (r *rawTeam) group() *identity.Group {
	g := &identity.Group{Members: append([]string{}, r.members...), Roles: r.roles, Size: len(r.members)}
	var name, description text
	_ = json.Unmarshal(r.fields["id"], &name) // what is no text counts as empty
	_ = json.Unmarshal(r.fields["displayName"], &description)
	g.Name, g.Description = string(name), string(description)
	var meta struct {
		Created text `json:"created"`
	}
	if json.Unmarshal(r.fields["meta"], &meta) == nil {
		g.Created = moment(meta.Created)
	}
	return g
}

// putTeam reads a team and writes it back whole. Class Gone says that v1 does not find the team.
func (t *Tenant) putTeam(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	u.Description = truncateEdit(u.Description)
	w := &teamWrite{asked: u}
	resp, err := t.readThenWrite(ctx, w.op(), func(t *Tenant) (session.Request, error) { return t.preparePut(ctx, w) })
	if err == nil {
		t.learnFrom(&w.rest, w.size, resp.Elapsed)
	}
	return t.judgeTeam(w, err, func() (*identity.Group, error) {
		raw, err := t.readRawTeam(ctx, w.op(), u.Name)
		if err != nil {
			return nil, err
		}
		return raw.group(), nil
	})
}

// preparePut reads a team and makes the PUT of it with what is left to do.
func (t *Tenant) preparePut(ctx context.Context, w *teamWrite) (session.Request, error) {
	raw, err := t.readRawTeam(ctx, w.op(), w.asked.Name)
	if err != nil {
		return session.Request{}, err
	}
	if err := w.reduceToRemaining(raw.group()); err != nil {
		return session.Request{}, err
	}
	next, err := raw.changed(w.rest)
	switch {
	case err != nil:
		return session.Request{}, err
	case len(next.members) > maxMembers:
		return session.Request{}, refused(w.op(), upstream.CodeTooMany, fmt.Sprintf("a team takes at most %d members (script 1103)", maxMembers))
	}
	return session.Request{
		Op: w.op(), Method: http.MethodPut, Path: groupPath(v1, w.asked.Name), Header: keepRolesHeader(), Body: next.body(), Slow: true,
		Decode: func(dec *json.Decoder) error {
			echo, err := decodeRawTeam(dec)
			if err == nil {
				w.told = echo.group()
			}
			return err
		},
	}, nil
}

// learnFrom tunes the chunks by the answer time of one kind of change.
func (t *Tenant) learnFrom(u *upstream.GroupUpdate, size int, took time.Duration) {
	members, roles := len(u.AddMembers)+len(u.RemoveMembers), len(u.AddRoles)+len(u.RemoveRoles)
	switch {
	case roles == 0 && len(u.AddMembers) > 0:
		t.chunks.added(size, members, took)
	case members == 0 && roles > 0:
		t.chunks.rolesChanged(size, roles, took)
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
	if e, ok := errors.AsType[*upstream.Error](err); ok && e.Class == upstream.Gone && t.cfg.Platform == identity.PlatformCF {
		e.Code, e.Cause = upstream.CodeHiddenTeam, "the team does not exist, or "+causeHidden
	}
	if err == nil && raw.group().Name != name {
		return nil, otherAnswer(op)
	}
	return raw, err
}
