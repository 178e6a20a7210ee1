package service_test

import (
	"fmt"
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

func read(x *tenant, id string) doc { return x.want(200, "GET", v1+"/Users/"+id, nil).json }

func read2(x *tenant, id string) doc { return x.want(200, "GET", v2+"/Users/"+x.uuid(id), nil).json }

func idp(u doc) any { return u[parV2].(doc)["idpUserId"] }

func email(u doc) any { return u["emails"].([]any)[0].(doc)["value"] }

// edited changes a user as read and gives the body of a PUT.
func edited(u doc, edit func(u doc)) doc {
	edit(u)
	return u
}

func emails(v string) []any {
	return []any{doc{"value": v, "type": "work", "primary": true}}
}

func TestBehaviour19_OneUserHasAV1AndAV2Side(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sso        service.SSO
		login, idp string
	}{
		{service.SSODefault, "ANNA", "anna@one.test"},
		{service.SSOUserID, "ANNA", "ANNA"},
		{service.SSOEmail, "anna@one.test", "anna@one.test"},
		{service.SSOCustom, "ANNA", "ANNA"},
	} {
		x := newTenant(t, service.Config{SSO: c.sso}, threeUsers)
		one, two := read(x, "ANNA"), read2(x, "ANNA")
		got := []any{one["id"], one["userName"], two["userName"], idp(two)}
		same(t, string(c.sso), got, []any{"ANNA", c.login, "ANNA", c.idp})
	}
}

func TestBehaviour20_V1ShowsEmptyRolesAsOneEmptyString(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	u := read(x, "BERT")
	same(t, "roles", u["roles"], any([]any{""}))
	same(t, "manager", u[entV1], any(doc{"manager": doc{"managerId": "ANNA"}}))
	same(t, "no manager", read(x, "ANNA")[entV1], any(doc{"manager": doc{"managerId": ""}}))
	x.want(200, "PUT", v1+"/Users/BERT", u)
	same(t, "violations", x.call.Violations, []string(nil))
	same(t, "roles after the round trip", read(x, "BERT")["roles"], any([]any{""}))
}

func TestBehaviour21_V1DerivesTheIDFromUserName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sso                      service.SSO
		userName, email          string
		wantID, wantLogin, want2 string
	}{
		{service.SSODefault, "matthew", "m@sap.test", "MATTHEW", "MATTHEW", "m@sap.test"},
		{service.SSODefault, "Matthew1@sap.test", "m@sap.test", "MATTHEW1", "MATTHEW1", "m@sap.test"},
		{service.SSOUserID, "MATTHEW1", "m@sap.test", "MATTHEW1", "MATTHEW1", "MATTHEW1"},
		{service.SSOEmail, "matthew.shaw@sap.test", "matthew.shaw@sap.test", "MATTHEWSHAW", "matthew.shaw@sap.test", "matthew.shaw@sap.test"},
		{service.SSOCustom, "MSHAW1", "m@sap.test", "MSHAW1", "MSHAW1", "MSHAW1"},
	} {
		x := newTenant(t, service.Config{SSO: c.sso}, `{}`)
		a := x.want(201, "POST", v1+"/Users/", userBody(c.userName, c.email))
		got := []any{a.json["id"], a.json["userName"], idp(read2(x, c.wantID))}
		same(t, string(c.sso)+" "+c.userName, got, []any{c.wantID, c.wantLogin, c.want2})
	}
}

func TestBehaviour22_ATakenIDWithANewEmailGivesUnderscoreOne(t *testing.T) {
	t.Parallel()
	for _, sso := range []service.SSO{service.SSODefault, service.SSOUserID, service.SSOCustom} {
		x := newTenant(t, service.Config{SSO: sso}, `{"users":[{"id":"M1"}]}`)
		same(t, string(sso), x.want(201, "POST", v1+"/Users", userBody("M1", "new@x.test")).json["id"], any("M1_1"))
		same(t, "again", x.want(201, "POST", v1+"/Users", userBody("M1", "newer@x.test")).json["id"], any("M1_2"))
	}
}

