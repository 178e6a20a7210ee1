package scimserver

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "filter=userName+eq+%22kim%22&", "?&&=&a", "count=-1&startIndex=99999999999999999999", "filter=%zz", "attributes=name.givenName,emails%5Btype+eq+%22x%22%5D",
		"sortBy=emails&sortOrder=DESC", "cursor=&count=1", "filter=((((((id+pr))))))", "FILTER=emails%5btype%20eq%20%22work%22%5d.value+eq+%22x%22",
		"excludedAttributes=id,meta,urn:x:y", "count=1&count=2", "filter=not+(id+pr)+and+meta.created+gt+%222011-05-13T04:42:34Z%22",
	} {
		f.Add(seed)
	}
	b := open(f)
	kim := b.user("kim", map[string]any{"emails": []any{map[string]any{"value": "k@x", "type": "work"}}})
	b.group("Sales", kim)
	f.Fuzz(func(t *testing.T, raw string) {
		b.t = t
		for _, path := range []string{"/Users", "/Groups", "/", "/Users/" + kim} {
			r := mustRequest("GET", "/scim/s/v2"+path)
			r.URL.RawQuery = raw
			r.Header.Set("Authorization", "Bearer "+b.token)
			a := b.serveHTTP(r)
			if a.status != 200 && a.status != 400 {
				t.Fatalf("%s?%s: %d %s %s", path, raw, a.status, a.body, b.log)
			}
			a.json()
		}
	})
}

func FuzzSearch(f *testing.F) {
	for _, seed := range []string{`{}`, `{"filter":"id pr","attributes":["id"]}`, `{"attributes":"id,meta","count":null}`, `{"startIndex":"1"}`, `{"cursor":"","sortBy":"userName"}`, `[]`, `{"FILTER":1}`} {
		f.Add([]byte(seed))
	}
	b := open(f)
	b.user("kim")
	f.Fuzz(func(t *testing.T, body []byte) {
		b.t = t
		a := b.do("POST", "/Users/.search", string(body)+" ")
		if a.status != 200 && a.status != 400 {
			t.Fatalf("%d %s %s", a.status, a.body, b.log)
		}
		a.json()
	})
}

func FuzzRoute(f *testing.F) {
	for _, seed := range []string{"/v2/Users/x", "/v2//Users", "/v2/Users/%2e%2e", "/oauth/token", "/v2/.search", "/v2/Schemas/urn:a:b", "/v2/Users/.search", "//", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := routeOf(path)
		if r.template() == "" || r.endpoint == atResource && (r.id == "" || r.kind == nil) {
			t.Fatalf("%q: %+v", path, r)
		}
		if r.endpoint != noEndpoint && !r.endpoint.allows(strings.Split(r.endpoint.methods(), ", ")[0]) {
			t.Fatalf("%q answers to no method", path)
		}
	})
}

// What is spliced from stored bytes must be what decoding, projecting and encoding gives.
func TestSplicedAndDecodedAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	b := open(t)
	text := rapid.OneOf(rapid.StringMatching(`[a-zA-Z ]{1,12}`), rapid.SampledFrom([]string{`a"b`, `back\slash`, "ümlaut", "<tag> & co", "\u2028", "emoji 😀", "tab\t"}))
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		user := map[string]any{"schemas": []string{coreUser}, "userName": "u" + toJSON(t, n) + text.Draw(rt, "name")}
		for _, name := range []string{"title", "nickName", "userType", "externalId", "locale"} {
			if rapid.Bool().Draw(rt, name) {
				user[name] = text.Draw(rt, name)
			}
		}
		if rapid.Bool().Draw(rt, "emails") {
			user["emails"] = []any{map[string]any{"value": text.Draw(rt, "value"), "primary": rapid.Bool().Draw(rt, "primary")}}
		}
		if rapid.Bool().Draw(rt, "unknown") {
			user["urn:example:own:1.0"] = map[string]any{"k" + text.Draw(rt, "key"): text.Draw(rt, "text"), "id": 1.5}
		}
		created := b.do("POST", "/Users", toJSON(t, user)).want(http.StatusCreated)
		if rapid.Bool().Draw(rt, "grouped") {
			b.do("POST", "/Groups", toJSON(t, map[string]any{"schemas": []string{coreGroup}, "displayName": "g" + toJSON(t, n) + text.Draw(rt, "group"), "members": []any{map[string]any{"value": created.id()}}})).want(http.StatusCreated)
		}
		id := created.id()
		spliced := b.do("GET", "/Users/"+id, "").want(200).json()
		decoded := b.do("GET", "/Users/"+id+"?excludedAttributes=none", "").want(200).json()
		if diff := cmp.Diff(decoded, spliced); diff != "" {
			rt.Fatalf("(-decoded +spliced):\n%s", diff)
		}
		listed := b.do("GET", "/Users?filter="+url.QueryEscape(`id eq "`+id+`"`), "").want(200)
		if diff := cmp.Diff(spliced, listed.at("Resources", 0)); diff != "" {
			rt.Fatalf("(-alone +listed):\n%s", diff)
		}
		for _, name := range slices.Sorted(maps.Keys(user)) {
			if _, there := spliced[name]; !there {
				rt.Fatalf("%s is lost: %v", name, spliced)
			}
		}
	})
}
