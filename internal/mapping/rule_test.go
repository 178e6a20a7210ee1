package mapping

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ada() identity.User {
	return identity.User{
		UserID: "ADA", LoginID: "ada.l", Email: "ada@Example.COM", GivenName: "Ada", FamilyName: "Lovelace", DisplayName: "Ada Lovelace",
		Active: true, Language: "de", Settings: identity.Settings{DataLanguage: "en", DateFormat: "dd.MM.yyyy", TimeFormat: "H:mm:ss", NumberFormat: "1.234,56"},
		Manager: "BOSS", ExternalID: "x-1", Roles: []string{"PROFILE:t.DEV:Analyst"}, Teams: []string{"Finance"}, Created: now.Add(-40 * 24 * time.Hour),
	}
}

func match(t *testing.T, text string, u identity.User) bool {
	t.Helper()
	r, err := ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Match(u, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEveryVariableAndFunction(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`user_id == "ADA"`, `login_id == "ada.l"`, `email == "ada@Example.COM"`, `domain == "example.com"`, `given_name == "Ada"`,
		`family_name == "Lovelace"`, `display_name == "Ada Lovelace"`, `external_id == "x-1"`, `manager == "BOSS"`, `language == "de"`,
		`data_language == "en"`, `date_format == "dd.MM.yyyy"`, `time_format == "H:mm:ss"`, `number_format == "1.234,56"`, `active`,
		`not concurrent`, `not system_owner`, `roles == ["PROFILE:t.DEV:Analyst"]`, `"Finance" in teams`, `created_days == 40`,
		`has_role("Analyst")`, `has_role("t.DEV:Analyst")`, `has_role("PROFILE:t.DEV:Analyst")`, `not has_role("t.PRD:Analyst")`, `not has_role("nalyst")`,
		`not has_role("")`, `not has_role("t.DEV")`, `in_team("Finance")`, `not in_team("finance")`,
		`trim(" x ") == "x" and trimPrefix("ab", "a") == "b" and trimSuffix("ab", "b") == "a"`,
		`hasPrefix(user_id, "A") and hasSuffix(user_id, "A") and indexOf(user_id, "D") == 1`, `none(teams, # == "x") and one(teams, # == "Finance")`,
		`upper(given_name) == user_id`, `any(roles, # == "x") or any(teams, # == "Finance")`, `(active ? "a" : "b") == "a"`,
	} {
		if !match(t, text, ada()) {
			t.Errorf("%s: got false, want true", text)
		}
	}
	owner := identity.User{Roles: []string{identity.SystemOwnerRole}, Email: "nobody"}
	if !match(t, `system_owner and domain == "" and len(teams) == 0`, owner) {
		t.Error("the System Owner without a domain is not recognised")
	}
}

func TestBrokenRulesArePointedAt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                                      "rule, column 1: the rule is empty",
		`activ`:                                 "rule, column 1: unknown name activ; did you mean active?\n  activ\n  ^",
		`not Active`:                            "rule, column 5: unknown name Active; did you mean active?\n  not Active\n      ^",
		`has_rol("x")`:                          "did you mean has_role?",
		`qqqqqqq == 1`:                          "unknown name qqqqqqq; known are user_id, login_id",
		`user_id`:                               "the rule gives a text, and it must give yes or no",
		`created_days`:                          "the rule gives a number, and",
		`roles`:                                 "the rule gives a list, and",
		`has_role`:                              "the rule gives a function (call it with parentheses), and",
		`nil`:                                   "the rule gives no value that can be used",
		`user_id == 5`:                          "rule, column 9: invalid operation: == (mismatched types string and int)",
		`has_role(5)`:                           "rule, column 10: cannot use int",
		`roles contains "x"`:                    "mismatched types []string and string",
		`active and`:                            "rule, column 10: the rule ends too early",
		`has_role("x"`:                          "the rule ends too early",
		`user_id = "x"`:                         "rule, column 9: equality is written ==",
		`user_id == “x”`:                        "text stands in straight quotation marks",
		"active\n  and activ":                   "rule, line 2, column 7: unknown name activ; did you mean active?\n    and activ\n        ^",
		`email matches user_id`:                 "rule, column 15: the pattern must be a text in quotation marks",
		`email matches "("`:                     "error parsing regexp",
		`5 in 1..100`:                           "ranges are not available",
		`any(roles, any(teams, # == "x"))`:      "a condition over a list cannot stand in another one",
		`len(filter(roles, # == "x")) > 0`:      "unknown name filter",
		`now() == now()`:                        "unknown name now",
		`repeat("x", 100000) == "x"`:            "unknown name repeat",
		`$env["user_id"] == "x"`:                "unknown name $env",
		strings.Repeat("active and ", 400):      "the rule has 4400 bytes, and 4096 are allowed",
		strings.Repeat("!", 1500) + "active":    "exceeds maximum allowed nodes",
		`"` + strings.Repeat("x", 50) + `" + 1`: "mismatched types",
	} {
		_, err := ParseRule(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q in it", text, err, want)
			continue
		}
		if e, ok := errors.AsType[*RuleError](err); !ok || e.Line < 1 || e.Column < 1 {
			t.Errorf("%.60s: got %#v, want a place", text, err)
		}
	}
}

func TestRulesThatFailWhenTheyRun(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`created_days > 3`:     `rule "created_days > 3" on user "X": created_days is not known`,
		`active or 1 % 0 == 1`: `on user "X": runtime error: integer divide by zero`,
		`roles[5] == "x"`:      `index out of range`,
	} {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		if r.String() != text {
			t.Errorf("got %q, want the text", r.String())
		}
		got, err := r.Match(identity.User{UserID: "X"}, now)
		if got || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want %q", text, got, err, want)
		}
	}
}

