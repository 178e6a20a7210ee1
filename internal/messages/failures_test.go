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
	"sacbridge/internal/upstream"
)

// constantsIn reads the constants of a file whose names begin with one of some words, so that a new code
// cannot be forgotten.
func constantsIn(t *testing.T, file string, beginnings ...string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			return true
		}
		for _, begin := range beginnings {
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, begin) {
				continue
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, text)
		}
		return true
	})
	return out
}

func surfaces() []messages.Surface {
	return []messages.Surface{messages.Transport, messages.Bridge, messages.Console, messages.Plain}
}

// failureCodes are those of upstream, of apply, and of parts of a write that are not done.
func failureCodes(t *testing.T) []string {
	t.Helper()
	codes := constantsIn(t, "../upstream/codes.go", "Code")
	codes = append(codes, constantsIn(t, "../apply/failure.go", "Code")...)
	return append(codes, constantsIn(t, "../upstream/outcome.go", "Dropped", "Ignored", "UnknownLink")...)
}

func TestEveryCodeOfAFailureHasWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	codes := failureCodes(t)
	if len(codes) < 45 {
		t.Fatalf("found %d codes, want those of upstream, apply and parts that are not done", len(codes))
	}
	for _, code := range codes {
		for _, surface := range surfaces() {
			w := messages.OfCause("no such class/"+code, surface)
			if w.Code != code || w.Title == "" || strings.Contains(w.Cause, code+" ") || w.Cause == strings.ReplaceAll(code, "-", " ") {
				t.Errorf("got %+v for %s at %s, want words", w, code, surface)
			}
			if w.Check == "" && w.Cure == "" {
				t.Errorf("%s says neither what to check nor what to do", code)
			}
		}
	}
}

// TestOnlyATerminalOfTransportIsToldToTypeSomething goes through every cure of every other surface.
func TestOnlyATerminalOfTransportIsToldToTypeSomething(t *testing.T) {
	t.Parallel()
	var cures []string
	for _, surface := range []messages.Surface{messages.Bridge, messages.Console, messages.Plain} {
		for _, code := range codesIn(t, "../plan", "Code") {
			cures = append(cures, messages.OfFinding(full(code), surface).Cure)
		}
		for _, code := range append(failureCodes(t), constantsIn(t, "../upstream/error.go", "")...) {
			cures = append(cures, messages.OfCause(code+"/"+code, surface).Cure)
		}
		cures = append(cures, messages.OfExceededGuard(plan.ExceededGuard{Guard: "max_create"}, surface).Cure)
	}
	for _, cure := range cures {
		if strings.Contains(cure, "--") || strings.Contains(cure, "transport ") || strings.Contains(cure, "bridge ") {
			t.Errorf("%q names a flag or command", cure)
		}
	}
}

func TestEveryClassHasWords(t *testing.T) {
	t.Parallel()
	classes := constantsIn(t, "../upstream/error.go", "")
	if len(classes) < 10 || classes[0] != string(upstream.RetryNow) {
		t.Fatalf("got classes %q, want those of upstream", classes)
	}
	for _, class := range append(classes, "run") {
		w := messages.OfCause(class+"/status-418", messages.Plain)
		if w.Title == "" || !strings.HasSuffix(w.Cause, " (status 418)") {
			t.Errorf("got %+v for class %q, want words with the status", w, class)
		}
	}
}

func TestWordsOfCauses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key     string
		surface messages.Surface
		want    string
	}{
		"a code, at the terminal": {
			"unknown outcome/timeout", messages.Transport, "no answer came in time: look how busy the tenant is; try again with transport runs resume RUN",
		},
		"the same at the bridge": {
			"unknown outcome/timeout", messages.Bridge, "no answer came in time: look how busy the tenant is; resume the run",
		},
		"the same on a page": {
			"unknown outcome/timeout", messages.Console, "no answer came in time: look how busy the tenant is; resume the run",
		},
		"the same in a notice": {
			"unknown outcome/timeout", messages.Plain, "no answer came in time: look how busy the tenant is; resume the run",
		},
		"a class with a code that is none": {"gone/other", messages.Transport, "it does not exist in the tenant (any more): run the command again for a new plan"},
		"nothing that is known":            {"moon/full-moon", messages.Plain, "full moon"},
		"throttled": {
			"retry later/throttled", messages.Plain, "the tenant takes no more calls for now: resume the run; where it comes often, lower limits.calls_per_second of the tenant",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := messages.OfCause(tc.key, tc.surface).Line(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
