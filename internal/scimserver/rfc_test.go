package scimserver

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the RFCs demand and servers often get wrong, as far as no other test of this package is about it.
func TestWhatServersOftenGetWrong(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"uniqueness follows caseExact", func(t *testing.T, b *bridge) {
			b.user("Kim", map[string]any{"externalId": "A"})
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"KIM"}`).wantError(409, "uniqueness")
			b.user("lee", map[string]any{"externalId": "a"})
			if got := b.find(`externalId eq "a"`).ids(); len(got) != 1 {
				t.Errorf("externalId a found %v", got)
			}
		}},
		{"one primary after PATCH, and schemas follows the data", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			a := b.patch("/Users/"+id, `{"op":"add","path":"`+enterprise+`:department","value":"x"}`).want(200)
			if diff := cmp.Diff([]any{coreUser, enterprise}, a.at("schemas")); diff != "" {
				t.Error(diff)
			}
			a = b.patch("/Users/"+id, `{"op":"remove","path":"`+enterprise+`:department"}`).want(200)
			if diff := cmp.Diff([]any{coreUser}, a.at("schemas")); diff != "" {
				t.Error(diff)
			}
		}},
		{"what meta.lastModified shows compares equal to itself", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			shown := str(b.do("GET", "/Users/"+id, "").at("meta", "lastModified"))
			at, err := time.Parse(time.RFC3339Nano, shown)
			if err != nil {
				t.Fatal(err)
			}
			other := at.In(time.FixedZone("", 2*3600)).Format(time.RFC3339Nano)
			for _, text := range []string{shown, other} {
				if got := b.find(`meta.lastModified eq "` + text + `"`).ids(); len(got) != 1 {
					t.Errorf("%s: %v", text, got)
				}
			}
		}},
		{"id, meta and groups of a PUT are ignored", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			a := b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"id":"other","userName":"kim","meta":{"created":"2001-01-01T00:00:00Z"},"groups":[{"value":"x"}]}`).want(200)
			if a.id() != id || strings.HasPrefix(str(a.at("meta", "created")), "2001") || a.at("groups") != nil {
				t.Error(string(a.body))
			}
		}},
		{"attributes leave out meta unless it is asked for", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			if a := b.do("GET", "/Users/"+id+"?attributes=meta.location", "").want(200); a.at("meta", "location") == nil || a.at("meta", "version") != nil || a.at("userName") != nil {
				t.Error(string(a.body))
			}
		}},
		{"lastModified moves with every change, created never", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			before := b.do("GET", "/Users/"+id, "").at("meta").(map[string]any)
			after := b.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).want(200).at("meta").(map[string]any)
			if str(after["lastModified"]) <= str(before["lastModified"]) || after["created"] != before["created"] || after["resourceType"] != "User" {
				t.Errorf("before %v, after %v", before, after)
			}
		}},
		{"a path-less value may repeat the id", func(_ *testing.T, b *bridge) {
			id := b.user("kim")
			b.patch("/Users/"+id, `{"op":"replace","value":{"id":"`+id+`","title":"x"}}`).want(200)
		}},
		{"groups mirrors membership until group or user is deleted", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			one, two := b.group("One", id), b.group("Two", id)
			groups, _ := b.do("GET", "/Users/"+id, "").at("groups").([]any)
			if len(groups) != 2 {
				t.Fatalf("groups %v", groups)
			}
			want := map[string]any{"value": one, "$ref": baseURL + "/scim/s/v2/Groups/" + one, "display": "One", "type": "direct"}
			first := groups[0]
			if at(first, "value") != one { // groups made in one millisecond have no order
				first = groups[1]
			}
			if diff := cmp.Diff(want, first); diff != "" {
				t.Error(diff)
			}
			values := b.do("GET", "/Users/"+id+"?attributes=groups.value", "").want(200)
			got := []string{str(values.at("groups", 0, "value")), str(values.at("groups", 1, "value"))}
			if diff := cmp.Diff(sorted([]string{one, two}), sorted(got)); diff != "" || values.at("groups", 0, "display") != nil {
				t.Errorf("%s\n%s", diff, values.body)
			}
			b.do("DELETE", "/Groups/"+one, "").want(204)
			if got, _ := b.do("GET", "/Users/"+id, "").at("groups").([]any); len(got) != 1 {
				t.Errorf("after deleting a group: %v", got)
			}
			b.do("DELETE", "/Users/"+id, "").want(204)
			if got := b.members(two); len(got) != 0 {
				t.Errorf("after deleting the user: %v", got)
			}
		}},
		{"409 by PUT and PATCH too", func(_ *testing.T, b *bridge) {
			b.user("kim")
			id := b.user("lee")
			b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"userName":"KIM"}`).wantError(409, "uniqueness")
			b.patch("/Users/"+id, `{"op":"replace","path":"userName","value":"Kim"}`).wantError(409, "uniqueness")
			b.group("Sales")
			b.do("PUT", "/Groups/"+b.group("Other"), `{"schemas":["`+coreGroup+`"],"displayName":"SALES"}`).wantError(409, "uniqueness")
		}},
		{"PUT clears what is left out, never creates, and may change the case of its own name", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"title": "Boss", enterprise: map[string]any{"department": "x"}})
			a := b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"userName":"KIM"}`).want(200)
			if a.at("title") != nil || a.at(enterprise) != nil || a.at("userName") != "KIM" {
				t.Error(string(a.body))
			}
			group := b.group("Sales", id)
			b.do("PUT", "/Groups/"+group, `{"schemas":["`+coreGroup+`"],"displayName":"Sales"}`).want(200)
			if got := b.members(group); len(got) != 0 {
				t.Errorf("members after a PUT without them: %v", got)
			}
		}},
		{"each operation sees the one before", func(t *testing.T, b *bridge) {
			a := b.patch("/Users/"+b.user("kim"), `{"op":"add","path":"emails[type eq \"work\"].value","value":"a@x"}`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@x"}`).want(200)
			if got := a.at("emails", 0, "value"); got != "b@x" || a.at("emails", 1) != nil {
				t.Error(string(a.body))
			}
		}},
		{"add appends without doubles, replace of a complex attribute leaves the rest", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"name": map[string]any{"givenName": "Kim", "familyName": "Lee"}, "roles": []any{map[string]any{"value": "a"}}})
			a := b.patch("/Users/"+id, `{"op":"add","path":"roles","value":[{"value":"a"},{"value":"b"}]}`, `{"op":"replace","path":"name","value":{"familyName":"Park"}}`).want(200)
			if diff := cmp.Diff([]any{map[string]any{"value": "a"}, map[string]any{"value": "b"}}, a.at("roles")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]any{"givenName": "Kim", "familyName": "Park"}, a.at("name")); diff != "" {
				t.Error(diff)
			}
		}},
		{"remove members without a value takes all", func(t *testing.T, b *bridge) {
			group := b.group("Sales", b.user("a"), b.user("b"))
			b.patch("/Groups/"+group, `{"op":"remove","path":"members"}`).want(200)
			if got := b.members(group); len(got) != 0 {
				t.Errorf("members %v", got)
			}
			b.patch("/Groups/"+group, `{"op":"remove","path":"displayName"}`).wantError(400, "mutability")
		}},
		{"several ids in one filter, and members by another sub-attribute", func(t *testing.T, b *bridge) {
			one, two, three := b.user("a", map[string]any{"displayName": "Ann"}), b.user("b"), b.user("c")
			group := b.group("Sales", one, two, three)
			b.patch("/Groups/"+group, `{"op":"remove","path":"members[value eq \"`+one+`\" or value eq \"`+two+`\"]"}`).want(200)
			if diff := cmp.Diff([]string{three}, b.members(group)); diff != "" {
				t.Error(diff)
			}
			b.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+one+`","display":"Ann"}]}`).want(200)
			b.patch("/Groups/"+group, `{"op":"remove","path":"members[display eq \"ann\"]"}`).want(200)
			if diff := cmp.Diff([]string{three}, b.members(group)); diff != "" {
				t.Error(diff)
			}
		}},
		{"filters in paths use the full grammar", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"addresses": []any{map[string]any{"type": "work", "country": "DE"}, map[string]any{"type": "work", "country": "FR"}}})
			a := b.patch("/Users/"+id, `{"op":"replace","path":"addresses[TYPE eq \"WORK\" and country eq \"fr\"].locality","value":"Lyon"}`).want(200)
			if a.at("addresses", 0, "locality") != nil || a.at("addresses", 1, "locality") != "Lyon" {
				t.Error(string(a.body))
			}
		}},
		{"qualified core paths", func(t *testing.T, b *bridge) {
			if a := b.patch("/Users/"+b.user("kim"), `{"op":"replace","path":"`+coreUser+`:title","value":"x"}`).want(200); a.at("title") != "x" {
				t.Error(string(a.body))
			}
		}},
		{"200 with a body where attributes are named, also for groups", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			if a := b.do("PATCH", "/Users/"+id+"?attributes=title", patchBody(`{"op":"add","path":"title","value":"x"}`)).want(200); a.at("title") != "x" || a.at("userName") != nil {
				t.Error(string(a.body))
			}
			if a := b.do("PATCH", "/Groups/"+b.group("Sales")+"?excludedAttributes=members", patchBody(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`)).want(200); a.at("displayName") != "Sales" || a.at("members") != nil {
				t.Error(string(a.body))
			}
		}},
		{"ETag, If-None-Match and If-Match", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			a := b.do("GET", "/Users/"+id, "").want(200)
			tag := a.header.Get("ETag")
			if tag != a.at("meta", "version") || !strings.HasPrefix(tag, `W/"`) {
				t.Errorf("ETag %q, version %v", tag, a.at("meta", "version"))
			}
			for _, header := range []string{tag, "*", `W/"9", ` + tag, strings.TrimPrefix(tag, "W/")} {
				if a := b.do("GET", "/Users/"+id, "", "If-None-Match", header).want(304); len(a.body) > 0 || a.header.Get("Content-Type") != "" {
					t.Errorf("304 with body %q, headers %v", a.body, a.header)
				}
			}
			b.do("GET", "/Users/"+id, "", "If-None-Match", `W/"9"`).want(200)
			put := `{"schemas":["` + coreUser + `"],"userName":"kim","title":"x"}`
			b.do("PUT", "/Users/"+id, put, "If-Match", `W/"9"`).wantError(412, "")
			b.do("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"title","value":"y"}`), "If-Match", `W/"9"`).wantError(412, "")
			b.do("DELETE", "/Users/"+id, "", "If-Match", `W/"9"`).wantError(412, "")
			b.do("PUT", "/Users/"+id, put, "If-Match", tag).want(200)
			b.do("PUT", "/Users/"+id, put, "If-Match", tag).wantError(412, "")
			b.do("DELETE", "/Users/"+id, "", "If-Match", "*").want(204)
			group := b.group("Sales")
			member := `{"op":"add","path":"members","value":[{"value":"` + b.user("lee") + `"}]}`
			b.do("PATCH", "/Groups/"+group, patchBody(member), "If-Match", `W/"1"`).want(200)
			b.do("PATCH", "/Groups/"+group, patchBody(member), "If-Match", `W/"1"`).wantError(412, "")
		}},
		{"after DELETE 404 everywhere, gone from queries, the name is free", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			b.do("DELETE", "/Users/"+id, "").want(204)
			b.do("GET", "/Users/"+id, "").wantError(404, "")
			b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"userName":"kim"}`).wantError(404, "")
			b.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).wantError(404, "")
			b.do("DELETE", "/Users/"+id, "").wantError(404, "")
			if got := b.do("GET", "/Users?filter="+url.QueryEscape(`userName eq "kim"`), "").ids(); len(got) != 0 {
				t.Errorf("found %v", got)
			}
			b.user("kim")
		}},
	})
}

func TestSwitchesOfAnswers(t *testing.T) {
	t.Parallel()
	on := func(names ...string) func(*Options) {
		return func(o *Options) {
			o.Sources[0].Switches = map[string]bool{}
			for _, n := range names {
				o.Sources[0].Switches[n] = true
			}
		}
	}
	t.Run("group_patch_body and user_patch_empty turn the answers round", func(t *testing.T) {
		t.Parallel()
		b := open(t, on("group_patch_body", "user_patch_empty"))
		id := b.user("kim")
		if a := b.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).want(204); a.header.Get("ETag") != `W/"2"` {
			t.Errorf("ETag %q", a.header.Get("ETag"))
		}
		a := b.patch("/Groups/"+b.group("Sales"), `{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`).want(200)
		if a.at("members", 0, "value") != id {
			t.Error(string(a.body))
		}
	})
	t.Run("require_match demands If-Match", func(t *testing.T) {
		t.Parallel()
		b := open(t, on("require_match"))
		id := b.user("kim")
		b.do("DELETE", "/Users/"+id, "").wantError(428, "")
		b.do("DELETE", "/Users/"+id, "", "If-Match", `W/"1"`).want(204)
	})
	t.Run("unique_external_id", func(t *testing.T) {
		t.Parallel()
		b := open(t, on("unique_external_id"))
		b.user("kim", map[string]any{"externalId": "e"})
		b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"lee","externalId":"e"}`).wantError(409, "uniqueness")
	})
	t.Run("announce_paging", func(t *testing.T) {
		t.Parallel()
		if got := open(t, on("announce_paging")).do("GET", "/ServiceProviderConfig", "").want(200).at("pagination", "cursor"); got != true {
			t.Errorf("pagination.cursor %v", got)
		}
	})
	t.Run("any_content_type off and create_on_replace on", func(t *testing.T) {
		t.Parallel()
		b := open(t, on("create_on_replace"), func(o *Options) { o.Sources[0].Switches["any_content_type"] = false })
		b.do("POST", "/Users", `{}`, "Content-Type", "text/plain").wantError(415, "")
		a := b.patch("/Users/"+b.user("kim"), `{"op":"replace","path":"emails[type eq \"home\"].value","value":"h@x"}`).want(200)
		if a.at("emails", 0, "value") != "h@x" {
			t.Error(string(a.body))
		}
	})
	t.Run("unknown members are refused, and dropped where the switch says so", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"G","members":[{"value":"nobody"}]}`).wantError(400, "invalidValue")
		b = open(t, on("drop_unknown_members"))
		group, id := b.group("G", "nobody"), b.user("kim")
		b.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"0192f3a0-1111-7222-8333-444455556666"},{"value":"`+id+`"}]}`).want(200)
		if diff := cmp.Diff([]string{id}, b.members(group)); diff != "" {
			t.Error(diff)
		}
	})
}
