package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const protectRules = "protect: {users: [ANNA], teams: [Finance], roles: [\"PROFILE:sap.epm:Viewer\"]}\n"

// shielded is what may not change: the protected person, the System Owner, the protected team, and who
// holds the protected role or that of the System Owner.
func shielded(t *testing.T, w *tenantState) string {
	t.Helper()
	var holders []string
	for _, role := range []string{"PROFILE:sap.epm:Viewer", "PROFILE:sap.epm:System_Owner"} {
		for _, id := range slices.Sorted(maps.Keys(w.Users)) {
			if slices.Contains(w.Users[id].Roles, role) {
				holders = append(holders, id+" "+role)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(w.Teams)) {
			if slices.Contains(w.Teams[name].Roles, role) {
				holders = append(holders, "team "+name+" "+role)
			}
		}
	}
	data, err := json.MarshalIndent([]any{w.Users["ANNA"], w.Users["CHIEF"], w.Teams["Finance"], holders}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// teamRow is a row of scripts 1953 and 1983 that changes all it can.
func teamRow(team string) map[string]any {
	return map[string]any{
		"file_primary_team": team, "file_transport_primary_team_displayname": true,
		"file_transport_primary_team_roles_action": "replace", "file_transport_primary_team_user_membership": true,
		"file_transport_users_of_primary_team": true, "file_users_roles_action": "replace", "file_users_teams_action": "replace",
	}
}

// TestWhatIsProtectedIsChangedByNoRoute tries every command that writes.
func TestWhatIsProtectedIsChangedByNoRoute(t *testing.T) {
	t.Parallel()
	var people strings.Builder
	people.WriteString(`[`)
	for i, id := range []string{"ANNA", "BEN", "CHIEF", "SYSOWNER"} {
		if i > 0 {
			people.WriteString(",")
		}
		fmt.Fprintf(&people, `{"file_userid":%q,"file_roles_action":"replace","file_teams_action":"replace"}`, id)
	}
	people.WriteString(`]`)
	teams, err := json.Marshal([]any{teamRow("Finance"), teamRow("Sales")})
	if err != nil {
		t.Fatal(err)
	}
	person := []string{"--users", "all", "--user-roles", "replace", "--user-teams", "replace", "--active", "source", "--yes"}
	between := []string{"--from", "dev", "--to", "prod"}
	routes := map[string]func(t *testing.T, d *cliFixture) []string{
		"copy teams": func(*testing.T, *cliFixture) []string {
			return append(append(copyTeams("Finance", "Sales"), everything...), "--yes")
		},
		"copy users of a team": func(*testing.T, *cliFixture) []string {
			return slices.Concat([]string{"copy", "users", "--team", "Finance", "--team", "Sales"}, between, person)
		},
		"copy users of a list": func(t *testing.T, d *cliFixture) []string {
			return slices.Concat([]string{"copy", "users", "--ids", d.file(t, "ids.txt", "ANNA\nBEN\nCHIEF\nSYSOWNER\n")}, between, person)
		},
		"copy users by rule": func(*testing.T, *cliFixture) []string {
			return slices.Concat([]string{"copy", "users", "--where", "user_id != \"CARL\""}, between, person)
		},
		"apply": func(t *testing.T, d *cliFixture) []string {
			file := filepath.Join(d.dir, "plan.json")
			d.run(t, append(append(copyTeams("Finance", "Sales"), everything...), "--out", file)...)
			return []string{"apply", file}
		},
	}
	for _, script := range []string{"1903", "1933"} {
		routes["run "+script] = func(t *testing.T, d *cliFixture) []string {
			return slices.Concat([]string{"run", script, "--data", d.file(t, "x903.json", people.String()), "--yes", "--active", "source"}, between)
		}
	}
	for _, script := range []string{"1953", "1983"} {
		routes["run "+script] = func(t *testing.T, d *cliFixture) []string {
			return slices.Concat([]string{"run", script, "--data", d.file(t, "x953.json", string(teams)), "--yes", "--active", "source"}, between)
		}
	}
	for name, route := range routes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := smallTenants()
			d := newCLI(t, source, target, [2]string{"default", "default"}, protectRules)
			code, said := d.run(t, route(t, d)...)
			if !slices.Contains([]int{exitOK, exitPartial}, code) {
				t.Fatalf("exit code %d\n%s", code, said)
			}
			end := d.prod.state(t)
			if diff := cmp.Diff(shielded(t, end), shielded(t, target)); diff != "" {
				t.Errorf("what is protected has changed (-got +want):\n%s\n%s", diff, said)
			}
			if end.Users["BEN"] == nil || d.prod.stats(t).writeCount() == 0 {
				t.Errorf("nothing was done, so that the test shows nothing:\n%s", said)
			}
			noViolations(t, d.dev, d.prod)
		})
	}
}
