package service_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

const threeUsers = `{"users":[
 {"id":"ANNA","email":"anna@one.test","roles":["PROFILE:t.A:Role1"]},
 {"id":"BERT","email":"bert@two.test","manager":"ANNA"},
 {"id":"ANNA_1","email":"anna.x@one.test","externalId":"E-1"}],
 "teams":[{"id":"Red","roles":["PROFILE:t.A:Role1"],"members":["ANNA","BERT"]},{"id":"Blue"}]}`

func rangeSeed(n int) string {
	return fmt.Sprintf(`{"usersRange":[{"prefix":"U","from":1,"to":%d,"pad":4,"givenName":"User"}]}`, n)
}

func ids(a answer, key string) []string {
	out := []string{}
	for _, r := range rows(a) {
		out = append(out, r[key].(string))
	}
	return out
}

func get(x *tenant, base, filter string) answer {
	return x.want(200, "GET", base+"?filter="+url.QueryEscape(filter), nil)
}

func TestBehaviour13_PagesDefaultTo50AndAreCappedAt200(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, rangeSeed(450))
	for query, want := range map[string]struct{ start, limit, rows int }{
		"":                          {1, 50, 50},
		"?startIndex=1&count=1000":  {1, 200, 200},
		"?startIndex=401&count=200": {401, 200, 50},
		"?startIndex=0&count=3":     {1, 3, 3},
		"?count=0":                  {1, 0, 0},
		"?startIndex=451":           {451, 50, 0},
		"?startIndex=x&count=-4":    {1, 0, 0},
	} {
		for _, base := range []string{v1, v2} {
			a := x.want(200, "GET", base+"/Users"+query, nil)
			got := []any{a.json["startIndex"], a.json["itemsPerPage"], len(rows(a)), a.json["totalResults"]}
			same(t, base+query, got, []any{float64(want.start), float64(want.limit), want.rows, 450.0})
		}
	}
}

func TestBehaviour14_ItemsPerPageStaysAtTheLimitOnAShortPage(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	a := x.want(200, "GET", v1+"/Users/?startIndex=1&count=200", nil)
	same(t, "page", []any{a.json["itemsPerPage"], a.json["totalResults"], len(rows(a))}, []any{200.0, 3.0, 3})
	same(t, "route", x.call.Route, "GET /api/v1/scim/Users")
	same(t, "work", []any{x.call.Work.Kind, x.call.Work.Rows, x.call.Work.Users}, []any{service.WorkPage, 3, 3})
}

