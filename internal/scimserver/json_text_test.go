package scimserver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// jsonTexts are bodies and operations in which a value arrives as JSON text, and what has to be kept of it: Entra's
// AppRoleAssignmentsComplex and its kind.
var jsonTexts = []struct {
	name string
	body string // attributes of a POST
	ops  string // operations of a PATCH
	path []any
	want any
}{
	{
		"an element of a list", `"emails":["{\"value\":\"t@x.t\",\"type\":\"work\"}"]`, "",
		[]any{"emails"},
		[]any{map[string]any{"value": "t@x.t", "type": "work"}},
	},
	{
		"a whole list", `"emails":"[{\"value\":\"t@x.t\",\"type\":\"work\"}]"`, "",
		[]any{"emails"},
		[]any{map[string]any{"value": "t@x.t", "type": "work"}},
	},
	{
		"one value in place of a list", `"emails":"{\"value\":\"t@x.t\",\"type\":\"work\"}"`, "",
		[]any{"emails"},
		[]any{map[string]any{"value": "t@x.t", "type": "work"}},
	},
	{
		"the value of a role, with its display name", `"roles":[{"value":"{\"id\":\"r1\",\"value\":\"Admin\",\"displayName\":\"Administrators\"}"}]`, "",
		[]any{"roles"},
		[]any{map[string]any{"value": "Admin", "display": "Administrators"}},
	},
	{
		"a role's own display name", `"roles":[{"value":"Admin","displayName":"Administrators"}]`, "",
		[]any{"roles"},
		[]any{map[string]any{"value": "Admin", "display": "Administrators"}},
	},
	{
		"a complex value", `"name":"{\"givenName\":\"Kim\"}"`, "",
		[]any{"name"},
		map[string]any{"givenName": "Kim"},
	},
	{
		"an extension", `"` + enterprise + `":"{\"department\":\"Sales\"}"`, "",
		[]any{enterprise},
		map[string]any{"department": "Sales"},
	},
	{
		"a manager", `"` + enterprise + `":{"manager":"{\"value\":\"m1\"}"}`, "",
		[]any{enterprise, "manager"},
		map[string]any{"value": "m1"},
	},
	{
		"the value of a manager", `"` + enterprise + `":{"manager":{"value":"{\"value\":\"m1\"}"}}`, "",
		[]any{enterprise, "manager"},
		map[string]any{"value": "m1"},
	},
	{
		"an extension that no schema describes", `"urn:example:x:1.0:User":"{\"badge\":\"7\"}"`, "",
		[]any{"urn:example:x:1.0:User"},
		map[string]any{"badge": "7"},
	},
	{
		"roles added as text within their value", "", `{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"r1\",\"value\":\"Admin\",\"displayName\":\"Administrators\"}"}]}`,
		[]any{"roles"},
		[]any{map[string]any{"value": "Admin", "display": "Administrators"}},
	},
	{
		"a role by a filter", "", `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"{\"id\":\"r1\",\"value\":\"Admin\",\"displayName\":\"Administrators\"}"}`,
		[]any{"roles"},
		[]any{map[string]any{"value": "Admin", "display": "Administrators", "primary": true}},
	},
	{
		"a role by a filter, in a list", "", `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"[{\"value\":\"Admin\",\"displayName\":\"Administrators\"}]"}`,
		[]any{"roles"},
		[]any{map[string]any{"value": "Admin", "display": "Administrators", "primary": true}},
	},
	{
		"a PATCH without path", "", `{"op":"replace","value":"{\"nickName\":\"K\"}"}`,
		[]any{"nickName"},
		"K",
	},
	{
		"a PATCH of an extension", "", `{"op":"replace","path":"` + enterprise + `","value":"{\"department\":\"Sales\"}"}`,
		[]any{enterprise},
		map[string]any{"department": "Sales"},
	},
	{
		"a PATCH of a complex value", "", `{"op":"replace","path":"name","value":"{\"givenName\":\"Kim\"}"}`,
		[]any{"name"},
		map[string]any{"givenName": "Kim"},
	},
	{
		"a PATCH of a manager", "", `{"op":"replace","path":"` + enterprise + `:manager","value":"{\"value\":\"m1\"}"}`,
		[]any{enterprise, "manager"},
		map[string]any{"value": "m1"},
	},
	{
		"a PATCH of a manager's value", "", `{"op":"replace","path":"` + enterprise + `:manager.value","value":"{\"value\":\"m1\"}"}`,
		[]any{enterprise, "manager"},
		map[string]any{"value": "m1"},
	},
	{
		"a PATCH of an extension that no schema describes", "", `{"op":"add","path":"urn:example:x:1.0:User","value":"{\"badge\":\"7\"}"}`,
		[]any{"urn:example:x:1.0:User"},
		map[string]any{"badge": "7"},
	},
	{
		"an element by a filter", "", `{"op":"add","path":"emails[type eq \"work\"]","value":"{\"value\":\"t@x.t\"}"}`,
		[]any{"emails"},
		[]any{map[string]any{"value": "t@x.t", "type": "work"}},
	},
}

