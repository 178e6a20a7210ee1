package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// plainMember is a member in either shape, for encoding/json.
type plainMember map[string]string

// plainTeam encodes a team in the plainest way: nothing remembered, nothing by hand.
func plainTeam(t *team, v1 bool) map[string]any {
	meta := map[string]string{"created": stamp(t.created), "resourceType": "Group", "location": v2Base + "/Groups/" + t.uuid}
	members := []plainMember{}
	for u := range t.members.each() {
		m := plainMember{"type": "User", "value": u.uuid, "$ref": v2Base + "/Users/" + u.uuid}
		if u.display != "" {
			m["display"] = u.display
		}
		if v1 {
			m = plainMember{"type": "User", "value": u.id, "$ref": v1Base + "/Users/" + pathID(u.id)}
		}
		members = append(members, m)
	}
	if v1 {
		meta["location"] = v1Base + "/Groups/" + pathID(t.name)
		return map[string]any{
			"schemas": []string{urnGroup}, "id": t.name, "displayName": t.display, "meta": meta, "members": members,
			"roles": append([]string{}, t.roles...),
		}
	}
	doc := map[string]any{"schemas": []string{urnGroup, urnGroupV2, urnGroupRoles}, "id": t.uuid, "displayName": t.name, "meta": meta}
	if len(members) > 0 {
		doc["members"] = members
	}
	if len(t.roles) > 0 {
		doc["roles"] = renderRoles(t.roles)
	}
	if t.display != "" {
		doc[urnGroupV2] = map[string]string{"description": t.display}
	}
	return doc
}

// teamRig asks a tenant of eight people with odd names and one team.
type teamRig struct {
	svc *Service
	t   *team
}