func TestBehaviour15_V2LeavesOutWhatIsEmpty(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"ANNA"}],"teams":[{"id":"Blue"}]}`)
	none := get(x, v2+"/Users", `userName eq "NOBODY"`)
	_, has := none.json["Resources"]
	same(t, "Resources of nothing", has, false)
	u := only(t, get(x, v2+"/Users", `userName eq "ANNA"`))
	for _, key := range []string{"roles", "groups", "photos", "externalId", entUser} {
		if v, has := u[key]; has {
			t.Errorf("empty %s is there: %v", key, v)
		}
	}
	team := only(t, get(x, v2+"/Groups", `displayName eq "Blue"`))
	for _, key := range []string{"members", "roles", "externalId"} {
		if v, has := team[key]; has {
			t.Errorf("empty %s is there: %v", key, v)
		}
	}
	if _, has := get(x, v1+"/Users", `email eq "x@y"`).json["Resources"]; !has {
		t.Error("v1 must keep Resources")
	}
}

func TestBehaviour16_V1FiltersByEmailAndUserName(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	for filter, want := range map[string][]string{
		`email eq "ANNA@one.test"`:                       {"ANNA"},
		`username eq "bert"`:                             {"BERT"},
		`email Ew "@one.test"`:                           {"ANNA", "ANNA_1"},
		`Not email Ew "@one.test"`:                       {"BERT"},
		`not (email ew "@one.test")`:                     {"BERT"},
		`username Ew "_1" or username Ew "_2"`:           {"ANNA_1"},
		`email co "one" and username ne "ANNA"`:          {"ANNA_1"},
		`username sw "AN" AND NOT (email sw "anna@")`:    {"ANNA_1"},
		`username eq "ANNA" or email eq "bert@two.test"`: {"ANNA", "BERT"},
	} {
		same(t, filter, ids(get(x, v1+"/Users", filter), "id"), want)
	}
	for _, bad := range []string{`displayName eq "x"`, `email`, `email xx "a"`, `email eq`, `(email eq "a"`, `email eq "a" or`} {
		if a := x.do("GET", v1+"/Users?filter="+url.QueryEscape(bad), nil); a.status != 400 {
			t.Errorf("%s: got %d, want 400", bad, a.status)
		}
	}
}

func TestBehaviour17_V2FiltersByAnyAttributeAndSorts(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	anna, red := x.uuid("ANNA"), x.teamUUID("Red")
	for filter, want := range map[string][]string{
		`userName eq "anna"`: {"ANNA"},
		`userName eq "ANNA" or userName eq "BERT" or ` + parV2 + `:idpUserId eq "BERT"`: {"ANNA", "BERT"},
		parV2 + `.idpUserId eq "anna.x@one.test"`:                                       {"ANNA_1"},
		`roles.value eq "PROFILE:t.A:Role1"`:                                            {"ANNA"},
		`roles[value eq "PROFILE:t.A:Role1" and primary eq true]`:                       {"ANNA"},
		entUser + `:manager.value eq "` + anna + `"`:                                    {"BERT"},
		`emails.value co "one"`:                                                         {"ANNA", "ANNA_1"},
		`emails[type eq "work" and value sw "bert"]`:                                    {"BERT"},
		`externalId pr`:                                               {"ANNA_1"},
		`not (externalId pr) and active eq true`:                      {"ANNA", "BERT"},
		`groups.value eq "` + red + `"`:                               {"ANNA", "BERT"},
		`id eq "` + anna + `"`:                                        {"ANNA"},
		`meta.created lt "2025-01-01T00:00:00Z" and userName ge "B"`:  {"BERT"},
		parV2 + `:cleanUpNotificationsNumberOfDays gt 0`:              {},
		`urn:ietf:params:scim:schemas:core:2.0:User:userName ew "_1"`: {"ANNA_1"},
	} {
		same(t, filter, ids(get(x, v2+"/Users", filter), "userName"), want)
	}
	for query, want := range map[string][]string{
		"?sortBy=userName":                         {"ANNA", "ANNA_1", "BERT"},
		"?sortBy=userName&sortOrder=descending":    {"BERT", "ANNA_1", "ANNA"},
		"?sortBy=emails.value&sortOrder=ascending": {"ANNA_1", "ANNA", "BERT"},
		"?sortBy=nonsense":                         {"ANNA", "BERT", "ANNA_1"},
	} {
		same(t, query, ids(x.want(200, "GET", v2+"/Users"+query, nil), "userName"), want)
	}
	a := x.do("GET", v2+"/Users?filter="+url.QueryEscape(`shoe eq "x"`), nil)
	same(t, "unknown attribute", []any{a.status, a.json["scimType"], a.json["status"]}, []any{400, "invalidFilter", "400"})
}

func TestBehaviour18_SearchGoesByPostOnUsersAndV2Groups(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	body := doc{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": `email eq "bert@two.test"`, "startIndex": 1, "count": 1}
	same(t, "v1", ids(x.want(200, "POST", v1+"/Users/.search", body), "id"), []string{"BERT"})
	same(t, "v2", ids(x.want(200, "POST", v2+"/Users/.search", body), "userName"), []string{"BERT"})
	same(t, "route", x.call.Route, "POST /api/v1/scim2/Users/.search")
	same(t, "groups", ids(x.want(200, "POST", v2+"/Groups/.search/", doc{"filter": `displayName eq "red"`}), "displayName"), []string{"Red"})
	x.want(404, "POST", v1+"/Groups/.search", body)
}

func TestFiltersWith600TermsGoThroughTheIndexes(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, rangeSeed(5000))
	var terms, want []string
	for i := 1; i <= 600; i++ {
		id := fmt.Sprintf("U%04d", i*8)
		want = append(want, id)
		terms = append(terms, fmt.Sprintf("userName eq %q", id))
	}
	var got []string
	for start := 1; start <= 600; start += 200 {
		a := x.want(200, "POST", v2+"/Users/.search", doc{"filter": strings.Join(terms, " or "), "startIndex": start, "count": 200})
		got = append(got, ids(a, "userName")...)
	}
	same(t, "matches", got, want)
}
