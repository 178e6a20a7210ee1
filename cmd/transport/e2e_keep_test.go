package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
)

// keepScenario is the scenario with keep for all role links: everything else about people and teams changes.
func keepScenario(t *testing.T, name string) (*scenario, string) {
	t.Helper()
	a := newScenario(t, name)
	copies := combinations()[:4]
	for n := range copies {
		copies[n].userRoles, copies[n].teamRoles = "keep", "keep"
		copies[n].userTeams, copies[n].members, copies[n].copyName = "replace", "replace", true
	}
	source, target := combinedStates(copies, scenarioFrom, scenarioTo)
	for _, h := range source.Users {
		h.PreferredLanguage, h.Params.IsConcurrent, h.Params.TimeFormatting = "it", true, "h:mm a"
	}
	for id, h := range target.Users { // every person's e-mail changes too
		if source.Users[id] != nil && id != "SYSOWNER" {
			h.Email = "was." + h.Email
			h.UserName = h.Email
		}
	}
	a.source, a.target, a.request = source.seed(t, scenarioFrom), target.seed(t, scenarioTo), combinedRequest(copies)
	a.before = target.text(t)
	want := target.clone(t)
	want.neo = a.platform == "neo" || a.api == "1"
	oracle(source, want, scenarioFrom, scenarioTo, copies)
	a.want = want.text(t)
	return a, roleLinks(t, a.before)
}

// roleLinks is the part of a state that says who holds which role, for those who are named in only.
func roleLinks(t *testing.T, state string, only ...string) string {
	t.Helper()
	var w tenantState
	if err := json.Unmarshal([]byte(state), &w); err != nil {
		t.Fatal(err)
	}
	links := map[string][]string{}
	for id, h := range w.Users {
		links["user "+id] = h.Roles
	}
	for name, g := range w.Teams {
		links["team "+name] = g.Roles
	}
	if len(only) > 0 {
		maps.DeleteFunc(links, func(key string, _ []string) bool { return !slices.Contains(only, key) })
	}
	data, err := json.MarshalIndent(links, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// keysOf lists who holds links.
func keysOf(t *testing.T, links string) []string {
	t.Helper()
	m := map[string][]string{}
	if err := json.Unmarshal([]byte(links), &m); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(m))
}

// TestKeptRoleLinksAreUntouchedWhateverElseChanges changes e-mail, language, manager, licence, formats,
// photos, description and members of people and teams that hold roles, by v1 and v2, with and without
// faults. Role links are the same text before and after, and at the moment of failure too.
func TestKeptRoleLinksAreUntouchedWhateverElseChanges(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"neo", "cf", "cf/1", "cf/2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, before := keepScenario(t, name)
			held := keysOf(t, before)
			if diff := cmp.Diff(roleLinks(t, a.want, held...), before); diff != "" {
				t.Fatalf("the oracle itself changes role links (-got +want):\n%s", diff)
			}
			cases := map[string][]sacsim.Fault{"quiet": nil}
			for n, way := range slices.Sorted(maps.Keys(faultProfiles())) {
				f := faultProfiles()[way]
				f.Match = sacsim.Match{Path: "/scim", Method: []string{"", "PUT", "PATCH"}[n%3]}
				cases[way] = []sacsim.Fault{f}
			}
			for n, way := range slices.Sorted(maps.Keys(cases)) {
				if way != "quiet" && raceDetector && n%4 != 0 {
					continue
				}
				o := trial{scenario: a, workers: 1 + 3*(n%2), faults: cases[way]}
				o.halfWay = func(state string) {
					if diff := cmp.Diff(roleLinks(t, state, held...), before); diff != "" {
						t.Errorf("%s: role links after the first run (-got +want):\n%s", way, diff)
					}
				}
				if out := o.perform(t); out.problem != "" {
					t.Errorf("%s: %s", way, out.problem)
				}
			}
		})
	}
}

// TestAKeepPlanHasNoRoleLinksInIt looks at the plan itself.
func TestAKeepPlanHasNoRoleLinksInIt(t *testing.T) {
	t.Parallel()
	a, _ := keepScenario(t, "cf")
	dev := newSimTenant(t, "dev", "cf", scenarioFrom, "t.A", a.source, false)
	prod := newSimTenant(t, "prod", "cf", scenarioTo, "t.B", a.target, false)
	p, err := newTransfer(t, dev, prod, 4, "").plan(t.Context(), a.request)
	if err != nil {
		t.Fatal(err)
	}
	updates := 0
	for _, c := range p.Changes {
		if len(c.AddRoles)+len(c.RemoveRoles)+len(c.RolesBefore) > 0 || c.User != nil && len(c.User.Roles) > 0 {
			t.Errorf("%s %s has role links", c.Entity, c.Key)
		}
		if c.Op == plan.Update {
			updates++
		}
	}
	if updates < 8 {
		t.Errorf("only %d updates: the test shows nothing", updates)
	}
}
