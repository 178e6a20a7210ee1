package show

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// console is an environment whose streams are kept.
type console struct {
	env       *cli.Environment
	out, talk *bytes.Buffer
}

func newConsole(ask bool, answer string) console {
	c := console{out: &bytes.Buffer{}, talk: &bytes.Buffer{}}
	c.env = &cli.Environment{
		In: strings.NewReader(answer), Out: c.out, Err: c.talk, Now: time.Now, Ask: ask, Env: func(string) string { return "" },
	}
	return c
}

func TestWhatTheEngineFoundIsPutIntoWordsWithTheWayOn(t *testing.T) {
	t.Parallel()
	conflict := plan.Finding{Code: plan.EmailTaken, Entity: plan.User, Key: "ANNA"}
	for name, tt := range map[string]struct {
		err  error
		code int
		says string
	}{
		"nothing":              {nil, cli.ExitOK, ""},
		"an error of a tenant": {fmt.Errorf("read: %w", context.Canceled), cli.ExitInterrupted, "read: context canceled"},
		"a guard": {
			&engine.GuardsExceededError{Guards: []plan.ExceededGuard{{Guard: "max_delete", Count: 20, Of: 1000, Limit: 10}}}, cli.ExitHeld,
			"held by a guard: max_delete: 20 people and teams deleted (2.0 % of 1000), over the limit of 10: if that is meant, allow it for this run with --max-delete 20; nothing was written",
		},
		"nothing but conflicts": {
			&engine.ConflictsError{Conflicts: []plan.Finding{conflict, conflict}}, cli.ExitConflicts,
			"nothing is left to do but 2 conflicts: email taken ANNA; nothing was written",
		},
		"a strict plan": {
			&engine.ConflictsError{Conflicts: []plan.Finding{conflict}, Strict: true}, cli.ExitConflicts,
			"--strict and 1 conflict: email taken ANNA; nothing was written",
		},
		"a team that is not there": {
			&engine.MissingTeamError{Team: "Sales", Tenant: "dev"}, cli.ExitConflicts, `team "Sales" is not in the source tenant dev; nothing was written`,
		},
		"a rule that fits nobody": {
			&engine.NobodySelectedError{Origin: "--where no", Tenant: "dev"}, cli.ExitUsage,
			"--where no selects nobody in tenant dev; nothing was written: correct it, or add --allow-empty if that is right",
		},
		"a rule with an unknown name": {
			&engine.UnknownNameError{Kind: "team", Name: "Slaes", Origin: "--where in_team(…)", Tenant: "dev"}, cli.ExitUsage,
			`--where in_team(…) names the team "Slaes", and tenant dev has none of that name; nothing was written: correct the name, or add --allow-empty if it may be missing`,
		},
		"a stale plan": {
			&engine.StaleError{Stale: []plan.Stale{{Side: "target", Entity: plan.User, Key: "ANNA", What: "gone"}}}, cli.ExitStale,
			"the plan is stale, nothing was written: target user ANNA (gone); make it again",
		},
		"a plan that others overtook": {
			&engine.LeaseLostError{Err: apply.ErrLeaseLost}, cli.ExitStale,
			"somebody else may have written to the tenant since the plan was begun: the lease on the tenant is lost; nothing was written: make the plan again",
		},
		"what is protected": {
			&engine.ProtectedError{Hits: []plan.Finding{{Code: plan.ProtectedUser, Entity: plan.User, Key: "ANNA"}}}, cli.ExitHeld,
			"the plan changes what is protected now: user ANNA (",
		},
		"a run that is interrupted": {&engine.InterruptedError{RunID: "run-1"}, cli.ExitInterrupted, "interrupted; go on with: transport runs resume run-1"},
		"a run with failures": {
			&engine.PartialError{RunID: "run-1", Failed: 2, Of: 5}, cli.ExitPartial,
			"done in part: 2 of 5 failed; to try these once more: transport runs resume run-1",
		},
		"a run that left conflicts out": {
			&engine.PartialError{RunID: "run-1", Of: 5, Conflicts: []plan.Finding{conflict}}, cli.ExitPartial, "done in part: 1 conflict left out (email taken ANNA)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newConsole(false, "")
			d := &Dialog{Env: c.env, Program: "transport", Surface: messages.Transport}
			err := d.Finish(&engine.Report{}, tt.err)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if !strings.HasPrefix(said, tt.says) || cli.ExitCode(err) != tt.code || !errors.Is(err, tt.err) {
				t.Errorf("got %d and %q, want %d and %q", cli.ExitCode(err), said, tt.code, tt.says)
			}
		})
	}
}

