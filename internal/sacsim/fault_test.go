package sacsim

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseFaults(t *testing.T) {
	t.Parallel()
	five := 5
	for name, c := range map[string]struct {
		in   string
		want []Fault
		err  string
	}{
		"no rules":                         {`[]`, []Fault{}, ""},
		"a rule with all that fits":        {`[{"match":{"method":"POST","path":"/Users$"},"every":2,"max":3,"action":"status","status":502,"retryAfter":5,"ms":100}]`, []Fault{{Match: Match{Method: "POST", Path: "/Users$"}, Every: 2, Max: 3, Action: ActStatus, Status: 502, RetryAfter: &five, MS: 100}}, ""},
		"two rules":                        {`[{"nth":[1,3],"action":"429"},{"once":true,"action":"hangup"}]`, []Fault{{Nth: []int{1, 3}, Action: Act429}, {Once: true, Action: ActHangup}}, ""},
		"an unknown key":                   {`[{"action":"429"},{"action":"429","evry":2}]`, nil, `fault rule 2: json: unknown field "evry"`},
		"an unknown key in match":          {`[{"match":{"url":"x"},"action":"429"}]`, nil, `fault rule 1: json: unknown field "url"`},
		"an unknown action":                {`[{"action":"explode"}]`, nil, `fault rule 1: "action" "explode"`},
		"no action":                        {`[{"every":2}]`, nil, `fault rule 1: "action" is missing`},
		"two conditions":                   {`[{"every":2,"once":true,"action":"429"}]`, nil, "only one of"},
		"a probability above one":          {`[{"prob":1.5,"action":"429"}]`, nil, `"prob" is 1.5`},
		"a path that is no regexp":         {`[{"match":{"path":"("},"action":"429"}]`, nil, `"match.path"`},
		"nth that counts from 0":           {`[{"nth":[0],"action":"429"}]`, nil, `"nth"`},
		"a negative maximum":               {`[{"max":-1,"action":"429"}]`, nil, "negative"},
		"a status that is none":            {`[{"action":"status","status":42}]`, nil, `"status" is 42`},
		"a rule that never fires":          {`[{"prob":0,"action":"429"}]`, nil, "above 0"},
		"an object":                        {`{}`, nil, "line 1"},
		"null":                             {`null`, nil, "want a list"},
		"a comma too many":                 {"[\n{\"action\":\"429\"},\n]", nil, "line 3"},
		"an answer with all that fits":     {`[{"match":{"body":"active"},"action":"wrong-answer","answer":"other","status":201}]`, []Fault{{Match: Match{Body: "active"}, Action: ActWrongAnswer, Answer: AnswerOther, Status: 201}}, ""},
		"items of a Bulk request":          {`[{"action":"item-status","items":[2]}]`, []Fault{{Action: ActItemStatus, Items: []int{2}}}, ""},
		"a wrong answer that is not named": {`[{"action":"wrong-answer"}]`, nil, `"answer" ""`},
		"an answer where there is none":    {`[{"action":"429","answer":"empty"}]`, nil, `"answer" does not go`},
		"items where there are none":       {`[{"action":"429","items":[1]}]`, nil, `"items" does not go`},
		"items that count from 0":          {`[{"action":"item-status","items":[0]}]`, nil, `"items" counts`},
		"a body that is no regexp":         {`[{"match":{"body":"("},"action":"429"}]`, nil, `"match.body"`},
		"a number where text has to":       {`[{"action":429}]`, nil, "fault rule 1: line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseFaults(strings.NewReader(c.in))
			if c.err == "" {
				if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
					t.Errorf("error %v, rules (-want +got):\n%s", err, diff)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error = %v, want one with %q", err, c.err)
			}
		})
	}
}

func TestFaultsFireAsTheirConditionSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules string
		want  []int // the rule that fires for each request, 0 for none
	}{
		"without a condition each time":      {`[{"action":"429"}]`, []int{1, 1, 1, 1}},
		"every second":                       {`[{"every":2,"action":"429"}]`, []int{0, 1, 0, 1}},
		"the first and the third":            {`[{"nth":[1,3],"action":"429"}]`, []int{1, 0, 1, 0}},
		"once":                               {`[{"once":true,"action":"429"}]`, []int{1, 0, 0, 0}},
		"twice at most":                      {`[{"max":2,"action":"429"}]`, []int{1, 1, 0, 0}},
		"certainly":                          {`[{"prob":1,"action":"429"}]`, []int{1, 1, 1, 1}},
		"the first that fires wins":          {`[{"nth":[2],"action":"429"},{"action":"hangup"}]`, []int{2, 1, 2, 2}},
		"a beaten rule still counts":         {`[{"nth":[1],"action":"429"},{"nth":[1,2],"action":"hangup"}]`, []int{1, 2, 0, 0}},
		"a beaten rule keeps its one firing": {`[{"nth":[1],"action":"429"},{"once":true,"action":"hangup"}]`, []int{1, 2, 0, 0}},
		"another method does not match":      {`[{"match":{"method":"put"},"action":"429"}]`, []int{0, 0, 0, 0}},
		"the method in any case":             {`[{"match":{"method":"get"},"action":"429"}]`, []int{1, 1, 1, 1}},
		"a part of the path":                 {`[{"match":{"path":"Users"},"action":"429"}]`, []int{1, 1, 1, 1}},
		"another path":                       {`[{"match":{"path":"^/Users"},"action":"429"}]`, []int{0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := rulesOf(t, c.rules)
			if diff := cmp.Diff(c.want, firings(m, len(c.want))); diff != "" {
				t.Errorf("rules fired (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProbRepeatsFromRunToRun(t *testing.T) {
	t.Parallel()
	rules := `[{"prob":0.3,"action":"429"}]`
	got, want := firings(rulesOf(t, rules), 1000), firings(rulesOf(t, rules), 1000)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("two runs differ (-first +second):\n%s", diff)
	}
	if n := 1000 - len(slices.DeleteFunc(got, func(rule int) bool { return rule == 0 })); n < 600 || n > 800 {
		t.Errorf("%d of 1000 requests went through at 0.3, want about 700", n)
	}
}

// TestFaultsAgainstANaiveCount compares the rules with counting by hand.
func TestFaultsAgainstANaiveCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.IntRange(1, 5).Draw(t, "every")
		limit := rapid.IntRange(0, 4).Draw(t, "max")
		paths := rapid.SliceOfN(rapid.SampledFrom([]string{"/a", "/b"}), 0, 40).Draw(t, "paths")
		m, err := newFaultRules([]Fault{{Match: Match{Path: "^/a$"}, Every: every, Max: limit, Action: Act429}})
		if err != nil {
			t.Fatal(err)
		}
		seen, fired := 0, 0
		for i, path := range paths {
			want := false
			if path == "/a" {
				seen++
				want = seen%every == 0 && (limit == 0 || fired < limit)
			}
			if want {
				fired++
			}
			if got := m.fire("GET", path, nil) != nil; got != want {
				t.Fatalf("request %d (%s): fired %v, want %v", i, path, got, want)
			}
		}
	})
}

func FuzzParseFaults(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"action":"429"}]`, `[{"match":{"path":"(?i)users"},"prob":0.5,"action":"status","status":500}]`,
		`[{"nth":[1,1],"max":1,"action":"truncate"}]`, `[{"match":{"path":"(((("},"action":"html"}]`, `[null]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		faults, err := ParseFaults(strings.NewReader(in))
		if err != nil {
			return
		}
		m, err := newFaultRules(faults)
		if err != nil {
			t.Fatalf("%q was taken and can't be activeRule: %v", in, err)
		}
		if s := m.fire("GET", "/api/v1/scim/Users", nil); s != nil && (s.number < 1 || s.number > len(faults)) {
			t.Errorf("rule %d of %d fired", s.number, len(faults))
		}
	})
}

func rulesOf(t *testing.T, rules string) *faultRules {
	t.Helper()
	faults, err := ParseFaults(strings.NewReader(rules))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newFaultRules(faults)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// firings sends n reads of the users and tells which rule fired for each.
func firings(m *faultRules, n int) []int {
	fired := make([]int, n)
	for i := range fired {
		if s := m.fire("GET", "/api/v1/scim/Users", nil); s != nil {
			fired[i] = s.number
		}
	}
	return fired
}
