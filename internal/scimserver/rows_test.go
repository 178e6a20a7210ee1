package scimserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// row is one capability that the library lacks or has in its own way: each test shows what this server answers.
type row struct {
	name string
	run  func(t *testing.T, b *bridge)
}

func runRows(t *testing.T, rows []row, change ...func(*Options)) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.run(t, open(t, change...))
		})
	}
}

func TestBodiesOfPostAndPut(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"an extension object needs no mention in schemas under tolerance, and schemas of the answer names it", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","`+enterprise+`":{"department":"Sales"}}`).want(201)
			if diff := cmp.Diff([]any{coreUser, enterprise}, a.at("schemas")); diff != "" {
				t.Error(diff)
			}
		}},
		{"attribute names in any case set the attribute", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"USERNAME":"kim","Name":{"GIVENNAME":"Kim"}}`).want(201)
			if got := a.at("name", "givenName"); got != "Kim" || a.at("userName") != "kim" {
				t.Errorf("names were not made canonical: %s", a.body)
			}
		}},
		{"an extension URN in upper case is not dropped", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","`+strings.ToUpper(enterprise)+`":{"department":"Sales"}}`).want(201)
			if got := a.at(enterprise, "department"); got != "Sales" {
				t.Errorf("department %v, want Sales", got)
			}
		}},
		{"an unknown attribute is left out", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","shoeSize":44}`).want(201)
			if got := a.at("shoeSize"); got != nil {
				t.Errorf("shoeSize %v came back", got)
			}
		}},
		{"readOnly id, meta and groups of the client are ignored", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"id":"mine","userName":"kim","groups":[{"value":"g"}],"meta":{"version":"9"}}`).want(201)
			if a.id() == "mine" || a.at("groups") != nil || a.at("meta", "version") != `W/"1"` {
				t.Errorf("readOnly attributes were taken: %s", a.body)
			}
		}},
		{"text booleans are stored as booleans", func(t *testing.T, b *bridge) {
			for i, text := range []string{"True", "true", "TRUE"} {
				a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim`+string(rune('a'+i))+`","active":"`+text+`"}`).want(201)
				if got := a.at("active"); got != true {
					t.Errorf("active %v, want true", got)
				}
			}
		}},
		{"a manager as text, as an array with $ref, and with managerId becomes an object", func(t *testing.T, b *bridge) {
			for i, manager := range []string{`"m1"`, `[{"$ref":"x","value":"m1"}]`, `{"managerId":"m1"}`, `{"value":"m1"}`} {
				a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim`+string(rune('a'+i))+`","`+enterprise+`":{"manager":`+manager+`}}`).want(201)
				if got := a.at(enterprise, "manager", "value"); got != "m1" {
					t.Errorf("manager %s: value %v, want m1", manager, got)
				}
			}
		}},
		{"a singular attribute given as [{value}] is unwrapped", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","title":[{"value":"Boss"}]}`).want(201)
			if got := a.at("title"); got != "Boss" {
				t.Errorf("title %v, want Boss", got)
			}
			a = b.patch("/Users/"+a.id(), `{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"Kim"}]}`).want(200)
			if got := a.at("displayName"); got != "Kim" {
				t.Errorf("displayName %v, want Kim", got)
			}
		}},
		{"null and empty arrays are unassigned and not shown", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","title":null,"emails":[],"roles":[]}`).want(201)
			for _, name := range []string{"title", "emails", "roles"} {
				if _, there := a.json()[name]; there {
					t.Errorf("%s is shown: %s", name, a.body)
				}
			}
		}},
		{"a multi-valued attribute given as one object is wrapped", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","emails":{"value":"k@x.example","type":"work"}}`).want(201)
			if got := a.at("emails", 0, "value"); got != "k@x.example" {
				t.Errorf("emails %v", a.at("emails"))
			}
		}},
		{"of two primary values one stays", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","emails":[{"value":"a@x","primary":true},{"value":"b@x","primary":true}]}`).want(201)
			n := 0
			for i := range 2 {
				if a.at("emails", i, "primary") == true {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d primary values, want 1: %s", n, a.body)
			}
		}},
		{"canonical values are suggestions", func(_ *testing.T, b *bridge) {
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","emails":[{"value":"a@x","type":"holiday"}]}`).want(201)
		}},
		{"names that differ in case only are invalidSyntax", func(_ *testing.T, b *bridge) {
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","USERNAME":"lee"}`).wantError(400, "invalidSyntax")
		}},
		{"text after the document is invalidSyntax", func(_ *testing.T, b *bridge) {
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim"} x`).wantError(400, "invalidSyntax")
		}},
		{"a body over the limit is 413", func(_ *testing.T, b *bridge) {
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"`+strings.Repeat("k", 2<<20)+`"}`).wantError(413, "")
		}},
		{"other content types are 415 and a charset parameter is fine", func(_ *testing.T, b *bridge) {
			body := `{"schemas":["` + coreUser + `"],"userName":"kim"}`
			b.do("POST", "/Users", body, "Content-Type", "text/plain").wantError(415, "")
			b.do("POST", "/Users", body, "Content-Type", "application/scim+json; charset=utf-8").want(201)
		}},
		{"a wrong Accept never turns the answer into HTML", func(t *testing.T, b *bridge) {
			a := b.do("GET", "/Users", "", "Accept", "text/html").want(200)
			if got := a.header.Get("Content-Type"); got != contentType {
				t.Errorf("content type %q", got)
			}
		}},
		{"a password is never shown", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","password":"s3cret-pw"}`).want(201)
			id := a.id()
			for _, a := range []*answer{
				a, b.do("GET", "/Users/"+id, ""), b.do("GET", "/Users/"+id+"?attributes=password", ""), b.do("GET", "/Users", ""),
				b.patch("/Users/"+id, `{"op":"replace","value":{"password":"s3cret-pw2"}}`),
			} {
				a.want(a.status)
				if strings.Contains(string(a.body), "s3cret") || strings.Contains(string(a.body), "password") {
					t.Errorf("password in %s", a.body)
				}
			}
		}},
		{"a missing required attribute names itself", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"]}`).wantError(400, "invalidValue")
			if !strings.Contains(string(a.body), "userName") {
				t.Errorf("detail does not name userName: %s", a.body)
			}
		}},
		{"wrong types are 400", func(t *testing.T, b *bridge) {
			for _, part := range []string{`"name":"Kim"`, `"active":"sometimes"`, `"userName":17`, `"emails":"no object":1`} {
				a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim",`+part+`}`)
				if a.status != 400 || a.at("scimType") == nil {
					t.Errorf("%s: %d %s", part, a.status, a.body)
				}
			}
		}},
	}, with(ProfileOkta))
}

