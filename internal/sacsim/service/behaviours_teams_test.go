package service_test

import (
	"fmt"
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

func team(x *tenant, name string) doc { return x.want(200, "GET", v1+"/Groups/"+name, nil).json }

func members(names ...string) []doc {
	out := []doc{}
	for _, n := range names {
		out = append(out, doc{"type": "User", "value": n, "$ref": "/api/v1/scim/Users/" + n})
	}
	return out
}

func bulkBody(failOnErrors int, ops ...doc) doc {
	return doc{"schemas": []string{bulkURN}, "failOnErrors": failOnErrors, "Operations": ops}
}

func deactivate(uuid string) doc {
	return doc{"method": "PATCH", "path": "/Users/" + uuid, "data": patch(doc{"op": "replace", "path": "active", "value": false})}
}

func results(a answer) []doc {
	var out []doc
	for _, r := range a.json["Operations"].([]any) {
		out = append(out, r.(doc))
	}
	return out
}

func TestBehaviour42_BulkHasLimitsAndStopsAtErrors(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, rangeSeed(40))
	var ops []doc
	for i := 1; i <= 31; i++ {
		ops = append(ops, deactivate(x.uuid(fmt.Sprintf("U%04d", i))))
	}
	x.want(413, "POST", v2+"/Bulk", bulkBody(1, ops...))
	same(t, "violations", x.call.Violations, []string{"31 Bulk operations, 30 are allowed"})
	same(t, "all", len(results(x.want(200, "POST", v2+"/Bulk", bulkBody(1, ops[:30]...)))), 30)
	same(t, "work", []any{x.call.Work.Kind, len(x.call.Work.Items), x.call.Work.Items[3].Kind}, []any{service.WorkBulk, 30, service.WorkWriteUser})
	gone := doc{"method": "DELETE", "path": "/Users/nobody"}
	kill := doc{"method": "DELETE", "path": "/Users/" + x.uuid("U0040")}
	a := x.want(200, "POST", v2+"/Bulk", bulkBody(1, ops[30], gone, kill))
	same(t, "cut short", []any{len(results(a)), results(a)[0]["status"], results(a)[1]["status"]}, []any{2, "200", "404"})
	a = x.want(200, "POST", v2+"/Bulk", bulkBody(0, gone, kill))
	same(t, "run on", []any{results(a)[0]["status"], results(a)[1]["status"]}, []any{"404", "204"})
	long := doc{"method": "DELETE", "path": "/Users/" + strings.Repeat("x", 3_072_000)}
	x.want(413, "POST", v2+"/Bulk", bulkBody(0, long))
}

func TestBehaviour43_TheStatusOfAnItemStandsInOneOfTwoPlaces(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	ops := bulkBody(0, deactivate(x.uuid("BERT")), doc{"method": "DELETE", "path": "/Users/" + x.uuid("ANNA")},
		doc{"method": "POST", "path": "/Groups", "data": doc{}})
	got := results(x.want(200, "POST", v2+"/Bulk", ops))
	detail := got[1]["response"].(doc)["detail"]
	same(t, "status", []any{got[0]["status"], got[1]["status"], got[2]["status"], detail}, []any{"200", "400", "400", "User ANNA is the manager of other users."})
	if err := x.svc.MergeSettings([]byte(`{"bulkItemStatus":"response.status"}`)); err != nil {
		t.Fatal(err)
	}
	got = results(x.want(200, "POST", v2+"/Bulk", ops))
	same(t, "response.status", []any{got[0]["response"].(doc)["status"], got[0]["status"], got[1]["response"].(doc)["status"]}, []any{"200", nil, "400"})
}

func TestBehaviour44_ABulkRequestPostedToUsersIsRefused(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	a := x.want(400, "POST", v2+"/Users", bulkBody(1))
	same(t, "answer", []any{a.json["scimType"], x.call.Violations}, []any{"invalidValue", []string{"BulkRequest posted to /Users"}})
}

