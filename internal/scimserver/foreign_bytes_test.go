package scimserver

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Trial 17.
func TestPresenceOfEmptyText(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.user("kim", map[string]any{"title": "", "externalId": "", "userType": "", "name": map[string]any{"givenName": ""}, enterprise: map[string]any{"department": ""}})
	for filter, want := range map[string]int{
		`title pr`: 0, `externalId pr`: 0, `userType pr`: 0, `name pr`: 0, `name.givenName pr`: 0, enterprise + `:department pr`: 0, `emails pr`: 0,
		`not (title pr)`: 1, `userName pr`: 1, `title eq ""`: 1, `id pr`: 1, `meta pr`: 1,
	} {
		if got := len(b.do("GET", "/Users?filter="+url.QueryEscape(filter), "").ids()); got != want {
			t.Errorf("%s finds %d, want %d", filter, got, want)
		}
	}
}

// Trial 17: half of a surrogate pair is no character, wherever it stands.
func TestLoneSurrogatesAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim")
	for _, half := range []string{`\ud800`, `\udc00`, `\ud83dx`, `\ud83d\ud83d`, `\udE00\uD83d`, `a\uD800\u0041`} {
		b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"`+half+`"}`).want(400)
		b.do("PUT", "/Users/"+id, `{"schemas":["`+coreUser+`"],"userName":"kim","urn:example:x":{"`+half+`":1}}`).want(400)
		b.patch("/Users/"+id, `{"op":"replace","path":"title","value":"`+half+`"}`).want(400)
		b.do("POST", "/Users/.search", `{"schemas":["`+searchURN+`"],"filter":"userName eq \"`+half+`\""}`).want(400)
		b.do("GET", "/Users?filter="+url.QueryEscape(`userName eq "`+half+`"`), "").wantError(400, "invalidFilter")
		b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"POST","path":"/Users","bulkId":"`+half+`","data":{"userName":"x"}}]}`).want(400)
	}
	whole := `\ud83d\ude00`
	b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"`+whole+`"}`).want(201)
	b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"POST","path":"/Users","bulkId":"`+whole+`\\ud800","data":{"userName":"y"}}]}`).want(200)
	b.do("GET", "/Users?filter=%ff", "").want(400)
	b.do("POST", "/Users/.search", "{\"filter\":\"userName eq \\\"\xff\\\"\"}").want(400)
}

