package sacsim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"

	"sacbridge/internal/sacsim/service"
)

// teamPath finds the requests that change one team, by name in v1 and by UUID later.
var teamPath = regexp.MustCompile(`^/api/v1/scim[23]?/Groups/[^/]+/?$`)

// quoted finds the ids in a member filter such as `members[value eq "a" or value eq "b"]`.
var quoted = regexp.MustCompile(`"[^"]*"`)

// teamPeek is a team as it stands before a write, so that the time of the write is known before its
// effect. What the write then really cost is the tenant's to say.
type teamPeek struct {
	name    string
	members map[string]bool
	roles   map[string]bool
	users   int
}

// wireTeam is what v1 and v2 have in common; roles and members come as text or as objects.
type wireTeam struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Members     []ref  `json:"members"`
	Roles       []ref  `json:"roles"`
}

// ref is "x" or {"value":"x"}.
type ref string

// UnmarshalJSON takes either form.
func (v *ref) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte(`"`)) {
		return json.Unmarshal(data, (*string)(v))
	}
	var object struct {
		Value string `json:"value"`
	}
	err := json.Unmarshal(data, &object)
	*v = ref(object.Value)
	return err
}

// peek reads the team a request is about to change. It is false for every other request, and for a
// team the tenant does not find.
func (x *exchange) peek() (teamPeek, bool) {
	switch x.r.Method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return teamPeek{}, false
	}
	if !teamPath.MatchString(x.r.URL.EscapedPath()) {
		return teamPeek{}, false
	}
	call := &service.Call{} // nobody's: a look of the server is not a look of the client
	data, ok := x.read(x.r.URL.Path, x.r.URL.RawPath, call)
	var team wireTeam
	if !ok || json.Unmarshal(data, &team) != nil {
		return teamPeek{}, false
	}
	name := team.ID
	if !strings.HasPrefix(x.r.URL.Path, "/api/v1/scim/") {
		name = team.DisplayName
	}
	return teamPeek{name: name, members: set(team.Members), roles: set(team.Roles), users: call.Work.Users}, true
}

// read asks the tenant for a resource, unseen by statistics and log.
func (x *exchange) read(path, rawPath string, call *service.Call) ([]byte, bool) {
	r := x.r.Clone(service.WithCall(context.WithoutCancel(x.r.Context()), call))
	r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery = http.MethodGet, path, rawPath, ""
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(nil)), 0
	a := x.run(r)
	return a.body.Bytes(), a.status == http.StatusOK
}

// work sizes the write: how many memberships and role links it changes.
func (t teamPeek) work(r *http.Request, body []byte) service.Work {
	w := service.Work{Kind: service.WorkTeam, Team: t.name, TeamSize: len(t.members), Users: t.users}
	switch r.Method {
	case http.MethodDelete:
		w.Kind = service.WorkDeleteTeam
	case http.MethodPatch:
		w.MemberChanges, w.RoleChanges = t.patched(body)
	default:
		var team wireTeam
		if json.Unmarshal(body, &team) != nil {
			return w
		}
		w.MemberChanges = differ(t.members, set(team.Members))
		if team.Roles != nil || r.Header.Get("X-Ignore-Roles-If-Missing") != "true" {
			w.RoleChanges = differ(t.roles, set(team.Roles))
		}
	}
	return w
}

// patched counts what a PATCH changes, operation by operation.
func (t teamPeek) patched(body []byte) (members, roles int) {
	var patch struct {
		Operations []struct {
			Op    string          `json:"op"`
			Path  string          `json:"path"`
			Value json.RawMessage `json:"value"`
		}
	}
	if json.Unmarshal(body, &patch) != nil {
		return 0, 0
	}
	for _, op := range patch.Operations {
		var values []ref
		if json.Unmarshal(op.Value, &values) != nil {
			values = nil
		}
		switch {
		case strings.HasPrefix(op.Path, "members"):
			members += changed(strings.ToLower(op.Op), op.Path, t.members, set(values))
		case strings.HasPrefix(op.Path, "roles"):
			roles += changed(strings.ToLower(op.Op), op.Path, t.roles, set(values))
		}
	}
	return members, roles
}

// changed counts one operation's changes; a remove without a filter takes all, whatever its value.
func changed(op, path string, have, values map[string]bool) int {
	switch {
	case op == "replace":
		return differ(have, values)
	case op == "remove" && strings.Contains(path, "["):
		return len(quoted.FindAllString(path, -1))
	case op == "remove":
		return len(have)
	}
	return differ(have, union(have, values))
}

func set(refs []ref) map[string]bool {
	m := make(map[string]bool, len(refs))
	for _, v := range refs {
		if v != "" {
			m[string(v)] = true
		}
	}
	return m
}

func union(a, b map[string]bool) map[string]bool {
	m := make(map[string]bool, len(a)+len(b))
	for _, side := range []map[string]bool{a, b} {
		for key := range side {
			m[key] = true
		}
	}
	return m
}

// differ counts the keys that only one side has.
func differ(a, b map[string]bool) int {
	n := 0
	for key := range a {
		if !b[key] {
			n++
		}
	}
	for key := range b {
		if !a[key] {
			n++
		}
	}
	return n
}