func TestBulkCreatesUsersUnlessItIsTurnedOff(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{}`)
	create := bulkBody(1, doc{"method": "POST", "path": "/Users", "bulkId": "1", "data": doc{"userName": "M1", "name": doc{"familyName": "F"}, "emails": emails("m1@x.test")}})
	same(t, "created", results(x.want(200, "POST", v2+"/Bulk", create)), []doc{{"method": "POST", "bulkId": "1", "status": "201"}})
	same(t, "taken", results(x.want(200, "POST", v2+"/Bulk", create))[0]["status"], any("409"))
	same(t, "violations", len(x.call.Violations), 1)
	if err := x.svc.MergeSettings([]byte(`{"bulkCreatesUsers":false}`)); err != nil {
		t.Fatal(err)
	}
	same(t, "off", results(x.want(200, "POST", v2+"/Bulk", create))[0]["status"], any("501"))
}

func TestBehaviour45_AV1TeamIsKnownByItsName(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	blue := team(x, "Blue")
	same(t, "read", []any{blue["id"], blue["roles"], blue["members"]}, []any{"Blue", []any{}, []any{}})
	for _, r := range rows(x.want(200, "GET", v1+"/Groups/?startIndex=1&count=200", nil)) {
		if r["id"] == "Blue" {
			v, has := r["roles"]
			same(t, "listed roles", []any{v, has}, []any{nil, true})
		}
	}
}

func TestBehaviour46_AV1CreateMakesAFolderAndStumblesOverOne(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A"}],"folders":["Old"],"settings":{"teamConflictStatus":409}}`)
	create := func(id string) doc {
		return doc{"schemas": []string{coreGroup}, "id": id, "displayName": id + " with Team Folder"}
	}
	x.want(201, "POST", v1+"/Groups", create("Team1"))
	x.want(409, "POST", v1+"/Groups", create("TEAM1"))
	x.want(409, "POST", v1+"/Groups", create("Old"))
	x.want(201, "POST", v1+"/Groups", create("old")) // folders mind letter case
	if err := x.svc.MergeSettings([]byte(`{"teamConflictStatus":400}`)); err != nil {
		t.Fatal(err)
	}
	x.want(400, "POST", v1+"/Groups", create("team1"))
	x.want(204, "DELETE", v1+"/Groups/Team1", nil)
	x.want(400, "POST", v1+"/Groups", create("Team1"))
	a := x.want(201, "POST", v2+"/Groups", doc{"displayName": "Team1", "members": []doc{}}, "x-sap-sac-create-team-folder: false")
	same(t, "v2 minds no folder", a.json["displayName"], any("Team1"))
}

func TestBehaviour47_AV2CreateHonoursTheFolderHeader(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A"}]}`)
	body := func(name string) doc {
		return doc{"schemas": []string{coreGroup, groupExt}, "displayName": name, "members": []doc{{"value": x.uuid("A")}}, groupExt: doc{"description": "about " + name}}
	}
	x.want(201, "POST", v2+"/Groups", body("T1"), "x-sap-sac-create-team-folder: false")
	x.want(201, "POST", v2+"/Groups", body("T2"), "x-sap-sac-create-team-folder: true")
	x.want(201, "POST", v2+"/Groups", body("T3"))
	same(t, "v1 side", []any{team(x, "T1")["displayName"], len(team(x, "T1")["members"].([]any))}, []any{"about T1", 1})
	a := x.want(400, "POST", v2+"/Groups", body("t1"), "x-sap-sac-create-team-folder: false")
	same(t, "taken", a.json["scimType"], any("uniqueness"))
	x.want(204, "DELETE", v1+"/Groups/T1", nil)
	x.want(204, "DELETE", v1+"/Groups/T2", nil)
	x.want(204, "DELETE", v1+"/Groups/T3", nil)
	x.want(201, "POST", v1+"/Groups", doc{"id": "T1"})
	x.want(400, "POST", v1+"/Groups", doc{"id": "T2"})
	x.want(400, "POST", v1+"/Groups", doc{"id": "T3"})
}

func TestBehaviour48_AV1ReadMindsLetterCase(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	x.want(404, "GET", v1+"/Groups/red", nil)
	same(t, "route", []any{x.call.Route, x.call.Work.Kind}, []any{"GET /api/v1/scim/Groups/{id}", service.WorkNotFound})
	x.want(200, "GET", v1+"/Groups/Red/", nil)
}