func TestBehaviour23_ATakenEmailIsAConflict(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	for _, name := range []string{"ANNA", "OTHER"} {
		a := x.want(409, "POST", v1+"/Users", userBody(name, "Anna@One.test"))
		same(t, name, a.json["message"], any("Email address is already used for ANNA"))
		same(t, "work", x.call.Work.Kind, service.WorkConflict)
	}
}

func TestBehaviour24_AUserNameThatDoesNotFitTheSSOModeIsRefused(t *testing.T) {
	t.Parallel()
	for sso, name := range map[service.SSO]string{service.SSOEmail: "MATTHEW1", service.SSOUserID: "m@x.test"} {
		x := newTenant(t, service.Config{SSO: sso}, `{}`)
		a := x.want(400, "POST", v1+"/Users", userBody(name, "m@x.test"))
		same(t, string(sso), a.json["message"], any("User/group operation not completed: Invalid SAML IdP Configuration"))
	}
}

func TestBehaviour25_AnUnknownRoleIsRefused(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	const bad = "PROFILE:t.A:Nope"
	a := x.want(400, "POST", v1+"/Users", userBody("NEW", "new@x.test", bad))
	same(t, "v1", a.json["message"], any("User/group operation not completed: Invalid role "+bad+"."))
	a = x.want(400, "PATCH", v2+"/Users/"+x.uuid("BERT"), patch(doc{"op": "add", "path": "roles", "value": []doc{{"value": bad}}}))
	same(t, "v2", a.json["detail"], any("User/group operation not completed: Invalid role "+bad+"."))
	x.want(400, "PUT", v1+"/Groups/Red", doc{"members": []doc{}, "roles": []string{bad}})
	x.want(201, "POST", v1+"/Users", userBody("NEW", "new@x.test", "PROFILE:sap.epm:Admin"))
	a = x.want(400, "PATCH", v2+"/Users/"+x.uuid("BERT"), patch(doc{"op": "replace", "path": entUser + ":manager.value", "value": "nobody"}))
	if !strings.Contains(a.text, "Invalid manager nobody") {
		t.Errorf("unknown manager: %s", a.text)
	}
}

