package service

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// oracle answers a filter on users by asking every user in the plainest way.
type oracle struct {
	text string
	test func(*user) bool
}

func drawTerm(t *rapid.T, words []string) oracle {
	word := rapid.SampledFrom(words).Draw(t, "word")
	attrs := map[string]func(*user) string{
		"userName": func(u *user) string { return u.id }, "emails.value": func(u *user) string { return u.email },
		urnParamsV2 + ":idpUserId": func(u *user) string { return u.idp }, "displayName": func(u *user) string { return u.display },
	}
	ops := map[string]func(v, w string) bool{
		"eq": func(v, w string) bool { return v == w }, "ne": func(v, w string) bool { return v != w },
		"co": strings.Contains, "sw": strings.HasPrefix, "ew": strings.HasSuffix,
		"gt": func(v, w string) bool { return v > w }, "le": func(v, w string) bool { return v <= w },
	}
	name := rapid.SampledFrom(slices.Sorted(keys(attrs))).Draw(t, "attr")
	op := rapid.SampledFrom(slices.Sorted(keys(ops))).Draw(t, "op")
	return oracle{
		text: fmt.Sprintf("%s %s %q", name, op, word),
		test: func(u *user) bool { return ops[op](strings.ToLower(attrs[name](u)), strings.ToLower(word)) },
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func drawFilter(t *rapid.T, words []string, depth int) oracle {
	kind := "term"
	if depth > 0 {
		kind = rapid.SampledFrom([]string{"term", "not", "or", "and"}).Draw(t, "kind")
	}
	switch kind {
	case "not":
		in := drawFilter(t, words, depth-1)
		return oracle{"not (" + in.text + ")", func(u *user) bool { return !in.test(u) }}
	case "or", "and":
		a, b := drawFilter(t, words, depth-1), drawFilter(t, words, depth-1)
		test := func(u *user) bool { return a.test(u) && b.test(u) }
		if kind == "or" {
			test = func(u *user) bool { return a.test(u) || b.test(u) }
		}
		return oracle{"(" + a.text + ") " + kind + " (" + b.text + ")", test}
	}
	return drawTerm(t, words)
}

func TestFiltersAgreeWithANaiveLookAtEveryUser(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		st := newState(Config{}, 0)
		words := []string{"a", "B", "ab", "Ba", "aab", "b"}
		for i := range rapid.IntRange(0, 12).Draw(t, "users") {
			word := rapid.SampledFrom(words)
			st.addUser(&user{
				id: fmt.Sprint(word.Draw(t, "id"), i%3), email: word.Draw(t, "email"),
				idp: word.Draw(t, "idp"), display: word.Draw(t, "display"),
			})
		}
		f := drawFilter(t, append(words, "a0", "B1"), 3)
		n, err := parseFilter(f.text)
		if err != nil {
			t.Fatalf("%s: %v", f.text, err)
		}
		q, err := compile(n, st.userAttrV2)
		if err != nil {
			t.Fatalf("%s: %v", f.text, err)
		}
		var got, want []int
		for _, u := range q.run(st.users, (*user).order) {
			got = append(got, u.seq)
		}
		for _, u := range st.users {
			if f.test(u) {
				want = append(want, u.seq)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", f.text, diff)
		}
	})
}

func TestMemberSetsAgreeWithAPlainList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pool := make([]*user, 60)
		for i := range pool {
			pool[i] = &user{seq: i}
		}
		var set memberSet
		var naive []*user
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			u := rapid.SampledFrom(pool).Draw(t, "user")
			at := slices.Index(naive, u)
			if rapid.Bool().Draw(t, "add") {
				if set.add(u) != (at < 0) {
					t.Fatal("add tells the wrong thing")
				}
				if at < 0 {
					naive = append(naive, u)
				}
				continue
			}
			if set.remove(u) != (at >= 0) {
				t.Fatal("remove tells the wrong thing")
			}
			if at >= 0 {
				naive = slices.Delete(naive, at, at+1)
			}
		}
		if got := slices.Collect(set.each()); !slices.Equal(got, naive) || set.len() != len(naive) {
			t.Fatalf("got %d members, want %d in the same order", len(got), len(naive))
		}
	})
}

func TestFiltersThatNestTooDeepAreRefused(t *testing.T) {
	t.Parallel()
	for _, deep := range []string{
		strings.Repeat("(", 1000) + `a eq "b"` + strings.Repeat(")", 1000),
		strings.Repeat("not ", 1000) + `a eq "b"`,
		strings.Repeat("a[", 1000) + `a eq "b"` + strings.Repeat("]", 1000),
	} {
		if _, err := parseFilter(deep); err == nil {
			t.Errorf("%.20s… is accepted", deep)
		}
	}
	if _, err := parseFilter(strings.Repeat(`a eq "b" or `, 10_000) + `a eq "b"`); err != nil {
		t.Errorf("a long or-chain: %v", err)
	}
}

// render writes a parsed filter out again.
func (n *node) render() string {
	switch n.op {
	case "or", "and":
		var parts []string
		for _, k := range n.kids {
			parts = append(parts, "("+k.render()+")")
		}
		return strings.Join(parts, " "+n.op+" ")
	case "not":
		return "not (" + n.kids[0].render() + ")"
	case "[]":
		return n.attr + "[" + n.kids[0].render() + "]"
	case "pr":
		return n.attr + " pr"
	}
	switch n.val.kind {
	case 's':
		return n.attr + " " + n.op + " " + string(mustJSON(n.val.text))
	case '0':
		return n.attr + " " + n.op + " null"
	}
	return n.attr + " " + n.op + " " + n.val.text
}
