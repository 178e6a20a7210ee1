package scim_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/scim"
)

// node is a filter of the naive model: and, or, not, a value path "[", or a comparison.
type node struct {
	kind        string
	kids        []*node
	attr        string // as encoded: "name.givenName"; inside a value path the part
	op, literal string
}

var (
	letters = []string{"a", "B", "ab", "Ba", "aBc", ""}
	// paths are the attributes of the model with their types: s for text without case, x for text with
	// case, b for booleans, n for numbers.
	paths = map[string]string{
		"userName": "s", "title": "s", "externalId": "x", "active": "b", "name.givenName": "s", "emails.value": "s", "emails.type": "s",
		"emails.primary": "b", scim.EnterpriseUserURN + ":department": "s", scim.SACUserURN + ":cleanUpNotificationsNumberOfDays": "n",
	}
	parts = map[string]string{"value": "s", "type": "s", "primary": "b"}
)

func sorted(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func drawComparison(t *rapid.T, attrs map[string]string) *node {
	n := &node{kind: "cmp", attr: rapid.SampledFrom(sorted(attrs)).Draw(t, "attr")}
	switch attrs[n.attr] {
	case "b":
		n.op = rapid.SampledFrom([]string{"eq", "ne", "pr"}).Draw(t, "op")
		n.literal = rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "literal")
	case "n":
		n.op = rapid.SampledFrom([]string{"eq", "ne", "gt", "ge", "lt", "le", "pr"}).Draw(t, "op")
		n.literal = rapid.SampledFrom([]string{"0", "1", "2.5", "30"}).Draw(t, "literal")
	default:
		n.op = rapid.SampledFrom([]string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"}).Draw(t, "op")
		n.literal = fmt.Sprintf("%q", rapid.SampledFrom(letters).Draw(t, "literal"))
	}
	return n
}

func drawNode(t *rapid.T, depth int, inside bool) *node {
	attrs := paths
	if inside {
		attrs = parts
	}
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case depth == 0 || kind < 4:
		return drawComparison(t, attrs)
	case kind == 4 && !inside:
		return &node{kind: "[", attr: "emails", kids: []*node{drawNode(t, depth-1, true)}}
	case kind == 5:
		return &node{kind: "not", kids: []*node{drawNode(t, depth-1, inside)}}
	default:
		n := &node{kind: rapid.SampledFrom([]string{"and", "or"}).Draw(t, "word")}
		for range rapid.IntRange(2, 3).Draw(t, "parts") {
			n.kids = append(n.kids, drawNode(t, depth-1, inside))
		}
		return n
	}
}

// text writes the filter with more parentheses than needed.
func (n *node) text() string {
	switch n.kind {
	case "cmp":
		if n.op == "pr" {
			return n.attr + " pr"
		}
		return n.attr + " " + n.op + " " + n.literal
	case "not":
		return "not (" + n.kids[0].text() + ")"
	case "[":
		return n.attr + "[" + n.kids[0].text() + "]"
	default:
		var out []string
		for _, k := range n.kids {
			out = append(out, "("+k.text()+")")
		}
		return strings.Join(out, " "+n.kind+" ")
	}
}

// eval evaluates on the resource's JSON.
func (n *node) eval(doc map[string]any) bool {
	switch n.kind {
	case "and":
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return !k.eval(doc) })
	case "or":
		return slices.ContainsFunc(n.kids, func(k *node) bool { return k.eval(doc) })
	case "not":
		return !n.kids[0].eval(doc)
	case "[":
		list, _ := doc[n.attr].([]any)
		return slices.ContainsFunc(list, func(e any) bool { return n.kids[0].eval(e.(map[string]any)) })
	default:
		return slices.ContainsFunc(valuesAt(doc, n.attr), n.holds)
	}
}

// valuesAt lists the values of an attribute, nil for each place where one is missing.
func valuesAt(doc map[string]any, attr string) []any {
	if urn := attr[:strings.LastIndex(attr, ":")+1]; urn != "" {
		inner, _ := doc[strings.TrimSuffix(urn, ":")].(map[string]any)
		return valuesAt(inner, attr[len(urn):])
	}
	head, sub, dotted := strings.Cut(attr, ".")
	if !dotted {
		return []any{doc[head]}
	}
	list, many := doc[head].([]any)
	if !many {
		list = []any{doc[head]}
	}
	var out []any
	for _, e := range list {
		m, _ := e.(map[string]any)
		out = append(out, m[sub])
	}
	return out
}

