package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

var addAnna = service.Edit{Team: "Finance", AddMembers: []string{"ANNA"}}

func TestNothingIsSentWhereSomethingIsMissing(t *testing.T) {
	t.Parallel()
	errMissing := errors.New("the variable is not set")
	for name, tt := range map[string]struct {
		spoil func(w *world, op *engine.Operation, d *engine.Deps)
		want  string
	}{
		"both endpoints are one tenant": {func(w *world, op *engine.Operation, _ *engine.Deps) { op.From = w.prod.side(w.t) }, "the same tenant (prod.example.test)"},
		"the source's secret": {func(_ *world, op *engine.Operation, _ *engine.Deps) {
			op.From.Credentials = func() error { return errMissing }
		}, `tenant "dev": the variable is not set`},
		"the target's secret": {func(_ *world, op *engine.Operation, _ *engine.Deps) {
			op.To.Credentials = func() error { return errMissing }
		}, `tenant "prod": the variable is not set`},
		"a place for the journal": {func(_ *world, _ *engine.Operation, d *engine.Deps) { d.Writable = func() error { return errMissing } }, "the variable is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			op, d := w.copyTeam(identity.Add), engine.Deps{Program: "test", Leases: w.leases, Journals: w.journals}
			tt.spoil(w, &op, &d)
			_, err := engine.New(d).Change(t.Context(), op)
			if !sameKind(err, &engine.NotStartedError{}) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if fromCalls, _ := w.dev.counts(); fromCalls > 0 || w.holder() != "" {
				t.Errorf("%d calls, and %q holds the lease", fromCalls, w.holder())
			}
		})
	}
}

func TestAPlanNeedsNoPlaceForAJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.copyTeam(identity.Add)
	op.PlanOnly = true
	report, err := engine.New(engine.Deps{Program: "test", Version: "1.2"}).Change(t.Context(), op)
	if err != nil || report.Plan.ID == "" || report.Plan.Tool != "test 1.2" || report.ReadCalls == 0 || report.Plan.Calls == 0 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestAPlanThatMustNotBeAppliedIsToldAllTheSame(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(op *engine.Operation)
		want   func(error) bool
	}{
		"held by a guard": {func(op *engine.Operation) { op.Rules.Guards.MaxCreate = limitOf(0) }, isA[*engine.GuardsExceededError]},
		"nothing but conflicts": {func(op *engine.Operation) {
			op.Request = engine.FixedRequest(plan.Request{Steps: []plan.Step{{Origin: "test", CopyUser: &plan.CopyUser{UserID: "NOT_THERE", Users: plan.UsersAll}}}})
		}, isA[*engine.ConflictsError]},
		"Planned fails": {func(op *engine.Operation) {
			told := op.Planned
			op.Planned = func(r *engine.Report) error { return errors.Join(told(r), errNo) }
		}, func(err error) bool { return errors.Is(err, errNo) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, told := newWorld(t), false
			op := w.copyTeam(identity.Add)
			op.Planned = func(r *engine.Report) error {
				told = r.Plan != nil && r.ReadCalls > 0
				return nil
			}
			op.Approve = func(context.Context, *plan.Plan) error {
				t.Error("nobody is to be asked")
				return nil
			}
			tt.change(&op)
			if _, err := w.engine().Change(t.Context(), op); !tt.want(err) || !told {
				t.Errorf("got %v, told %v", err, told)
			}
			w.wantNoWrites()
			if ids, err := w.engine().RunIDs(t.Context()); err != nil || len(ids) > 0 || w.holder() != "" {
				t.Errorf("runs %v, %v are left, and %q holds the lease", ids, err, w.holder())
			}
		})
	}
}