func TestBehaviour49_HiddenTeamsAreListedButNotFound(t *testing.T) {
	t.Parallel()
	const seed = `{"users":[{"id":"A"}],"teams":[{"id":"Mine"},{"id":"Import","namespace":"t.Z","members":["A"]},{"id":"Twin"},{"id":"Twin","namespace":"t.Z"}],"settings":{%s}}`
	x := newTenant(t, service.Config{}, fmt.Sprintf(seed, `"ignoreContentNamespaceForTeams":false`))
	x.want(201, "POST", v2+"/Groups", doc{"displayName": "Two"})
	found := func() []int {
		var out []int
		for _, name := range []string{"Mine", "Import", "Twin", "Two"} {
			out = append(out, x.do("GET", v1+"/Groups/"+name, nil).status)
		}
		return out
	}
	same(t, "both settings off", found(), []int{200, 404, 200, 404})
	same(t, "listed", ids(x.want(200, "GET", v1+"/Groups", nil), "id"), []string{"Mine", "Import", "Twin", "Twin", "Two"})
	for _, c := range []struct {
		settings string
		want     []int
	}{
		{`{"implementWorkaroundForScimGroups":true}`, []int{200, 404, 200, 200}},
		{`{"ignoreContentNamespaceForTeams":true}`, []int{200, 200, 404, 200}},
	} {
		if err := x.svc.MergeSettings([]byte(c.settings)); err != nil {
			t.Fatal(err)
		}
		same(t, c.settings, found(), c.want)
	}
	s := state(t, x)
	same(t, "keys", []bool{s["teams"]["t.Z:Twin"] != nil, s["teams"]["Twin"] != nil, s["teams"]["t.Z:Import"] != nil}, []bool{true, true, true})
	same(t, "a member's teams", s["users"]["A"]["teams"], any([]any{"t.Z:Import"}))
	neo := newTenant(t, service.Config{Platform: service.NEO}, fmt.Sprintf(seed, `"ignoreContentNamespaceForTeams":false`))
	neo.want(200, "GET", v1+"/Groups/Import", nil)
}

func TestBehaviour50_AV1PutReplacesMembersAndRoles(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	a := x.want(200, "PUT", v1+"/Groups/Red", doc{"schemas": []string{coreGroup}, "id": "Red", "displayName": "D", "roles": []string{"PROFILE:sap.epm:Viewer"}, "members": members("BERT", "NOBODY", "ANNA_1")})
	same(t, "unknown members drop", a.json["members"], any([]any{doc(members("BERT")[0]), doc(members("ANNA_1")[0])}))
	w := x.call.Work
	same(t, "work", []any{w.Kind, w.Team, w.TeamSize, w.MemberChanges, w.RoleChanges}, []any{service.WorkTeam, "Red", 2, 2, 2})
	x.want(200, "PUT", v1+"/Groups/Red", doc{"members": members("BERT")}, "x-ignore-roles-if-missing: true")
	same(t, "roles kept", []any{team(x, "Red")["roles"], x.call.Violations}, []any{[]any{"PROFILE:sap.epm:Viewer"}, []string(nil)})
	x.want(200, "PUT", v1+"/Groups/Red", doc{"members": members("BERT")})
	same(t, "violations", x.call.Violations, []string{"PUT of a v1 team without roles and without x-ignore-roles-if-missing"})
	same(t, "roles gone", team(x, "Red")["roles"], any([]any{}))
	if err := x.svc.MergeSettings([]byte(`{"refuseUnknownMembers":true}`)); err != nil {
		t.Fatal(err)
	}
	x.want(400, "PUT", v1+"/Groups/Red", doc{"members": members("NOBODY"), "roles": nil})
}

