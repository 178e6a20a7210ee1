package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/cmd/internal/cli"
)

// cliFixture is a folder with a configuration that names two tenants, dev and prod, and a person who types
// commands there. The person is no terminal, so that a plan is approved by --yes or as a file.
type cliFixture struct {
	dir       string
	dev, prod *simTenant
}

// newCLI makes the tenants from two worlds; extra is more configuration.
func newCLI(t *testing.T, source, target *tenantState, sso [2]string, extra string) *cliFixture {
	t.Helper()
	d := &cliFixture{
		dir:  t.TempDir(),
		dev:  newSimTenant(t, "dev", "cf", sso[0], "t.A", source.seed(t, sso[0]), true),
		prod: newSimTenant(t, "prod", "cf", sso[1], "t.B", target.seed(t, sso[1]), true),
	}
	d.configure(t, extra)
	return d
}

func (d *cliFixture) configure(t *testing.T, extra string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\nstate: state/sacbridge.db\ntenants:\n")
	for _, s := range []*simTenant{d.dev, d.prod} {
		id, secret := s.server.Client()
		writeTestFile(t, filepath.Join(d.dir, s.opts.Name+".secret"), []byte(secret+"\n"))
		fmt.Fprintf(&b, "  %s: {url: %q, platform: %s, sso: %s, namespace: %s, auth: {token_url: %q, client_id: %q, client_secret: \"file:%s.secret\"}}\n",
			s.opts.Name, s.front.URL, s.opts.Platform, s.opts.SSO, s.opts.Namespace, s.front.URL+s.server.TokenPath(), id, s.opts.Name)
	}
	b.WriteString(extra)
	writeTestFile(t, filepath.Join(d.dir, "sacbridge.yaml"), []byte(b.String()))
}

// file writes a file into the folder and gives its path.
func (d *cliFixture) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(d.dir, name)
	writeTestFile(t, path, []byte(text))
	return path
}

// run runs a command and gives its exit code and all it said.
func (d *cliFixture) run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var said bytes.Buffer
	a := &app{Environment: cli.Environment{In: strings.NewReader(""), Out: &said, Err: &said, Env: func(string) string { return "" }, Now: time.Now}}
	args = append(args, "--config", filepath.Join(d.dir, "sacbridge.yaml"))
	code := execute(t.Context(), a, args)
	return code, said.String()
}