// Trial 17.
func TestNumbersOutOfRangeNameTheirAttribute(t *testing.T) {
	t.Parallel()
	b := open(t)
	sac := "urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"
	for _, n := range []string{"99999999999999999999", "-99999999999999999999", "9223372036854775808", "1e400", "1.5", `"99999999999999999999"`} {
		body := `{"schemas":["` + coreUser + `","` + sac + `"],"userName":"kim","` + sac + `":{"cleanUpNotificationsNumberOfDays":` + n + `}}`
		a := b.do("POST", "/Users", body).wantError(400, "invalidValue")
		if detail := str(a.at("detail")); !strings.Contains(detail, "cleanUpNotificationsNumberOfDays") || strings.Contains(detail, "out of range") == strings.ContainsAny(n, ".e") {
			t.Errorf("%s: %s", n, a.body)
		}
		b.do("POST", "/Users", strings.Replace(body, n, "30", 1)).want(201)
		id := b.do("GET", "/Users", "").ids()[0]
		a = b.patch("/Users/"+id, `{"op":"replace","path":"`+sac+`:cleanUpNotificationsNumberOfDays","value":`+n+`}`).wantError(400, "invalidValue")
		if !strings.Contains(str(a.at("detail")), "cleanUpNotificationsNumberOfDays") {
			t.Errorf("PATCH %s: %s", n, a.body)
		}
		b.do("DELETE", "/Users/"+id, "").want(204)
	}
	for _, name := range []string{"startIndex", "count"} {
		for _, n := range []string{"99999999999999999999", "1.5", `"many"`} {
			a := b.do("POST", "/Users/.search", `{"schemas":["`+searchURN+`"],"`+name+`":`+n+`}`)
			if a.status != 400 || !strings.Contains(str(a.at("detail")), name) {
				t.Errorf(".search %s %s: %d %s", name, n, a.status, a.body)
			}
		}
	}
	for _, n := range []string{"99999999999999999999", "-99999999999999999999", "1.5", `"x"`} {
		a := b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"failOnErrors":`+n+`,"Operations":[{"method":"DELETE","path":"/Users/x"}]}`)
		if a.status != 400 || !strings.Contains(str(a.at("detail")), "failOnErrors") {
			t.Errorf("Bulk %s: %d %s", n, a.status, a.body)
		}
	}
}

// Trial 17.
func TestContentEncodingsThatAreNotRead(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		body := `{"schemas":["` + coreUser + `"],"userName":"kim"}`
		for _, coding := range []string{"gzip", "GZIP", "deflate", "br", "zstd", "compress", "identity, gzip", "nonsense"} {
			a := b.do("POST", "/Users", body, "Content-Encoding", coding).wantError(415, "")
			if got := a.header.Get("Accept-Encoding"); got != "identity" {
				t.Errorf("%s, %s: Accept-Encoding %q, want identity", profile, coding, got)
			}
		}
		for _, path := range []string{"/Users/.search", "/.search", "/Bulk"} {
			b.do("POST", path, `{}`, "Content-Encoding", "gzip").wantError(415, "")
		}
		b.do("POST", "/Users", body, "Content-Encoding", "identity").want(201)
	}
}

// Trial 17.
func TestByteOrderMarks(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		b.do("POST", "/Users", "\ufeff"+`{"schemas":["`+coreUser+`"],"userName":"kim"}`).want(201)
		b.do("POST", "/Users/.search", "\ufeff"+`{"schemas":["`+searchURN+`"],"filter":"userName eq \"kim\""}`).want(200)
		b.do("POST", "/Bulk", "\ufeff"+`{"schemas":["`+bulkURN+`"],"Operations":[{"method":"DELETE","path":"/Users/x"}]}`).want(200)
		for name, mark := range map[string]string{"UTF-16": "\xff\xfe{\x00}\x00", "UTF-16 ": "\xfe\xff\x00{\x00}", "UTF-32": "\xff\xfe\x00\x00{\x00\x00\x00"} {
			a := b.do("POST", "/Users", mark).wantError(400, "invalidSyntax")
			if !strings.Contains(str(a.at("detail")), strings.TrimSpace(name)) {
				t.Errorf("%s: the detail does not name %s: %s", profile, name, a.body)
			}
		}
	}
}

// Trial 17.
func TestRepeatedQueryParameters(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim", map[string]any{"title": "T", "nickName": "N", "displayName": "D"})
	a := b.do("GET", "/Users/"+id+"?attributes=title&Attributes=nickName", "").want(200)
	if a.at("title") != "T" || a.at("nickName") != "N" || a.at("displayName") != nil {
		t.Errorf("attributes given twice: %s", a.body)
	}
	a = b.do("GET", "/Users?excludedAttributes=title&excludedattributes=nickName", "").want(200)
	if at(a.at("Resources", 0), "title") != nil || at(a.at("Resources", 0), "nickName") != nil {
		t.Errorf("excludedAttributes given twice: %s", a.body)
	}
	for name, values := range map[string][2]string{
		"filter": {`userName eq "kim"`, `userName eq "lee"`}, "count": {"1", "2"}, "startIndex": {"1", "2"}, "sortBy": {"userName", "title"},
		"sortOrder": {"ascending", "descending"}, "cursor": {"", ""},
	} {
		a := b.do("GET", "/Users?"+name+"="+url.QueryEscape(values[0])+"&"+strings.ToUpper(name)+"="+url.QueryEscape(values[1]), "").wantError(400, "invalidValue")
		if !strings.Contains(str(a.at("detail")), name) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for _, body := range []string{`{"filter":"userName pr","filter":"title pr"}`, `{"count":1,"Count":2}`} {
		b.do("POST", "/Users/.search", body).wantError(400, "invalidSyntax")
	}
	if got := len(b.do("GET", "/Users?%66ilter="+url.QueryEscape(`userName eq "lee"`), "").ids()); got != 0 {
		t.Errorf("an encoded name is passed over: %d found", got)
	}
	b.do("GET", "/Users?tag=1&tag=2&&", "").want(200)
}

// Trial 17.
func TestSlashesInPaths(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim")
	for _, path := range []string{
		"/scim/s/v2//Users/" + id, "/scim/s/v2/Users//" + id, "/scim/s/v2///Users///" + id + "//", "/scim/s//v2/Users/" + id, "/scim//s/v2/Users/" + id,
		"//scim/s/v2/Users/" + id, "/scim/s/v2/Users%2F" + id, "/scim/s/v2%2fUsers/" + id, "/scim/s/v2/%55sers/" + id, "/scim/s/%762/Users/" + id, "/scim/%73/v2/Users/" + id,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://scim.example.com"+path, nil)
		r.Header.Set("Authorization", "Bearer "+b.token)
		if a := b.serveHTTP(r); a.status != 200 || a.id() != id {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/scim/s/v2/Users/%252F" + id, "/scim/s/v2/Users/" + id + "/x", "/scim/s/v2/../v2/Users/" + id, "/scim/s%2F..%2Fs/v2/Users/" + id, "/scim/s/v2/Users/" + id + "%00"} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://scim.example.com"+path, nil)
		r.Header.Set("Authorization", "Bearer "+b.token)
		b.serveHTTP(r).wantError(404, "")
	}
	a := b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"DELETE","path":"//Users//`+id+`"}]}`).want(200)
	if got := a.at("Operations", 0, "status"); got != "204" {
		t.Errorf("Bulk with doubled slashes: %s", a.body)
	}
}