// Trial 10.
func TestValuesThatAreJSONTextAreDecoded(t *testing.T) {
	t.Parallel()
	for _, profile := range []Profile{ProfileDefault, ProfileEntra, ProfileOkta, ProfileIPS} {
		b := open(t, with(profile))
		for n, c := range jsonTexts {
			name := string(profile) + "-" + string(rune('a'+n))
			a := sendJSONText(b, name, c.body, c.ops)
			a.want(map[bool]int{true: 201, false: 200}[c.ops == ""])
			if diff := cmp.Diff(a.at(c.path...), c.want); diff != "" {
				t.Errorf("%s, %s (-got +want):\n%s", profile, c.name, diff)
			}
			if strings.Contains(string(a.body), `{\"`) {
				t.Errorf("%s, %s: kept as text: %s", profile, c.name, a.body)
			}
		}
	}
}

// Trial 10.
func TestStrictRefusesValuesThatAreJSONText(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileStrict))
	for n, c := range jsonTexts {
		a := sendJSONText(b, "s-"+string(rune('a'+n)), c.body, c.ops)
		if a.status != 400 {
			t.Errorf("%s: status %d, want 400: %s", c.name, a.status, a.body)
		}
	}
}

// sendJSONText creates a user with more attributes, or patches a new one.
func sendJSONText(b *bridge, name, more, ops string) *answer {
	b.t.Helper()
	body := `{"schemas":["` + coreUser + `","` + enterprise + `","urn:example:x:1.0:User"],"userName":"` + name + `"`
	if ops == "" {
		return b.do("POST", "/Users", body+","+more+"}")
	}
	return b.patch("/Users/"+b.do("POST", "/Users", body+"}").want(201).id(), ops)
}

// Trial 10: members as JSON text, and JSON text that holds nothing of the kind.
func TestMoreJSONText(t *testing.T) {
	t.Parallel()
	b := open(t)
	kim, lee := b.user("kim"), b.user("lee")
	group := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"Sales","members":"[{\"value\":\"`+kim+`\"}]"}`).want(201).id()
	b.patch("/Groups/"+group, `{"op":"add","path":"members","value":["{\"value\":\"`+lee+`\"}"]}`).want(200)
	if diff := cmp.Diff(b.members(group), []string{kim, lee}); diff != "" {
		t.Errorf("members (-got +want):\n%s", diff)
	}
	b.patch("/Groups/"+group, `{"op":"remove","path":"members","value":"[{\"value\":\"`+lee+`\"}]"}`).want(200)
	if diff := cmp.Diff(b.members(group), []string{kim}); diff != "" {
		t.Errorf("members after the removal (-got +want):\n%s", diff)
	}
	for _, ops := range []string{
		`{"op":"add","path":"roles","value":[{"value":"{\"shoe\":44}"}]}`,
		`{"op":"add","path":"roles","value":[{"value":"[1,2]"}]}`,
		`{"op":"replace","value":"no JSON"}`,
	} {
		b.patch("/Users/"+kim, ops).wantError(400, "invalidValue")
	}
	a := b.patch("/Users/"+kim, `{"op":"replace","path":"title","value":"{\"not\":\"a value\"}"}`).want(200)
	if got := a.at("title"); got != `{"not":"a value"}` {
		t.Errorf("a plain text became %v", got)
	}
	a = b.patch("/Users/"+kim, `{"op":"add","path":"entitlements","value":[{"value":"{brace"},{"value":"[list]"}]}`).want(200)
	if got := at(a.json(), "entitlements", 1, "value"); got != "[list]" {
		t.Errorf("a text that only looks like JSON became %v", got)
	}
}

// Trial 10: the data of a Bulk operation.
func TestBulkDataThatIsJSONText(t *testing.T) {
	t.Parallel()
	body := `{"schemas":["` + bulkURN + `"],"Operations":[{"method":"POST","path":"/Users","bulkId":"u","data":` +
		toJSON(t, `{"schemas":["`+coreUser+`"],"userName":"kim"}`) + `},{"method":"POST","path":"/Groups","bulkId":"g","data":` +
		toJSON(t, `{"schemas":["`+coreGroup+`"],"displayName":"Sales","members":[{"value":"bulkId:u"}]}`) + `}]}`
	b := open(t)
	a := b.do("POST", "/Bulk", body).want(200)
	if a.at("Operations", 0, "status") != "201" || a.at("Operations", 1, "status") != "201" {
		t.Errorf("%s", a.body)
	}
	a = open(t, with(ProfileStrict)).do("POST", "/Bulk", body).want(200)
	if a.at("Operations", 0, "status") != "400" || a.at("Operations", 1, "status") != "400" {
		t.Errorf("strict: %s", a.body)
	}
}