func TestBehaviour51_AV2PatchAddsRemovesAndWipes(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"usersRange":[{"prefix":"U","from":1,"to":200,"pad":4}],"teams":[{"id":"T"}]}`)
	path := v2 + "/Groups/" + x.teamUUID("T")
	var all []doc
	var terms []string
	for _, id := range append(ids(x.want(200, "GET", v2+"/Users?count=200", nil), "id"), "nobody") {
		all = append(all, doc{"value": id})
		terms = append(terms, fmt.Sprintf("value eq %q", id))
	}
	size := func(a answer) int { m, _ := a.json["members"].([]any); return len(m) }
	same(t, "added", size(x.want(200, "PATCH", path, patch(doc{"op": "add", "path": "members", "value": all}))), 200)
	same(t, "work", []int{x.call.Work.TeamSize, x.call.Work.MemberChanges}, []int{0, 200})
	remove := func(n int) doc {
		return doc{"op": "remove", "path": "members[" + strings.Join(terms[:n], " or ") + "]"}
	}
	x.want(400, "PATCH", path, patch(remove(99)))
	same(t, "violations", x.call.Violations, []string{"removal of 99 members in one PATCH, 98 are allowed"})
	a := x.want(200, "PATCH", path, patch(remove(98), doc{"op": "add", "path": "members", "value": all[:1]}))
	same(t, "removed and added", []any{size(a), x.call.Work.MemberChanges, x.call.Violations}, []any{103, 99, []string(nil)})
	same(t, "another filter", size(x.want(200, "PATCH", path, patch(doc{"op": "remove", "path": `members[display ew "99"]`}))), 101)
	a = x.want(200, "PATCH", path, patch(doc{"op": "remove", "path": "members", "value": all[:1]}))
	same(t, "wiped", []any{size(a), x.call.Violations}, []any{0, []string{"remove on members without a filter"}})
	a = x.want(200, "PATCH", path, patch(
		doc{"op": "replace", "path": groupExt + ":description", "value": "new"},
		doc{"op": "add", "path": "roles", "value": []doc{{"value": "PROFILE:sap.epm:Viewer"}}},
		doc{"op": "replace", "path": "members", "value": all[:3]}))
	same(t, "more", []any{size(a), len(a.json["roles"].([]any)), a.json[groupExt].(doc)["description"]}, []any{3, 1, "new"})
	a = x.want(200, "PUT", path, doc{"displayName": "Other", "members": all[:2]})
	_, has := a.json["roles"]
	same(t, "PUT resets, the name stays", []any{size(a), has, a.json["displayName"]}, []any{2, false, "T"})
}

func TestBehaviour52_AChangeTellsWhatItCosts(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"usersRange":[{"prefix":"U","from":1,"to":500,"pad":3}],"teams":[{"id":"T","membersRange":[{"prefix":"U","from":1,"to":300,"pad":3}]}]}`)
	body := team(x, "T")
	same(t, "reading", []any{x.call.Work.Kind, x.call.Work.TeamSize}, []any{service.WorkGetTeam, 300})
	body["members"] = append(body["members"].([]any)[10:], doc{"value": "U400"})
	body["roles"] = []string{"PROFILE:sap.epm:Viewer", "PROFILE:sap.epm:Admin"}
	x.want(200, "PUT", v1+"/Groups/T", body)
	same(t, "writing", x.call.Work, service.Work{Kind: service.WorkTeam, Team: "T", TeamSize: 300, MemberChanges: 11, RoleChanges: 2, Users: 500})
	x.want(204, "DELETE", v1+"/Groups/T", nil)
	same(t, "deleting", x.call.Work, service.Work{Kind: service.WorkDeleteTeam, Team: "T", TeamSize: 291, Users: 500})
}

func TestBehaviour53_DeletingATeamLeavesUsersAndFolder(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A"}],"teams":[{"id":"T","members":["A"],"folder":true}]}`)
	x.want(204, "DELETE", v2+"/Groups/"+x.teamUUID("T"), nil)
	x.want(404, "GET", v1+"/Groups/T", nil)
	same(t, "the user's teams", read(x, "A")["groups"], any([]any{}))
	x.want(400, "POST", v1+"/Groups", doc{"id": "T"})
}

func TestBehaviour54_ADisplayNameHas1024Characters(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	put := func(n int) doc {
		return doc{"displayName": strings.Repeat("ü", n), "members": members(), "roles": nil}
	}
	x.want(200, "PUT", v1+"/Groups/Red", put(1024))
	x.want(400, "PUT", v1+"/Groups/Red", put(1025))
	x.want(400, "PATCH", v2+"/Groups/"+x.teamUUID("Red"), patch(doc{"op": "replace", "path": groupExt + ".description", "value": strings.Repeat("x", 1025)}))
}

func TestBehaviour55_APutTakesAsManyMembersAsTheScriptsSend(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"usersRange":[{"prefix":"U","from":1,"to":32768,"pad":5}],"teams":[{"id":"T"}]}`)
	var names []string
	for i := 1; i <= 32768; i++ {
		names = append(names, fmt.Sprintf("U%05d", i))
	}
	x.want(400, "PUT", v1+"/Groups/T", doc{"members": members(names...), "roles": nil})
	x.want(200, "PUT", v1+"/Groups/T", doc{"members": members(names[:32767]...), "roles": nil})
	same(t, "members", x.call.Work.MemberChanges, 32767)
}
