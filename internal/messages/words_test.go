package messages_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// full has a value for everything that a cause may name.
func full(code string) plan.Finding {
	return plan.Finding{
		Code: plan.Code(code), Entity: plan.User, Key: "ANNA", Origin: "rows.csv:3", Name: "a@x.example",
		Users: []string{"BO", "CARL"}, Teams: []string{"Blue", "Red"}, Count: 2, Of: 11, Limit: 3, Percent: 20, Cause: "hidden",
	}
}

// codesIn reads the constants of a type from a package's source, so that a new one cannot be forgotten.
func codesIn(t *testing.T, folder, typeName string) []string {
	t.Helper()
	var out []string
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		p, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(p, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
				return true
			}
			for _, v := range spec.Values {
				if literal, ok := v.(*ast.BasicLit); ok {
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, text)
				}
			}
			return true
		})
	}
	return out
}

func TestEveryCodeOfAPlanHasWords(t *testing.T) {
	t.Parallel()
	codes := codesIn(t, "../plan", "Code")
	if len(codes) < 25 {
		t.Fatalf("found %d codes in plan, want all of them", len(codes))
	}
	seen := map[string]string{}
	for _, code := range codes {
		for _, surface := range []messages.Surface{messages.Transport, messages.Bridge, messages.Console, messages.Plain} {
			w := messages.OfFinding(full(code), surface)
			if w.Code != code || w.Title == "" || !strings.HasPrefix(w.Cause, "rows.csv:3: ") || strings.Contains(w.Line(), "%!") {
				t.Errorf("got %+v for %s at %s, want code, title and cause with origin", w, code, surface)
			}
			if other := seen[w.Cause]; other != "" && other != code {
				t.Errorf("%s and %s have the same cause %q", code, other, w.Cause)
			}
			seen[w.Cause] = code
		}
	}
}

func TestACureFitsTheSurface(t *testing.T) {
	t.Parallel()
	small := full(string(plan.SourceTooSmall))
	trip := plan.ExceededGuard{Guard: "max_delete", Count: 14, Of: 250, Limit: 10}
	tests := map[messages.Surface]struct{ finding, trip string }{
		messages.Transport: {"if it was, allow it with --min-source-size 0", "if that is meant, allow it for this run with --max-delete 14"},
		messages.Bridge:    {"if it was, allow it with min_source_size in the guards of the job", "if that is meant, raise max_delete in the guards of the job"},
		messages.Console:   {"if it was, allow smaller sources in the guards of the job", "if that is meant, allow this run"},
		messages.Plain:     {"if it was, allow smaller sources in the guards of the job", "if that is meant, allow this run"},
	}
	for surface, want := range tests {
		if got := messages.OfFinding(small, surface).Cure; got != want.finding {
			t.Errorf("%s: got %q, want %q", surface, got, want.finding)
		}
		if got := messages.OfExceededGuard(trip, surface).Cure; got != want.trip {
			t.Errorf("%s: got %q, want %q", surface, got, want.trip)
		}
	}
}

