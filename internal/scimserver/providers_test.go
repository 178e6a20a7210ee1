package scimserver

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneLogin(t *testing.T) {
	t.Parallel()
	b := open(t)
	template := `{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],"id":null,"meta":{},"userName":"kim","active":"true",
 "name":{"givenName":"Kim","familyName":"Lee"},"emails":{"value":"kim@x.example","type":"work"},
 "urn:scim:schemas:extension:enterprise:2.0":{"department":"Sales","manager":{"managerId":"m1"}}}`
	b.do("GET", "/Users?filter=userName+eq+%22kim%22&", "").want(200)
	a := b.do("POST", "/Users", template, "User-Agent", "").want(201)
	if diff := cmp.Diff([]any{coreUser, enterprise}, a.at("schemas")); diff != "" {
		t.Error(diff)
	}
	if a.at(enterprise, "manager", "value") != "m1" || a.at("active") != true || a.at("emails", 0, "value") != "kim@x.example" {
		t.Error(string(a.body))
	}
	id := a.id()
	b.do("PUT", "/Users/"+id+"?", template).want(200)
	b.do("POST", "/Users", strings.ReplaceAll(strings.Replace(template, `"kim"`, `"lee"`, 1), "core:2.0", "core:1.0")).want(201)
	group := b.group("Sales")
	b.do("PATCH", "/Groups/"+group+"?", patchBody(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`)).want(200)
	if diff := cmp.Diff([]string{id}, b.members(group)); diff != "" {
		t.Error(diff)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	b := open(t)
	a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","externalId":"p1","active":false,"name":{"givenName":"K","familyName":"L"},
 "emails":[{"type":"work","value":"kim@x.example","primary":true}]}`).want(201)
	if a.at("active") != false {
		t.Error("a user created disabled is enabled")
	}
	for _, filter := range []string{`userName Eq "kim"`, `emails eq "kim@x.example"`} {
		if got := b.find(filter).ids(); len(got) != 1 {
			t.Errorf("%s: %v", filter, got)
		}
	}
	for i := range 5 {
		b.group("g" + string(rune('a'+i)))
	}
	seen := map[string]bool{}
	for _, start := range []string{"1", "3", "5"} {
		for _, id := range b.do("GET", "/Groups?count=2&startIndex="+start, "").ids() {
			seen[id] = true
		}
	}
	if len(seen) != 5 {
		t.Errorf("reading all groups found %d, want 5", len(seen))
	}
}

func TestJumpCloudActivation(t *testing.T) {
	t.Parallel()
	b := open(t)
	user, group := b.user("test-user"), b.group("test-group")
	b.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+user+`"}]}`).want(200)
	b.patch("/Groups/"+group, `{"op":"remove","path":"members","value":[{"value":"`+user+`"}]}`).want(200)
	b.patch("/Users/"+user, `{"op":"replace","value":{"active":false}}`).want(200)
	b.do("PUT", "/Users/"+user, `{"schemas":["`+coreUser+`"],"userName":"test-user","active":false}`).want(200)
	b.do("DELETE", "/Groups/"+group, "").want(204)
	b.do("DELETE", "/Users/"+user, "").want(204)
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.do("GET", "/Users?count=1", "", "User-Agent", "Google-Auto-Provisioning").want(200)
	id := b.do("POST", "/Users", oktaUser, "Content-Type", "application/json").want(201).id()
	if a := b.patch("/Users/"+id, `{"op":"replace","path":"active","value":false}`).want(200); a.at("active") != false {
		t.Error(string(a.body))
	}
}

func TestKeycloak(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"externalId":"kc1","userName":"kim","roles":[{"value":"admin"}]}`, "Content-Type", "application/json").want(201).id()
	group := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"Sales","members":[{"value":"`+id+`","$ref":"Users/`+id+`"}]}`).want(201).id()
	for range 2 { // retries: PUT and DELETE may come twice
		b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"id":"`+id+`","userName":"kim","meta":{"location":"Users/`+id+`"}}`).want(200)
	}
	b.patch("/Groups/"+group, `{"op":"replace","value":{"displayName":"Sales 2","members":[{"value":"`+id+`"}]}}`).want(200)
	b.patch("/Groups/" + group).want(200)
	if got := b.do("GET", "/Users", "").ids(); len(got) != 1 {
		t.Errorf("import without parameters: %v", got)
	}
	b.do("DELETE", "/Users/"+id, "").want(204)
	b.do("DELETE", "/Users/"+id, "").wantError(404, "")
	if got := b.members(group); len(got) != 0 {
		t.Errorf("the deleted user is still a member: %v", got)
	}
}

func TestSailPoint(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/ResourceTypes/User", "/ResourceTypes/Group", "/Schemas/" + coreUser} {
		if a := b.do("GET", path, "").want(200); a.at("schemas", 0) == nil {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	id := b.user("kim")
	b.group("Sales", id)
	b.do("GET", "/Users?startIndex=1&count=50&attributes=userName,groups", "").want(200)
	// Membership through the user is readOnly: the PUT is taken, the groups are not.
	a := b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"userName":"kim","groups":[]}`).want(200)
	if got := a.at("groups", 0, "display"); got != "Sales" {
		t.Errorf("groups %v", a.at("groups"))
	}
}