func (n *node) holds(v any) bool {
	var literal any
	if err := json.Unmarshal([]byte(n.literal), &literal); err != nil {
		panic(err)
	}
	switch {
	case n.op == "pr":
		return v != nil
	case v == nil || literal == nil:
		return n.op == "eq" && v == literal || n.op == "ne" && v != literal
	}
	if b, ok := v.(bool); ok {
		return (b == literal.(bool)) == (n.op == "eq")
	}
	if f, ok := v.(float64); ok {
		return ordered(n.op, f < literal.(float64), f == literal.(float64))
	}
	s, l := v.(string), literal.(string)
	if paths[n.attr] != "x" {
		s, l = strings.ToLower(s), strings.ToLower(l)
	}
	switch n.op {
	case "co":
		return strings.Contains(s, l)
	case "sw":
		return strings.HasPrefix(s, l)
	case "ew":
		return strings.HasSuffix(s, l)
	default:
		return ordered(n.op, s < l, s == l)
	}
}

func ordered(op string, less, equal bool) bool {
	return map[string]bool{"eq": equal, "ne": !equal, "lt": less, "le": less || equal, "gt": !less && !equal, "ge": !less}[op]
}

// drawUser makes a user of few values, so that comparisons are often true.
func drawUser(t *rapid.T) string {
	var b strings.Builder
	b.WriteString(`{"userName":"` + rapid.SampledFrom([]string{"a", "AB", "bA"}).Draw(t, "userName") + `"`)
	maybe := func(key string, values ...string) {
		if i := rapid.IntRange(-1, len(values)-1).Draw(t, key); i >= 0 {
			b.WriteString(`,"` + key + `":` + values[i])
		}
	}
	maybe("title", `"A"`, `"b"`, `"aB"`)
	maybe("externalId", `"A"`, `"a"`)
	maybe("active", `true`, `false`)
	maybe("name", `{"givenName":"Ab"}`, `{"familyName":"x"}`)
	maybe("emails", `[{"value":"a","type":"b"}]`, `[{"value":"a","type":"b","primary":true},{"value":"B","type":"ab"}]`, `[{"type":"a","display":"d"},{"value":"AB","primary":false}]`)
	maybe(scim.EnterpriseUserURN, `{"department":"ba"}`, `{"division":"a"}`)
	maybe(scim.SACUserURN, `{"cleanUpNotificationsNumberOfDays":1}`, `{"cleanUpNotificationsNumberOfDays":30}`)
	b.WriteString("}")
	return b.String()
}

// Each check evaluates a hundred filters, 10,000 altogether.
func TestFilterEqualsTheNaiveEvaluator(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := drawUser(t)
		r, err := scim.Decode(scim.User(), []byte(body), limit, scim.Lenient(), byType{})
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			n := drawNode(t, 3, false)
			f, err := scim.ParseFilter(scim.User(), n.text(), scim.Tolerance{})
			if err != nil {
				t.Fatalf("%s: %v", n.text(), err)
			}
			want := n.eval(doc)
			if got := f.Match(r); got != want {
				t.Fatalf("%s on %s: got %t, want %t", n.text(), body, got, want)
			}
			checkPlan(t, f, r, want)
		}
	})
}

// checkPlan holds what the planner is told against the filter itself.
func checkPlan(t *rapid.T, f *scim.Filter, r *scim.Resource, want bool) {
	split := true
	for _, e := range f.Conjuncts() {
		split = split && scim.Match(e, r)
	}
	any := false
	for _, a := range f.Alternatives() {
		any = any || a.Match(r)
	}
	bounds, exact := f.Bounds()
	all := true
	for _, b := range bounds {
		all = all && scim.Match((*scim.Term)(&b), r)
	}
	if split != want || any != want || want && !all || exact && all != want {
		t.Fatalf("%s: got conjuncts %t, alternatives %t, bounds %t (exact %t), want %t", f, split, any, all, exact, want)
	}
}

func TestFilterPrintedAndParsedIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := drawNode(t, 4, false).text()
		f, err := scim.ParseFilter(scim.User(), text, scim.Tolerance{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, err := scim.ParseFilter(scim.User(), f.String(), scim.Tolerance{})
		if err != nil {
			t.Fatalf("%s, printed as %s: %v", text, f, err)
		}
		if diff := cmp.Diff(again, f, byName()); diff != "" {
			t.Fatalf("%s, printed as %s (-got +want):\n%s", text, f, diff)
		}
	})
}

// byName compares references by their name: each exists once.
func byName() cmp.Option {
	return cmp.Options{
		cmp.Comparer(func(a, b *scim.Ref) bool { return a == b }),
		cmp.Comparer(func(a, b *scim.Schema) bool { return a == b }),
		cmpopts.EquateEmpty(),
	}
}