func TestBehaviour26_DefaultRolesComeAfterTheAnswerToACreate(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"defaultRoles":["PROFILE:t.A:Std"],"settings":{"defaultRolesFlip":true}}`)
	a := x.want(201, "POST", v1+"/Users", userBody("M1", "m@x.test"))
	same(t, "answer", a.json["roles"], any([]any{""}))
	u := read(x, "M1")
	same(t, "afterwards", []any{u["roles"], u[parV1].(doc)["isConcurrent"]}, []any{[]any{"PROFILE:t.A:Std"}, true})
}

func TestBehaviour27_TeamsInAUserWriteAreIgnored(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	body := userBody("NEW", "new@x.test")
	body["groups"] = []doc{{"value": "Blue"}}
	x.want(201, "POST", v1+"/Users", body)
	x.want(200, "PUT", v1+"/Users/ANNA", edited(read(x, "ANNA"), func(u doc) { u["groups"] = []doc{} }))
	x.want(200, "PATCH", v2+"/Users/"+x.uuid("BERT"), patch(doc{"op": "replace", "path": "groups", "value": []doc{}}))
	s := state(t, x)
	same(t, "teams", []any{s["users"]["NEW"]["teams"], s["users"]["ANNA"]["teams"], s["users"]["BERT"]["teams"]},
		[]any{[]any{}, []any{"Red"}, []any{"Red"}})
}

func TestBehaviour28_AV1PutWithoutRolesClearsThem(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	body := edited(read(x, "ANNA"), func(u doc) { delete(u, "roles") })
	x.want(200, "PUT", v1+"/Users/ANNA", body, "x-ignore-roles-if-missing: true")
	same(t, "kept", read(x, "ANNA")["roles"], any([]any{"PROFILE:t.A:Role1"}))
	x.want(200, "PUT", v1+"/Users/ANNA", body)
	same(t, "cleared", read(x, "ANNA")["roles"], any([]any{""}))
	body["schemas"] = []string{coreUser, entUser}
	x.want(200, "PUT", v1+"/Users/ANNA", body)
	same(t, "violations", x.call.Violations, []string{"PUT of a v1 user without the schema " + parV1})
}

func TestBehaviour29_AV1PutThatClashesIsRefused(t *testing.T) {
	t.Parallel()
	for _, seeded := range []struct {
		settings string
		status   int
	}{{`{}`, 400}, {`{"putConflictStatus":409}`, 409}} {
		x := newTenant(t, service.Config{SSO: service.SSOCustom}, strings.Replace(threeUsers, `{"users"`, `{"settings":`+seeded.settings+`,"users"`, 1))
		mail := edited(read(x, "BERT"), func(u doc) { u["emails"] = emails("anna@one.test") })
		a := x.want(seeded.status, "PUT", v1+"/Users/BERT", mail)
		same(t, "text", a.json["message"], any("Email address is already used for ANNA"))
		same(t, "kept", read(x, "BERT")["userName"], any("BERT"))
		x.want(seeded.status, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["userName"] = "ANNA" }))
		same(t, "userName is lost", read(x, "BERT")["userName"], nil)
		x.want(200, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["userName"] = "BERTIE" }))
		same(t, "repaired", read(x, "BERT")["userName"], any("BERTIE"))
	}
}

func TestBehaviour30_UserNameStaysUnderDefaultAndUserID(t *testing.T) {
	t.Parallel()
	for _, sso := range []service.SSO{service.SSODefault, service.SSOUserID} {
		x := newTenant(t, service.Config{SSO: sso}, threeUsers)
		body := edited(read(x, "BERT"), func(u doc) { u["userName"] = "BERTIE" })
		same(t, string(sso), x.want(200, "PUT", v1+"/Users/BERT", body).json["userName"], any("BERT"))
		if err := x.svc.MergeSettings([]byte(`{"userNameChangeStatus":400}`)); err != nil {
			t.Fatal(err)
		}
		x.want(400, "PUT", v1+"/Users/BERT", body)
	}
	x := newTenant(t, service.Config{SSO: service.SSOEmail}, threeUsers)
	x.want(200, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["userName"], u["emails"] = "b2@two.test", emails("b2@two.test") }))
	u := read2(x, "BERT")
	same(t, "both move together under email", []any{email(u), idp(u), read(x, "BERT")["userName"]}, []any{"b2@two.test", "b2@two.test", "b2@two.test"})
	x.want(400, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["userName"] = "b3@two.test" }))
}

func TestBehaviour31_MappedAttributesAreAcceptedAndIgnored(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{SSO: service.SSOUserID}, strings.Replace(threeUsers, `{"users"`, `{"settings":{"emailMapped":true,"namesMapped":true},"users"`, 1))
	same(t, "v1", email(x.want(200, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["emails"] = emails("b2@two.test") })).json), any("bert@two.test"))
	a := x.want(200, "PATCH", v2+"/Users/"+x.uuid("BERT"), patch(
		doc{"op": "replace", "path": "emails", "value": emails("b2@two.test")},
		doc{"op": "replace", "path": "name", "value": doc{"familyName": "a", "givenName": "b", "formatted": "b a"}}))
	same(t, "v2", []any{email(a.json), a.json["name"].(doc)["familyName"]}, []any{"bert@two.test", "BERT"})
}

func TestBehaviour32_AV2PutResetsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"BOSS"},{"id":"M1","manager":"BOSS","externalId":"E","roles":["PROFILE:t.A:R"],"photos":["https://p.test/1"],"preferredLanguage":"de","params":{"dateFormatting":"dd.MM.yyyy","isConcurrent":true}}],"teams":[{"id":"T","members":["M1"]}]}`)
	a := x.want(200, "PUT", v2+"/Users/"+x.uuid("M1"), doc{
		"schemas": []string{coreUser}, "id": "ignored", "meta": doc{}, "groups": []doc{}, "userName": "M1",
		"name": doc{"familyName": "F"}, "emails": emails("m1@example.com"),
	})
	for _, key := range []string{"roles", "photos", "externalId", entUser} {
		if v, has := a.json[key]; has {
			t.Errorf("%s survived: %v", key, v)
		}
	}
	p := a.json[parV2].(doc)
	same(t, "reset", []any{a.json["preferredLanguage"], p["dateFormatting"], p["isConcurrent"], p["idpUserId"], len(a.json["groups"].([]any))},
		[]any{"en", "MMM d, yyyy", false, "m1@example.com", 1})
	x.want(400, "PUT", v2+"/Users/"+x.uuid("M1"), doc{"userName": "OTHER", "name": doc{"familyName": "F"}, "emails": emails("m1@example.com")})
}

func TestBehaviour33_AV2PatchTakesThePathsOfTheSamples(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	bert, anna := x.uuid("BERT"), x.uuid("ANNA")
	a := x.want(200, "PATCH", v2+"/Users/"+bert, patch(
		doc{"op": "replace", "path": "active", "value": false},
		doc{"op": "replace", "path": "emails", "value": emails("b2@two.test")},
		doc{"op": "replace", "path": parV2 + ":idpUserId", "value": "b2@two.test"},
		doc{"op": "replace", "path": parV2 + ".isConcurrent", "value": true},
		doc{"op": "Replace", "path": "roles", "value": []doc{{"value": "PROFILE:sap.epm:BI_Admin"}}},
		doc{"op": "add", "path": "roles", "value": []doc{{"value": "PROFILE:t.A:Role1"}}},
		doc{"op": "replace", "path": "externalId", "value": "E-9"},
		doc{"op": "replace", "path": entUser + ":manager.value", "value": bert},
		doc{"op": "replace", "path": "name", "value": doc{"familyName": "a", "givenName": "b", "formatted": "b a"}},
	))
	p := a.json[parV2].(doc)
	got := []any{
		a.json["active"], email(a.json), p["idpUserId"], p["isConcurrent"], a.json["externalId"],
		a.json[entUser].(doc)["manager"].(doc)["value"], a.json["name"], len(a.json["roles"].([]any)),
	}
	same(t, "patched", got, []any{
		false, "b2@two.test", "b2@two.test", true, "E-9", any(bert),
		any(doc{"familyName": "a", "givenName": "b", "formatted": "b a"}), 2,
	})
	a = x.want(200, "PATCH", v2+"/Users/"+bert, patch(
		doc{"op": "replace", "path": "externalId", "value": ""},
		doc{"op": "remove", "path": `roles[value eq "PROFILE:t.A:Role1"]`},
		doc{"op": "replace", "value": doc{"displayName": "Bert!", entUser: doc{"manager": doc{"value": anna}}, parV2: doc{"dateFormatting": "dd.MM.yyyy"}}},
	))
	_, has := a.json["externalId"]
	same(t, "again", []any{has, a.json["displayName"], len(a.json["roles"].([]any)), a.json[entUser].(doc)["manager"].(doc)["value"], a.json[parV2].(doc)["dateFormatting"]},
		[]any{false, "Bert!", 1, any(anna), "dd.MM.yyyy"})
	for what, op := range map[string]doc{
		"an unknown path":     {"op": "replace", "path": "shoeSize", "value": 4},
		"a text for a bool":   {"op": "replace", "path": "active", "value": "TRUE"},
		"an unknown op":       {"op": "move", "path": "active", "value": true},
		"no value":            {"op": "replace", "path": "active"},
		"a broken path":       {"op": "remove", "path": `roles[value eq "x`},
		"removing the e-mail": {"op": "remove", "path": "emails"},
	} {
		if a := x.do("PATCH", v2+"/Users/"+bert, patch(op)); a.status != 400 {
			t.Errorf("%s: got %d, want 400", what, a.status)
		}
	}
}

func TestBehaviour33_ABooleanMayComeAsTheTextOfACSVCell(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"OWNER","systemOwner":true},{"id":"CARL"}]}`)
	path := v2 + "/Users/" + x.uuid("CARL")
	for _, c := range []struct {
		value any
		want  int
		after bool
	}{
		{"false", 200, false},
		{"true", 200, true},
		{"FALSE", 400, true},
		{"False", 400, true},
		{"", 400, true},
		{0, 400, true},
		{nil, 400, true},
		{[]any{false}, 400, true},
		{doc{"value": false}, 400, true},
		{false, 200, false},
	} {
		x.want(c.want, "PATCH", path, patch(doc{"op": "replace", "path": "active", "value": c.value}))
		same(t, fmt.Sprintf("active after %v", c.value), x.want(200, "GET", path, nil).json["active"], any(c.after))
	}
	bulk := x.want(200, "POST", v2+"/Bulk", doc{"schemas": []string{bulkURN}, "Operations": []doc{{
		"method": "PATCH", "path": "/Users/" + x.uuid("CARL"), "data": patch(doc{"op": "replace", "path": "active", "value": "true"}),
	}}})
	same(t, "item", bulk.json["Operations"].([]any)[0].(doc)["status"], any("200"))
}

func TestBehaviour34_AnInconsistentPersonCannotBeWrittenUntilRepaired(t *testing.T) {
	t.Parallel()
	for sso, seed := range map[service.SSO]string{
		service.SSODefault: `{"users":[{"id":"M1","email":"M1@x.test"}]}`,
		service.SSOEmail:   `{"users":[{"id":"M1","email":"m1@x.test","idpUserId":"other@x.test"}]}`,
		service.SSOUserID:  `{"users":[{"id":"M1","idpUserId":"m1"}]}`,
		service.SSOCustom:  `{"users":[{"id":"M1","idpUserId":""}]}`,
	} {
		x := newTenant(t, service.Config{SSO: sso}, seed)
		path := v2 + "/Users/" + x.uuid("M1")
		a := x.want(400, "PATCH", path, patch(doc{"op": "replace", "path": "active", "value": false}))
		same(t, string(sso), []any{a.json["scimType"], a.json["detail"], a.json["status"]},
			[]any{"invalidValue", "Request is unparsable, syntactically incorrect, or violates schema.", "400"})
		u := read2(x, "M1")
		x.want(400, "PUT", path, u)
		mail := strings.ToLower(email(u).(string))
		u["emails"] = emails(mail)
		u[parV2].(doc)["idpUserId"] = map[service.SSO]string{service.SSODefault: mail, service.SSOEmail: mail}[sso]
		if sso == service.SSOUserID || sso == service.SSOCustom {
			u[parV2].(doc)["idpUserId"] = "M1"
		}
		x.want(200, "PUT", path, u)
		x.want(200, "PATCH", path, patch(doc{"op": "replace", "path": "active", "value": false}))
	}
}

func TestBehaviour35_ACreateLowerCasesIdpUserIdOnly(t *testing.T) {
	t.Parallel()
	body := doc{
		"schemas": []string{coreUser}, "userName": "m1", "name": doc{"familyName": "F"},
		"emails": emails("M1@x.test"), parV2: doc{"idpUserId": "M1@x.test"},
	}
	x := newTenant(t, service.Config{}, `{}`)
	a := x.want(201, "POST", v2+"/Users", body)
	same(t, "created", []any{a.json["userName"], email(a.json), idp(a.json)}, []any{"M1", "M1@x.test", "m1@x.test"})
	x.want(400, "PATCH", v2+"/Users/"+a.json["id"].(string), patch(doc{"op": "replace", "path": "active", "value": false}))
	x = newTenant(t, service.Config{}, `{"settings":{"lowerCasesIdpUserId":false}}`)
	a = x.want(201, "POST", v2+"/Users", body)
	same(t, "option off", idp(a.json), any("M1@x.test"))
	same(t, "taken", x.want(409, "POST", v2+"/Users", body).json["scimType"], any("uniqueness"))
}

func TestBehaviour36_TheSystemOwnerCannotBeWritten(t *testing.T) {
	t.Parallel()
	x := started(t, service.Config{}, service.DefaultSeed())
	u := only(t, get(x, v2+"/Users", `roles.value eq "PROFILE:sap.epm:System_Owner"`))
	path := v2 + "/Users/" + u["id"].(string)
	x.want(400, "PATCH", path, patch(doc{"op": "replace", "path": "active", "value": false}))
	x.want(400, "PUT", path, u)
	x.want(400, "PUT", v1+"/Users/SYSOWNER", read(x, "SYSOWNER"))
	x.want(400, "DELETE", v1+"/Users/SYSOWNER", nil)
	same(t, "unchanged", read2(x, "SYSOWNER")["active"], any(true))
}

func TestBehaviour37_ActivatingWithoutALicenceIs428(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A"},{"id":"B","active":false}],"settings":{"maxLicenses":1}}`)
	on := patch(doc{"op": "replace", "path": "active", "value": true})
	x.want(428, "PATCH", v2+"/Users/"+x.uuid("B"), on)
	x.want(400, "POST", v2+"/Users", doc{"userName": "C", "name": doc{"familyName": "F"}, "emails": emails("c@x.test")})
	x.want(200, "PATCH", v2+"/Users/"+x.uuid("A"), patch(doc{"op": "replace", "path": "active", "value": false}))
	same(t, "activated", x.want(200, "PATCH", v2+"/Users/"+x.uuid("B"), on).json["active"], any(true))
}

