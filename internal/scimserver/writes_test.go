package scimserver

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPutReadsBodiesAsPostDoes(t *testing.T) {
	t.Parallel()
	b := open(t)
	address := "/Users/" + b.user("kim")
	for _, c := range []struct {
		name, part string
		path       []any
		want       any
	}{
		{"text booleans", `"active":"False"`, []any{"active"}, false},
		{"names in any case", `"NAME":{"GivenName":"Kim"}`, []any{"name", "givenName"}, "Kim"},
		{"an extension URN in upper case", `"` + strings.ToUpper(enterprise) + `":{"department":"Sales"}`, []any{enterprise, "department"}, "Sales"},
		{"a manager as text", `"` + enterprise + `":{"manager":"m1"}`, []any{enterprise, "manager", "value"}, "m1"},
		{"one object for a list", `"emails":{"value":"k@x.example"}`, []any{"emails", 0, "value"}, "k@x.example"},
		{"an unknown attribute", `"shoeSize":44`, []any{"shoeSize"}, nil},
		{"null and an empty list", `"title":null,"emails":[]`, []any{"emails"}, nil},
		{"a password", `"password":"s3cret"`, []any{"password"}, nil},
	} {
		a := b.do("PUT", address, `{"schemas":["`+coreUser+`"],"userName":"kim",`+c.part+`}`).want(200)
		if diff := cmp.Diff(a.at(c.path...), c.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", c.name, diff)
		}
		shown := b.do("GET", address, "").want(200)
		if diff := cmp.Diff(a.json(), shown.json()); diff != "" {
			t.Errorf("%s: PUT answers with another resource than GET (-PUT +GET):\n%s", c.name, diff)
		}
	}
}

func TestStrictReadingOfWrites(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"an extension object that schemas does not name is refused", func(_ *testing.T, b *bridge) {
			body := `{"schemas":["` + coreUser + `"],"userName":"kim","` + enterprise + `":{"department":"Sales"}}`
			b.do("POST", "/Users", body).wantError(400, "invalidValue")
			b.do("POST", "/Users", strings.Replace(body, `"]`, `","`+enterprise+`"]`, 1)).want(201)
		}},
		{"two values marked primary are refused", func(_ *testing.T, b *bridge) {
			body := `{"schemas":["` + coreUser + `"],"userName":"kim","emails":[{"value":"a@x","primary":true},{"value":"b@x","primary":true}]}`
			b.do("POST", "/Users", body).wantError(400, "invalidValue")
			b.do("PUT", "/Users/"+b.user("kim"), body).wantError(400, "invalidValue")
		}},
		{"readOnly attributes in a value without a path are mutability, an equal id is not", func(_ *testing.T, b *bridge) {
			id := b.user("kim")
			b.patch("/Users/"+id, `{"op":"replace","value":{"groups":[],"title":"x"}}`).wantError(400, "mutability")
			b.patch("/Users/"+id, `{"op":"replace","value":{"id":"other","title":"x"}}`).wantError(400, "mutability")
			b.patch("/Users/"+id, `{"op":"replace","value":{"id":"`+id+`","title":"x"}}`).want(200)
		}},
		{"an unknown attribute in a value without a path is refused", func(_ *testing.T, b *bridge) {
			a := b.patch("/Users/"+b.user("kim"), `{"op":"replace","value":{"shoeSize":44}}`)
			a.wantError(400, str(a.at("scimType")))
		}},
		{"a bare id as a member is refused", func(_ *testing.T, b *bridge) {
			id, group := b.user("kim"), b.group("Sales")
			b.patch("/Groups/"+group, `{"op":"add","path":"members","value":["`+id+`"]}`).wantError(400, "invalidValue")
			b.patch("/Groups/"+group, addMembers(id)).want(200)
		}},
	}, with(ProfileStrict))
}

