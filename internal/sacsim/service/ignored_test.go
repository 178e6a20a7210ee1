package service_test

import (
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

// tenantWith is a tenant of threeUsers with settings.
func tenantWith(t *testing.T, cfg service.Config, settings string) *tenant {
	t.Helper()
	return newTenant(t, cfg, strings.Replace(threeUsers, `{"users"`, `{"settings":`+settings+`,"users"`, 1))
}

func TestSingleRolesArePatchedAsTheKindOfTenantHasIt(t *testing.T) {
	t.Parallel()
	const old, fresh = "PROFILE:t.A:Role1", "PROFILE:sap.epm:Viewer"
	add := doc{"op": "add", "path": "roles", "value": []doc{{"value": fresh}}}
	remove := doc{"op": "remove", "path": `roles[value eq "` + old + `"]`}
	for kind, want := range map[string]struct {
		status         int
		added, removed []any
	}{
		"exact":    {200, []any{fresh, old}, []any{}},
		"refused":  {400, []any{old}, []any{old}},
		"ignored":  {200, []any{old}, []any{old}},
		"replaces": {200, []any{fresh}, []any{}},
	} {
		for _, step := range []struct {
			op   doc
			want []any
		}{{add, want.added}, {remove, want.removed}} {
			x := tenantWith(t, service.Config{}, `{"userRolePatch":"`+kind+`"}`)
			x.want(want.status, "PATCH", v2+"/Users/"+x.uuid("ANNA"), patch(step.op))
			same(t, kind+" "+step.op["op"].(string), state(t, x)["users"]["ANNA"]["roles"], any(step.want))
			x.want(200, "PATCH", v2+"/Users/"+x.uuid("ANNA"), patch(doc{"op": "replace", "path": "roles", "value": []doc{{"value": fresh}}}))
			same(t, kind+" replace", state(t, x)["users"]["ANNA"]["roles"], any([]any{fresh}))
		}
	}
}

func TestIgnoredAttributesAreAcceptedAndStayAsTheyAre(t *testing.T) {
	t.Parallel()
	everything := `["email","loginId","givenName","familyName","displayName","preferredLanguage","active","manager","photos",
		"externalId","dataAccessLanguage","dateFormatting","timeFormatting","numberFormatting",
		"cleanUpNotificationsNumberOfDays","systemNotificationsEmailOptIn","isConcurrent","team.description"]`
	for _, sso := range []service.SSO{service.SSODefault, service.SSOUserID, service.SSOEmail, service.SSOCustom} {
		x := tenantWith(t, service.Config{SSO: sso}, `{"ignoredAttributes":`+everything+`}`)
		before := state(t, x)
		x.want(200, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) {
			u["emails"], u["active"], u["preferredLanguage"], u[entV1] = emails("b2@two.test"), false, "de", doc{"manager": doc{"managerId": ""}}
			u["photos"] = []doc{{"value": "https://p.test/1", "type": "photo"}}
			u[parV1].(doc)["isConcurrent"] = true
			if sso == service.SSOEmail {
				u["userName"] = "b2@two.test"
			}
		}))
		x.want(200, "PATCH", v2+"/Users/"+x.uuid("BERT"), patch(
			doc{"op": "replace", "path": "emails", "value": emails("b2@two.test")},
			doc{"op": "replace", "path": parV2 + ":idpUserId", "value": "b2@two.test"},
			doc{"op": "replace", "path": "name", "value": doc{"familyName": "a", "givenName": "b"}},
			doc{"op": "replace", "path": "displayName", "value": "b a"},
			doc{"op": "replace", "path": parV2 + ":timeFormatting", "value": "h:mm:ss a"}))
		x.want(200, "PUT", v1+"/Groups/Red", edited(x.want(200, "GET", v1+"/Groups/Red", nil).json, func(g doc) { g["displayName"] = "new" }))
		same(t, string(sso), state(t, x), before)
	}
}

func TestDroppedRolesAndMembersAreAcceptedAndNotThere(t *testing.T) {
	t.Parallel()
	const dropped, other = "PROFILE:sap.epm:Modeler", "PROFILE:sap.epm:Viewer"
	x := tenantWith(t, service.Config{}, `{"droppedRoles":["`+dropped+`","PROFILE:t.A:Role1"],"droppedMembers":["ANNA_1"]}`)
	both := []doc{{"value": other}, {"value": dropped}, {"value": "PROFILE:t.A:Role1"}}
	x.want(200, "PATCH", v2+"/Users/"+x.uuid("ANNA"), patch(doc{"op": "replace", "path": "roles", "value": both}))
	x.want(200, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["roles"] = []string{other, dropped} }))
	x.want(201, "POST", v1+"/Users", userBody("NEW", "new@x.test", dropped))
	x.want(200, "POST", v2+"/Bulk", doc{"schemas": []string{bulkURN}, "Operations": []doc{{
		"method": "PATCH", "path": "/Users/" + x.uuid("ANNA_1"),
		"data": patch(doc{"op": "add", "path": "roles", "value": both}),
	}}})
	x.want(200, "PATCH", v2+"/Groups/"+x.teamUUID("Blue"), patch(doc{"op": "add", "path": "members", "value": []doc{{"value": x.uuid("ANNA_1")}, {"value": x.uuid("ANNA")}}},
		doc{"op": "add", "path": "roles", "value": both}))
	s := state(t, x)
	same(t, "ANNA keeps what she has", s["users"]["ANNA"]["roles"], any([]any{other, "PROFILE:t.A:Role1"}))
	same(t, "v1", s["users"]["BERT"]["roles"], any([]any{other}))
	same(t, "create", s["users"]["NEW"]["roles"], any([]any{}))
	same(t, "Bulk", s["users"]["ANNA_1"]["roles"], any([]any{other}))
	same(t, "team", []any{s["teams"]["Blue"]["members"], s["teams"]["Blue"]["roles"]}, []any{[]any{"ANNA"}, []any{other}})
}
