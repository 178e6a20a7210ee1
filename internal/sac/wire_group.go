package sac

import (
	"encoding/json"
	"fmt"

	"sacbridge/internal/identity"
)

// team is a read team. In v2 members are UUIDs first; those the cache knows become user IDs while
// reading, the rest waits in refs.
type team struct {
	group *identity.Group
	refs  []string
}

// wireTeam collects the small parts of a team while its members stream by.
type wireTeam struct {
	id, displayName, description, created string
	roles                                 []string
}

// decodeTeam reads one team member by member, so that a team of 30,000 leaves no large buffer behind.
func (t *Tenant) decodeTeam(dec *json.Decoder, v version, members bool) (*team, error) {
	var w wireTeam
	out := &team{group: &identity.Group{}}
	err := readObject(dec, func(key string) error {
		if key == "members" {
			return t.decodeMembers(dec, v, members, out)
		}
		return w.field(dec, key)
	})
	if err != nil {
		return nil, fmt.Errorf("read team: %w", err)
	}
	g := out.group
	g.Roles, g.Created = t.sorted(w.roles), moment(text(w.created))
	if v == v2 {
		g.Name, g.Ref, g.Description = w.displayName, w.id, w.description
	} else {
		g.Name, g.Description = w.id, w.displayName
	}
	if members && g.Members == nil {
		g.Members = []string{}
	}
	return out, nil
}

// field reads one attribute of a team that is not the members.
func (w *wireTeam) field(dec *json.Decoder, key string) error {
	var err error
	switch key {
	case "id":
		w.id, err = decodeText(dec)
	case "displayName":
		w.displayName, err = decodeText(dec)
	case "meta":
		var m optional[struct {
			Created text `json:"created"`
		}]
		err = dec.Decode(&m)
		w.created = string(m.V.Created)
	case "roles":
		var ls links
		err = dec.Decode(&ls)
		w.roles = append(w.roles, values(ls, false)...)
	case urnTeamV2:
		var ext optional[struct {
			Description text `json:"description"`
		}]
		err = dec.Decode(&ext)
		w.description = string(ext.V.Description)
	case urnRolesV2:
		err = w.roleExtension(dec)
	default:
		err = skip(dec)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	return nil
}

// roleExtension reads the v2 group-roles extension, whose inner shape no public text shows: a list,
// or an object that holds lists.
func (w *wireTeam) roleExtension(dec *json.Decoder) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	var inner map[string]links
	if json.Unmarshal(raw, &inner) == nil {
		for _, ls := range inner {
			w.roles = append(w.roles, values(ls, false)...)
		}
		return nil
	}
	var ls links
	if json.Unmarshal(raw, &ls) == nil {
		w.roles = append(w.roles, values(ls, false)...)
	}
	return nil
}

// decodeMembers counts members and, where asked for, keeps their user IDs or UUIDs.
func (t *Tenant) decodeMembers(dec *json.Decoder, v version, keep bool, out *team) error {
	var raw json.RawMessage
	return readArray(dec, func() error {
		out.group.Size++
		if !keep {
			if err := dec.Decode(&raw); err != nil { // reuses its buffer
				return fmt.Errorf("skip member: %w", err)
			}
			return nil
		}
		var m link
		if err := dec.Decode(&m); err != nil {
			return fmt.Errorf("read member: %w", err)
		}
		t.addMember(out, v, string(m.Value))
		return nil
	})
}

func (t *Tenant) addMember(out *team, v version, value string) {
	if value == "" {
		return
	}
	if v == v1 {
		out.group.Members = append(out.group.Members, value)
		return
	}
	if id, ok := t.ids.userID(value); ok {
		out.group.Members = append(out.group.Members, id)
		return
	}
	out.refs = append(out.refs, value)
}

func decodeText(dec *json.Decoder) (string, error) {
	var s text
	if err := dec.Decode(&s); err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	return string(s), nil
}
