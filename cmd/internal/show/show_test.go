package show

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata/golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// fullPlan has something in every section.
func fullPlan() *plan.Plan {
	p := &plan.Plan{
		Version: plan.Version, ID: "plan-1",
		Source: identity.Tenant{Name: "dev", URL: "https://dev.example.test", Platform: "neo", SSO: "default"},
		Target: identity.Tenant{Name: "prod", URL: "https://prod.example.test", Platform: "cf", SSO: "email"},
		Counts: plan.Counts{
			CreateUsers: 25, UpdateUsers: 1, DeactivateUsers: 1, DeleteUsers: 1, CreateTeams: 1, UpdateTeams: 1, DeleteTeams: 1,
			AddRoles: 3, RemoveRoles: 1, AddMembers: 25, RemoveMembers: 1, UnchangedUsers: 1, UnchangedTeams: 2,
		},
		Calls: 12,
		Conflicts: []plan.Finding{
			{Code: plan.EmailTaken, Entity: plan.User, Key: "ZOE", Name: "zoe@example.test", Users: []string{"ZOE_OLD"}},
			{Code: plan.MissingRole, Key: "PROFILE:t.PRD:Auditor", Users: []string{"A", "B", "C", "D", "E", "F"}, Teams: []string{"Legal"}},
			{Code: plan.MissingManager, Entity: plan.User, Key: "BOSS", Users: []string{"U001"}},
		},
		Skips:    []plan.Finding{{Code: plan.OwnerUnchanged, Entity: plan.User, Key: "OWNER"}},
		Warnings: []plan.Finding{{Code: plan.ContentLost, Entity: plan.User, Users: []string{"GONE"}}},
		Exceeded: []plan.ExceededGuard{{Guard: "max_delete", Count: 2, Of: 30, Limit: 1}},
	}
	for i := range 25 {
		p.Changes = append(p.Changes, plan.Change{
			Entity: plan.User, Op: plan.Create, Key: fmt.Sprintf("U%03d", i+1),
			User: &identity.User{Email: fmt.Sprintf("u%03d@example.test", i+1), Active: true, Roles: []string{"PROFILE:t.PRD:Analyst"}}, Reasons: []string{"--team Finance: users missing"},
		})
	}
	p.Changes = append(p.Changes,
		plan.Change{
			Entity: plan.User, Op: plan.Update, Key: "EVIL\x1b[2JNAME", Reasons: []string{"why\u202enot"},
			Fields:   []plan.Field{{Name: plan.FieldActive, Before: "true", After: "false"}},
			AddRoles: []string{"R1", "R2", "R3"}, RemoveRoles: []string{"R9"},
		},
		plan.Change{Entity: plan.User, Op: plan.Delete, Key: "GONE", User: &identity.User{Email: "gone@example.test"}},
		plan.Change{Entity: plan.Team, Op: plan.Create, Key: "New", Group: &identity.Group{Name: "New", Description: "A new team"}, AddMembers: []string{"U001"}},
		plan.Change{Entity: plan.Team, Op: plan.Update, Key: "Finance", AddMembers: []string{"U001", "U002"}, RemoveMembers: []string{"X"}, Size: 3},
		plan.Change{Entity: plan.Team, Op: plan.Delete, Key: "Old"},
	)
	return p
}

func TestPlanViewShowsCountsThenNamesThenWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := (Plan{Plan: fullPlan(), Reads: 7, Time: 95 * time.Second, More: "plan.json", Surface: messages.Transport}).Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.txt", b.Bytes())
}

func TestPlanViewShowsReasonsAndColoursOnDemand(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := (Plan{Plan: fullPlan(), More: "-o json", Reasons: true, Surface: messages.Transport, Paint: true}).Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan_reasons.txt", b.Bytes())
}

func TestPlanViewOfAnEmptyPlanSaysThatThereIsNothingToDo(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := &plan.Plan{Source: fullPlan().Source, Target: fullPlan().Target, Counts: plan.Counts{UnchangedUsers: 1, UnchangedTeams: 1}}
	if err := (Plan{Plan: p, Reads: 5}).Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan_empty.txt", b.Bytes())
}