// mustExit is run where only one exit code will do.
func (d *cliFixture) mustExit(t *testing.T, code int, args ...string) string {
	t.Helper()
	got, said := d.run(t, args...)
	if got != code {
		t.Fatalf("transport %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, said)
	}
	return said
}

// replaceState gives a tenant another content, as if somebody had edited it, and starts counting anew.
func (s *simTenant) replaceState(t *testing.T, w *tenantState) {
	t.Helper()
	seed := w.seedJSON(t, string(s.opts.SSO))
	s.control(t, http.MethodPost, "/__reset", map[string]json.RawMessage{"seed": seed}, nil)
}

// smallTenants are a small source and target: ANNA in both, BEN in the source only, DAVE in the target only. CHIEF
// is the System Owner of the target, and somebody ordinary in the source.
func smallTenants() (source, target *tenantState) {
	const viewer, admin = "PROFILE:sap.epm:Viewer", "PROFILE:sap.epm:BI_Admin"
	source, target = newTenantState(), newTenantState()
	delete(target.Users, "SYSOWNER")
	source.add("ANNA", "anna@example.com", admin).PreferredLanguage = "de"
	source.add("BEN", "ben@example.com", viewer, admin)
	source.add("CHIEF", "chief.new@example.com", viewer).PreferredLanguage = "de"
	source.add("CARL", "carl@example.com")
	source.team("Finance", "Finance department", []string{admin}, []string{"ANNA", "BEN", "CHIEF"})
	source.team("Sales", "Sales department", []string{viewer}, []string{"ANNA", "BEN", "SYSOWNER"})
	target.add("ANNA", "anna@example.com", viewer)
	target.add("CARL", "carl@example.com")
	target.add("CHIEF", "chief@example.com", "PROFILE:sap.epm:System_Owner")
	target.add("DAVE", "dave@example.com", viewer)
	target.team("Finance", "Finance", []string{viewer}, []string{"ANNA", "DAVE"})
	target.team("Sales", "Sales", nil, []string{"CHIEF", "DAVE"})
	return source, target
}

// everything are the flags under which as much as possible changes.
var everything = []string{
	"--users", "all", "--user-roles", "replace", "--user-teams", "replace", "--team-roles", "replace", "--members", "replace",
	"--name", "copy", "--active", "source",
}

func copyTeams(teams ...string) []string {
	args := []string{"copy", "teams", "--from", "dev", "--to", "prod"}
	for _, team := range teams {
		args = append(args, "--team", team)
	}
	return args
}

// TestASavedPlanIsAppliedAsItIsOrNotAtAll edits one thing after the plan was made.
func TestASavedPlanIsAppliedAsItIsOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		names string // what the refusal must name; empty: the plan still holds
		edit  func(source, target *tenantState)
	}{
		"nothing":                               {"", func(_, _ *tenantState) {}},
		"somebody the plan is not about":        {"", func(_, target *tenantState) { target.Users["CARL"].PreferredLanguage = "fr" }},
		"a team the plan is not about":          {"", func(_, target *tenantState) { target.team("Zoo", "Zoo", nil, []string{"CARL"}) }},
		"a person's language":                   {"target user ANNA", func(_, target *tenantState) { target.Users["ANNA"].PreferredLanguage = "fr" }},
		"a person's e-mail":                     {"target user ANNA", func(_, target *tenantState) { target.Users["ANNA"].Email = "a.other@example.com" }},
		"a person's licence":                    {"target user ANNA", func(_, target *tenantState) { target.Users["ANNA"].Params.IsConcurrent = true }},
		"a person's manager":                    {"target user ANNA", func(_, target *tenantState) { target.Users["ANNA"].Manager = "DAVE" }},
		"a person's active flag":                {"target user ANNA", func(_, target *tenantState) { target.Users["ANNA"].Active = false }},
		"a person's role":                       {"target user ANNA", func(_, target *tenantState) { target.Users["ANNA"].Roles = []string{"PROFILE:sap.epm:Modeler"} }},
		"a person is gone":                      {"target user ANNA", func(_, target *tenantState) { target.leave("Finance", "ANNA"); delete(target.Users, "ANNA") }},
		"who was to be created is there":        {"target user BEN", func(_, target *tenantState) { target.add("BEN", "b@example.com") }},
		"the e-mail of who was to be created":   {"target user OTHER", func(_, target *tenantState) { target.add("OTHER", "ben@example.com") }},
		"a membership more":                     {"target team Finance", func(_, target *tenantState) { target.join("Finance", "CARL") }},
		"a membership less":                     {"target team Finance", func(_, target *tenantState) { target.leave("Finance", "DAVE") }},
		"a team's description":                  {"target team Finance", func(_, target *tenantState) { target.Teams["Finance"].DisplayName = "Other" }},
		"a team's role":                         {"target team Finance", func(_, target *tenantState) { target.Teams["Finance"].Roles = []string{} }},
		"a team is gone":                        {"target team Finance", func(_, target *tenantState) { removeTeam(target, "Finance") }},
		"a person of the source":                {"source user BEN", func(source, _ *tenantState) { source.Users["BEN"].Email = "ben.b@example.com" }},
		"a role of a person of the source":      {"source user ANNA", func(source, _ *tenantState) { source.Users["ANNA"].Roles = []string{} }},
		"a membership in the source":            {"source team Finance", func(source, _ *tenantState) { source.join("Finance", "CARL") }},
		"a role of a team of the source":        {"source team Finance", func(source, _ *tenantState) { source.Teams["Finance"].Roles = []string{} }},
		"the description of the source's team":  {"source team Finance", func(source, _ *tenantState) { source.Teams["Finance"].DisplayName = "New" }},
		"the source's team is gone":             {"source team Finance", func(source, _ *tenantState) { removeTeam(source, "Finance") }},
		"an unused person of the source's team": {"", func(source, _ *tenantState) { source.Users["CARL"].Email = "c@example.com" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := smallTenants()
			d := newCLI(t, source, target, [2]string{"default", "default"}, "")
			file := filepath.Join(d.dir, "plan.json")
			d.mustExit(t, exitOK, append(append(copyTeams("Finance"), everything...), "--out", file)...)
			if n := d.prod.stats(t).writeCount() + d.dev.stats(t).writeCount(); n > 0 {
				t.Errorf("planning wrote %d times", n)
			}
			tt.edit(source, target)
			d.dev.replaceState(t, source)
			d.prod.replaceState(t, target)
			before := d.prod.state(t).text(t)
			if tt.names == "" {
				d.mustExit(t, exitOK, "apply", file)
				want := target.clone(t)
				oracle(source, want, "default", "default", []teamCopy{{0, "Finance", "replace", "replace", "replace", "replace", true}})
				want.restore("CHIEF", target) // the System Owner
				if diff := cmp.Diff(d.prod.state(t).text(t), want.text(t)); diff != "" {
					t.Errorf("the end (-got +want):\n%s", diff)
				}
				noViolations(t, d.dev, d.prod)
				return
			}
			said := d.mustExit(t, exitStale, "apply", file)
			if !strings.Contains(said, tt.names) {
				t.Errorf("the refusal does not name %q: %s", tt.names, said)
			}
			if n := d.prod.stats(t).writeCount() + d.dev.stats(t).writeCount(); n > 0 || d.prod.state(t).text(t) != before {
				t.Errorf("a stale plan wrote %d times", n)
			}
			noViolations(t, d.dev, d.prod)
		})
	}
}