// The examples of the page give what the page says, and the page names every variable and function.
func TestPageOfRules(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	_, block, _ := strings.Cut(page, "```rules\n")
	block, _, _ = strings.Cut(block, "```")
	person := ada()
	person.Email = "ada@example.com"
	examples := 0
	for line := range strings.Lines(block) {
		i := strings.LastIndex(line, "# ")
		text, want := strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+2:])
		if got := match(t, text, person); got != (want == "true") || want != "true" && want != "false" {
			t.Errorf("%s: got %v, and the page says %s", text, got, want)
		}
		examples++
	}
	if examples < 10 {
		t.Errorf("got %d examples, want more", examples)
	}
	for _, name := range slices.Concat(variableNames, builtins) {
		if !strings.Contains(page, "`"+name+"`") && !strings.Contains(page, "`"+name+"(") {
			t.Errorf("the page does not name %s", name)
		}
	}
}

func TestVariableNamesAreThoseOfTheTags(t *testing.T) {
	t.Parallel()
	var want []string
	typ := reflect.TypeFor[variables]()
	for field := range typ.Fields() {
		want = append(want, field.Tag.Get("expr"))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(variableNames)), slices.Sorted(slices.Values(want))); diff != "" {
		t.Errorf("names (-got +want):\n%s", diff)
	}
}

// Rules combine as logic says.
func TestRulesAgreeWithAnOracle(t *testing.T) {
	t.Parallel()
	atoms := map[string]func(identity.User) bool{
		`active`:       func(u identity.User) bool { return u.Active },
		`concurrent`:   func(u identity.User) bool { return u.Concurrent },
		`in_team("A")`: func(u identity.User) bool { return slices.Contains(u.Teams, "A") },
		`has_role("R")`: func(u identity.User) bool {
			return slices.ContainsFunc(u.Roles, func(r string) bool { return strings.HasSuffix(r, ":R") })
		},
		`len(teams) > 1`:         func(u identity.User) bool { return len(u.Teams) > 1 },
		`any(teams, # == "B")`:   func(u identity.User) bool { return slices.Contains(u.Teams, "B") },
		`user_id startsWith "X"`: func(u identity.User) bool { return strings.HasPrefix(u.UserID, "X") },
	}
	names := make([]string, 0, len(atoms))
	for n := range atoms {
		names = append(names, n)
	}
	slices.Sort(names)
	type rule struct {
		text string
		eval func(identity.User) bool
	}
	var build func(t *rapid.T, depth int) rule
	build = func(t *rapid.T, depth int) rule {
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		if depth == 0 || kind == 0 {
			n := rapid.SampledFrom(names).Draw(t, "atom")
			return rule{n, atoms[n]}
		}
		a := build(t, depth-1)
		if kind == 1 {
			return rule{"not (" + a.text + ")", func(u identity.User) bool { return !a.eval(u) }}
		}
		b := build(t, depth-1)
		if kind == 2 {
			return rule{"(" + a.text + ") and (" + b.text + ")", func(u identity.User) bool { return a.eval(u) && b.eval(u) }}
		}
		return rule{"(" + a.text + ") or (" + b.text + ")", func(u identity.User) bool { return a.eval(u) || b.eval(u) }}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := build(t, 4)
		u := identity.User{
			UserID: rapid.SampledFrom([]string{"X1", "Y1"}).Draw(t, "id"), Active: rapid.Bool().Draw(t, "active"), Concurrent: rapid.Bool().Draw(t, "concurrent"),
			Teams: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"A", "B", "C"}), rapid.ID).Draw(t, "teams"),
			Roles: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"PROFILE:t.A:R", "PROFILE:t.A:S"}), rapid.ID).Draw(t, "roles"),
		}
		r, err := ParseRule(want.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Match(u, now)
		if err != nil || got != want.eval(u) {
			t.Fatalf("%s on %+v: got %v, %v, want %v", want.text, u, got, err, want.eval(u))
		}
	})
}

func TestARuleTellsWhichTeamsAndRolesItNames(t *testing.T) {
	t.Parallel()
	r, err := ParseRule(`in_team("A") and not ("B" in teams) or has_role("R") or any(roles, # == "S") or "PROFILE:t.A:T" in roles or in_team(display_name) or "x" in ["y"]`)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Teams(), r.Roles()); got != "[A B] [R PROFILE:t.A:T]" {
		t.Errorf("got %s", got)
	}
}

// Whatever the text, reading and running end, and a rule that was accepted is a yes or a no.
func FuzzRule(f *testing.F) {
	for _, seed := range []string{
		`active and has_role("x")`, `any(roles, # matches "^a+$")`, `user_id in ["A"]`, `let x = roles; len(x) > 2`, `created_days ** 2 > 4`,
		`"a" | upper() == "A"`, `roles[1:2] == []`, `{"a": 1}.a == 1`, `if active { true } else { false }`, "active // x\n", `\x00`, `1;true`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			if e, ok := errors.AsType[*RuleError](err); !ok || e.Message == "" {
				t.Errorf("got %#v, want a place and a message", err)
			}
			return
		}
		first, err1 := r.Match(ada(), now)
		second, err2 := r.Match(ada(), now)
		if first != second || (err1 == nil) != (err2 == nil) {
			t.Errorf("%q gives %v, %v and then %v, %v", text, first, err1, second, err2)
		}
	})
}