func TestLinesOfFindings(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 25 {
		many = append(many, "U"+strconv.Itoa(i))
	}
	tests := map[string]struct {
		finding     plan.Finding
		title, line string
	}{
		"cause and cure": {
			plan.Finding{Code: plan.EmailTaken, Key: "A", Name: "a@x.example", Users: []string{"Z"}},
			"email taken",
			"e-mail a@x.example belongs in the target to Z: change it there; where this plan does so itself, apply it and make a new plan",
		},
		"cause, check and cure": {
			plan.Finding{Code: plan.SourceShareTooSmall, Count: 1, Of: 11, Percent: 20},
			"source too small",
			"the source's team has 1 member and the target's 11, a share under 20 %; nobody is removed: look whether the source was read in full; if it was, allow it with --min-source-size 0",
		},
		"where it was asked for": {
			plan.Finding{Code: plan.MissingInSource, Entity: plan.User, Key: "ann", Origin: "x903.csv:2"},
			"missing in source",
			`x903.csv:2: the source has no user "ann": check the spelling, upper and lower case count`,
		},
		"nothing to cure": {
			plan.Finding{Code: plan.ProtectedMembership, Key: "A", Teams: []string{"Blue", "Red"}},
			"protected user",
			"is protected: membership of team Blue, Red stays",
		},
		"one person": {
			plan.Finding{Code: plan.MembersMissing, Users: []string{"A"}}, "members missing", "1 member does not exist in the target and stay out: A",
		},
		"more names than anybody reads": {
			plan.Finding{Code: plan.MembersMissing, Users: many},
			"members missing",
			"25 members do not exist in the target and stay out: " + strings.Join(many[:20], ", ") + " and 5 more",
		},
		"a code of another version": {plan.Finding{Code: "moon-phase", Cause: "waning"}, "moon phase", "waning"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := messages.OfFinding(tc.finding, messages.Transport)
			if w.Title != tc.title || w.Line() != tc.line {
				t.Errorf("got %q, %q\nwant %q, %q", w.Title, w.Line(), tc.title, tc.line)
			}
		})
	}
}

func TestLinesOfTrips(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		trip plan.ExceededGuard
		want string
	}{
		"above a count": {
			plan.ExceededGuard{Guard: "max_create", Count: 3, Limit: 2},
			"3 people created, over the limit of 2: if that is meant, allow it for this run with --max-create 3",
		},
		"above a share": {
			plan.ExceededGuard{Guard: "max_update", Count: 100, Of: 100, Percent: 5},
			"100 people updated (100.0 % of 100), over the limit of 5 %: if that is meant, allow it for this run with --max-update 100",
		},
		"a limit of zero": {
			plan.ExceededGuard{Guard: "max_member_removal", Count: 1, Of: 1},
			"1 memberships removed (100.0 % of 1), over the limit of 0: if that is meant, allow it for this run with --max-member-removal 1",
		},
		"with what was spent": {
			plan.ExceededGuard{Guard: "max_role_removal", Count: 6, Spent: 20, Limit: 25},
			"6 role links removed on top of 20 by earlier runs, over the limit of 25: if that is meant, allow it for this run with --max-role-removal 6",
		},
		"with what the job spent": {
			plan.ExceededGuard{Guard: "max_deactivate", Job: true, Count: 2, Spent: 4, Of: 300, Limit: 5},
			"2 people deactivated on top of 4 by earlier runs of the job (2.0 % of 300), over the job's limit of 5: if that is meant, allow it for this run with --max-deactivate 2",
		},
		"deletes": {
			plan.ExceededGuard{Guard: "max_delete", Count: 14, Of: 250, Limit: 10},
			"14 people and teams deleted (5.6 % of 250), over the limit of 10: if that is meant, allow it for this run with --max-delete 14",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := messages.OfExceededGuard(tc.trip, messages.Transport).Line(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestEveryGuardHasWords(t *testing.T) {
	t.Parallel()
	zero := 0
	g := plan.Guard{Count: &zero}
	p := plan.Plan{
		Rules:  plan.Rules{Guards: plan.Guards{MaxCreate: g, MaxUpdate: g, MaxDeactivate: g, MaxDelete: g, MaxRoleRemoval: g, MaxMemberRemoval: g}},
		Counts: plan.Counts{CreateUsers: 1, UpdateUsers: 1, DeactivateUsers: 1, DeleteUsers: 1, RemoveRoles: 1, RemoveMembers: 1},
	}
	if p.Judge(); len(p.Exceeded) != 6 {
		t.Fatalf("got %+v, want every guard tripped", p.Exceeded)
	}
	for _, trip := range p.Exceeded {
		if got := messages.OfExceededGuard(trip, messages.Plain).Cause; !strings.HasSuffix(got, "d, over the limit of 0") {
			t.Errorf("got %q for %s, want what was counted and the limit", got, trip.Guard)
		}
	}
}