func TestAPlanAppliedMakesTheNextOneEmpty(t *testing.T) {
	t.Parallel()
	w, seen := newWorld(t), &watcher{}
	op := w.copyTeam(identity.Replace)
	op.Observer = seen
	first, err := w.engine().Change(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.prod.members(t, "Finance"), []string{"ANNA", "BEN"}); diff != "" {
		t.Errorf("members (-got +want):\n%s", diff)
	}
	again := w.copyTeam(identity.Replace)
	again.Approve = func(context.Context, *plan.Plan) error { return errNo }
	again.From, again.To = op.From, op.To // whose calls so far are the first operation's
	report, err := w.engine().Change(t.Context(), again)
	if err != nil || !report.Plan.Empty() || report.Result != nil || report.ReadCalls > first.ReadCalls {
		t.Errorf("got %+v, %v and %d calls, want nothing to do and at most %d", report.Plan.Changes, err, report.ReadCalls, first.ReadCalls)
	}
	want := []string{"reading dev prod", "end of reading dev prod", "writing to prod", "end of writing to prod"}
	if diff := cmp.Diff(seen.told, want); diff != "" {
		t.Errorf("told (-got +want):\n%s", diff)
	}
}

func TestARefusedTargetIsFoundDuringTheReadingOfTheSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.prod.fail(t, `[{"match":{"path":"oauth"},"prob":1,"action":"status","status":401}]`)
		op := w.copyTeam(identity.Add)
		op.Request = func(ctx context.Context, _ upstream.Reader) (plan.Request, *identity.Snapshot, error) {
			select {
			case <-ctx.Done():
				return plan.Request{}, nil, ctx.Err()
			case <-time.After(time.Hour): // a reading that takes long
				return plan.Request{}, nil, errNo
			}
		}
		if _, err := w.engine().Change(t.Context(), op); err == nil || !strings.HasPrefix(err.Error(), "read the target tenant prod: ") {
			t.Errorf("got %v, want the target's refusal", err)
		}
	})
}

func TestPeopleAreSelectedByAllThatIsGiven(t *testing.T) {
	t.Parallel()
	isBen := func(u *identity.User) (bool, error) { return u.UserID == "BEN", nil }
	isNobody := func(*identity.User) (bool, error) { return false, nil }
	named := func(teams []string, roles ...string) engine.RuleNames {
		return engine.RuleNames{Teams: teams, Roles: roles, HasRole: func(ids []string, name string) bool { return slices.Contains(ids, name) }}
	}
	for name, tt := range map[string]struct {
		selection engine.Selection
		want      []engine.Person
		err       string
	}{
		"people alone need no reading": {engine.Selection{People: []engine.Person{{UserID: "NO", Origin: "1"}}}, []engine.Person{{UserID: "NO", Origin: "1"}}, ""},
		"a team":                       {engine.Selection{Teams: []string{"Finance"}, Origin: "team"}, []engine.Person{{UserID: "ANNA", Origin: "team"}, {UserID: "BEN", Origin: "team"}}, ""},
		"everybody whom a rule fits":   {engine.Selection{Match: isBen, Origin: "rule"}, []engine.Person{{UserID: "BEN", Origin: "rule"}}, ""},
		"people whom a rule fits, and those who are not there": {
			engine.Selection{People: []engine.Person{{UserID: "NO"}, {UserID: "BEN"}, {UserID: "ANNA"}}, Match: isBen},
			[]engine.Person{{UserID: "NO"}, {UserID: "BEN"}},
			"",
		},
		"people of a team":         {engine.Selection{People: []engine.Person{{UserID: "X1"}, {UserID: "ANNA", Origin: "2"}}, Teams: []string{"Finance"}}, []engine.Person{{UserID: "ANNA", Origin: "2"}}, ""},
		"members whom a rule fits": {engine.Selection{Teams: []string{"Finance"}, Match: isBen, Origin: "both"}, []engine.Person{{UserID: "BEN", Origin: "both"}}, ""},
		"a team that is not there": {engine.Selection{Teams: []string{"Sales"}}, nil, `team "Sales" is not in the source tenant dev`},
		"a rule that fits nobody": {
			engine.Selection{Match: isNobody, Origin: "--where x"}, nil, "--where x selects nobody in tenant dev",
		},
		"a rule that may fit nobody": {engine.Selection{Match: isNobody, AllowEmpty: true}, nil, ""},
		"a rule that names a team nobody is in, and one that is not there": {
			engine.Selection{Match: isBen, Names: named([]string{"Finance", "Sales"}), Origin: "rule"},
			nil,
			`rule names the team "Sales", and tenant dev has none of that name`,
		},
		"a rule that names a role nobody holds, and one that is not there": {
			engine.Selection{Match: isBen, Names: named(nil, "PROFILE:sap.epm:Viewer", "PROFILE:t.A:No"), Origin: "rule"},
			nil,
			`rule names the role "PROFILE:t.A:No", and tenant dev has none of that name`,
		},
		"names that may be missing": {
			engine.Selection{Match: isBen, Names: named([]string{"Sales"}, "PROFILE:t.A:No"), AllowEmpty: true}, []engine.Person{{UserID: "BEN"}}, "",
		},
		"a rule that cannot be asked": {engine.Selection{Match: func(*identity.User) (bool, error) { return false, errNo }}, nil, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got, known, err := tt.selection.Find(t.Context(), w.dev.side(t).Conn)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if diff := cmp.Diff(got, tt.want); diff != "" || said != tt.err {
				t.Errorf("error %q, want %q; people (-got +want):\n%s", said, tt.err, diff)
			}
			if calls, _ := w.dev.counts(); (calls > 0) != (tt.selection.Teams != nil || tt.selection.Match != nil) || err == nil && (known != nil) != (calls > 0) {
				t.Errorf("%d calls, read %v", calls, known)
			}
		})
	}
}

