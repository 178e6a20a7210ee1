package scimserver

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tests of this file ask what published conformance suites ask and no provider's sequence does.

func TestDiscoveryAsConformanceSuitesReadIt(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"the core schemas describe externalId, which belongs to every resource", func(t *testing.T, b *bridge) {
			want := map[string]any{
				"name": "externalId", "type": "string", "multiValued": false, "required": false, "caseExact": true,
				"mutability": "readWrite", "returned": "default", "uniqueness": "none",
			}
			for _, id := range []string{coreUser, coreGroup} {
				got := attributeOf(b.do("GET", "/Schemas/"+id, "").want(200).at("attributes"), "externalId")
				delete(got, "description")
				if diff := cmp.Diff(got, want); diff != "" {
					t.Errorf("%s (-got +want):\n%s", id, diff)
				}
			}
			if got := attributeOf(b.do("GET", "/Schemas/"+enterprise, "").want(200).at("attributes"), "externalId"); got != nil {
				t.Errorf("the enterprise extension describes externalId: %v", got)
			}
		}},
		{"schemas have the names and the description that RFC 7643 §8.7 gives them", func(t *testing.T, b *bridge) {
			for id, want := range map[string]string{
				coreUser: "User", coreGroup: "Group", enterprise: "EnterpriseUser",
				configURN: "ServiceProviderConfig", resourceTypeURN: "ResourceType", schemaURN: "Schema",
			} {
				if got := b.do("GET", "/Schemas/"+id, "").want(200).at("name"); got != want {
					t.Errorf("%s: got the name %v, want %q", id, got, want)
				}
			}
			if got, want := b.do("GET", "/Schemas/"+coreUser, "").at("description"), "User Account"; got != want {
				t.Errorf("got the description %v, want %q", got, want)
			}
		}},
		{"a list names the same items that stand alone", func(t *testing.T, b *bridge) {
			for _, path := range []string{"/Schemas", "/ResourceTypes"} {
				rows, _ := b.do("GET", path, "").want(200).at("Resources").([]any)
				for _, want := range rows {
					got := b.do("GET", path+"/"+str(at(want, "id")), "").want(200).json()
					if diff := cmp.Diff(got, want); diff != "" {
						t.Errorf("%s (-alone +listed):\n%s", path, diff)
					}
				}
			}
		}},
		{"each extension of a resource type is a schema", func(t *testing.T, b *bridge) {
			list, _ := b.do("GET", "/ResourceTypes/User", "").want(200).at("schemaExtensions").([]any)
			if len(list) == 0 {
				t.Fatal("the User type has no extension")
			}
			for _, e := range list {
				b.do("GET", "/Schemas/"+str(at(e, "schema")), "").want(200)
			}
		}},
		{"discovery is read only", func(t *testing.T, b *bridge) {
			for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + coreUser} {
				for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
					if got, want := b.do(method, path, "{}").wantError(405, "").header.Get("Allow"), "GET, HEAD"; got != want {
						t.Errorf("%s %s: got Allow %q, want %q", method, path, got, want)
					}
				}
			}
		}},
		{"a resource type is found by its own name only", func(_ *testing.T, b *bridge) {
			for _, path := range []string{"/ResourceTypes/Users", "/ResourceTypes/Device", "/Schemas/User", "/Schemas/urn:x:y", "/ServiceProviderConfig/1"} {
				b.do("GET", path, "").wantError(404, "")
			}
		}},
		{"an authentication scheme says what it is", func(t *testing.T, b *bridge) {
			list, _ := b.do("GET", "/ServiceProviderConfig", "").want(200).at("authenticationSchemes").([]any)
			if len(list) == 0 {
				t.Fatal("there is no scheme")
			}
			for _, s := range list {
				for _, name := range []string{"type", "name", "description"} {
					if got := str(at(s, name)); got == "" {
						t.Errorf("a scheme has no %s: %v", name, s)
					}
				}
			}
		}},
	})
}

