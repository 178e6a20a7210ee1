package scimserver

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func withEntra(t *testing.T) *bridge {
	t.Helper()
	return open(t, with(ProfileEntra), func(o *Options) { o.Sources[0].Name = "entra" })
}

const entraUser = `{"schemas":["` + coreUser + `","` + enterprise + `"],"externalId":"a1","userName":"kim@contoso.example","active":true,
 "displayName":"Kim Lee","name":{"formatted":"Kim Lee","givenName":"Kim","familyName":"Lee"},
 "emails":[{"primary":true,"type":"work","value":"kim@contoso.example"}],
 "meta":{"resourceType":"User"},"roles":[],"phoneNumbers":null,"title":null}`

func TestEntraUserFromFirstLookToDeletion(t *testing.T) {
	t.Parallel()
	b := withEntra(t)
	probe := b.do("GET", "/Users?filter="+url.QueryEscape(`userName eq "6f1a2b3c-0000-4000-8000-000000000000"`), "").want(200)
	if probe.at("totalResults") != 0.0 || probe.at("Resources") == nil {
		t.Errorf("test connection: %s", probe.body)
	}
	id := b.do("POST", "/Users", entraUser, "Content-Type", "application/scim+json; charset=utf-8").want(201).id()
	for _, filter := range []string{`externalId eq "a1"`, `userName eq "KIM@contoso.example"`, `emails[type eq "work"].value eq "kim@contoso.example"`} {
		if got := b.find(filter).ids(); len(got) != 1 || got[0] != id {
			t.Errorf("%s: %v", filter, got)
		}
	}
	b.do("POST", "/Users", entraUser).wantError(409, "uniqueness")
	a := b.patch("/Users/"+id,
		`{"op":"Replace","path":"displayName","value":"Kim L"}`,
		`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"k@contoso.example"}`,
		`{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 555 01-02"}`,
		`{"op":"Replace","path":"`+enterprise+`:employeeNumber","value":"77"}`,
		`{"op":"Replace","path":"active","value":"False"}`).want(200)
	want := map[string]any{
		"displayName": "Kim L", "active": false, "emails": []any{map[string]any{"primary": true, "type": "work", "value": "k@contoso.example"}},
		"phoneNumbers": []any{map[string]any{"type": "mobile", "value": "+1 555 01-02"}}, enterprise: map[string]any{"employeeNumber": "77"},
	}
	for name, v := range want {
		if diff := cmp.Diff(v, a.at(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	b.do("GET", "/Users/"+id, "").want(200)
	b.do("DELETE", "/Users/"+id, "").want(204)
	b.do("GET", "/Users/"+id, "").wantError(404, "")
	b.do("POST", "/Users", entraUser).want(201)
}

func TestEntraWithTheFlagOfStricterBehaviour(t *testing.T) {
	t.Parallel()
	b := withEntra(t)
	id := b.do("POST", "/Users?aadOptscim062020", entraUser).want(201).id()
	a := b.do("PATCH", "/Users/"+id+"?aadOptscim062020", patchBody(
		`{"op":"replace","path":"emails[type eq \"work\"].value","value":"k@contoso.example"}`,
		`{"op":"replace","value":{"displayName":"Kim L","name.familyName":"Park","`+enterprise+`:employeeNumber":"77"}}`)).want(200)
	if a.at("name", "familyName") != "Park" || a.at("name", "givenName") != "Kim" || a.at(enterprise, "employeeNumber") != "77" || a.at("emails", 0, "value") != "k@contoso.example" {
		t.Error(string(a.body))
	}
	if got := a.json()["name.familyName"]; got != nil {
		t.Errorf("a dotted name was stored: %v", got)
	}
}

func TestEntraQuirks(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"several operations on one value path build one address, by add and by replace", func(t *testing.T, b *bridge) {
			for i, op := range []string{"Add", "Replace"} {
				id := b.user("kim" + string(rune('a'+i)))
				a := b.patch("/Users/"+id,
					`{"op":"`+op+`","path":"addresses[type eq \"work\"].streetAddress","value":"Main 1"}`,
					`{"op":"`+op+`","path":"addresses[type eq \"work\"].locality","value":"Bonn"}`).want(200)
				want := []any{map[string]any{"type": "work", "streetAddress": "Main 1", "locality": "Bonn"}}
				if diff := cmp.Diff(want, a.at("addresses")); diff != "" {
					t.Error(diff)
				}
			}
		}},
		{"the unqualified path manager", func(t *testing.T, b *bridge) {
			a := b.patch("/Users/"+b.user("kim"), `{"op":"Add","path":"manager","value":"m1"}`).want(200)
			if got := a.at(enterprise, "manager", "value"); got != "m1" {
				t.Errorf("manager %v: %s", got, a.body)
			}
		}},
		{"roles that are JSON text in a string are decoded", func(t *testing.T, b *bridge) {
			a := b.patch("/Users/"+b.user("kim"), `{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"r1\",\"value\":\"admin\"}"}]}`).want(200)
			if got := a.at("roles", 0, "value"); got != "admin" {
				t.Errorf("role %v", got)
			}
		}},
		{"roles[primary eq \"True\"] without a role creates one", func(t *testing.T, b *bridge) {
			a := b.patch("/Users/"+b.user("kim"), `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}`).want(200)
			if a.at("roles", 0, "value") != "admin" || a.at("roles", 0, "primary") != true {
				t.Error(string(a.body))
			}
		}},
		{"the enterprise URN with the missing colon, and unknown URNs in schemas", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`","urn:ietf:params:scim:schemas:extension:enterprise:2.0User","urn:x:y"],"userName":"kim","urn:ietf:params:scim:schemas:extension:enterprise:2.0User":{"department":"Sales"}}`).want(201)
			if got := a.at(enterprise, "department"); got != "Sales" {
				t.Errorf("department %v: %s", got, a.body)
			}
		}},
		{"the published collection: lower-case endpoint, plus signs, capitalised keys, unquoted value, unknown attribute in PUT, odd attribute lists", func(t *testing.T, b *bridge) {
			id := b.do("POST", "/users", `{"UserName":"OMalley","Active":true,"schemas":["`+coreUser+`"]}`).want(201).id()
			if got := b.do("GET", "/Users/?filter=DisplayName+eq+%22x%22", "").ids(); len(got) != 0 {
				t.Errorf("filter found %v", got)
			}
			if got := b.do("GET", "/Users?filter=userName+sw+O", "").ids(); len(got) != 1 {
				t.Errorf("userName sw O: %v", got)
			}
			b.do("GET", "/Users?attributes="+url.QueryEscape(`emails[type eq "work"]`), "").want(200)
			b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"UserName":"OMalley","nope":{"a":1}}`).want(200)
		}},
	}, with(ProfileEntra))
}

func TestEntraGroupFromFirstLookToDeletion(t *testing.T) {
	t.Parallel()
	b := withEntra(t)
	u1, u2, u3 := b.user("u1"), b.user("u2"), b.user("u3")
	list := b.do("GET", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(`displayName eq "Sales"`), "").want(200)
	if list.at("totalResults") != 0.0 {
		t.Error(string(list.body))
	}
	id := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"b2","displayName":"Sales","meta":{"resourceType":"Group"}}`).want(201).id()
	b.patch("/Groups/"+id, `{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+u1+`"},{"$ref":null,"value":"`+u2+`"}]}`).want(204)
	b.patch("/Groups/"+id, `{"op":"Add","path":"members","value":["`+u3+`"]}`).want(204)
	if diff := cmp.Diff(sorted([]string{u1, u2, u3}), sorted(b.members(id))); diff != "" {
		t.Fatal(diff)
	}
	b.patch("/Groups/"+id, `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+u1+`"}]}`).want(204)
	if diff := cmp.Diff(sorted([]string{u2, u3}), sorted(b.members(id))); diff != "" {
		t.Fatalf("a removal with a value array takes those members only (-want +got):\n%s", diff)
	}
	b.patch("/Groups/"+id, `{"op":"remove","path":"members[value eq \"`+u2+`\"]"}`).want(204)
	if a := b.do("GET", "/Groups/"+id+"?excludedAttributes=members", "").want(200); a.at("members") != nil || a.at("displayName") != "Sales" {
		t.Error(string(a.body))
	}
	check := func(user string) int {
		return len(b.do("GET", "/Groups?filter="+url.QueryEscape(`id eq "`+id+`" and members eq "`+user+`"`)+"&attributes=id", "").ids())
	}
	if in, out := check(u3), check(u1); in != 1 || out != 0 {
		t.Errorf("member check: %d for a member, %d for another; want 1, 0", in, out)
	}
	b.patch("/Groups/"+id, `{"op":"Replace","path":"displayName","value":"Sales EMEA"}`).want(204)
	b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"sales emea"}`).wantError(409, "uniqueness")
	b.do("DELETE", "/Groups/"+id, "").want(204)
	b.do("DELETE", "/Groups/"+id, "").wantError(404, "")
}

func TestEntraReadsSchemas(t *testing.T) {
	t.Parallel()
	text := string(withEntra(t).do("GET", "/Schemas", "").want(200).body)
	for _, keyword := range []string{`"readWrite"`, `"reference"`, `"caseExact"`, `"multiValued"`} {
		if !strings.Contains(text, keyword) {
			t.Errorf("%s is missing", keyword)
		}
	}
}
