package service_test

import (
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

const export = "/api/v1/audit/activities/exportActivities?pageSize=%s&pageIndex=%s&sortKey=Timestamp&sortDescending=false"

func exportPath(size, index string) string {
	return strings.Replace(strings.Replace(export, "%s", size, 1), "%s", index, 1)
}

// pageCount reads the header as it is spelt on the wire; script 4101 minds its letter case.
func pageCount(a answer) string { return strings.Join(a.header[spelling], ",") }

// spelling is a variable, since a constant key would have to be in Go's canonical form.
var spelling = "epm-page-count"

// columns cuts the CSV as script 1665 does.
func columns(a answer) [][]string {
	lines := strings.Split(a.text, "\n")
	var out [][]string
	for _, l := range lines[4 : len(lines)-1] {
		out = append(out, strings.Split(l, `","`))
	}
	return out
}

func TestBehaviour12_UnknownPathsAreUnknownRoutes(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	neo := newTenant(t, service.Config{Platform: service.NEO}, threeUsers)
	for _, a := range []answer{
		x.do("GET", "/scim2/Users", nil), x.do("PATCH", v1+"/Users/ANNA", doc{}), x.do("GET", v1+"//Users", nil), x.do("GET", "/", nil),
		x.do("GET", v1+"/Users/..", nil), neo.do("GET", v2+"/Users", nil), neo.do("POST", v2+"/Groups", doc{}), neo.do("GET", "/api/v1/scim3/Groups", nil),
	} {
		same(t, "answer", []any{a.status, a.text}, []any{404, "404 Not Found: Requested route does not exist."})
	}
}

func TestBehaviour56_TheActivityLogIsCSV(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A"}],"activities":[{"user":"A","activity":"Login","daysAgo":3},{"user":"A","activity":"Login","daysAgo":40}]}`)
	x.want(201, "POST", v2+"/Groups", doc{"displayName": `T "1"`})
	a := x.want(200, "POST", exportPath("1", "1"), "")
	same(t, "pages", []string{pageCount(a), a.header.Get("Content-Type")}, []string{"3", "text/csv;charset=UTF-8"})
	same(t, "oldest", []string{columns(a)[0][2], columns(a)[0][7]}, []string{"A", "2026-01-20 12:00:00"})
	a = x.want(200, "POST", exportPath("100", "1"), doc{"activity": "Login"})
	same(t, "log-ins", []any{len(columns(a)), pageCount(a)}, []any{2, "1"})
	a = x.want(200, "GET", exportPath("1", "3"), nil)
	same(t, "SCIM call", []string{columns(a)[0][2], columns(a)[0][4], columns(a)[0][5]}, []string{"client", "client", "Create"})
	same(t, "beyond the end", len(columns(x.want(200, "GET", exportPath("1000000000000", "1000000000000"), nil))), 0)
	if err := x.svc.MergeSettings([]byte(`{"activitiesAccess":false}`)); err != nil {
		t.Fatal(err)
	}
	x.want(401, "GET", exportPath("1", "1"), nil)
	empty := newTenant(t, service.Config{}, `{}`)
	same(t, "never empty", pageCount(empty.want(200, "POST", exportPath("1", "1"), "")), "1")
}

func TestRepositoryIsODataWithPathsAsText(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A"}],"repository":[{"createdBy":"A","ancestorPath":["Users","A Private"]}]}`)
	a := x.want(200, "GET", "/api/v1/Repositories?$format=json&$select=createdBy,ancestorPath", nil)
	same(t, "results", a.json["d"].(doc)["results"], any([]any{doc{"createdBy": "A", "ancestorPath": `["Users","A Private"]`}}))
	if err := x.svc.MergeSettings([]byte(`{"repositoryReindexing":true}`)); err != nil {
		t.Fatal(err)
	}
	x.want(501, "GET", "/api/v1/Repositories?$format=json", nil)
}

func TestBehaviour57_DataIntegrationWantsAUserSession(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{}`)
	const path = "/sap/fpa/services/rest/fpa/dataintegration?action=runScheduledJob&tenant=G"
	a := x.want(200, "POST", path, doc{"scheduleId": "X"})
	if !strings.Contains(a.text, "we should only load this content when not authenticated") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("got %s", a.text)
	}
	if err := x.svc.MergeSettings([]byte(`{"userSession":true}`)); err != nil {
		t.Fatal(err)
	}
	a = x.want(200, "POST", path, doc{"scheduleId": "X"})
	same(t, "answer", []any{a.json["status"], len(a.json["data"].(doc)["scheduleId"].(string))}, []any{200.0, 32})
}

func TestBehaviour58_TheServiceProviderConfigAdvertisesTheLimits(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"settings":{"bulkMaxOperations":20}}`)
	a := x.want(200, "GET", v2+"/ServiceProviderConfig", nil)
	same(t, "limits", []any{a.json["bulk"], a.json["patch"]}, []any{doc{"supported": true, "maxOperations": 20.0, "maxPayloadSize": 3072000.0}, doc{"supported": true}})
	same(t, "types", ids(x.want(200, "GET", v2+"/ResourceTypes", nil), "id"), []string{"User", "Group"})
	same(t, "type", x.want(200, "GET", v2+"/ResourceTypes/User", nil).json["endpoint"], any("/Users"))
	x.want(404, "GET", v2+"/ResourceTypes/Shoe", nil)
	same(t, "schemas", len(rows(x.want(200, "GET", v2+"/Schemas", nil))), 6)
	same(t, "schema", x.want(200, "GET", v2+"/Schemas/"+coreUser, nil).json["name"], any("User"))
}

func TestBehaviour59_V3ListsTeamsAndRoles(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	const ext = "urn:ietf:params:scim:schemas:extension:sap:2.0:Group"
	kinds := map[string]int{}
	for _, r := range rows(x.want(200, "GET", "/api/v1/scim3/Groups?count=200", nil)) {
		kinds[r[ext].(doc)["type"].(string)]++
	}
	same(t, "kinds", kinds, map[string]int{"userGroup": 2, "authorization": 13})
	role := only(t, get(x, "/api/v1/scim3/Groups", ext+`:type eq "authorization" and displayName eq "PROFILE:t.A:Role1"`))
	same(t, "holders", len(role["members"].([]any)), 1)
	x.want(200, "GET", "/api/v1/scim3/Groups/"+role["id"].(string), nil)
}