// removeTeam deletes a team.
func removeTeam(w *tenantState, team string) {
	for _, id := range slices.Clone(w.Teams[team].Members) {
		w.leave(team, id)
	}
	delete(w.Teams, team)
}

// restore gives a person back what the one in old has.
func (w *tenantState) restore(id string, old *tenantState) {
	for name, g := range w.Teams {
		g.Members = slices.DeleteFunc(g.Members, func(x string) bool { return x == id })
		if was := old.Teams[name]; was != nil && slices.Contains(was.Members, id) {
			g.Members = slices.Sorted(slices.Values(append(g.Members, id)))
		}
	}
	w.Users[id] = old.Users[id]
}

// TestOverAGuardNothingIsWritten trips every guard in turn, by flag and by configuration. --yes is no
// way past one, and neither is a saved plan.
func TestOverAGuardNothingIsWritten(t *testing.T) {
	t.Parallel()
	source, target := smallTenants()
	source.Users["ANNA"].Active = false
	all := append(append(copyTeams("Finance", "Sales"), everything...), "--yes")
	for _, guard := range []string{"max_create", "max_update", "max_deactivate", "max_role_removal", "max_member_removal"} {
		for _, way := range []string{"flag", "configuration", "saved plan"} {
			t.Run(guard+" by "+way, func(t *testing.T) {
				t.Parallel()
				d := newCLI(t, source, target, [2]string{"default", "default"}, "")
				before := d.prod.state(t).text(t)
				args, flag := slices.Clone(all), "--"+strings.ReplaceAll(guard, "_", "-")
				switch way {
				case "flag":
					args = append(args, flag, "0")
				case "configuration":
					d.configure(t, "guards: {"+guard+": {count: 0}}\n")
				case "saved plan":
					file := filepath.Join(d.dir, "plan.json")
					d.mustExit(t, exitHeld, append(args[:len(args)-1], flag, "0", "--out", file)...)
					args = []string{"apply", file, "--yes"}
				}
				said := d.mustExit(t, exitHeld, args...)
				if !strings.Contains(said, guard) {
					t.Errorf("the guard is not named: %s", said)
				}
				if n := d.prod.stats(t).writeCount(); n > 0 || d.prod.state(t).text(t) != before {
					t.Errorf("%d writes although %s was exceeded", n, guard)
				}
				noViolations(t, d.dev, d.prod)
				if _, err := os.ReadDir(filepath.Join(d.dir, "state", "runs")); way != "saved plan" && err == nil {
					if ids, _ := stateIn(filepath.Join(d.dir, "state")).journals().List(t.Context()); len(ids) > 0 {
						t.Errorf("a held plan left journals: %v", ids)
					}
				}
			})
		}
	}
}