func TestAPlanIsShownWhereItIsReadAndWrittenToItsFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dialog    Dialog
		ask       bool
		out, talk bool
		asks      bool
		planOnly  bool
	}{
		"a table goes to stdout":                       {Dialog{Output: cli.AsTable, Yes: true}, false, true, false, false, false},
		"JSON leaves stdout to the document":           {Dialog{Output: cli.AsJSON, Yes: true}, true, false, false, false, false},
		"JSON with a question goes to stderr":          {Dialog{Output: cli.AsJSON}, true, false, true, true, false},
		"a dry run is only a plan":                     {Dialog{Output: cli.AsTable, DryRun: true}, true, true, false, false, true},
		"a file without a terminal is only a plan":     {Dialog{Output: cli.AsTable, Out: "plan.json"}, false, true, false, false, true},
		"a file with a terminal leads to a question":   {Dialog{Output: cli.AsTable, Out: "plan.json"}, true, true, false, true, false},
		"a plan from a file is approved by itself":     {Dialog{Output: cli.AsTable, Approved: true, From: "plan.json"}, false, true, false, false, false},
		"a plan from a file is asked for at terminals": {Dialog{Output: cli.AsTable, Approved: true, From: "plan.json"}, true, true, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newConsole(tt.ask, "n\n")
			d := tt.dialog
			d.Env, d.Program, d.Surface = c.env, "transport", messages.Transport
			if d.Out != "" {
				d.Out = filepath.Join(t.TempDir(), d.Out)
			}
			var w engine.Operation
			d.Attach(&w)
			p := fullPlan()
			p.Exceeded = nil
			if err := w.Planned(&engine.Report{Plan: p, ReadCalls: 3}); err != nil {
				t.Fatal(err)
			}
			if (w.Approve != nil) != tt.asks || w.PlanOnly != tt.planOnly || (c.out.Len() > 0) != tt.out || (c.talk.Len() > 0) != tt.talk {
				t.Errorf("asks %v, only a plan %v, %d bytes on stdout, %d on stderr", w.Approve != nil, w.PlanOnly, c.out.Len(), c.talk.Len())
			}
			if w.Approve != nil && cli.ExitCode(w.Approve(t.Context(), p)) != cli.ExitInterrupted {
				t.Error("a no is no error")
			}
			if d.Out == "" {
				return
			}
			if saved, err := ReadPlanFile(d.Out); err != nil || saved.ID != p.ID {
				t.Errorf("got %v, %v", saved, err)
			}
		})
	}
}

func TestTheEndOfAnOperationIsToldWithTheCommandThatGoesOn(t *testing.T) {
	t.Parallel()
	finished, stopped := mixedResult(), mixedResult()
	stopped.Interrupted = true
	p := fullPlan()
	for name, tt := range map[string]struct {
		dialog Dialog
		report engine.Report
		err    error
		code   int
		talk   string
	}{
		"a saved plan":       {Dialog{Out: "plan.json", DryRun: true}, engine.Report{Plan: p}, nil, cli.ExitOK, "To do exactly this: transport apply plan.json"},
		"a run that stopped": {Dialog{}, engine.Report{Plan: p, RunID: "run-1", Result: stopped}, context.Canceled, cli.ExitInterrupted, "Go on with: transport runs resume run-1"},
		"a run that had ended before": {
			Dialog{}, engine.Report{Plan: p, RunID: "run-1", Result: finished}, apply.ErrFinished, cli.ExitOK, "Run run-1 is finished: there is nothing to resume.",
		},
		"nothing to add": {Dialog{}, engine.Report{Plan: p}, nil, cli.ExitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newConsole(false, "")
			d := tt.dialog
			d.Env, d.Program, d.Output = c.env, "transport", cli.AsTable
			err := d.Finish(&tt.report, tt.err)
			if cli.ExitCode(err) != tt.code || !strings.Contains(c.talk.String(), tt.talk) || tt.talk == "" && c.talk.Len() > 0 {
				t.Errorf("got %v and %q, want %q", err, c.talk, tt.talk)
			}
			if shown := strings.Contains(c.out.String(), "run run-1"); shown != (tt.report.Result != nil) {
				t.Errorf("result shown: %v\n%s", shown, c.out)
			}
		})
	}
}

