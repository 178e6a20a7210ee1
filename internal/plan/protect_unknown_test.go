package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// Trial 4: a misspelt name in a protect list protected nobody, without a word.
func TestNamesInTheProtectListsThatMatchNothingAreFound(t *testing.T) {
	t.Parallel()
	protect := plan.Protect{
		Users: []string{"SYNC", "anna", "GHOST"}, Teams: []string{"Finance", "finance", "Hidden", "Nowhere"},
		Roles: []string{roleOne, "PROFILE:t.x:one", "PROFILE:t.x:Nine"},
	}
	read := tenantOf("userid", []identity.User{user("SYNC"), user("ANNA")}, group("Finance"))
	read.Unreadable["Hidden"] = "no folder"
	read.Roles = map[string]bool{roleOne: true}
	read.RolesComplete = true
	want := []plan.Finding{
		{Code: plan.UnknownProtectedUser, Entity: plan.User, Key: "GHOST"},
		{Code: plan.UnknownProtectedUser, Entity: plan.User, Key: "anna", Users: []string{"ANNA"}},
		{Code: plan.UnknownProtectedTeam, Entity: plan.Team, Key: "Nowhere"},
		{Code: plan.UnknownProtectedTeam, Entity: plan.Team, Key: "finance", Teams: []string{"Finance"}},
		{Code: plan.UnknownProtectedRole, Entity: plan.Role, Key: "PROFILE:t.x:Nine"},
		{Code: plan.UnknownProtectedRole, Entity: plan.Role, Key: "PROFILE:t.x:one", Name: roleOne},
	}
	if diff := cmp.Diff(protect.Unknown(read), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	read.RolesComplete = false
	if got := len(protect.Unknown(read)); got != 4 {
		t.Errorf("%d findings where the tenant does not list its roles, want 4", got)
	}
	scope := protect.Scope()
	if diff := cmp.Diff(scope.UserIDs, []string{"ANNA", "GHOST", "SYNC", "anna"}); diff != "" {
		t.Errorf("scope (-got +want):\n%s", diff)
	}
}