// Trial 17: a proxy that compresses answers marks the tag, and sends it back so.
func TestTagsThatAProxyHasMarked(t *testing.T) {
	t.Parallel()
	b := open(t)
	address := "/Users/" + b.user("kim")
	for _, tag := range []string{`W/"1-gzip"`, `"1-gzip"`, `W/"1-br"`, `W/"1-zstd"`, `W/"1-deflate"`, `W/"1--gzip"`, `W/"1;gzip"`, `"1+gzip"`, `W/"9", W/"1-gzip"`, `w/"1"`} {
		b.do("GET", address, "", "If-None-Match", tag).want(304)
		b.do("PUT", address, `{"schemas":["`+coreUser+`"],"userName":"kim"}`, "If-Match", tag).want(200)
	}
	for _, tag := range []string{`W/"2-gzip"`, `W/"1-x"`, `W/"-gzip"`, `W/"11-gzip"`, `"1-gzip-2"`} {
		b.do("PUT", address, `{"schemas":["`+coreUser+`"],"userName":"kim"}`, "If-Match", tag).wantError(412, "")
	}
}

// Trial 17: in every profile, also where values may lack their quotes.
func TestQuotesOfTheWrongKind(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		id := b.user("kim", map[string]any{"emails": []any{map[string]any{"value": "k@x", "type": "work"}}})
		for _, value := range []string{`'kim'`, `'kim`, `kim'`, "\u201ckim\u201d", "\u2018kim\u2019", "\u00abkim\u00bb", "`kim`", "\u201ekim\u201c", "\u2033kim\u2033", `\"kim\"`, `kim"`} {
			b.do("GET", "/Users?filter="+url.QueryEscape("userName eq "+value), "").wantError(400, "invalidFilter")
			b.patch("/Users/"+id, `{"op":"replace","path":`+toJSON(t, "emails[type eq "+value+"].value")+`,"value":"x"}`).wantError(400, "invalidPath")
		}
	}
	b := open(t)
	b.user("O'Brien")
	if got := len(b.do("GET", "/Users?filter="+url.QueryEscape("userName eq O'Brien"), "").ids()); got != 1 {
		t.Errorf("an apostrophe within a value without quotes: %d found, want 1", got)
	}
}