func TestFindingsStandBelowTheirTenant(t *testing.T) {
	t.Parallel()
	found := []CheckResult{
		{Step: "state", Level: OK, Text: "/var/lib"},
		{Tenant: "dev", Step: "token", Level: OK, Text: "accepted"},
		{Tenant: "dev", Step: "clock", Level: Warn, Text: "differs", Cure: "set it"},
		{Tenant: "prod", Step: "token", Level: Fail, Text: "refused\x1b[2J", Cure: "another secret"},
	}
	c := newConsole(false, "")
	if err := CheckResults(c.env, found, cli.AsTable); err != nil {
		t.Fatal(err)
	}
	want := `this machine
  ok   state         /var/lib
tenant dev
  ok   token         accepted
  warn clock         differs
                     cure: set it
tenant prod
  fail token         refused\u001b[2J
                     cure: another secret
`
	if got := c.out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	c.out.Reset()
	if err := CheckResults(c.env, found, cli.AsJSON); err != nil || !json.Valid(c.out.Bytes()) {
		t.Errorf("got %v, %s", err, c.out)
	}
}

func TestRunsAreListedAndShown(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 3, 1, 8, 0, 0, 0, time.Local)
	info := engine.RunInfo{ID: "run-1", Status: engine.RunPartial, Started: started, Source: "https://dev.example.test", Target: "https://prod.example.test", Command: "copy teams"}
	run := &engine.Run{
		RunInfo: info, Calls: []apply.Record{{Settled: true}, {}},
		End: &apply.End{Cause: "the lease is lost", Entities: mixedResult().Entities[25:]},
	}
	var b strings.Builder
	if err := errors.Join(Runs(&b, []engine.RunInfo{info}), Run(&b, "transport", run)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"RUN    STARTED              STATUS        TARGET                     COMMAND\nrun-1  2026-03-01 08:00:00  done in part  https://prod.example.test  copy teams\n",
		"Run run-1: done in part\n", "  calls    2, of which 1 without a known outcome\n", "  resume   transport runs resume run-1\n", "  cause    the lease is lost\n",
		"  result   1 done, 1 done in part, 3 failed, 1 skipped\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got\n%s\nwant in it %q", &b, want)
		}
	}
	run.End, b = nil, strings.Builder{}
	if err := Run(&b, "transport", run); err != nil || strings.Contains(b.String(), "result") {
		t.Errorf("a killed run has no result: %v\n%s", err, &b)
	}
}

func TestACheckNamesWhatIsNotAsItWas(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{ID: "plan-1", Source: identity.Tenant{Name: "dev"}}
	stale := []plan.Stale{{Side: "target", Entity: plan.Team, Key: "Finance", What: "changed"}}
	for name, tt := range map[string]struct {
		stale  []plan.Stale
		output cli.Output
		want   string
	}{
		"it holds":          {nil, cli.AsTable, "The plan holds: everything it was decided from is as it was.\n"},
		"it does not":       {stale, cli.AsTable, "SIDE    KIND  NAME     WHAT\ntarget  team  Finance  changed\n"},
		"it holds, as JSON": {nil, cli.AsJSON, "{\n  \"planId\": \"plan-1\",\n  \"fresh\": true,\n  \"stale\": []\n}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newConsole(false, "")
			if err := PlanCheck(c.env, p, tt.stale, tt.output); err != nil || c.out.String() != tt.want {
				t.Errorf("got %q, %v, want %q", c.out, err, tt.want)
			}
		})
	}
}