func TestPatchFinerPoints(t *testing.T) {
	t.Parallel()
	mails := map[string]any{"emails": []any{
		map[string]any{"value": "w@x.example", "type": "work"}, map[string]any{"value": "h@x.example", "type": "home"},
	}}
	runRows(t, []row{
		{"what a membership is of cannot be changed, only ended", func(t *testing.T, b *bridge) {
			kim, lee := b.user("kim"), b.user("lee")
			group := b.group("Sales", kim)
			b.patch("/Groups/"+group, `{"op":"replace","path":"members[value eq \"`+kim+`\"].value","value":"`+lee+`"}`).wantError(400, "mutability")
			if diff := cmp.Diff(b.members(group), []string{kim}); diff != "" {
				t.Error(diff)
			}
		}},
		{"replace of a list replaces all of it, by path and without", func(t *testing.T, b *bridge) {
			id := b.user("kim", mails)
			for _, op := range []string{`"path":"emails","value":[{"value":"n@x.example"}]`, `"value":{"emails":[{"value":"n@x.example"}]}`} {
				b.do("PUT", "/Users/"+id, toJSON(t, map[string]any{"schemas": []string{coreUser}, "userName": "kim", "emails": mails["emails"]})).want(200)
				a := b.patch("/Users/"+id, `{"op":"replace",`+op+`}`).want(200)
				if diff := cmp.Diff(a.at("emails"), any([]any{map[string]any{"value": "n@x.example"}})); diff != "" {
					t.Errorf("%s (-got +want):\n%s", op, diff)
				}
			}
		}},
		{"add of a list without a path appends to it and leaves other attributes", func(t *testing.T, b *bridge) {
			id := b.user("kim", mails, map[string]any{"title": "Boss"})
			a := b.patch("/Users/"+id, `{"op":"add","value":{"emails":[{"value":"n@x.example"},{"value":"h@x.example","type":"home"}],"nickName":"K"}}`).want(200)
			list, _ := a.at("emails").([]any)
			if len(list) != 3 || at(list[2], "value") != "n@x.example" || a.at("title") != "Boss" || a.at("nickName") != "K" {
				t.Error(string(a.body))
			}
		}},
		{"a value filter changes each element that it finds and no other", func(t *testing.T, b *bridge) {
			id := b.user("kim", mails)
			a := b.patch("/Users/"+id, `{"op":"replace","path":"emails[value ew \"x.example\" and not (type eq \"home\")].display","value":"at work"}`).want(200)
			if a.at("emails", 0, "display") != "at work" || a.at("emails", 1, "display") != nil {
				t.Error(string(a.body))
			}
			a = b.patch("/Users/"+id, `{"op":"remove","path":"emails[type eq \"work\" or type eq \"home\"].type"}`).want(200)
			if a.at("emails", 0, "type") != nil || a.at("emails", 1, "type") != nil || a.at("emails", 1, "value") == nil {
				t.Error(string(a.body))
			}
			if a = b.patch("/Users/"+id, `{"op":"remove","path":"emails[value pr]"}`).want(200); a.at("emails") != nil {
				t.Error(string(a.body))
			}
		}},
		{"names in a path have no letter case", func(t *testing.T, b *bridge) {
			id := b.user("kim", mails)
			a := b.patch("/Users/"+id, `{"op":"replace","path":"DISPLAYNAME","value":"K"}`, `{"op":"replace","path":"NAME.familyname","value":"Lee"}`,
				`{"op":"replace","path":"Emails[Type EQ \"WORK\"].VALUE","value":"n@x.example"}`,
				`{"op":"add","path":"`+strings.ToUpper(enterprise)+`:DEPARTMENT","value":"Sales"}`).want(200)
			if a.at("displayName") != "K" || a.at("name", "familyName") != "Lee" || a.at("emails", 0, "value") != "n@x.example" || a.at(enterprise, "department") != "Sales" {
				t.Error(string(a.body))
			}
		}},
		{"phone numbers come back as they were sent", func(t *testing.T, b *bridge) {
			for _, number := range []string{"tel:+1-201-555-0123;ext=5", " 0049 (0) 30 / 12-34 ", "12345"} {
				a := b.patch("/Users/"+b.user("kim"+number), `{"op":"add","path":"phoneNumbers[type eq \"work\"].value","value":`+toJSON(t, number)+`}`).want(200)
				if got := a.at("phoneNumbers", 0, "value"); got != number {
					t.Errorf("got %q, want %q", got, number)
				}
			}
		}},
	})
}

