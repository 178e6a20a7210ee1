package service_test

import (
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

func TestAnotherAdministratorEditsUsersAndTeams(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{SSO: service.SSOEmail}, threeUsers)
	yes, mail, boss, none := true, "b2@two.test", "NEW", ""
	err := x.svc.Edit(
		service.Edit{User: "NEW", Create: true, AddRoles: []string{"PROFILE:t.A:Made"}},
		service.Edit{
			User: "BERT", Set: service.EditSet{Email: &mail, Active: &yes, Manager: &boss, Params: []byte(`{"isConcurrent":true}`)},
			AddRoles: []string{"PROFILE:t.A:Made"},
		},
		service.Edit{User: "ANNA", RemoveRoles: []string{"PROFILE:t.A:Role1"}, Set: service.EditSet{Photos: &[]string{"https://p.test/1"}}},
		service.Edit{User: "ANNA_1", Delete: true},
		service.Edit{Team: "Red", Set: service.EditSet{DisplayName: &none}, AddMembers: []string{"NEW"}, RemoveMembers: []string{"ANNA"}, AddRoles: []string{"PROFILE:t.A:Made"}},
		service.Edit{Team: "Made", Create: true, AddMembers: []string{"BERT"}},
		service.Edit{Team: "Blue", Delete: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	s := state(t, x)
	bert := s["users"]["BERT"]
	same(t, "BERT", []any{bert["email"], bert["userName"], bert["manager"], bert["roles"], bert["params"].(doc)["isConcurrent"], idp(read2(x, "BERT"))},
		[]any{mail, mail, "NEW", []any{"PROFILE:t.A:Made"}, true, mail})
	same(t, "ANNA", []any{s["users"]["ANNA"]["roles"], s["users"]["ANNA"]["photos"]}, []any{[]any{}, []any{"https://p.test/1"}})
	same(t, "ANNA_1 is gone", s["users"]["ANNA_1"], doc(nil))
	same(t, "teams", s["teams"], map[string]doc{
		"Red":  {"displayName": "", "members": []any{"BERT", "NEW"}, "roles": []any{"PROFILE:t.A:Made", "PROFILE:t.A:Role1"}},
		"Made": {"displayName": "Made", "members": []any{"BERT"}, "roles": []any{}},
	})
	log := x.want(200, "GET", "/api/v1/audit/activities/exportActivities", nil).text
	if !strings.Contains(log, `"ADMINISTRATOR"`) {
		t.Errorf("the activity log does not name the other administrator: %s", log)
	}
}

func TestAnEditThatMakesNoSenseIsAnError(t *testing.T) {
	t.Parallel()
	nobody := "NOBODY"
	for name, e := range map[string]service.Edit{
		"neither user nor team":   {},
		"both":                    {User: "ANNA", Team: "Red"},
		"an unknown user":         {User: "NOBODY"},
		"a user who is there":     {User: "ANNA", Create: true},
		"an unknown team":         {Team: "Green"},
		"a team that is there":    {Team: "Red", Create: true},
		"a role of another form":  {User: "ANNA", AddRoles: []string{"Role1"}},
		"an unknown manager":      {User: "ANNA", Set: service.EditSet{Manager: &nobody}},
		"an unknown parameter":    {User: "ANNA", Set: service.EditSet{Params: []byte(`{"x":1}`)}},
		"an unknown member":       {Team: "Red", AddMembers: []string{"NOBODY"}},
		"deleting a manager":      {User: "ANNA", Delete: true},
		"a team of no namespaces": {Team: "t.Z:Red"},
	} {
		x := newTenant(t, service.Config{}, threeUsers)
		if err := x.svc.Edit(e); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
