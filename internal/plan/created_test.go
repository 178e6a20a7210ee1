package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func TestAChangeTellsWhenItsEntityCameToBe(t *testing.T) {
	t.Parallel()
	born := time.Date(2025, 6, 7, 8, 9, 10, 0, time.UTC)
	anna, bert, keeps, goes := user("ANNA"), user("BERT"), group("T", "ANNA"), group("U")
	anna.Created, bert.Created, keeps.Created, goes.Created = born, born.Add(1), born.Add(2), born.Add(3)
	target := tenantOf("email", []identity.User{anna, bert}, keeps, goes)
	p := plan.Make(plan.Request{Steps: []plan.Step{
		{SetUser: &plan.SetUser{Who: plan.Who{UserID: "ANNA"}, IfExists: plan.ExistsUpdate, Values: plan.Values{plan.FieldLanguage: "fr"}}},
		{DeleteUser: &plan.DeleteUser{Who: plan.Who{UserID: "BERT"}}},
		{SetTeam: &plan.SetTeam{Team: "T", IfExists: plan.ExistsUpdate, Members: &plan.LinkEdit{Action: identity.Remove, Names: []string{"ANNA"}}}},
		{DeleteTeam: &plan.DeleteTeam{Team: "U"}},
		{SetUser: &plan.SetUser{Who: plan.Who{UserID: "NEW"}, IfMissing: plan.MissingCreate, Values: plan.Values{plan.FieldEmail: "new@x.test"}}},
	}}, identity.Snapshot{}, target, plan.Rules{})
	got := map[string]time.Time{}
	for _, c := range p.Changes {
		got[c.Key] = c.Created
	}
	want := map[string]time.Time{"ANNA": born, "BERT": born.Add(1), "T": born.Add(2), "U": born.Add(3), "NEW": {}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	read, err := plan.Decode(strings.NewReader(encoded(t, p)))
	if err != nil || !cmp.Equal(read.Changes, p.Changes, cmpopts.EquateEmpty()) {
		t.Errorf("%v; (-read +made):\n%s", err, cmp.Diff(read.Changes, p.Changes, cmpopts.EquateEmpty()))
	}
}
