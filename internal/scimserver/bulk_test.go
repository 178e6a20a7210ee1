package scimserver

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type op = map[string]any

func newUser(name string, more ...op) op {
	u := op{"schemas": []string{coreUser}, "userName": name}
	for _, m := range more {
		maps.Copy(u, m)
	}
	return u
}

func newGroup(name string, members ...string) op {
	list := []op{}
	for _, m := range members {
		list = append(list, op{"value": m})
	}
	return op{"schemas": []string{coreGroup}, "displayName": name, "members": list}
}

func (b *bridge) bulk(failOnErrors int, ops ...op) *answer {
	b.t.Helper()
	body := op{"schemas": []string{bulkURN}, "Operations": ops}
	if failOnErrors > 0 {
		body["failOnErrors"] = failOnErrors
	}
	return b.do("POST", "/Bulk", toJSON(b.t, body))
}

func (a *answer) statuses() []string {
	a.t.Helper()
	list, _ := a.want(200).at("Operations").([]any)
	out := []string{}
	for _, o := range list {
		out = append(out, str(at(o, "status")))
	}
	return out
}

func idOf(location any) string { return str(location)[strings.LastIndex(str(location), "/")+1:] }

func TestBulkAnswersEachOperation(t *testing.T) {
	t.Parallel()
	b := open(t)
	old, gone := b.user("old"), b.user("gone")
	a := b.bulk(0,
		op{"method": "POST", "path": "/Users", "bulkId": "q1", "data": newUser("kim")},
		op{"method": "PUT", "path": "/Users/" + old, "version": `W/"1"`, "data": newUser("old", op{"title": "x"})},
		op{"method": "patch", "path": "/users/" + old, "data": op{"schemas": []string{patchURN}, "Operations": []op{{"op": "add", "path": "nickName", "value": "O"}}}},
		op{"method": "DELETE", "path": "/Users/" + gone},
		op{"method": "POST", "path": "/Users", "bulkId": "q2", "data": newUser("KIM")},
		op{"method": "PUT", "path": "/Users/" + old, "version": `W/"1"`, "data": newUser("old")},
		op{"method": "DELETE", "path": "/Users/" + gone},
		op{"method": "GET", "path": "/Users/" + old},
		op{"method": "POST", "path": "/Schemas", "data": op{}},
		op{"method": "POST", "path": "/Users"},
	)
	if diff := cmp.Diff([]string{"201", "200", "200", "204", "409", "412", "404", "400", "400", "400"}, a.statuses()); diff != "" {
		t.Fatalf("%s\n%s", diff, a.body)
	}
	first := a.at("Operations", 0)
	if at(first, "bulkId") != "q1" || at(first, "version") != `W/"1"` || at(first, "response") != nil || !strings.HasPrefix(str(at(first, "location")), baseURL+"/scim/s/v2/Users/") {
		t.Errorf("create: %v", first)
	}
	conflict := a.at("Operations", 4)
	if at(conflict, "response", "scimType") != "uniqueness" || at(conflict, "response", "schemas", 0) != errorURN || at(conflict, "response", "status") != "409" {
		t.Errorf("conflict: %v", conflict)
	}
	b.do("GET", "/Users/"+idOf(at(first, "location")), "").want(200)
	if got := a.at("Operations", 6, "location"); got != baseURL+"/scim/s/v2/Users/"+gone {
		t.Errorf("location of a failure %v", got)
	}
}

