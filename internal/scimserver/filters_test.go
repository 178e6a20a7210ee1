package scimserver

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// people makes kim and lee, who differ in everything a filter can ask for, and gives their ids.
func people(b *bridge) (kim, lee string) {
	kim = b.user("Kim@x.example", map[string]any{
		"externalId": "E1", "displayName": "Kim \"K\" Lee", "active": true, "nickName": "K", "title": "Boss",
		"name":     map[string]any{"givenName": "Kim", "familyName": "Straße"},
		"emails":   []any{map[string]any{"value": "Kim@work.example", "type": "work", "primary": true}, map[string]any{"value": "kim@home.example", "type": "home"}},
		enterprise: map[string]any{"department": "Sales", "manager": map[string]any{"value": "m1"}},
	})
	lee = b.user("lee", map[string]any{"externalId": "e1", "active": false, "emails": []any{map[string]any{"value": "lee@home.example", "type": "work"}}})
	return kim, lee
}

func (b *bridge) find(filter string) *answer {
	b.t.Helper()
	return b.do("GET", "/Users?filter="+url.QueryEscape(filter), "")
}

func TestFiltersTheLibraryRefusesOrMisreads(t *testing.T) {
	t.Parallel()
	b := open(t)
	kim, lee := people(b)
	both, none := []string{kim, lee}, []string{}
	onlyKim, onlyLee := []string{kim}, []string{lee}
	for _, c := range []struct {
		name, filter string
		want         []string
	}{
		{"userName without letter case", `userName eq "KIM@X.EXAMPLE"`, onlyKim},
		{"operators and names in any case, full URN, parentheses, not", `(URN:ietf:params:scim:schemas:core:2.0:USER:UserName EQ "lee") AND NOT (active eq true)`, onlyLee},
		{"externalId with letter case", `externalId eq "E1"`, onlyKim},
		{"id", `id eq "` + lee + `"`, onlyLee},
		{"meta.lastModified against a moment", `meta.lastModified gt "2011-05-13T04:42:34Z"`, both},
		{"meta.lastModified with an offset", `meta.lastModified lt "2011-05-13T04:42:34+02:00"`, none},
		{"meta.resourceType", `meta.resourceType eq "User"`, both},
		{"schemas", `schemas eq "` + enterprise + `"`, onlyKim},
		{"core or extension in one expression", `userName eq "lee" or ` + enterprise + `:department eq "sales"`, both},
		{"core and extension", `userName sw "kim" and ` + enterprise + `:manager.value eq "m1"`, onlyKim},
		{"the URN in other letter case", strings.ToUpper(enterprise) + `:department eq "Sales"`, onlyKim},
		{"a sub-attribute behind a value path, as Entra sends it", `emails[type eq "work"].value eq "kim@work.example"`, onlyKim},
		{"the same asks one element as a whole", `emails[type eq "work"].value eq "kim@home.example"`, none},
		{"a value path with its own grammar", `emails[type eq "work" and value co "work"] and active eq true`, onlyKim},
		{"an attribute with several values", `emails.value eq "kim@home.example"`, onlyKim},
		{"the value of a multi-valued attribute left out", `emails co "home.example"`, both},
		{"the same with eq, as Ping sends it", `emails eq "KIM@WORK.EXAMPLE"`, onlyKim},
		{"an extension attribute by its URN", enterprise + `:department eq "Sales"`, onlyKim},
		{"a boolean as text, as Entra sends it", `active eq "true"`, onlyKim},
		{"a boolean", `active eq false`, onlyLee},
		{"ne holds for an absent attribute", `nickName ne "K"`, onlyLee},
		{"an escaped quote is decoded", `displayName eq "Kim \"K\" Lee"`, onlyKim},
		{"a unicode escape is decoded", `name.familyName eq "Stra\u00dfe"`, onlyKim},
		{"brackets, parentheses and keywords in quotes are text", `displayName eq "a] and (b) or not [c"`, none},
		{"blanks around it", `  userName eq "lee"  `, onlyLee},
		{"an unquoted value, as older authentik sends it", `userName eq lee`, onlyLee},
		{"pr on a complex and on a multi-valued attribute", `name pr and emails pr`, onlyKim},
		{"and binds before or", `userName eq "lee" or title eq "Boss" and active eq false`, onlyLee},
		{"a hyphen in a URN", `urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters:dataAccessLanguage eq "en"`, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := b.find(c.filter)
			got := a.ids()
			if diff := cmp.Diff(sorted(c.want), sorted(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.filter, diff)
			}
			if total := a.at("totalResults"); total != float64(len(c.want)) {
				t.Errorf("totalResults %v, want %d", total, len(c.want))
			}
		})
	}
}