func TestBehaviour38_AV1PutSetsActiveUnlessItIsTurnedOff(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	body := edited(read(x, "BERT"), func(u doc) { u["active"] = false })
	same(t, "honoured", x.want(200, "PUT", v1+"/Users/BERT", body).json["active"], any(false))
	if err := x.svc.MergeSettings([]byte(`{"ignoreActiveV1":true}`)); err != nil {
		t.Fatal(err)
	}
	body["active"] = true
	same(t, "ignored", x.want(200, "PUT", v1+"/Users/BERT", body).json["active"], any(false))
	names := edited(read(x, "BERT"), func(u doc) { u["displayName"], u["name"] = "X", doc{"givenName": "X", "familyName": "X"} })
	same(t, "names stay", x.want(200, "PUT", v1+"/Users/BERT", names).json["displayName"], any("BERT"))
	x.want(400, "PUT", v1+"/Users/BERT", edited(read(x, "BERT"), func(u doc) { u["active"] = "TRUE" }))
}

func TestBehaviour39_AManagerOfOthersCannotBeDeleted(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	x.want(400, "DELETE", v1+"/Users/ANNA", nil)
	if err := x.svc.MergeSettings([]byte(`{"managerDeleteStatus":412}`)); err != nil {
		t.Fatal(err)
	}
	x.want(412, "DELETE", v2+"/Users/"+x.uuid("ANNA"), nil)
	x.want(204, "DELETE", v1+"/Users/BERT", nil)
	same(t, "work", x.call.Work.Kind, service.WorkDeleteUser)
	x.want(204, "DELETE", v2+"/Users/"+x.uuid("ANNA"), nil)
	x.want(404, "DELETE", v1+"/Users/ANNA", nil)
	same(t, "work", x.call.Work.Kind, service.WorkNotFound)
	same(t, "members", state(t, x)["teams"]["Red"]["members"], any([]any{}))
}

