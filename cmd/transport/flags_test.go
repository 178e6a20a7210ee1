package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"pgregory.net/rapid"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// testApp works in buffers, without a terminal.
func testApp() *app {
	return &app{Environment: cli.Environment{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }, Now: time.Now}}
}

// parse runs a command whose run function only keeps its options.
func parse(t *testing.T, cmd *cobra.Command, line string) error {
	t.Helper()
	cmd.SetArgs(strings.Fields(line))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	return cmd.ExecuteContext(t.Context())
}

func TestCopyTeamsFlagsBecomeARequest(t *testing.T) {
	t.Parallel()
	byDefault := plan.CopyTeam{
		Team: "Finance", Users: plan.UsersMissing, UserRoles: identity.Add, UserTeams: identity.Keep,
		TeamRoles: identity.Add, Members: identity.Add, Name: plan.NameKeep,
	}
	step := func(c plan.CopyTeam) plan.Step { return plan.Step{Origin: "--team " + c.Team, CopyTeam: &c} }
	for name, tt := range map[string]struct {
		line string
		want plan.Request
	}{
		"the defaults remove nothing and translate roles": {
			"--from dev --to prod --team Finance",
			plan.Request{
				Steps:   []plan.Step{step(byDefault)},
				Options: plan.Options{TranslateRoles: true, RoleTable: map[string]string{"a": "b"}, Active: plan.ActiveKeep},
			},
		},
		"every flag has its place": {
			"--from dev --to prod --team A,B --team Finance --users all --user-roles replace --user-teams remove --team-roles intersect --members keep --name copy --with-secondary-roles --active source --translate-roles=false --strict",
			plan.Request{
				Steps: []plan.Step{
					step(plan.CopyTeam{Team: "A,B", Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Remove, TeamRoles: identity.Intersect, Members: identity.Keep, Name: plan.NameCopy}),
					step(plan.CopyTeam{Team: "Finance", Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Remove, TeamRoles: identity.Intersect, Members: identity.Keep, Name: plan.NameCopy}),
				},
				Options: plan.Options{Active: plan.ActiveSource, SecondaryRoles: true, Strict: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got plan.Request
			cmd := newCopyTeamsCmd(testApp(), func(_ context.Context, _ *app, o *copyTeamsOptions) error {
				got = o.request(&tenantPair{roleTable: map[string]string{"a": "b"}})
				return nil
			})
			if err := parse(t, cmd, tt.line); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCopyUsersFlagsBecomeARequest(t *testing.T) {
	t.Parallel()
	var got plan.Request
	cmd := newCopyUsersCmd(testApp(), func(_ context.Context, _ *app, o *copyUsersOptions) error {
		got = o.request(&tenantPair{}, []engine.Person{{UserID: "ANNA", Origin: "ids.txt:1"}})
		return nil
	})
	if err := parse(t, cmd, "--from dev --to prod --ids ids.txt --users all --user-roles keep --user-teams add --active true"); err != nil {
		t.Fatal(err)
	}
	want := plan.Request{
		Steps:   []plan.Step{{Origin: "ids.txt:1", CopyUser: &plan.CopyUser{UserID: "ANNA", Users: plan.UsersAll, Roles: identity.Keep, Teams: identity.Add}}},
		Options: plan.Options{TranslateRoles: true, Active: plan.ActiveTrue},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestRunTakesRoleNamesVerbatimUnlessAsked(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{"1953": false, "953 --translate-roles": true} {
		var got *runOptions
		cmd := newRunCmd(testApp(), func(_ context.Context, _ *app, o *runOptions) error {
			got = o
			return nil
		})
		if err := parse(t, cmd, line); err != nil {
			t.Fatal(err)
		}
		if got.translateRoles != want || got.active != plan.ActiveKeep {
			t.Errorf("run %s: translate %v, active %q; want %v, keep", line, got.translateRoles, got.active, want)
		}
	}
}

func TestWrongFlagsAreErrorsOfUsage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"copy teams --from dev --to prod --team T --yes --dry-run":        "contradict",
		"copy teams --from dev --team T --yes":                            "--to TENANT",
		"copy teams --from dev --to prod --yes":                           "--team NAME",
		"copy teams --from dev --to prod --team T --yes --workers 65":     "use 1 to 64",
		"copy teams --from dev --to prod --team T --yes --users some":     "use none, missing, all",
		"copy teams --from dev --to prod --team T --yes --max-create 5.5": "neither a count",
		"copy teams --from dev --to prod --team T -o yaml":                "use table or json",
		"copy users --from dev --to prod --yes":                           "say who is meant",
		"copy users --from dev --to prod --yes --users none --ids x":      "use missing, all",
		"run 1953 --data x --yes":                                         "say which tenants",
		"run 1953 --data x --yes --env a --from dev":                      "not by both",
		"run 1953 --data x --yes --target-env a":                          "needs --env",
		"run":                                                             "needs the NUMBER",
		"runs list --ca":                                                  "flag needs an argument",
		"tenant test":                                                     "needs the NAME",
		"apply":                                                           "needs a plan FILE",
		"apply x --yes --dry-run":                                         "contradict",
		"nonsense":                                                        `unknown command "nonsense"`,
	} {
		var talk strings.Builder
		a := testApp()
		a.Err = &talk
		code := execute(t.Context(), a, strings.Fields(line))
		if code != exitUsage || !strings.Contains(talk.String(), want) {
			t.Errorf("%s: exit code %d and %q; want 2 and %q", line, code, talk.String(), want)
		}
	}
}

func TestGuardFlagsAreLimitsForThisRun(t *testing.T) {
	t.Parallel()
	ten, two := 10, 2.0
	base := plan.Guards{MaxDelete: plan.Guard{Count: &ten, Percent: &two}, MinSourceSize: plan.Guard{Count: &ten}}
	var l limitFlags
	for flag, value := range map[*limit]string{&l.remove: "60", &l.memberRemoval: "2.5%", &l.sourceSize: "5%"} {
		if err := flag.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	w := (&tenantPair{rules: plan.Rules{Guards: base}}).operation("test", &l)
	sixty, share, five := 60, 2.5, 5.0
	allow := plan.Guards{MaxDelete: plan.Guard{Count: &sixty}, MaxMemberRemoval: plan.Guard{Percent: &share}}
	if diff := cmp.Diff(allow, w.Allow); diff != "" {
		t.Errorf("limits of the run (-want +got):\n%s", diff)
	}
	rules := plan.Rules{Guards: plan.Guards{MaxDelete: base.MaxDelete, MinSourceSize: plan.Guard{Percent: &five}}}
	if diff := cmp.Diff(rules, w.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestLimitsReadBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.Map(rapid.IntRange(0, 1<<30), func(n int) string { return fmt.Sprint(n) }),
			rapid.Map(rapid.IntRange(0, 1000), func(n int) string { return fmt.Sprintf("%g%%", float64(n)/10) }),
		).Draw(t, "limit")
		var l limit
		if err := l.Set(text); err != nil {
			t.Fatal(err)
		}
		if got := l.String(); got != text {
			t.Fatalf("got %q, want %q", got, text)
		}
	})
}

func FuzzLimit(f *testing.F) {
	for _, seed := range []string{"60", "5%", "0", "-1", "NaN%", "1e3%", "101%", "%", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var l limit
		if err := l.Set(text); err != nil {
			if l.guard != nil {
				t.Errorf("%q was refused and set all the same", text)
			}
			return
		}
		switch {
		case l.guard.Count != nil && *l.guard.Count < 0:
			t.Errorf("%q gives the count %d", text, *l.guard.Count)
		case l.guard.Percent != nil && !(*l.guard.Percent >= 0 && *l.guard.Percent <= 100):
			t.Errorf("%q gives %g %%", text, *l.guard.Percent)
		}
	})
}

// TestEveryCommandHasHelp walks the tree: long help, exit codes, and an example for what can be run.
func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "help" {
			return
		}
		if cmd.Short == "" || !strings.Contains(cmd.Long, "Exit codes:") {
			t.Errorf("%s lacks its help or its exit codes", cmd.CommandPath())
		}
		if !cmd.HasSubCommands() && !strings.HasPrefix(strings.TrimSpace(cmd.Example), "transport ") {
			t.Errorf("%s lacks an example", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRootCmd(testApp()))
}