// TestNobodyIsReadTwice selects people by a rule and copies them: the reading that finds them serves the plan.
func TestNobodyIsReadTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.copyTeam(identity.Add)
	op.PlanOnly = true
	selection := engine.Selection{Match: func(u *identity.User) (bool, error) { return u.UserID == "BEN", nil }, Origin: "rule"}
	selected := 0
	op.Request = func(ctx context.Context, source upstream.Reader) (plan.Request, *identity.Snapshot, error) {
		people, known, err := selection.Find(ctx, source)
		selected, _ = w.dev.counts()
		var req plan.Request
		for _, p := range people {
			req.Steps = append(req.Steps, plan.Step{Origin: p.Origin, CopyUser: &plan.CopyUser{UserID: p.UserID, Users: plan.UsersMissing, Roles: identity.Keep, Teams: identity.Keep}})
		}
		return req, known, err
	}
	report, err := w.engine().Change(t.Context(), op)
	if err != nil || len(report.Plan.Changes) != 1 || len(report.Plan.SourceFingerprints) != 1 {
		t.Errorf("got %+v, %v, want a plan for one person", report.Plan, err)
	}
	if calls, _ := w.dev.counts(); calls != selected {
		t.Errorf("%d calls to the source after the selection, want none", calls-selected)
	}
}

// learned is a connector that knows something of its target.
type learned struct {
	upstream.Connector
	facts upstream.Facts
}

func (l learned) Facts() upstream.Facts { return l.facts }

// TestWhatTheTargetIgnoresIsLeftOut plans a change of a name for a target that was seen to ignore names.
func TestWhatTheTargetIgnoresIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.copyTeam(identity.Add)
	op.PlanOnly = true
	op.Request = engine.FixedRequest(plan.Request{Steps: []plan.Step{{SetUser: &plan.SetUser{
		Who: plan.Who{UserID: "ANNA"}, Values: plan.Values{plan.FieldGivenName: "Another", plan.FieldLanguage: "fr"},
	}}}})
	since := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	op.To.Conn = learned{op.To.Conn, upstream.Facts{Ignored: map[string]time.Time{upstream.AttrGivenName: since}}}
	report, err := w.engine().Change(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Finding{{Code: plan.AttributeIgnored, Entity: plan.Attribute, Key: "givenName", Since: since, Users: []string{"ANNA"}}}
	if diff := cmp.Diff(report.Plan.Skips, want); diff != "" {
		t.Errorf("skips (-got +want):\n%s", diff)
	}
	if c := report.Plan.Changes; len(c) != 1 || len(c[0].Fields) != 1 || c[0].Fields[0].Name != plan.FieldLanguage {
		t.Errorf("got %+v, want the language changed and nothing else", c)
	}
}
