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
	return g
}

// putTeam reads a team and writes it back whole. Class Gone says that v1 does not find the team.
func (t *Tenant) putTeam(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	op := teamOp(u.Name)
	u.Description = cutEdit(u.Description)
	var out upstream.Outcome
	var rest upstream.GroupUpdate
	var echo *rawTeam
	size := 0
	resp, err := t.unit(ctx, op, func(t *Tenant) (session.Request, error) {
		raw, err := t.readRawTeam(ctx, op, u.Name)
		if err != nil {
			return session.Request{}, err
		}
		now := raw.group()
		if rest, out.Kept, err = u.Against(now); err != nil {
			return session.Request{}, err
		}
		size = len(raw.members)
		next, err := raw.changed(rest)
		switch {
		case err != nil:
			return session.Request{}, err
		case emptyTeamUpdate(&rest):
			return session.Request{}, errNothing
		case len(next.members) > maxMembers:
			return session.Request{}, refused(op, upstream.CodeTooMany, fmt.Sprintf("a team takes at most %d members (script 1103)", maxMembers))
		}
		return session.Request{
			Op: op, Method: http.MethodPut, Path: groupPath(v1, u.Name), Header: keepRolesHeader(), Body: next.body(), Slow: true,
			Decode: func(dec *json.Decoder) error {
				var err error
				echo, err = decodeRawTeam(dec)
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
		t.learnFrom(&rest, size, resp.Elapsed)
	}
	var told *identity.Group
	if echo != nil {
		told = echo.group()
	}
	t.seeTeam(&rest, told, &out, func() (*identity.Group, error) {
		raw, err := t.readRawTeam(ctx, op, u.Name)
		if err != nil {
			return nil, err
		}
		return raw.group(), nil
	})
	return out
}

// seeTeam judges an accepted write by the team in its answer, or by a reading where that does not show the
// change.
func (t *Tenant) seeTeam(rest *upstream.GroupUpdate, told *identity.Group, out *upstream.Outcome, read func() (*identity.Group, error)) {
	answered := told != nil && told.Name == rest.Name
	if !answered || len(rest.Missing(told)) > 0 {
		now, err := read()
		if err != nil {
			out.Err = unseen(teamOp(rest.Name), err)
			return
		}
		told = now
	}
	undone := rest.Missing(told)
	if !answered && len(undone) == teamParts(rest) {
		out.Err = notDone(teamOp(rest.Name))
		return
	}
	if rest.Description != nil {
		t.learned.saw([]string{upstream.AttrDescription}, undone)
	}
	for i := range undone {
		if undone[i].Kind == upstream.MemberPart && slices.Contains(rest.AddMembers, undone[i].Key) {
			t.ids.forget(undone[i].Key)
			undone[i].Cause += ": most likely it does not know the user ID"
		}
	}
	out.Undone = append(out.Undone, undone...)
}

func teamOp(name string) string { return fmt.Sprintf("update team %q", name) }

// cutEdit shortens a description to what SAC takes, so that what was sent compares with what is there.
func cutEdit(e *upstream.Edit[string]) *upstream.Edit[string] {
	if e == nil {
		return nil
	}
	return &upstream.Edit[string]{Before: e.Before, After: cut(e.After)}
}

func emptyTeamUpdate(u *upstream.GroupUpdate) bool { return teamParts(u) == 0 }

// teamParts counts what an update changes.
func teamParts(u *upstream.GroupUpdate) int {
	n := len(u.AddRoles) + len(u.RemoveRoles) + len(u.AddMembers) + len(u.RemoveMembers)
	if u.Description != nil {
		n++
	}
	return n
}

// learnFrom tunes the chunks by the answer time of one kind of change.
func (t *Tenant) learnFrom(u *upstream.GroupUpdate, size int, took time.Duration) {
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
		e.Code, e.Cause = upstream.CodeHiddenTeam, "the team does not exist, or "+causeHidden
	}
	if err == nil && raw.group().Name != name {
		return nil, otherAnswer(op)
	}
	return raw, err
}