// attributeOf finds an attribute of a published schema by its name.
func attributeOf(list any, name string) map[string]any {
	attributes, _ := list.([]any)
	for _, a := range attributes {
		if at(a, "name") == name {
			one, _ := a.(map[string]any)
			return one
		}
	}
	return nil
}

func TestNullUpdates(t *testing.T) {
	t.Parallel()
	mail := map[string]any{"emails": []any{map[string]any{"value": "w@x.example", "type": "work"}}}
	full := []map[string]any{
		mail,
		{"title": "Boss", "name": map[string]any{"givenName": "Kim", "familyName": "Lee"}},
		{enterprise: map[string]any{"department": "Sales", "manager": map[string]any{"value": "m1"}}},
	}
	check := func(t *testing.T, a *answer) {
		t.Helper()
		got := a.want(200).json()
		for _, name := range []string{"id", "meta", "schemas"} {
			delete(got, name)
		}
		want := map[string]any{"userName": "kim", "active": true, "name": map[string]any{"familyName": "Lee"}}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	}
	runRows(t, []row{
		{"each attribute by its path", func(t *testing.T, b *bridge) {
			check(t, b.patch("/Users/"+b.user("kim", full...),
				`{"op":"Replace","path":"title","value":null}`, `{"op":"Replace","path":"name.givenName","value":null}`,
				`{"op":"Remove","path":"emails[type eq \"work\"]"}`,
				`{"op":"Replace","path":"`+enterprise+`:department","value":null}`, `{"op":"Remove","path":"`+enterprise+`:manager"}`))
		}},
		{"all attributes in one value without a path", func(t *testing.T, b *bridge) {
			check(t, b.patch("/Users/"+b.user("kim", full...),
				`{"op":"replace","value":{"title":null,"name.givenName":null,"emails":[],"`+enterprise+`:department":null,"`+enterprise+`:manager":null}}`))
		}},
		{"whole lists and the whole extension by their path", func(t *testing.T, b *bridge) {
			check(t, b.patch("/Users/"+b.user("kim", full...),
				`{"op":"replace","path":"emails","value":[]}`, `{"op":"remove","path":"title"}`, `{"op":"remove","path":"name.givenName"}`,
				`{"op":"remove","path":"`+enterprise+`"}`))
		}},
	}, with(ProfileEntra))
	runRows(t, []row{
		{"an empty manager is one more way to say none", func(t *testing.T, b *bridge) {
			id := b.user("kim", full...)
			for _, none := range []string{`""`, `{"value":""}`, `null`} {
				b.patch("/Users/"+id, `{"op":"Add","path":"`+enterprise+`:manager","value":"m2"}`).want(200)
				a := b.patch("/Users/"+id, `{"op":"Replace","path":"`+enterprise+`:manager","value":`+none+`}`).want(200)
				if got := str(a.at(enterprise, "manager", "value")); got != "" {
					t.Errorf("%s: got manager %q, want none", none, got)
				}
			}
		}},
	}, with(ProfileEntra))
}

