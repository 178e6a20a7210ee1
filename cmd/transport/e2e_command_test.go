package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// args is a copy as a person types it.
func (o teamCopy) args() []string {
	name := "keep"
	if o.copyName {
		name = "copy"
	}
	return []string{
		"copy", "teams", "--from", "dev", "--to", "prod", "--team", o.team, "--users", "all", "--name", name,
		"--user-roles", o.userRoles, "--user-teams", o.userTeams, "--team-roles", o.teamRoles, "--members", o.members,
		"--max-role-removal", "100000", "--max-member-removal", "100000", "--min-source-size", "0",
	}
}

// everyPair reports whether a copy is one of 16 in which any two of the four actions meet in every way:
// an orthogonal array of strength two over the field of four elements.
func everyPair(n int) bool {
	times := [4][4]int{{0, 0, 0, 0}, {0, 1, 2, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}}
	a, b := n%4, n/4%4
	return n/16%4 == a^b && n/64 == a^times[2][b]
}

// TestTheCommandCarriesOutEveryCombination types 16 commands in which all pairs of actions meet, dry, for
// real, and once more; the other 240 combinations go in one run. The end is that of the oracle.
func TestTheCommandCarriesOutEveryCombination(t *testing.T) {
	t.Parallel()
	copies := combinations()
	source, target := combinedStates(copies, "email", "custom")
	d := newCLI(t, source, target, [2]string{"email", "custom"}, "")
	want := target.clone(t)
	typed := slices.DeleteFunc(slices.Clone(copies), func(o teamCopy) bool { return !everyPair(o.number) })
	rest := slices.DeleteFunc(slices.Clone(copies), func(o teamCopy) bool { return everyPair(o.number) })
	if len(typed) != 16 {
		t.Fatalf("%d commands, want 16", len(typed))
	}
	dry := typed
	if raceDetector {
		dry = typed[:4]
	}
	for _, o := range dry {
		d.mustExit(t, exitOK, append(o.args(), "--dry-run")...)
		d.mustExit(t, exitOK, append(o.args(), "--out", filepath.Join(d.dir, "plan.json"))...)
	}
	if n := d.prod.stats(t).writeCount() + d.dev.stats(t).writeCount(); n > 0 {
		t.Errorf("--dry-run and plans wrote %d times", n)
	}
	for _, o := range typed {
		d.mustExit(t, exitOK, append(o.args(), "--yes")...)
	}
	oracle(source, want, "email", "custom", typed)
	if diff := cmp.Diff(d.prod.state(t).text(t), want.text(t)); diff != "" {
		t.Errorf("after the commands (-got +want):\n%s", diff)
	}
	d.prod.control(t, http.MethodPost, "/__stats/reset", nil, nil)
	for _, o := range typed {
		d.mustExit(t, exitOK, append(o.args(), "--yes")...)
	}
	if n := d.prod.stats(t).writeCount(); n > 0 {
		t.Errorf("the second runs wrote %d times", n)
	}
	j := newTransfer(t, d.dev, d.prod, 4, "")
	p, err := j.plan(t.Context(), combinedRequest(rest))
	if err != nil {
		t.Fatal(err)
	}
	if res, err := j.run(t.Context(), p); err != nil || !res.Complete() {
		t.Fatalf("the run is not complete: %v, %v", err, failures(res))
	}
	oracle(source, want, "email", "custom", rest)
	if diff := cmp.Diff(d.prod.state(t).text(t), want.text(t)); diff != "" {
		t.Errorf("the end differs from the oracle (-got +want):\n%s", diff)
	}
	noViolations(t, d.dev, d.prod)
}

// TestWhoIsMeantDecidesWhatHappens runs the three choices of --users and compares with what each says.
func TestWhoIsMeantDecidesWhatHappens(t *testing.T) {
	t.Parallel()
	o := teamCopy{0, "Team 000", "replace", "replace", "replace", "add", false}
	for _, users := range []string{"none", "missing", "all"} {
		t.Run(users, func(t *testing.T) {
			t.Parallel()
			source, target := combinedStates([]teamCopy{o}, "default", "default")
			d := newCLI(t, source, target, [2]string{"default", "default"}, "")
			args := o.args()
			args[slices.Index(args, "--users")+1] = users
			if users == "none" { // these would have no effect
				args = slices.DeleteFunc(args, func(arg string) bool { return arg == "--user-roles" || arg == "--user-teams" })
				args = slices.Delete(args, slices.Index(args, "--name")+2, slices.Index(args, "--name")+4)
			}
			d.mustExit(t, exitOK, append(args, "--yes")...)
			want := target.clone(t)
			oracle(source, want, "default", "default", []teamCopy{o})
			for _, id := range []string{"A000", "C000"} { // who exists is left alone, but for the team's members
				if users != "all" {
					want.restore(id, target)
					want.join(o.team, id)
				}
			}
			if users == "none" {
				for _, team := range slices.Clone(want.Users["B000"].Teams) {
					want.leave(team, "B000")
				}
				delete(want.Users, "B000")
				delete(want.Teams, "Sec ours") // nobody came to need it
			}
			if diff := cmp.Diff(d.prod.state(t).text(t), want.text(t)); diff != "" {
				t.Errorf("the end (-got +want):\n%s", diff)
			}
			noViolations(t, d.dev, d.prod)
		})
	}
}

// TestARunUnderFaultsIsResumedByTheCommand breaks the tenant for good in the middle of a run of the
// command, mends it, and types what the program says.
func TestARunUnderFaultsIsResumedByTheCommand(t *testing.T) {
	t.Parallel()
	o := teamCopy{0, "Team 000", "replace", "replace", "replace", "replace", true}
	source, target := combinedStates([]teamCopy{o}, "default", "default")
	want := target.clone(t)
	oracle(source, want, "default", "default", []teamCopy{o})
	for name, rule := range map[string]string{
		"a proxy takes over":         `{"match":{"method":"PATCH","path":"scim2/Groups"},"action":"html"}`,
		"the right is taken away":    `{"match":{"method":"PATCH","path":"scim2/Groups"},"action":"status","status":401}`,
		"a proxy answers the create": `{"match":{"method":"POST","path":"scim2/(Bulk|Users)$"},"action":"html"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newCLI(t, source, target, [2]string{"default", "default"}, "")
			d.prod.control(t, http.MethodPost, "/__faults", json.RawMessage("["+rule+"]"), nil)
			code, said := d.run(t, append(o.args(), "--yes")...)
			if code != exitUnreachable && code != exitCredentials {
				t.Fatalf("exit code %d is no name for it: %s", code, said)
			}
			runs, err := os.ReadDir(filepath.Join(d.dir, "state", "runs"))
			if err != nil || len(runs) != 1 {
				t.Fatalf("got journals %v, %v; want one", runs, err)
			}
			d.prod.setFaults(t)
			d.mustExit(t, exitOK, "runs", "resume", runs[0].Name()[:36])
			if diff := cmp.Diff(d.prod.state(t).text(t), want.text(t)); diff != "" {
				t.Errorf("the end (-got +want):\n%s", diff)
			}
			noViolations(t, d.dev, d.prod)
		})
	}
}