func TestSortingByWhatAnAttributeIs(t *testing.T) {
	t.Parallel()
	b := open(t)
	mail := func(first, second string, primary bool) map[string]any {
		return map[string]any{"emails": []any{map[string]any{"value": first}, map[string]any{"value": second, "primary": primary}}}
	}
	one := b.user("one", mail("a@x", "m@x", true), map[string]any{"externalId": "b", "nickName": "b"})
	two := b.user("two", mail("C@x", "z@x", false), map[string]any{"externalId": "C", "nickName": "C"})
	three := b.user("three", mail("x@x", "b@x", true), map[string]any{"externalId": "a", "nickName": "a"})
	for name, c := range map[string]struct {
		query string
		want  []string
	}{
		"a list by its primary value, else by its first": {"sortBy=emails", []string{three, two, one}},
		"the same by the name of its value":              {"sortBy=emails.value", []string{three, two, one}},
		"with letter case where that counts":             {"sortBy=externalId", []string{two, three, one}},
		"without letter case elsewhere":                  {"sortBy=nickName", []string{three, one, two}},
		"descending":                                     {"sortBy=nickName&sortOrder=descending", []string{two, one, three}},
	} {
		if diff := cmp.Diff(b.do("GET", "/Users?"+c.query, "").ids(), c.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestLetterCaseInFiltersFollowsTheSchema(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("Kim", map[string]any{"externalId": "E1", "emails": []any{map[string]any{"value": "Kim@x.example"}}, "profileUrl": "https://x.example/Kim"})
	for filter, want := range map[string]int{
		`userName eq "KIM"`: 1, `emails.value eq "KIM@X.EXAMPLE"`: 1, `externalId eq "e1"`: 0, `externalId eq "E1"`: 1, `externalId sw "e"`: 0,
		`id eq "` + strings.ToUpper(id) + `"`: 0, `meta.version eq "w/\"1\""`: 0, `meta.version eq "W/\"1\""`: 1,
		`profileUrl eq "https://x.example/kim"`: 0, `profileUrl eq "https://x.example/Kim"`: 1,
	} {
		if got := len(b.find(filter).ids()); got != want {
			t.Errorf("%s: got %d, want %d", filter, got, want)
		}
	}
}

func TestOktaLooksForGroupsAndReadsTheFirstPage(t *testing.T) {
	t.Parallel()
	b := open(t, with(ProfileOkta))
	id := b.do("POST", "/Users", oktaUser).want(201).id()
	group := b.group("Sales", id)
	query := "&startIndex=1&count=100"
	if got := b.do("GET", "/Groups?filter="+url.QueryEscape(`displayName eq "SALES"`)+query, "").ids(); len(got) != 1 || got[0] != group {
		t.Errorf("got %v, want the group", got)
	}
	if a := b.do("GET", "/Groups?filter="+url.QueryEscape(`displayName eq "nobody"`)+query, "").want(200); a.at("totalResults") != 0.0 {
		t.Error(string(a.body))
	}
	first := b.do("GET", "/Users?count=1&startIndex=1", "", "Accept", "application/scim+json").want(200).at("Resources", 0)
	for _, path := range [][]any{{"id"}, {"userName"}, {"name", "givenName"}, {"name", "familyName"}, {"active"}, {"emails", 0, "value"}} {
		if at(first, path...) == nil {
			t.Errorf("%v is missing on the first page", path)
		}
	}
	b.patch("/Users/"+id, `{"op":"replace","value":{"password":"n3w-pw"}}`).want(200)
	if a := b.do("GET", "/Users/"+id, "").want(200); strings.Contains(string(a.body), "n3w-pw") {
		t.Errorf("the password is told: %s", a.body)
	}
}

func TestOneLoginGroupsWithURNsOfTheDrafts(t *testing.T) {
	t.Parallel()
	b := open(t)
	a := b.do("POST", "/Groups", `{"schemas":["urn:scim:schemas:core:1.0"],"displayName":"Sales"}`).want(201)
	if diff := cmp.Diff(a.at("schemas"), any([]any{coreGroup})); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if got := b.do("GET", "/Groups", "").ids(); len(got) != 1 {
		t.Errorf("got %v, want one group", got)
	}
}