func TestBodiesAsConformanceSuitesSendThem(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"core attributes under the URN of the resource type itself", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"`+coreUser+`":{"userName":"kim","title":"Boss"}}`).want(201)
			if a.at("userName") != "kim" || a.at("title") != "Boss" || a.at(coreUser) != nil {
				t.Error(string(a.body))
			}
			a = b.patch("/Users/"+a.id(), `{"op":"replace","value":{"`+coreUser+`":{"title":"Chief"}}}`).want(200)
			if got := a.at("title"); got != "Chief" {
				t.Errorf("got title %v, want Chief", got)
			}
		}},
		{"of equal values one stays, and those that differ in anything stay both", func(t *testing.T, b *bridge) {
			list := `[{"value":"k@x.example","type":"work"},{"type":"work","value":"k@x.example"},{"value":"k@x.example","type":"home"}]`
			want := []any{map[string]any{"value": "k@x.example", "type": "work"}, map[string]any{"value": "k@x.example", "type": "home"}}
			body := `{"schemas":["` + coreUser + `"],"userName":"kim","emails":` + list + `}`
			id := b.do("POST", "/Users", body).want(201).id()
			for name, a := range map[string]*answer{
				"POST": b.do("GET", "/Users/"+id, ""), "PUT": b.do("PUT", "/Users/"+id, body),
				"PATCH": b.patch("/Users/"+id, `{"op":"replace","path":"emails","value":`+list+`}`),
			} {
				if diff := cmp.Diff(a.want(200).at("emails"), any(want)); diff != "" {
					t.Errorf("%s (-got +want):\n%s", name, diff)
				}
			}
		}},
		{"add of what is there already changes neither version nor lastModified", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"displayName": "Kim", "emails": []any{map[string]any{"value": "k@x.example", "type": "work"}}})
			before := b.do("GET", "/Users/"+id, "").want(200)
			after := b.patch("/Users/"+id, `{"op":"add","path":"displayName","value":"Kim"}`, `{"op":"add","path":"emails","value":[{"value":"k@x.example","type":"work"}]}`).want(200)
			if diff := cmp.Diff(after.json(), before.json()); diff != "" {
				t.Errorf("(-after +before):\n%s", diff)
			}
		}},
		{"a member's displayName is its display", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			body := `{"schemas":["` + coreGroup + `"],"displayName":"Sales","members":[{"displayName":"Kim L","value":"` + id + `"}]}`
			a := b.do("POST", "/Groups", body).want(201)
			if got, want := a.at("members", 0, "display"), "Kim L"; got != want || a.at("members", 0, "displayName") != nil {
				t.Errorf("got member %v, want display %q", a.at("members", 0), want)
			}
		}},
		{"a list with nothing in its elements is an empty list", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"Sales","members":[{}]}`)
			if got := b.members(a.want(201).id()); len(got) != 0 {
				t.Errorf("got members %v, want none", got)
			}
		}},
		{"a renamed group has its new name with its members", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			group := b.group("Sales", id)
			b.patch("/Groups/"+group, `{"op":"replace","path":"displayName","value":"Sales EMEA"}`).want(200)
			if got, want := b.do("GET", "/Users/"+id, "").at("groups", 0, "display"), "Sales EMEA"; got != want {
				t.Errorf("got %v, want %q", got, want)
			}
		}},
		{"an operation without what it needs is refused", func(_ *testing.T, b *bridge) {
			path := "/Users/" + b.user("kim")
			b.do("PATCH", path, `{"schemas":["`+patchURN+`"]}`).wantError(400, "invalidSyntax")
			b.patch(path, `{"path":"title","value":"x"}`).wantError(400, "invalidSyntax")
			b.patch(path, `{"op":"append","path":"title","value":"x"}`).wantError(400, "invalidSyntax")
			b.patch(path, `{"op":"add","path":"title"}`).wantError(400, "invalidValue")
			b.patch(path, `{"op":"replace","path":"active","value":"sometimes"}`).wantError(400, "invalidValue")
			b.patch(path, `{"op":"replace","path":"emails[type eq","value":"x"}`).wantError(400, "invalidPath")
			b.patch(path, `{"op":"replace","path":"shoeSize","value":"x"}`).wantError(400, "invalidPath")
		}},
		{"a body that is no object, and one of another resource type", func(t *testing.T, b *bridge) {
			for _, body := range []string{`[]`, `"x"`, `null`, `{`, `{"schemas":["` + coreGroup + `"],"displayName":"x"}`} {
				if a := b.do("POST", "/Users", body); a.status != 400 {
					t.Errorf("%s: got %d, want 400", body, a.status)
				}
			}
			b.do("POST", "/Groups", `{"schemas":["`+coreUser+`"],"userName":"kim"}`).want(400)
		}},
	})
}

