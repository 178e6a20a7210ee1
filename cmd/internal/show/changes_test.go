package show

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func TestEachChangeIsARowWithBeforeAfterAndResult(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Changes: []plan.Change{
		{Entity: plan.User, Op: plan.Create, Key: "ANNA", User: &identity.User{UserID: "ANNA", Email: "a@x.example", Active: true, Roles: []string{"R1", "R2"}}},
		{Entity: plan.User, Op: plan.Update, Key: "BERT", Fields: []plan.Field{{Name: plan.FieldEmail, Before: "b@x.example", After: "c@x.example"}}, RemoveRoles: []string{"R3"}},
		{Entity: plan.Team, Op: plan.Update, Key: "T", AddMembers: []string{"ANNA"}, RemoveMembers: []string{"CARL"}},
		{Entity: plan.Team, Op: plan.Create, Key: "Empty", Group: &identity.Group{Name: "Empty"}},
	}}
	entities := []apply.EntityResult{
		{Entity: plan.User, Key: "ANNA", Status: apply.Partly, Links: []apply.LinkFailure{{Kind: apply.RoleLink, Key: "R2", Cause: "no such role"}}},
		{Entity: plan.User, Key: "BERT", Status: apply.Failed, Cause: "taken"},
		{Entity: plan.Team, Key: "T", Status: apply.Done},
	}
	type row struct{ key, what, before, after, result string }
	var got []row
	for _, r := range withResults(changeRows(p), entities) {
		if r.What == "email" || r.What == "role" || r.What == "member" || r.Key == "Empty" {
			got = append(got, row{r.Key, r.What, r.Before, r.After, r.Result})
		}
	}
	want := []row{
		{"ANNA", "email", "", "a@x.example", "done"},
		{"ANNA", "role", "", "R1", "done"},
		{"ANNA", "role", "", "R2", "failed: no such role"},
		{"BERT", "email", "b@x.example", "c@x.example", "failed: taken"},
		{"BERT", "role", "R3", "", "failed: taken"},
		{"T", "member", "CARL", "", "done"},
		{"T", "member", "", "ANNA", "done"},
		{"Empty", "description", "", "", ""},
	}
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestCellsThatASpreadsheetWouldRunAreDefused(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"plain": "plain", "": "", "=1+1": "'=1+1", "+4420": "'+4420", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"'=1": "''=1", "''=1": "'''=1", "'plain": "'plain", "a=1": "a=1",
	} {
		if got := defused(cell); got != want {
			t.Errorf("%q: got %q, want %q", cell, got, want)
		}
	}
}

func TestRolesOfAdministratorsAreMarked(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]bool{
		"PROFILE:sap.epm:Admin": true, "PROFILE:sap.epm:BI_Admin": true, "PROFILE:sap.epm:System_Owner": true, "PROFILE:sap.epm:Predictive_Admin": true,
		"PROFILE:t.A:TeamAdministrator": true, "PROFILE:sap.epm:Viewer": false, "PROFILE:t.Admin:Reader": false, "": false,
	} {
		if got := isAdministrative(role); got != want {
			t.Errorf("%q: got %v", role, got)
		}
	}
}

func TestLicencesCountWhoComesGoesAndChanges(t *testing.T) {
	t.Parallel()
	user := func(active, concurrent bool) *identity.User {
		return &identity.User{Active: active, Concurrent: concurrent}
	}
	field := func(name plan.FieldName, after string) plan.Change {
		return plan.Change{Entity: plan.User, Op: plan.Update, Fields: []plan.Field{{Name: name, After: after}}}
	}
	for want, changes := range map[string][]plan.Change{
		"": {field(plan.FieldEmail, "x"), {Entity: plan.User, Op: plan.Create, User: user(false, false)}, {Entity: plan.Team, Op: plan.Create, Group: &identity.Group{}}},
		"+2 named, +1 concurrent": {
			{Entity: plan.User, Op: plan.Create, User: user(true, false)}, {Entity: plan.User, Op: plan.Create, User: user(true, true)}, field(plan.FieldActive, "true"),
		},
		"-1 named, +1 concurrent": {field(plan.FieldConcurrent, "true")},
		"-1 concurrent":           {{Entity: plan.User, Op: plan.Delete, User: user(true, true)}, {Entity: plan.User, Op: plan.Delete, User: user(false, true)}},
	} {
		if got := licences(&plan.Plan{Changes: changes}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