func mixedResult() *apply.Result {
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	r := &apply.Result{RunID: "run-1", Calls: 40, Started: start, Ended: start.Add(83 * time.Second)}
	for i := range 25 {
		r.Entities = append(r.Entities, apply.EntityResult{
			Entity: plan.User, Key: fmt.Sprintf("U%03d", i+1), Op: plan.Create, Status: apply.Failed, Cause: "no licence is left", CauseKey: "refused/no-licence",
		})
	}
	r.Entities = append(r.Entities,
		apply.EntityResult{Entity: plan.User, Key: "BEN", Op: plan.Update, Status: apply.Failed, Cause: "update user \"BEN\": no answer in time", CauseKey: "unknown outcome/timeout"},
		apply.EntityResult{Entity: plan.Team, Key: "Legal", Op: plan.Create, Status: apply.Failed, Cause: "refused", CauseKey: "unknown outcome/server-error"},
		apply.EntityResult{Entity: plan.Team, Key: "Sales", Op: plan.Create, Status: apply.Failed, Cause: "refused as well", CauseKey: "unknown outcome/server-error"},
		apply.EntityResult{Entity: plan.User, Key: "ANNA", Op: plan.Create, Status: apply.Done, Warnings: []string{"the tenant ignored the manager"}},
		apply.EntityResult{
			Entity: plan.Team, Key: "Finance", Op: plan.Update, Status: apply.Partly,
			Links: []apply.LinkFailure{{Kind: apply.MemberLink, Key: "U001", Cause: "could not be created"}},
		},
		apply.EntityResult{Entity: plan.User, Key: "OWNER", Status: apply.Skipped, Finding: &plan.Finding{Code: plan.OwnerUnchanged, Entity: plan.User, Key: "OWNER"}},
	)
	return r
}

func TestResultViewShowsCountsAndCauses(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := (Result{Result: mixedResult(), Program: "transport", Surface: messages.Transport}).Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := entities(&b, mixedResult().Entities[24:]); err != nil {
		t.Fatal(err)
	}
	golden(t, "result.txt", b.Bytes())
}

func TestReportIsOneCompleteDocument(t *testing.T) {
	t.Parallel()
	p := fullPlan()
	p.Changes = p.Changes[24:]
	r := mixedResult()
	r.Entities = r.Entities[24:]
	var b bytes.Buffer
	rep := newReport(&engine.Report{Plan: p, ReadCalls: 7, ApplyTime: 95 * time.Second, Result: r}, messages.Transport, "", cli.Codef(cli.ExitPartial, "done in part"))
	if err := rep.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b.Bytes()) {
		t.Error("the report is no JSON")
	}
	golden(t, "report.json", b.Bytes())
}

// called is a side that has made some calls.
func called(name string, calls, retries int) engine.Endpoint {
	return engine.Endpoint{Conn: namedConn{name: name}, Traffic: func() engine.Traffic { return engine.Traffic{Calls: calls, Retries: retries} }}
}

// namedConn is a connector of which nothing is asked but its name.
type namedConn struct {
	upstream.Connector
	name string
}

func (c namedConn) Tenant() identity.Tenant { return identity.Tenant{Name: c.name} }

func TestMeterSaysHowFarARunIs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	m := NewMeter(&cli.Environment{Now: func() time.Time { return at }, Quiet: true})
	m.Begin(engine.Writing, called("prod", 3, 1))()
	m.w.Now = func() time.Time { return at.Add(10 * time.Second) }
	if got, want := m.line(), "writing to prod: 3 calls, 1 retry, 10s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m.Progress(apply.Progress{Phase: "teams", Done: 50, Total: 200, Calls: 12, EstCalls: 40, Retries: 2, Failed: 1, Current: "team Finance"})
	if got, want := m.line(), "writing to prod: teams 50/200, 5.0/s, 30s left, 12 of about 40 calls, 2 retries, 1 failed, team Finance"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m.Begin(engine.Checking, called("dev", 1, 0), called("prod", 3, 1))()
	if got, want := m.line(), "checking dev and prod: 4 calls, 1 retry, 0s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Trial 6: repeats and waits of the calls themselves did not show while a run was writing.