func TestBehaviour40_ARepeatedCreateConflictsAndIsAViolation(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{}`)
	body := userBody("M1", "m1@x.test")
	x.want(201, "POST", v1+"/Users", body)
	x.want(409, "POST", v1+"/Users", body)
	same(t, "blind", x.call.Violations, []string{"user create repeated without reading users first"})
	x.want(200, "GET", v1+"/Users/M1", nil)
	x.want(409, "POST", v1+"/Users", body)
	same(t, "after a look", x.call.Violations, []string(nil))
}

func TestBehaviour41_MetaAndReferencesAreRootRelative(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"A","created":"2024-05-06T07:08:09Z"}],"teams":[{"id":"My Team/1","members":["A"]}]}`)
	u := read(x, "A")
	same(t, "meta", u["meta"], any(doc{"created": "2024-05-06T07:08:09Z", "location": "/api/v1/scim/Users/A", "resourceType": "User"}))
	ref := u["groups"].([]any)[0].(doc)["$ref"].(string)
	same(t, "ref", ref, "/api/v1/scim/Groups/My%20Team%2F1")
	team := x.want(200, "GET", ref, nil).json
	same(t, "team", team["id"], any("My Team/1"))
	member := team["members"].([]any)[0].(doc)
	same(t, "member", member, doc{"type": "User", "value": "A", "$ref": "/api/v1/scim/Users/A"})
	two := read2(x, "A")
	same(t, "v2", two["meta"].(doc)["location"], any("/api/v1/scim2/Users/"+two["id"].(string)))
}