// Trial 17.
func TestAReplaceOfAPartKeepsTheRest(t *testing.T) {
	t.Parallel()
	work := map[string]any{"type": "work", "streetAddress": "Hall 1", "locality": "Bonn", "country": "DE", "primary": true}
	for name, c := range map[string]struct {
		op   string
		want map[string]any
	}{
		"one part":               {`{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":"Kiel"}}`, map[string]any{"locality": "Kiel"}},
		"one part in a list":     {`{"op":"replace","path":"addresses[type eq \"work\"]","value":[{"locality":"Kiel"}]}`, map[string]any{"locality": "Kiel"}},
		"without a path":         {`{"op":"replace","value":{"addresses[type eq \"work\"]":{"locality":"Kiel"}}}`, map[string]any{"locality": "Kiel"}},
		"a part becomes null":    {`{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":null,"country":"FR"}}`, map[string]any{"locality": nil, "country": "FR"}},
		"nothing but null":       {`{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":null}}`, map[string]any{"locality": nil}},
		"an object of nothing":   {`{"op":"replace","path":"addresses[type eq \"work\"]","value":{}}`, nil},
		"the part by its name":   {`{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"Kiel"}`, map[string]any{"locality": "Kiel"}},
		"add keeps it, too":      {`{"op":"add","path":"addresses[type eq \"work\"]","value":{"locality":"Kiel"}}`, map[string]any{"locality": "Kiel"}},
		"what the filter is on":  {`{"op":"replace","path":"addresses[type eq \"work\"]","value":{"type":"other","locality":"Kiel"}}`, map[string]any{"type": "other", "locality": "Kiel"}},
		"no longer the main one": {`{"op":"replace","path":"addresses[type eq \"work\"]","value":{"primary":false}}`, map[string]any{"primary": false}},
	} {
		b := open(t)
		a := b.patch("/Users/"+b.user("kim", map[string]any{"addresses": []any{work}}), c.op).want(200)
		want := map[string]any{}
		maps.Copy(want, work)
		for k, v := range c.want {
			if want[k] = v; v == nil {
				delete(want, k)
			}
		}
		if diff := cmp.Diff(a.at("addresses"), any([]any{want})); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

// Trial 17.
func TestEmptyElementsOfListsAreDropped(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		for _, empty := range []string{`null`, `{}`, `{"value":null}`, `{"value":""}`, `{"value":"","type":"work","primary":true}`, `{"type":"work"}`, `{"value":[]}`} {
			body := `{"schemas":["` + coreUser + `"],"userName":"kim","emails":[` + empty + `,{"value":"k@x"},` + empty + `],"phoneNumbers":[` + empty + `]}`
			a := b.do("POST", "/Users", body).want(201)
			if diff := cmp.Diff(a.at("emails"), any([]any{map[string]any{"value": "k@x"}})); diff != "" || a.at("phoneNumbers") != nil {
				t.Errorf("%s, %s: %s", profile, empty, a.body)
			}
			id := a.id()
			a = b.patch("/Users/"+id, `{"op":"add","path":"emails","value":[`+empty+`]}`, `{"op":"add","path":"ims[type eq \"aim\"].value","value":""}`).want(200)
			if diff := cmp.Diff(a.at("emails"), any([]any{map[string]any{"value": "k@x"}})); diff != "" || a.at("ims") != nil {
				t.Errorf("%s, PATCH %s: %s", profile, empty, a.body)
			}
			b.do("DELETE", "/Users/"+id, "").want(204)
		}
	}
}

// Trial 17.
func TestNoOperationsAtAll(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		want := map[bool]int{true: 400, false: 200}[profile == ProfileStrict]
		b.patch("/Users/" + b.user("kim")).want(want)
		b.patch("/Groups/" + b.group("Sales")).want(map[bool]int{true: 400, false: b.patch("/Groups/" + b.group("Other")).status}[profile == ProfileStrict])
		b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[]}`).want(want)
	}
}

// Trial 17: lists of extensions take value filters, or the answer says that they do not.
func TestValueFiltersOnListsOfExtensions(t *testing.T) {
	t.Parallel()
	roles := "urn:sap:params:scim:schemas:extension:sac:2.0:group-roles"
	b := open(t)
	id := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`","`+roles+`"],"displayName":"Sales","`+roles+`":{"roles":[{"value":"A","type":"x"},{"value":"B"}]}}`).want(201).id()
	b.patch("/Groups/"+id, `{"op":"remove","path":"`+roles+`:roles[value eq \"A\"]"}`).want(200)
	a := b.patch("/Groups/"+id, `{"op":"replace","path":"`+roles+`:roles[value eq \"B\"].display","value":"Bees"}`).want(200)
	if diff := cmp.Diff(a.at(roles, "roles"), any([]any{map[string]any{"value": "B", "display": "Bees"}})); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	own := "urn:example:own:1.0:User"
	user := b.user("kim", map[string]any{own: map[string]any{"tags": []any{map[string]any{"value": "a"}, map[string]any{"value": "b"}}}})
	for _, path := range []string{own + `:tags[value eq \"a\"]`, own + `:tags[value eq \"a\"].value`} {
		for _, op := range []string{`{"op":"remove","path":"` + path + `"}`, `{"op":"replace","path":"` + path + `","value":"c"}`} {
			a := b.patch("/Users/"+user, op).wantError(400, "invalidPath")
			if detail := str(a.at("detail")); !strings.Contains(detail, "no value filter") || !strings.Contains(detail, own) {
				t.Errorf("%s: %s", op, detail)
			}
		}
	}
	a = b.do("GET", "/Users?filter="+url.QueryEscape(own+`:tags[value eq "a"]`), "").wantError(400, "invalidFilter")
	if !strings.Contains(str(a.at("detail")), own) {
		t.Errorf("%s", a.body)
	}
}