func TestBulkReferences(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"members, a manager and a PATCH value, to operations that come later", func(t *testing.T, b *bridge) {
			team := b.group("Old")
			a := b.bulk(0,
				op{"method": "POST", "path": "/Groups", "bulkId": "g", "data": newGroup("Sales", "bulkId:kim", "bulkId:lee")},
				op{"method": "PATCH", "path": "/Groups/" + team, "data": op{"schemas": []string{patchURN}, "Operations": []op{{"op": "add", "path": "members", "value": []op{{"value": "bulkId:kim"}}}}}},
				op{"method": "POST", "path": "/Users", "bulkId": "kim", "data": newUser("kim", op{enterprise: op{"manager": op{"value": "bulkId:lee"}}})},
				op{"method": "POST", "path": "/Users", "bulkId": "lee", "data": newUser("lee")},
				op{"method": "PATCH", "path": "/Users/bulkId:lee", "data": op{"schemas": []string{patchURN}, "Operations": []op{{"op": "add", "path": "title", "value": "Boss"}}}},
				op{"method": "PATCH", "path": "/Groups/" + team, "data": op{"schemas": []string{patchURN}, "Operations": []op{{"op": "remove", "path": `members[value eq "bulkId:kim"]`}}}},
			)
			if diff := cmp.Diff([]string{"201", "200", "201", "201", "200", "200"}, a.statuses()); diff != "" {
				t.Fatalf("%s\n%s", diff, a.body)
			}
			kim, lee := idOf(a.at("Operations", 2, "location")), idOf(a.at("Operations", 3, "location"))
			if diff := cmp.Diff(sorted([]string{kim, lee}), sorted(b.members(idOf(a.at("Operations", 0, "location"))))); diff != "" {
				t.Error(diff)
			}
			if got := b.do("GET", "/Users/"+kim, "").at(enterprise, "manager", "value"); got != lee {
				t.Errorf("manager %v, want %s", got, lee)
			}
			if got := b.members(team); len(got) != 0 {
				t.Errorf("the removal by reference left %v", got)
			}
		}},
		{"groups in a cycle", func(t *testing.T, b *bridge) {
			a := b.bulk(0,
				op{"method": "POST", "path": "/Groups", "bulkId": "a", "data": newGroup("A", "bulkId:b")},
				op{"method": "POST", "path": "/Groups", "bulkId": "b", "data": newGroup("B", "bulkId:a")},
			)
			if diff := cmp.Diff([]string{"201", "201"}, a.statuses()); diff != "" {
				t.Fatalf("%s\n%s", diff, a.body)
			}
			first, second := idOf(a.at("Operations", 0, "location")), idOf(a.at("Operations", 1, "location"))
			if diff := cmp.Diff([][]string{{second}, {first}}, [][]string{b.members(first), b.members(second)}); diff != "" {
				t.Error(diff)
			}
		}},
		{"managers in a cycle", func(t *testing.T, b *bridge) {
			a := b.bulk(0,
				op{"method": "POST", "path": "/Users", "bulkId": "a", "data": newUser("a", op{enterprise: op{"manager": op{"value": "bulkId:b"}}})},
				op{"method": "POST", "path": "/Users", "bulkId": "b", "data": newUser("b", op{enterprise: op{"manager": op{"value": "bulkId:a"}}})},
			)
			if diff := cmp.Diff([]string{"201", "201"}, a.statuses()); diff != "" {
				t.Fatalf("%s\n%s", diff, a.body)
			}
			first, second := idOf(a.at("Operations", 0, "location")), idOf(a.at("Operations", 1, "location"))
			if got := b.do("GET", "/Users/"+first, "").at(enterprise, "manager", "value"); got != second {
				t.Errorf("manager %v, want %s", got, second)
			}
		}},
		{"a cycle whose other half fails is a conflict, and nothing is stored as text", func(t *testing.T, b *bridge) {
			b.group("B")
			a := b.bulk(0,
				op{"method": "POST", "path": "/Groups", "bulkId": "a", "data": newGroup("A", "bulkId:b")},
				op{"method": "POST", "path": "/Groups", "bulkId": "b", "data": newGroup("B", "bulkId:a")},
			)
			if diff := cmp.Diff([]string{"409", "409"}, a.statuses()); diff != "" {
				t.Error(diff)
			}
			if text := string(b.do("GET", "/Groups", "").body); strings.Contains(text, bulkPrefix) {
				t.Errorf("a reference was stored: %s", text)
			}
		}},
		{"unknown, failed and doubled ones fail", func(t *testing.T, b *bridge) {
			b.user("taken")
			a := b.bulk(0,
				op{"method": "POST", "path": "/Users", "bulkId": "x", "data": newUser("lee", op{enterprise: op{"manager": "bulkId:nobody"}})},
				op{"method": "POST", "path": "/Users", "bulkId": "y", "data": newUser("taken")},
				op{"method": "POST", "path": "/Groups", "bulkId": "z", "data": newGroup("G", "bulkId:y")},
				op{"method": "POST", "path": "/Users", "bulkId": "y", "data": newUser("new")},
				op{"method": "DELETE", "path": "/Users/bulkId:nobody"},
			)
			if diff := cmp.Diff([]string{"400", "409", "400", "400", "400"}, a.statuses()); diff != "" {
				t.Errorf("%s\n%s", diff, a.body)
			}
		}},
		{"an object may hold a reference beside text that only looks like one", func(t *testing.T, b *bridge) {
			a := b.bulk(0, op{"method": "POST", "path": "/Users", "data": newUser("kim", op{"title": "see bulkId:x"})})
			if diff := cmp.Diff([]string{"201"}, a.statuses()); diff != "" {
				t.Errorf("%s\n%s", diff, a.body)
			}
		}},
	})
}