func TestQueriesAsConformanceSuitesSendThem(t *testing.T) {
	t.Parallel()
	b := open(t)
	kim, lee := people(b)
	for _, c := range []struct {
		name, filter string
		want         []string
	}{
		{"unquoted values within parentheses", `title eq Boss and (emails.Value co work.example or emails.value co "nowhere")`, []string{kim}},
		{"an unquoted moment", `meta.Created gt 2015-07-15T21:50:01Z`, []string{kim, lee}},
		{"starts with, without letter case", `userName sw "KIM"`, []string{kim}},
		{"ends with", `userName ew "EXAMPLE"`, []string{kim}},
		{"contains one letter", `userName co "e"`, []string{kim, lee}},
		{"present and not present", `title pr and not (externalId eq "nobody")`, []string{kim}},
		{"not equal to what nobody has", `userName ne "nobody"`, []string{kim, lee}},
		{"an empty text starts everything", `userName sw ""`, []string{kim, lee}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(sorted(b.find(c.filter).ids()), sorted(c.want)); diff != "" {
				t.Errorf("%s (-got +want):\n%s", c.filter, diff)
			}
		})
	}
	t.Run("searches that ask for no rows, and for no e-mail addresses", func(t *testing.T) {
		t.Parallel()
		a := b.do("POST", "/Users/.search", `{"schemas":["`+searchURN+`"],"filter":"userName pr","count":0,"startIndex":1}`).want(200)
		if a.at("totalResults") != 2.0 || len(a.ids()) != 0 {
			t.Error(string(a.body))
		}
		a = b.do("POST", "/Users/.search", `{"schemas":["`+searchURN+`"],"excludedAttributes":["emails"],"sortBy":"userName","sortOrder":"descending"}`).want(200)
		if diff := cmp.Diff(a.ids(), []string{lee, kim}); diff != "" || a.at("Resources", 1, "emails") != nil {
			t.Errorf("%s\n%s", diff, a.body)
		}
	})
	t.Run("a list of attributes with a blank, a whole one and a part of one", func(t *testing.T) {
		t.Parallel()
		a := b.do("GET", "/Users/"+kim+"?attributes="+url.QueryEscape("name, emails.value"), "").want(200)
		if a.at("name", "familyName") == nil || a.at("emails", 0, "value") == nil || a.at("emails", 0, "type") != nil {
			t.Error(string(a.body))
		}
	})
}

// Two names are one where simple case folding, width and composition make them one (PRECIS, RFC 8265 §3.3). Uniqueness, look-ups by an index and the evaluation of
// filters that no index serves (the second form) must say the same.
func TestLettersThatFoldingsTreatDifferently(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, one, other string
		same             bool
	}{
		{"sharp s and its capital", "straße", "STRA\u1e9eE", true},
		{"sharp s and two s", "straße", "strasse", false},
		{"k and the Kelvin sign", "kim", "\u212aIM", true},
		{"s and the long s", "sam", "\u017fam", true},
		{"the three sigmas", "σίσυφος", "ΣΊΣΥΦΟΣ", true},
		{"i and the dotted capital", "ilker", "\u0130lker", false},
		{"i and the dotless", "ilgaz", "\u0131lgaz", false},
		{"plain and full-width", "anna", "\uff41nna", true},
		{"full-width small and capital", "\uff41nna", "\uff21NNA", true},
		{"composed, small and capital", "\u00e9va", "\u00c9VA", true},
		{"composed and decomposed", "\u00e9va", "E\u0301VA", true},
		{"an iota as a mark and as a letter", "\u03b1\u0345", "\u03b1\u03b9", false},
		{"a ligature and its letters", "\ufb01n", "fin", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			id := b.user(c.one, map[string]any{"title": c.one, "emails": []any{map[string]any{"value": c.one}}})
			want := []string{}
			if c.same {
				want = append(want, id)
			}
			for _, form := range []string{`userName eq %`, `not (not (userName eq %))`, `userName sw %`, `title eq %`, `emails.value eq %`, `emails[value sw %]`} {
				filter := strings.ReplaceAll(form, "%", toJSON(t, c.other))
				if diff := cmp.Diff(b.find(filter).ids(), want); diff != "" {
					t.Errorf("%s (-got +want):\n%s", filter, diff)
				}
			}
			status := http.StatusCreated
			if c.same {
				status = http.StatusConflict
			}
			b.do("POST", "/Users", toJSON(t, map[string]any{"schemas": []string{coreUser}, "userName": c.other})).want(status)
		})
	}
}