func TestSAPIdentityProvisioning(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileIPS))
	const custom = "urn:ietf:params:scim:schemas:extension:sap:2.0:User"
	body := `{"schemas":["` + coreUser + `","` + custom + `"],"userName":"kim","name":{"familyName":"S"},"addresses":[{"type":"work","country":"US"}],"` + custom + `":{"userUuid":"u-1","validFrom":"2020-01-01T00:00:00Z"}}`
	id := b.do("POST", "/Users", body, "If-Match", "*").want(201).id()
	b.do("POST", "/Users", body).wantError(409, "uniqueness")
	if got := b.find(`userName eq "kim"`).ids(); len(got) != 1 || got[0] != id {
		t.Errorf("look-up after a conflict: %v", got)
	}
	a := b.do("PUT", "/Users/"+id, body, "If-Match", "*").want(200)
	if a.at(custom, "userUuid") != "u-1" {
		t.Errorf("the custom extension is lost: %s", a.body)
	}
	if got := b.find(`name.familyName eq "S" and addresses.country eq "US"`).ids(); len(got) != 1 {
		t.Errorf("read filter: %v", got)
	}
	group := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"Sales","members":[{"value":"`+id+`"},{"value":"not-in-scope"}]}`, "If-Match", "*").want(201).id()
	if diff := cmp.Diff([]string{id}, b.members(group)); diff != "" {
		t.Errorf("members that are not there are dropped (-want +got):\n%s", diff)
	}
	if got := b.do("GET", "/Groups?filter="+url.QueryEscape(`displayName eq "Sales"`), "").ids(); len(got) != 1 {
		t.Errorf("group look-up: %v", got)
	}
	b.do("PATCH", "/Groups/"+group, patchBody(`{"op":"remove","path":"members[value eq \"`+id+`\"]"}`), "If-Match", "*").want(204)
	b.do("GET", "/Users/"+id, "", "If-Match", "*").want(200)
	b.do("DELETE", "/Users/"+id, "", "If-Match", "*").want(204)
	b.do("DELETE", "/Users/"+id, "", "If-Match", "*").wantError(404, "")
}

func TestAuthentik(t *testing.T) {
	t.Parallel()
	b := open(t)
	config := b.do("GET", "/ServiceProviderConfig", "").want(200)
	if config.at("patch", "supported") != true || config.at("pagination") != nil || config.at("bulk", "maxOperations").(float64) < 1 {
		t.Error(string(config.body))
	}
	u1, u2 := b.user("kim"), b.user("lee")
	if got := b.do("GET", "/Users?filter=userName+eq+kim", "").ids(); len(got) != 1 {
		t.Errorf("unquoted value: %v", got)
	}
	id := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"externalId":"x1","displayName":"Sales"}`).want(201).id()
	b.patch("/Groups/"+id, `{"op":"replace","value":{"schemas":["`+coreGroup+`"],"id":"`+id+`","externalId":"x1","displayName":"Sales 2"}}`).want(200)
	b.patch("/Groups/"+id, `{"op":"add","path":"members","value":[{"value":"`+u1+`"}]}`, `{"op":"add","path":"members","value":[{"value":"`+u2+`"}]}`).want(200)
	b.patch("/Groups/"+id, `{"op":"remove","path":"members","value":[{"value":"`+u1+`"}]}`).want(200)
	if diff := cmp.Diff([]string{u2}, b.members(id)); diff != "" {
		t.Error(diff)
	}
	if a := b.do("GET", "/Groups/"+id, "").want(200); a.at("displayName") != "Sales 2" {
		t.Error(string(a.body))
	}
	seen := 0
	for start := 1; ; {
		a := b.do("GET", "/Users?startIndex="+toJSON(t, start), "").want(200)
		n := len(a.ids())
		seen, start = seen+n, start+n
		if n == 0 || float64(seen) >= a.at("totalResults").(float64) {
			break
		}
	}
	if seen != 2 {
		t.Errorf("discovery saw %d users, want 2", seen)
	}
	b.do("PUT", "/Users/0192f3a0-1111-7222-8333-444455556666", `{"schemas":["`+coreUser+`"],"userName":"x"}`).wantError(404, "")
}