func TestBulkStopsAfterSoManyErrors(t *testing.T) {
	t.Parallel()
	b := open(t)
	ops := []op{}
	for i := range 6 {
		name := "u" + strconv.Itoa(i)
		if i%2 == 1 {
			name = "u0"
		}
		ops = append(ops, op{"method": "POST", "path": "/Users", "data": newUser(name)})
	}
	if diff := cmp.Diff([]string{"201", "409", "201", "409"}, b.bulk(2, ops...).statuses()); diff != "" {
		t.Error(diff)
	}
	if got := b.do("GET", "/Users?count=0", "").at("totalResults"); got != 2.0 {
		t.Errorf("%v users, want 2: what comes after is not run", got)
	}
	if got := len(b.bulk(0, ops...).statuses()); got != 6 {
		t.Errorf("%d results without failOnErrors, want 6", got)
	}
}

func TestBulkLimits(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) { o.Sources[0].Limits = Limits{BulkOperations: 3, BulkBody: 4096} })
	o := op{"method": "DELETE", "path": "/Users/x"}
	b.bulk(0, o, o, o, o).wantError(413, "")
	b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"POST","path":"/Users","data":{"userName":"`+strings.Repeat("x", 5000)+`"}}]}`).wantError(413, "")
	b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"]}`).wantError(400, "invalidSyntax")
	b.do("POST", "/Bulk", `[]`).wantError(400, "invalidSyntax")
	b.do("POST", "/Bulk", `{"Operations":[]} x`).wantError(400, "invalidSyntax")
	b.do("POST", "/Bulk", `{"Operations":[]}`).want(200)
}

func TestBulkOfAThousandCreates(t *testing.T) {
	t.Parallel()
	b := open(t)
	ops := make([]op, 1000)
	for i := range ops {
		ops[i] = op{"method": "POST", "path": "/Users", "bulkId": "b" + strconv.Itoa(i), "data": newUser("u" + strconv.Itoa(i))}
	}
	for i, s := range b.bulk(0, ops...).statuses() {
		if s != "201" {
			t.Fatalf("operation %d: %s", i, s)
		}
	}
	if got := b.do("GET", "/Users?count=0", "").at("totalResults"); got != 1000.0 {
		t.Errorf("%v users, want 1000", got)
	}
}

func FuzzBulk(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[]}`, `{"schemas":["` + bulkURN + `"],"failOnErrors":1,"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"x"}}]}`,
		`{"Operations":[{"method":"POST","path":"/Groups","bulkId":"a","data":{"displayName":"A","members":[{"value":"bulkId:b"}]}},{"method":"POST","path":"/Groups","bulkId":"b","data":{"displayName":"B","members":[{"value":"bulkId:a"}]}}]}`,
		`{"Operations":[{"method":"PATCH","path":"/Users/bulkId:a","data":{"Operations":[{"op":"add","value":"bulkId:a"}]}},{"method":"POST","bulkId":"a"}]}`,
		`{"Operations":[{"method":"POST","path":"/Users/../Groups","data":"bulkId:"}]}`, `{"Operations":[null,{"path":"%"}]}`,
	} {
		f.Add([]byte(seed))
	}
	b := open(f, func(o *Options) { o.Sources[0].Limits = Limits{BulkOperations: 20} })
	f.Fuzz(func(t *testing.T, body []byte) {
		b.t = t
		a := b.do("POST", "/Bulk", string(body)+" ")
		if a.status >= 500 {
			t.Fatalf("%d %s %s", a.status, a.body, b.log)
		}
		var list []any
		if a.status == 200 {
			list, _ = a.at("Operations").([]any)
		}
		for _, o := range list {
			if s := str(at(o, "status")); len(s) != 3 || s >= "500" {
				t.Fatalf("operation: %v\n%s", o, b.log)
			}
		}
	})
}
