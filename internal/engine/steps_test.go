package engine_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// TestStepsOfAllKindsReachTheTenant sets and deletes people and teams by one operation, and plans it once more.
func TestStepsOfAllKindsReachTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prod = newSimTenant(t, "prod", `{
		"users":[{"id":"ANNA","givenName":"Ann"},{"id":"BOSS"},{"id":"REPORT","manager":"BOSS"},{"id":"CHIEF","manager":"CHIEF"},{"id":"STAYS","manager":"BOSS"}],
		"teams":[{"id":"Old","members":["ANNA","REPORT"]},{"id":"Finance","members":["ANNA","REPORT"],"roles":["PROFILE:t.A:One"]}],
		"roles":["PROFILE:t.A:One","PROFILE:t.A:Two"]}`)
	text := "All about money"
	edit := func(action identity.Action, names ...string) *plan.LinkEdit {
		return &plan.LinkEdit{Action: action, Names: names}
	}
	req := plan.Request{Steps: []plan.Step{
		{Origin: "1", SetUser: &plan.SetUser{
			Who: plan.Who{Email: "anna@example.com"}, Roles: edit(identity.Add, "PROFILE:t.A:Two"),
			Values: plan.Values{plan.FieldGivenName: "Anna", plan.FieldFamilyName: "Lind", plan.FieldDisplayName: "Anna Lind", plan.FieldLanguage: "de", plan.FieldManager: "NEW"},
		}},
		{Origin: "2", SetUser: &plan.SetUser{
			Who: plan.Who{UserID: "NEW"}, IfMissing: plan.MissingCreate, Values: plan.Values{plan.FieldActive: "false"},
			New: plan.Values{plan.FieldEmail: "new@example.com", plan.FieldFamilyName: "New"}, Teams: edit(identity.Add, "Fresh"),
		}},
		{Origin: "3", SetTeam: &plan.SetTeam{
			Team: "Finance", Description: &text, Members: edit(identity.Replace, "ANNA", "NEW"), Roles: edit(identity.Exclude, "PROFILE:t.A:One", "PROFILE:t.A:Two"),
		}},
		{Origin: "4", DeleteUser: &plan.DeleteUser{Who: plan.Who{UserID: "BOSS"}, ClearReports: true}},
		{Origin: "5", DeleteUser: &plan.DeleteUser{Who: plan.Who{UserID: "REPORT"}}},
		{Origin: "6", DeleteUser: &plan.DeleteUser{Who: plan.Who{UserID: "CHIEF"}}},
		{Origin: "7", DeleteTeam: &plan.DeleteTeam{Team: "Old"}},
	}}
	op := engine.Operation{
		From: w.dev.side(t), To: w.prod.side(t), Command: "test edit", Request: engine.FixedRequest(req),
		Rules: plan.Rules{Guards: plan.DefaultGuards()},
	}
	report, err := w.engine().Change(t.Context(), op)
	if err != nil {
		t.Fatalf("%v\n%+v", err, report.Result)
	}
	want := map[string]any{
		"ANNA": person("Anna", "Lind", "Anna Lind", "de", true, "NEW", "Finance"), "NEW": person("", "New", "New", "en", false, "", "Finance", "Fresh"),
		"STAYS": person("", "STAYS", "STAYS", "en", true, ""),
	}
	if diff := cmp.Diff(w.people(), want); diff != "" {
		t.Errorf("people (-got +want):\n%s", diff)
	}
	if got := w.prod.members(t, "Finance"); !cmp.Equal(got, []string{"ANNA", "NEW"}) {
		t.Errorf("got members %q, want ANNA and NEW", got)
	}
	op.From, op.To = w.dev.side(t), w.prod.side(t)
	op.Request = engine.FixedRequest(plan.Request{Steps: append(req.Steps[:2:2], req.Steps[3:]...)}) // exclude takes back what it did
	again, err := w.engine().Change(t.Context(), op)
	if err != nil || !again.Plan.Empty() {
		t.Errorf("got %v and %+v as the next plan, want it empty", err, again.Plan.Changes)
	}
}

func person(given, family, display, language string, active bool, manager string, teams ...string) map[string]any {
	list := make([]any, len(teams))
	for i, name := range teams {
		list[i] = name
	}
	return map[string]any{"givenName": given, "familyName": family, "displayName": display, "preferredLanguage": language, "active": active, "manager": manager, "teams": list}
}

// people gives what prod holds of each person, as far as person tells it.
func (w *world) people() map[string]any {
	w.t.Helper()
	var state struct {
		Users map[string]map[string]any `json:"users"`
	}
	w.prod.control(w.t, http.MethodGet, "/__state", "", &state)
	out := map[string]any{}
	for id, u := range state.Users {
		for _, key := range []string{"email", "userName", "roles", "photos", "params", "idpUserId", "externalId", "created"} {
			delete(u, key)
		}
		out[id] = u
	}
	return out
}