func newTeamRig(t *rapid.T) *teamRig {
	names := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", `"`, `a\b`, "<&>", "\u2028", "é\x00\xff"})), 8, 8).Draw(t, "names")
	users := make([]map[string]any, len(names))
	for i, name := range names {
		users[i] = map[string]any{"id": fmt.Sprintf("U%d", i), "displayName": name}
	}
	raw, err := json.Marshal(map[string]any{"users": users, "teams": []any{map[string]any{"id": "A team", "members": []string{"U0", "U1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	seed, err := ParseSeed(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	svc, err := New(Config{}, seed)
	if err != nil {
		t.Fatal(err)
	}
	return &teamRig{svc: svc, t: svc.state.teams[0]}
}

func (r *teamRig) do(method, path, body string) (*httptest.ResponseRecorder, *Call) {
	call := &Call{Actor: "client"}
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	r.svc.ServeHTTP(w, q.WithContext(WithCall(q.Context(), call)))
	return w, call
}

// change draws a write of the team or of a person.
func (r *teamRig) change(t *rapid.T) (method, path, body string) {
	people := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 5).Draw(t, "people") // 8 and 9 are strangers
	ids, uuids, terms := []string{}, []string{}, []string{`value eq "nobody"`}
	for _, n := range people {
		id, uuid := fmt.Sprintf("U%d", n), fmt.Sprintf("stranger-%d", n)
		if u := r.svc.state.byID[id]; u != nil {
			uuid = u.uuid
		}
		ids, uuids = append(ids, `{"value":"`+id+`"}`), append(uuids, `{"value":"`+uuid+`"}`)
		terms = append(terms, `value eq "`+uuid+`"`)
	}
	group := v2Base + "/Groups/" + r.t.uuid
	patch := func(op string) string {
		return `{"schemas":["` + urnPatch + `"],"Operations":[` + op + `]}`
	}
	filter, err := json.Marshal("members[" + strings.Join(terms, " or ") + "]")
	if err != nil {
		t.Fatal(err)
	}
	roles := rapid.SampledFrom([]string{`[]`, `["PROFILE:sap.epm:Viewer"]`, `["PROFILE:sap.epm:Viewer","PROFILE:sap.epm:Modeler"]`, `["PROFILE:x:None"]`}).Draw(t, "roles")
	switch rapid.IntRange(0, 8).Draw(t, "change") {
	case 0, 1:
		return http.MethodPatch, group, patch(`{"op":"add","path":"members","value":[` + strings.Join(uuids, ",") + `]}`)
	case 2:
		return http.MethodPatch, group, patch(`{"op":"remove","path":` + string(filter) + `}`)
	case 3:
		return http.MethodPatch, group, patch(`{"op":"replace","path":"members","value":[` + strings.Join(uuids, ",") + `]}`)
	case 4:
		return http.MethodPatch, group, patch(`{"op":"replace","path":"roles","value":` + roles + `}`)
	case 5:
		return http.MethodPut, v1Base + "/Groups/A%20team", `{"displayName":"d","members":[` + strings.Join(ids, ",") + `],"roles":` + roles + `}`
	case 6:
		return http.MethodPut, group, `{"displayName":"A team","members":[` + strings.Join(uuids, ",") + `],"roles":` + roles + `}`
	case 7:
		name, err := json.Marshal(rapid.String().Draw(t, "name"))
		if err != nil {
			t.Fatal(err)
		}
		return http.MethodPatch, v2Base + "/Users/" + r.svc.state.users[0].uuid, patch(`{"op":"replace","path":"displayName","value":` + string(name) + `}`)
	}
	return http.MethodGet, group, ""
}

// TestATeamReadsTheSameHoweverItCameAbout compares what reads and writes show of a team, by id and in
// lists, with a plain encoding of it, and the cost foretold with the cost that came.
func TestATeamReadsTheSameHoweverItCameAbout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newTeamRig(t)
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			method, path, body := r.change(t)
			foretold, isTeam := r.svc.TeamWork(httptest.NewRequest(method, path, nil), []byte(body))
			got, call := r.do(method, path, body)
			ofTeam := strings.Contains(path, "/Groups/")
			if want := ofTeam && method != http.MethodGet; isTeam != want {
				t.Fatalf("%s %s has a cost: %t, want %t", method, path, isTeam, want)
			}
			if isTeam && got.Code == http.StatusOK {
				if diff := cmp.Diff(call.Work, foretold); diff != "" {
					t.Fatalf("%s %s: foretold cost (-true +foretold):\n%s", method, path, diff)
				}
			}
			if ofTeam && got.Code == http.StatusOK {
				sameJSON(t, method+" "+path, got.Body.Bytes(), plainTeam(r.t, strings.HasPrefix(path, v1Base+"/")))
			}
			for base, v1 := range map[string]bool{v1Base: true, v2Base: false} {
				list, _ := r.do(http.MethodGet, base+"/Groups", "")
				want := plainTeam(r.t, v1)
				if v1 && len(r.t.roles) == 0 {
					want["roles"] = nil
				}
				sameJSON(t, "GET "+base+"/Groups", list.Body.Bytes(), map[string]any{
					"schemas": []string{urnList}, "totalResults": 1, "itemsPerPage": 50, "startIndex": 1, "Resources": []any{want},
				})
			}
		}
	})
}

// sameJSON compares two documents as what they say.
func sameJSON(t *rapid.T, what string, raw []byte, want any) {
	t.Helper()
	plain, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got, expected any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%s: %v in %s", what, err, raw)
	}
	if err := json.Unmarshal(plain, &expected); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestAnAnswerKeepsItsMembersWhenTheTeamGoesOn(t *testing.T) {
	t.Parallel()
	var m memberSet
	people := make([]*user, 100)
	for i := range people {
		people[i] = &user{uuid: fmt.Sprintf("uuid-%d", i)}
	}
	m.add(people[0])
	m.rememberV2()
	kept := make([][]byte, 0, len(people))
	copies := make([]string, 0, len(people))
	for _, u := range people[1:] {
		kept, copies = append(kept, m.encodedV2()), append(copies, string(m.encodedV2()))
		m.add(u)
	}
	m.remove(people[0])
	for i, was := range copies {
		if got := string(kept[i]); got != was {
			t.Fatalf("an answer of %d members became %q, was %q", i+1, got, was)
		}
	}
	if got := string(m.encodedV2()); strings.Contains(got, `"uuid-0"`) || strings.Count(got, `"value"`) != 99 {
		t.Errorf("after a removal the set shows %q", got)
	}
}