func TestStrictReadingRefuses(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"a body without schemas", func(_ *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"userName":"kim"}`)
			a.wantError(400, str(a.at("scimType")))
		}},
		{"an unknown attribute", func(_ *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","shoeSize":44}`)
			a.wantError(400, str(a.at("scimType")))
		}},
		{"text booleans", func(_ *testing.T, b *bridge) {
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim","active":"True"}`).wantError(400, "invalidValue")
		}},
		{"unquoted filter values", func(_ *testing.T, b *bridge) {
			b.do("GET", "/Users?filter=userName+eq+kim", "").wantError(400, "invalidFilter")
		}},
		{"a search without its schema", func(_ *testing.T, b *bridge) {
			b.do("POST", "/Users/.search", `{"filter":"userName eq \"kim\""}`).wantError(400, "invalidSyntax")
		}},
	}, with(ProfileStrict))
}

func TestPatchOfUsers(t *testing.T) {
	t.Parallel()
	mail := map[string]any{"emails": []any{map[string]any{"value": "w@x.example", "type": "work"}, map[string]any{"value": "h@x.example", "type": "home"}}}
	runRows(t, []row{
		{"operations in any case apply", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			a := b.patch("/Users/"+id, `{"op":"Add","path":"nickName","value":"K"}`, `{"op":"REPLACE","path":"title","value":"Boss"}`).want(200)
			if a.at("nickName") != "K" || a.at("title") != "Boss" {
				t.Error(string(a.body))
			}
		}},
		{"an unknown attribute in a path-less value is left out", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			a := b.patch("/Users/"+id, `{"op":"replace","value":{"shoeSize":44,"title":"Boss"}}`).want(200)
			if a.at("title") != "Boss" || a.at("shoeSize") != nil {
				t.Error(string(a.body))
			}
		}},
		{"readOnly by path is mutability", func(_ *testing.T, b *bridge) {
			id := b.user("kim")
			b.patch("/Users/"+id, `{"op":"replace","path":"groups","value":[{"value":"g"}]}`).wantError(400, "mutability")
			b.patch("/Users/"+id, `{"op":"replace","path":"id","value":"x"}`).wantError(400, "mutability")
			b.patch("/Users/"+id, `{"op":"replace","path":"meta.created","value":"2020-01-01T00:00:00Z"}`).wantError(400, "mutability")
		}},
		{"removing a required attribute is mutability", func(_ *testing.T, b *bridge) {
			b.patch("/Users/"+b.user("kim"), `{"op":"remove","path":"userName"}`).wantError(400, "mutability")
		}},
		{"dotted keys, URN keys, URN objects and a bare URN path without a filter apply", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			a := b.patch("/Users/"+id,
				`{"op":"replace","value":{"name.givenName":"Kim","`+enterprise+`:employeeNumber":"77"}}`,
				`{"op":"add","value":{"`+enterprise+`":{"department":"Sales"}}}`,
				`{"op":"add","path":"`+enterprise+`","value":{"costCenter":"C1"}}`).want(200)
			want := map[string]any{"employeeNumber": "77", "department": "Sales", "costCenter": "C1"}
			if diff := cmp.Diff(want, a.at(enterprise)); diff != "" || a.at("name", "givenName") != "Kim" {
				t.Errorf("%s\n%s", diff, a.body)
			}
		}},
		{"manager as text and as an array, by path", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			for _, v := range []string{`"m1"`, `[{"$ref":"x","value":"m1"}]`, `{"value":"m1"}`} {
				a := b.patch("/Users/"+id, `{"op":"Replace","path":"`+enterprise+`:manager","value":`+v+`}`).want(200)
				if got := a.at(enterprise, "manager", "value"); got != "m1" {
					t.Errorf("manager %s: %v", v, got)
				}
			}
			a := b.patch("/Users/"+id, `{"op":"Remove","path":"`+enterprise+`:manager"}`).want(200)
			if a.at(enterprise) != nil {
				t.Errorf("extension is still there: %s", a.body)
			}
		}},
		{"add on a value filter without a match creates the element", func(t *testing.T, b *bridge) {
			a := b.patch("/Users/"+b.user("kim"), `{"op":"Add","path":"emails[type eq \"home\"].value","value":"h@x.example"}`).want(200)
			if a.at("emails", 0, "value") != "h@x.example" || a.at("emails", 0, "type") != "home" {
				t.Error(string(a.body))
			}
		}},
		{"replace on a value filter without a match is noTarget", func(_ *testing.T, b *bridge) {
			b.patch("/Users/"+b.user("kim"), `{"op":"replace","path":"emails[type eq \"home\"].value","value":"h@x.example"}`).wantError(400, "noTarget")
		}},
		{"a boolean in a path may be text", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"roles": []any{map[string]any{"value": "a", "primary": true}}})
			a := b.patch("/Users/"+id, `{"op":"replace","path":"roles[primary eq \"True\"].value","value":"b"}`).want(200)
			if got := a.at("roles", 0, "value"); got != "b" {
				t.Errorf("role %v, want b", got)
			}
		}},
		{"replace of a filtered element by an object", func(t *testing.T, b *bridge) {
			id := b.user("kim", mail)
			a := b.patch("/Users/"+id, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x.example","type":"work"}}`).want(200)
			if a.at("emails", 0, "value") != "n@x.example" || a.at("emails", 1, "value") != "h@x.example" {
				t.Error(string(a.body))
			}
		}},
		{"replace with null removes", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"title": "Boss"})
			if a := b.patch("/Users/"+id, `{"op":"replace","path":"title","value":null}`).want(200); a.at("title") != nil {
				t.Error(string(a.body))
			}
		}},
		{"remove without a path is noTarget", func(_ *testing.T, b *bridge) {
			b.patch("/Users/"+b.user("kim"), `{"op":"remove"}`).wantError(400, "noTarget")
		}},
		{"an empty list of operations changes nothing", func(t *testing.T, b *bridge) {
			a := b.patch("/Users/" + b.user("kim")).want(200)
			if got := a.at("meta", "version"); got != `W/"1"` {
				t.Errorf("version %v, want the first", got)
			}
		}},
		{"a new primary value takes the mark from the old", func(t *testing.T, b *bridge) {
			id := b.user("kim", map[string]any{"emails": []any{map[string]any{"value": "a@x", "primary": true}}})
			a := b.patch("/Users/"+id, `{"op":"add","path":"emails","value":[{"value":"b@x","primary":true}]}`).want(200)
			if a.at("emails", 0, "primary") == true || a.at("emails", 1, "primary") != true {
				t.Error(string(a.body))
			}
		}},
		{"all operations or none", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			b.patch("/Users/"+id, `{"op":"add","path":"title","value":"Boss"}`, `{"op":"replace","path":"nope","value":1}`).want(400)
			if a := b.do("GET", "/Users/"+id, "").want(200); a.at("title") != nil || a.at("meta", "version") != `W/"1"` {
				t.Errorf("the first operation stayed: %s", a.body)
			}
		}},
		{"the attributes of a SAC extension, whose URN has hyphens", func(t *testing.T, b *bridge) {
			const sac = "urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"
			id := b.user("kim", map[string]any{sac: map[string]any{"dataAccessLanguage": "en"}})
			a := b.patch("/Users/"+id, `{"op":"replace","path":"`+sac+`:dataAccessLanguage","value":"de"}`).want(200)
			if got := a.at(sac, "dataAccessLanguage"); got != "de" {
				t.Errorf("language %v: %s", got, a.body)
			}
		}},
		{"an unknown extension is kept as sent, and can be patched", func(t *testing.T, b *bridge) {
			const own = "urn:example:params:hr:1.0"
			id := b.user("kim", map[string]any{own: map[string]any{"Grade": "A", "list": []any{1.0, "x"}}})
			a := b.do("GET", "/Users/"+id, "").want(200)
			if diff := cmp.Diff(map[string]any{"Grade": "A", "list": []any{1.0, "x"}}, a.at(own)); diff != "" {
				t.Error(diff)
			}
			a = b.patch("/Users/"+id, `{"op":"replace","path":"`+own+`:Grade","value":"B"}`).want(200)
			if got := a.at(own, "Grade"); got != "B" {
				t.Errorf("grade %v: %s", got, a.body)
			}
		}},
	})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	runRows(t, []row{
		{"204 has no content type", func(t *testing.T, b *bridge) {
			a := b.do("DELETE", "/Users/"+b.user("kim"), "").want(204)
			if got := a.header.Get("Content-Type"); got != "" || len(a.body) > 0 {
				t.Errorf("content type %q, body %q", got, a.body)
			}
		}},
		{"201 has Location equal to meta.location, absolute and resolving", func(t *testing.T, b *bridge) {
			a := b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"kim"}`).want(201)
			want := baseURL + "/scim/s/v2/Users/" + a.id()
			if got := a.header.Get("Location"); got != want || a.at("meta", "location") != want {
				t.Errorf("location %q and %v, want %q", got, a.at("meta", "location"), want)
			}
		}},
		{"times have milliseconds and an offset, and created equals lastModified at first", func(t *testing.T, b *bridge) {
			a := b.do("GET", "/Users/"+b.user("kim"), "").want(200)
			created := str(a.at("meta", "created"))
			if len(created) != len("2026-01-02T15:04:05.000Z") || created != a.at("meta", "lastModified") {
				t.Errorf("meta %v", a.at("meta"))
			}
			if got := b.do("GET", `/Users?filter=meta.created+eq+"`+created+`"`, "").ids(); len(got) != 1 {
				t.Errorf("created does not equal itself: %v", got)
			}
		}},
		{"schemas lists what is there only", func(t *testing.T, b *bridge) {
			a := b.do("GET", "/Users/"+b.user("kim"), "").want(200)
			if diff := cmp.Diff([]any{coreUser}, a.at("schemas")); diff != "" {
				t.Error(diff)
			}
		}},
		{"HEAD answers like GET without a body", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			get, head := b.do("GET", "/Users/"+id, ""), b.do("HEAD", "/Users/"+id, "").want(200)
			if len(head.body) != 0 || head.header.Get("Content-Length") != get.header.Get("Content-Length") || head.header.Get("ETag") == "" {
				t.Errorf("HEAD: %d bytes, headers %v", len(head.body), head.header)
			}
		}},
		{"a wrong method on a known path is 405 with Allow", func(t *testing.T, b *bridge) {
			for path, allow := range map[string]string{"/Users": "GET, HEAD, POST", "/Bulk": "POST", "/Schemas": "GET, HEAD"} {
				if a := b.do("DELETE", path, "").wantError(405, ""); a.header.Get("Allow") != allow {
					t.Errorf("%s: Allow %q, want %q", path, a.header.Get("Allow"), allow)
				}
			}
			b.do("OPTIONS", "/Users", "").wantError(405, "")
		}},
		{"unknown routes and ids are 404 on every method", func(_ *testing.T, b *bridge) {
			gone := "/Users/0192f3a0-1111-7222-8333-444455556666"
			for _, path := range []string{gone, "/Users/1", "/Users/%2525", "/Users/..%2f..%2fetc", "/Users/1/2", "/Nothing", "/Groups/x"} {
				b.do("GET", path, "").wantError(404, "")
				b.do("DELETE", path, "").wantError(404, "")
			}
			b.do("PUT", gone, `{"schemas":["`+coreUser+`"],"userName":"kim"}`).wantError(404, "")
			b.patch(gone, `{"op":"add","path":"title","value":"x"}`).wantError(404, "")
			b.patch(gone).wantError(404, "")
			b.patch("/Groups/0192f3a0-1111-7222-8333-444455556666", `{"op":"add","path":"members","value":[{"value":"x"}]}`).wantError(404, "")
			b.serveHTTP(mustRequest("GET", "/elsewhere")).wantError(404, "")
			b.serveHTTP(mustRequest("GET", "/scim/nobody/v2/Users")).wantError(404, "")
		}},
		{"an id in upper case or percent-encoded resolves", func(_ *testing.T, b *bridge) {
			id := b.user("kim")
			b.do("GET", "/Users/"+strings.ToUpper(id), "").want(200)
			b.do("GET", "/Users/"+strings.ReplaceAll(id, "-", "%2D"), "").want(200)
		}},
		{"trailing slash, ampersand, question mark and endpoint names in any case", func(t *testing.T, b *bridge) {
			id := b.user("kim")
			for _, path := range []string{"/users", "/Users/", "/Users/?", "/Users?&", `/Users/?filter=userName+eq+%22kim%22&`, "/USERS?count=5&&"} {
				if got := b.do("GET", path, "").ids(); len(got) != 1 || got[0] != id {
					t.Errorf("%s: %v", path, got)
				}
			}
		}},
		{"a request id of a proxy is kept where it is harmless", func(t *testing.T, b *bridge) {
			if got := b.do("GET", "/Users", "", "X-Request-Id", "abc-1").header.Get("X-Request-Id"); got != "abc-1" {
				t.Errorf("request id %q, want abc-1", got)
			}
			if got := b.do("GET", "/Users", "", "X-Request-Id", "a\"b<").header.Get("X-Request-Id"); got == "a\"b<" || got == "" {
				t.Errorf("request id %q was taken over", got)
			}
		}},
	})
}

func mustRequest(method, path string) *http.Request {
	r, err := http.NewRequest(method, "http://scim.example.com"+path, nil)
	if err != nil {
		panic(err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	return r
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	limits := Limits{BulkOperations: 77, BulkBody: 12345, Results: 55}
	runRows(t, []row{
		{"ServiceProviderConfig says what the server does, with meta and nothing the RFC does not name", func(t *testing.T, b *bridge) {
			got := b.do("GET", "/ServiceProviderConfig", "").want(200).json()
			delete(got, "authenticationSchemes")
			want := map[string]any{
				"schemas": []any{configURN}, "patch": map[string]any{"supported": true},
				"bulk":   map[string]any{"supported": true, "maxOperations": 77.0, "maxPayloadSize": 12345.0},
				"filter": map[string]any{"supported": true, "maxResults": 55.0}, "changePassword": map[string]any{"supported": false},
				"sort": map[string]any{"supported": true}, "etag": map[string]any{"supported": true},
				"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": baseURL + "/scim/s/v2/ServiceProviderConfig"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			b.do("POST", "/ServiceProviderConfig", "{}").wantError(405, "")
		}},
		{"ResourceTypes and Schemas answer as lists, single items with meta, and 404", func(t *testing.T, b *bridge) {
			for list, ids := range map[string][]string{"/ResourceTypes": {"User", "Group"}, "/Schemas": {coreUser, coreGroup, enterprise, configURN, resourceTypeURN, schemaURN}} {
				a := b.do("GET", list+"?startIndex=5&count=1&sortBy=x", "").want(200)
				rows, _ := a.at("Resources").([]any)
				if got := a.at("totalResults"); got != float64(len(rows)) || len(rows) < len(ids) {
					t.Errorf("%s: %d rows, totalResults %v", list, len(rows), got)
				}
				for _, id := range ids {
					a := b.do("GET", list+"/"+id, "").want(200)
					if a.at("id") != id || a.at("meta", "location") != baseURL+"/scim/s/v2"+list+"/"+id || a.at("schemas", 0) == nil {
						t.Errorf("%s/%s: %s", list, id, a.body)
					}
				}
				b.do("GET", list+"/nope", "").wantError(404, "")
			}
		}},
		{"a filter on discovery is 403", func(_ *testing.T, b *bridge) {
			for _, path := range []string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"} {
				b.do("GET", path+"?filter=id+eq+%22x%22", "").wantError(403, "")
			}
		}},
		{"no nulls, and keywords as the RFC writes them", func(t *testing.T, b *bridge) {
			text := string(b.do("GET", "/Schemas", "").want(200).body)
			if strings.Contains(text, ":null") {
				t.Error("there are nulls")
			}
			var all struct {
				Resources []struct {
					ID         string
					Attributes []struct{ Name, Type, Mutability, Returned, Uniqueness string }
				}
			}
			if err := json.Unmarshal([]byte(text), &all); err != nil {
				t.Fatal(err)
			}
			known := map[string]bool{"readWrite": true, "readOnly": true, "writeOnly": true, "immutable": true}
			for _, s := range all.Resources {
				for _, a := range s.Attributes {
					if !known[a.Mutability] || a.Type == "" || a.Returned == "" {
						t.Errorf("%s %s: %+v", s.ID, a.Name, a)
					}
				}
			}
		}},
	}, func(o *Options) { o.Sources[0].Limits = limits })
}
