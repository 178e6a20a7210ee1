package scimserver

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oktaUser = `{"schemas":["` + coreUser + `"],"userName":"kim@okta.example","name":{"givenName":"Kim","familyName":"Lee"},
 "emails":[{"primary":true,"value":"kim@okta.example","type":"work"}],"displayName":"Kim Lee","locale":"en-US","externalId":"00u1",
 "groups":[],"password":"1mz050nq","active":true}`

func TestOktaUserByBothKindsOfIntegration(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileOkta))
	a := b.do("GET", "/Users?startIndex=1&count=2", "").want(200)
	for _, name := range []string{"totalResults", "startIndex", "itemsPerPage"} {
		if _, ok := a.at(name).(float64); !ok {
			t.Errorf("%s is no number: %s", name, a.body)
		}
	}
	lookup := "/Users?filter=" + url.QueryEscape(`userName eq "kim@okta.example"`) + "&startIndex=1&count=100"
	if got := b.do("GET", lookup, "").ids(); len(got) != 0 {
		t.Errorf("nobody is there yet: %v", got)
	}
	created := b.do("POST", "/Users", oktaUser, "Content-Type", "application/scim+json; charset=utf-8").want(201)
	id := created.id()
	if created.at("name", "givenName") != "Kim" || created.at("active") != true || created.at("emails", 0, "value") == nil {
		t.Errorf("create needs a full body: %s", created.body)
	}
	b.do("POST", "/Users", oktaUser, "Content-Type", "application/json").wantError(409, "uniqueness")
	// The wizard's update sends back what it read, meta and groups included.
	whole := b.do("GET", "/Users/"+id, "").want(200).json()
	whole["active"] = false
	whole["groups"] = []any{map[string]any{"value": "g", "display": "x"}}
	if a := b.do("PUT", "/Users/"+id, toJSON(t, whole)).want(200); a.at("active") != false || a.id() != id || a.at("groups") != nil {
		t.Error(string(a.body))
	}
	if a := b.patch("/Users/"+id, `{"op":"replace","value":{"active":true}}`).want(200); a.at("active") != true {
		t.Error(string(a.body))
	}
	b.patch("/Users/"+id, `{"op":"replace","value":{"password":"n3w"}}`).want(200)
}

func TestOktaImportSeesEachUserOnce(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileOkta))
	want := map[string]bool{}
	for i := range 25 {
		want[b.user("u"+string(rune('a'+i)))] = true
	}
	for start := 1; start <= 25; start += 10 {
		for _, id := range b.do("GET", "/Users?count=10&startIndex="+toJSON(t, start), "").ids() {
			if !want[id] {
				t.Errorf("%s is shown twice or was never made", id)
			}
			delete(want, id)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d users were not shown", len(want))
	}
}

func TestOktaGroups(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileOkta))
	u1, u2, u3 := b.user("u1"), b.user("u2"), b.user("u3")
	id := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"Sales","members":[]}`).want(201).id()
	b.patch("/Groups/"+id, `{"op":"replace","value":{"id":"`+id+`","displayName":"Sales 2"}}`).want(204)
	b.patch("/Groups/"+id, `{"op":"replace","path":"members","value":[{"value":"`+u1+`"},{"value":"`+u2+`"}]}`).want(204)
	b.patch("/Groups/"+id, `{"op":"remove","path":"members[value eq \"`+u1+`\"]"}`, `{"op":"add","path":"members","value":[{"value":"`+u3+`","display":"kim@okta.example"}]}`).want(204)
	if diff := cmp.Diff(sorted([]string{u2, u3}), sorted(b.members(id))); diff != "" {
		t.Error(diff)
	}
	// Group push without a path.
	b.patch("/Groups/"+id, `{"op":"replace","value":{"members":[{"value":"`+u1+`"}]}}`).want(204)
	if diff := cmp.Diff([]string{u1}, b.members(id)); diff != "" {
		t.Error(diff)
	}
	// The wizard's PUT, without id.
	b.do("PUT", "/Groups/"+id, `{"schemas":["`+coreGroup+`"],"displayName":"Sales 3","members":[{"value":"`+u2+`","display":"x"}]}`).want(200)
	if diff := cmp.Diff([]string{u2}, b.members(id)); diff != "" {
		t.Error(diff)
	}
	if a := b.do("GET", "/Users/"+u2, "").want(200); a.at("groups", 0, "value") != id || a.at("groups", 0, "display") != "Sales 3" {
		t.Errorf("groups of the user: %s", a.body)
	}
	b.patch("/Groups/"+id, `{"op":"replace","value":{"id":"another","displayName":"x"}}`).wantError(400, "mutability")
	b.do("DELETE", "/Groups/"+id, "").want(204)
	if a := b.do("GET", "/Users/"+u2, "").want(200); a.at("groups") != nil {
		t.Errorf("the deleted group is still shown: %s", a.body)
	}
}

func TestOktaRefusalOfAToken(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileOkta))
	a := b.doAs("s", "scb_WRONG", "GET", "/Users?count=1", "").wantError(401, "")
	if a.at("status") != "401" || a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%v %s", a.header, a.body)
	}
}
