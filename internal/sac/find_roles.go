package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// rolePrefix begins every role ID.
const rolePrefix = "PROFILE:"

// wireRole is a v3 group: a role where its type is "authorization", a team where it is "userGroup".
type wireRole struct {
	ID          text `json:"id"`
	DisplayName text `json:"displayName"`
	ExternalID  text `json:"externalId"`
	Kind        optional[struct {
		Type         text `json:"type"`
		ExternalName text `json:"externalName"`
	}] `json:"urn:ietf:params:scim:schemas:extension:sap:2.0:Group"`
}

// roleID gives the role ID among the names of a v3 group; public sources leave open which one it is.
func (w *wireRole) roleID() string {
	for _, s := range []text{w.ID, w.DisplayName, w.Kind.V.ExternalName, w.ExternalID} {
		if strings.HasPrefix(string(s), rolePrefix) {
			return string(s)
		}
	}
	return ""
}

// RoleIDs lists every role of the tenant, sorted. Only v3 of a CF tenant has such a list; ok is false
// elsewhere, and where the list shows no role in a form we know.
func (t *Tenant) RoleIDs(ctx context.Context) (ids []string, ok bool, err error) {
	if !t.hasV2() {
		return nil, false, nil
	}
	for start := 1; ; {
		var rows []wireRole
		l, err := t.getList(ctx, "list roles", pathV3+"/Groups", start, pageSize, func() { rows = rows[:0] }, func(dec *json.Decoder) error {
			var w wireRole
			if err := dec.Decode(&w); err != nil {
				return fmt.Errorf("read role: %w", err)
			}
			rows = append(rows, w)
			return nil
		})
		if isAbsent(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, classed("list roles", err)
		}
		for i := range rows {
			if id := rows[i].roleID(); id != "" && rows[i].Kind.V.Type == "authorization" {
				ids = append(ids, id)
			}
		}
		start += len(rows)
		if len(rows) == 0 || start > l.Total {
			slices.Sort(ids)
			return slices.Compact(ids), len(ids) > 0, nil
		}
	}
}

// isAbsent reports whether a call met no such route: the tenant lacks that API.
func isAbsent(err error) bool {
	return errors.Is(err, session.ErrNoRoute) || upstream.ClassOf(err) == upstream.Gone
}