func sorted(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

func TestFiltersThatAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, filter := range map[string]string{
		"greater on a boolean":              `active gt true`,
		"the password, which would be told": `password eq "x"`,
		"an unknown attribute":              `shoeSize eq 44`,
		"an open parenthesis":               `(userName eq "x"`,
		"an operator that is none":          `userName is "x"`,
		"an open string":                    `userName eq "x`,
		"nothing after and":                 `userName eq "x" and`,
		"over 8 KiB":                        `userName eq "` + strings.Repeat("x", 9000) + `"`,
		"nested too deep":                   strings.Repeat("(", 3000) + `userName eq "x"` + strings.Repeat(")", 3000),
		"nested deep within 8 KiB":          strings.Repeat("not (", 60) + `userName eq "x"` + strings.Repeat(")", 60),
		"too many terms":                    strings.Repeat(`id pr or `, 250) + `id pr`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b.find(filter).wantError(400, "invalidFilter")
		})
	}
}

// The library's parser takes the process down with such a filter, by every way a filter can come in.
func TestDeepNestingIsRefusedWhereverAFilterCanStand(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim")
	deep := strings.Repeat("(", 100_000)
	inPath := `emails[` + deep + `]`
	b.find(deep).wantError(431, "")
	b.find(deep[:10_000]).wantError(400, "invalidFilter")
	b.do("POST", "/Users/.search", toJSON(t, map[string]any{"filter": deep})).wantError(400, "invalidFilter")
	b.do("POST", "/.search", toJSON(t, map[string]any{"filter": deep})).wantError(400, "invalidFilter")
	b.patch("/Users/"+id, `{"op":"remove","path":"`+inPath+`"}`).wantError(400, "invalidPath")
	b.do("PATCH", "/Groups/"+b.group("g"), patchBody(`{"op":"remove","path":"members[`+deep+`]"}`)).wantError(400, "invalidPath")
	a := b.do("POST", "/Bulk", toJSON(t, map[string]any{"schemas": []string{bulkURN}, "Operations": []any{
		map[string]any{"method": "PATCH", "path": "/Users/" + id, "data": map[string]any{
			"schemas": []string{patchURN}, "Operations": []any{map[string]any{"op": "remove", "path": inPath}},
		}},
	}})).want(200)
	if got := a.at("Operations", 0, "status"); got != "400" {
		t.Errorf("bulk: status %v, want 400", got)
	}
	b.do("GET", "/Users?attributes="+url.QueryEscape(inPath[:5_000])+"&sortBy="+url.QueryEscape(deep[:5_000]), "").want(400)
	b.do("GET", "/Users/"+id, "").want(200)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) { o.Sources[0].Limits = Limits{Results: 7, Page: 4} })
	var all []string
	for i := range 23 {
		all = append(all, b.user("user"+strconv.Itoa(i)))
	}
	for _, c := range []struct {
		name, query        string
		rows, start, total int
	}{
		{"without parameters the page size of the source", "", 4, 1, 23},
		{"count above the most is cut", "?count=500", 7, 1, 23},
		{"count 0 gives the total alone", "?count=0", 0, 1, 23},
		{"a negative count is 0", "?count=-3", 0, 1, 23},
		{"startIndex below 1 is 1", "?startIndex=-5&count=2", 2, 1, 23},
		{"the last page is short", "?startIndex=22&count=5", 2, 22, 23},
		{"past the end", "?startIndex=99&count=5", 0, 99, 23},
		{"an empty parameter is none", "?startIndex=&count=", 4, 1, 23},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := b.do("GET", "/Users"+c.query, "").want(200)
			rows, isList := a.at("Resources").([]any)
			if !isList || len(rows) != c.rows || a.at("itemsPerPage") != float64(c.rows) || a.at("startIndex") != float64(c.start) || a.at("totalResults") != float64(c.total) {
				t.Errorf("got %d rows, itemsPerPage %v, startIndex %v, totalResults %v; want %+v", len(rows), a.at("itemsPerPage"), a.at("startIndex"), a.at("totalResults"), c)
			}
		})
	}
	t.Run("no integer is 400", func(t *testing.T) {
		t.Parallel()
		b.do("GET", "/Users?count=many", "").wantError(400, "invalidValue")
	})
	t.Run("pages by index show each once", func(t *testing.T) {
		t.Parallel()
		var got []string
		for start := 1; ; start += 5 {
			ids := b.do("GET", "/Users?count=5&startIndex="+strconv.Itoa(start), "").ids()
			if got = append(got, ids...); len(ids) == 0 {
				break
			}
		}
		if diff := cmp.Diff(sorted(all), sorted(got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("pages by cursor show each once with the exact total", func(t *testing.T) {
		t.Parallel()
		var got []string
		cursor := ""
		for range 20 {
			a := b.do("GET", "/Users?count=5&cursor="+url.QueryEscape(cursor), "").want(200)
			got = append(got, a.ids()...)
			if a.at("totalResults") != 23.0 || a.at("startIndex") != nil {
				t.Fatalf("page %s", a.body)
			}
			if cursor = str(a.at("nextCursor")); cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(sorted(all), sorted(got)); diff != "" {
			t.Error(diff)
		}
		b.do("GET", "/Users?cursor=nonsense", "").wantError(400, "invalidCursor")
	})
	t.Run("sorting, with those without a value last, and first when descending", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		kim, lee := people(b)
		for query, want := range map[string][]string{
			"sortBy=userName": {kim, lee}, "sortBy=userName&sortOrder=descending": {lee, kim}, "sortBy=title": {kim, lee},
			"sortBy=TITLE&sortOrder=DESCENDING": {lee, kim}, "sortBy=emails": {kim, lee}, "sortBy=" + enterprise + ":department": {kim, lee},
		} {
			if diff := cmp.Diff(want, b.do("GET", "/Users?"+query, "").ids()); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
		}
		a := b.do("GET", "/Users?sortBy=shoeSize", "")
		a.wantError(400, str(a.at("scimType")))
	})
}

func TestSearchAndRootQueries(t *testing.T) {
	t.Parallel()
	b := open(t)
	kim, lee := people(b)
	team := b.group("Sales", kim)
	search := func(path string, body map[string]any) []string {
		body["schemas"] = []string{searchURN}
		return b.do("POST", path, toJSON(t, body)).ids()
	}
	for name, c := range map[string]struct{ got, want []string }{
		"users by POST":                   {search("/Users/.search", map[string]any{"filter": `userName eq "lee"`, "startIndex": 1, "count": 5}), []string{lee}},
		"groups by POST":                  {search("/Groups/.search", map[string]any{"filter": `displayName eq "sales"`}), []string{team}},
		"everything by POST at the root":  {search("/.search", map[string]any{}), []string{kim, lee, team}},
		"everything by GET at the root":   {b.do("GET", "/", "").ids(), []string{kim, lee, team}},
		"a page over both types":          {b.do("GET", "/?startIndex=2&count=2", "").ids(), []string{lee, team}},
		"an attribute of one type":        {b.do("GET", "/?filter=userName+eq+%22lee%22", "").ids(), []string{lee}},
		"an attribute of both":            {b.do("GET", "/?filter=displayName+eq+%22sales%22", "").ids(), []string{team}},
		"members, as Entra checks them":   {b.do("GET", "/Groups?filter="+url.QueryEscape(`id eq "`+team+`" and members eq "`+kim+`"`)+"&attributes=id", "").ids(), []string{team}},
		"members who are not":             {b.do("GET", "/Groups?filter="+url.QueryEscape(`members.value eq "`+lee+`"`), "").ids(), []string{}},
		"changes since a moment":          {b.do("GET", "/Groups?filter="+url.QueryEscape(`meta.lastModified ge "`+time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)+`"`), "").ids(), []string{team}},
		"manager check, as Entra does it": {b.do("GET", "/Users?filter="+url.QueryEscape(`id eq "`+kim+`" and manager eq "m1"`)+"&attributes=id", "").ids(), []string{kim}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	a := b.do("POST", "/Users/.search", toJSON(t, map[string]any{"schemas": []string{searchURN}, "attributes": []string{"userName"}, "filter": `userName eq "lee"`})).want(200)
	if diff := cmp.Diff(map[string]any{"id": lee, "schemas": []any{coreUser}, "userName": "lee"}, a.at("Resources", 0)); diff != "" {
		t.Error(diff)
	}
	b.do("GET", "/?filter=shoeSize+eq+1", "").wantError(400, "invalidFilter")
	b.do("GET", "/?sortBy=userName", "").wantError(400, "invalidValue")
	if got := b.do("GET", "/?count=0", "").want(200); got.at("totalResults") != 3.0 {
		t.Errorf("totalResults %v, want 3", got.at("totalResults"))
	}
}

func TestProjection(t *testing.T) {
	t.Parallel()
	b := open(t)
	kim, _ := people(b)
	team := b.group("Sales", kim)
	names := func(a *answer) []string {
		var out []string
		for name := range a.want(a.status).json() {
			out = append(out, name)
		}
		return sorted(out)
	}
	for _, c := range []struct {
		name, method, path, body string
		want                     []string
	}{
		{"attributes replace the default set", "GET", "/Users/" + kim + "?attributes=userName", "", []string{"id", "schemas", "userName"}},
		{"names in any case, sub-attributes and URNs", "GET", "/Users/" + kim + "?attributes=USERNAME,name.givenname," + enterprise + ":department", "", []string{"id", "name", "schemas", enterprise, "userName"}},
		{"excluded ones go, id stays", "GET", "/Users/" + kim + "?excludedAttributes=id,meta,emails,groups,name," + enterprise, "", []string{"active", "displayName", "externalId", "id", "nickName", "schemas", "title", "userName"}},
		{"an unknown name shows nothing", "GET", "/Users/" + kim + "?attributes=shoeSize", "", []string{"id", "schemas"}},
		{"a value filter in a name is passed over", "GET", "/Users/" + kim + "?attributes=" + url.QueryEscape(`emails[type eq "work"]`), "", []string{"emails", "id", "schemas"}},
		{"groups without members", "GET", "/Groups/" + team + "?excludedAttributes=members", "", []string{"displayName", "id", "meta", "schemas"}},
		{"members alone", "GET", "/Groups/" + team + "?attributes=members.value", "", []string{"id", "members", "schemas"}},
		{"the answer of POST", "POST", "/Users?attributes=userName", `{"schemas":["` + coreUser + `"],"userName":"new","title":"x"}`, []string{"id", "schemas", "userName"}},
		{"the answer of PUT", "PUT", "/Users/" + kim + "?attributes=title", `{"schemas":["` + coreUser + `"],"userName":"Kim@x.example","title":"x"}`, []string{"id", "schemas", "title"}},
		{"the answer of PATCH to a group, which is 200 then", "PATCH", "/Groups/" + team + "?attributes=displayName", patchBody(`{"op":"add","path":"members","value":[{"value":"` + kim + `"}]}`), []string{"displayName", "id", "schemas"}},
	} {
		if diff := cmp.Diff(sorted(c.want), names(b.do(c.method, c.path, c.body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	a := b.do("GET", "/Groups/"+team+"?attributes=members.value", "").want(200)
	if diff := cmp.Diff([]any{map[string]any{"value": kim}}, a.at("members")); diff != "" {
		t.Error(diff)
	}
	a = b.do("GET", "/Groups/"+team, "").want(200)
	want := map[string]any{"value": kim, "$ref": baseURL + "/scim/s/v2/Users/" + kim, "type": "User", "display": "Kim \"K\" Lee"}
	if diff := cmp.Diff(want, a.at("members", 0)); diff != "" {
		t.Error(diff)
	}
	whole := b.do("GET", "/Users/"+kim, "").want(200)
	asked := b.do("GET", "/Users/"+kim+"?excludedAttributes=shoeSize", "").want(200)
	if diff := cmp.Diff(whole.json(), asked.json()); diff != "" {
		t.Errorf("the spliced and the decoded form differ (-spliced +decoded):\n%s", diff)
	}
	b.do("GET", "/Users?attributes=id&excludedAttributes=meta", "").wantError(400, "invalidValue")
}