func TestMeterTellsWaitsAndRepeatsOfCallsTruly(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	sent := engine.Traffic{Calls: 5, Retries: 1, Waited: 2 * time.Second}
	m := NewMeter(&cli.Environment{Now: func() time.Time { return at }, Quiet: true})
	m.Begin(engine.Writing, engine.Endpoint{Conn: namedConn{name: "prod"}, Traffic: func() engine.Traffic { return sent }})()
	sent = engine.Traffic{Calls: 15, Retries: 7, Waited: 14 * time.Second, Pause: 35 * time.Second}
	m.Progress(apply.Progress{Phase: "users", Total: 200, Calls: 2, EstCalls: 40, Retries: 2})
	if got, want := m.line(), "writing to prod: users 0/200, 2 of about 40 calls, 8 retries, waited 12s, the tenant asks to wait 35s more"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMeterWritesALineEveryHalfMinuteWhereThereIsNoTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var talk bytes.Buffer
		end := NewMeter(&cli.Environment{Err: &talk, Now: time.Now}).Begin(engine.Reading, called("dev", 4, 0))
		timer := time.NewTimer(70 * time.Second)
		<-timer.C
		end()
		if got, want := talk.String(), "reading dev: 4 calls, 0 retries, 30s\nreading dev: 4 calls, 0 retries, 1m0s\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestMeterSaysNothingWhenQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var talk bytes.Buffer
		m := NewMeter(&cli.Environment{Err: &talk, Now: time.Now, ErrTerminal: true, Quiet: true})
		end := m.Begin(engine.Reading, called("dev", 4, 0))
		<-time.NewTimer(time.Minute).C
		m.WaitingForLease(apply.Lease{Holder: "somebody"})
		m.LeaseReleased(15 * time.Minute)
		end()
		if talk.Len() > 0 {
			t.Errorf("got %q, want nothing", talk.String())
		}
	})
}

func TestMeterTellsWhoIsWaitedForAndThatTheLeaseIsGivenBack(t *testing.T) {
	t.Parallel()
	var talk bytes.Buffer
	m := NewMeter(&cli.Environment{Err: &talk})
	m.WaitingForLease(apply.Lease{Tenant: "https://prod.example.test", Holder: "bridge job nightly on host1 (pid 17)\x1b[2J"})
	m.LeaseReleased(15 * time.Minute)
	for _, want := range []string{"https://prod.example.test is being written to by bridge job nightly on host1 (pid 17)\\u001b", "No answer for 15m0s"} {
		if !strings.Contains(talk.String(), want) {
			t.Errorf("got %q, want %q in it", &talk, want)
		}
	}
}

func TestARunThatIsDoneInPartNamesTheWayThatHelps(t *testing.T) {
	t.Parallel()
	const again, anew = "transport runs resume run-1", "make a new plan"
	for name, c := range map[string]struct {
		err           engine.PartialError
		resume, fresh bool
	}{
		"the first try":                  {engine.PartialError{}, true, false},
		"a later try":                    {engine.PartialError{Resumed: true}, true, true},
		"nothing is as the plan has it":  {engine.PartialError{Replan: true}, false, true},
		"nor is it after it was resumed": {engine.PartialError{Replan: true, Resumed: true}, false, true},
	} {
		c.err.RunID, c.err.Failed, c.err.Of = "run-1", 1, 2
		got := (&Dialog{Program: "transport"}).words(&c.err)
		if strings.Contains(got, again) != c.resume || strings.Contains(got, anew) != c.fresh || !strings.HasPrefix(got, "done in part: 1 of 2 failed; ") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestAQuestionEndsWhenTheProgramIsInterrupted(t *testing.T) {
	t.Parallel()
	in, keepOpen := io.Pipe()
	defer func() { _ = keepOpen.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Approve(ctx, &cli.Environment{In: in, Err: io.Discard}, &plan.Plan{}, false); cli.ExitCode(err) != cli.ExitInterrupted {
		t.Errorf("got %v, want an interruption", err)
	}
}

func TestDeletionsInAProductionTenantAskForItsName(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Target: identity.Tenant{Name: "prod"}, Counts: plan.Counts{DeleteUsers: 2}}
	for answer, want := range map[string]int{"prod\n": cli.ExitOK, "y\n": cli.ExitInterrupted, "PROD\n": cli.ExitInterrupted} {
		err := Approve(t.Context(), &cli.Environment{In: strings.NewReader(answer), Err: io.Discard}, p, true)
		if got := cli.ExitCode(err); got != want {
			t.Errorf("answer %q: exit code %d, want %d", answer, got, want)
		}
	}
}

func TestTheWorstFindingGivesTheExitCode(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		found []CheckResult
		want  int
	}{
		"warnings are no failure":          {[]CheckResult{{Level: Warn}, {Level: OK}}, cli.ExitOK},
		"a failure without a code is 3":    {[]CheckResult{{Level: Fail}}, cli.ExitPartial},
		"a code of its own goes before it": {[]CheckResult{{Level: Fail}, {Level: Fail, Code: cli.ExitCredentials}}, cli.ExitCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := cli.ExitCode(Worst(tt.found)); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}
