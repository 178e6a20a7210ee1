package identity_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
)

// result says, for each action, whether an element is in the result by whether it is in T and in S: the
// order is both, T only, S only, neither but among everyone.
var result = map[identity.Action][4]bool{
	identity.Add:        {true, true, true, false},
	identity.Remove:     {false, true, false, false},
	identity.Replace:    {true, false, true, false},
	identity.Keep:       {true, true, false, false},
	identity.Intersect:  {true, false, false, false},
	identity.Exclude:    {false, true, true, false},
	identity.ExcludeAll: {false, true, true, true},
	identity.Invert:     {false, true, false, true},
}

func actionsOfTable() []identity.Action {
	return []identity.Action{
		identity.Add, identity.Remove, identity.Replace, identity.Keep,
		identity.Intersect, identity.Exclude, identity.ExcludeAll, identity.Invert,
	}
}

// naive applies an action element by element over everybody.
func naive(action identity.Action, target, source, everyone []string) []string {
	row := result[action]
	var out []string
	for _, e := range everyone {
		i := 0
		if !slices.Contains(target, e) {
			i += 2
		}
		if !slices.Contains(source, e) {
			i++
		}
		// i is now 0 both, 1 T only, 2 S only, 3 neither
		if row[i] && e != "" {
			out = append(out, e)
		}
	}
	return out
}

func TestApplyEqualsTheTableElementByElement(t *testing.T) {
	t.Parallel()
	everyone := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOf(rapid.SampledFrom(append(slices.Clone(everyone), "")))
		target, source := some.Draw(t, "target"), some.Draw(t, "source")
		action := rapid.SampledFrom(actionsOfTable()).Draw(t, "action")
		before := slices.Clone(target)

		got := identity.Apply(action, target, source, rapid.Permutation(everyone).Draw(t, "everyone"))

		if diff := cmp.Diff(got, naive(action, target, source, everyone), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s of T=%q and S=%q (-got +want):\n%s", action, target, source, diff)
		}
		if diff := cmp.Diff(target, before); diff != "" {
			t.Fatalf("the target's list was changed:\n%s", diff)
		}
		grows, shrinks := identity.Diff(identity.Set(target), got)
		sIn := identity.Apply(identity.Intersect, grows, source, nil)
		if len(sIn) > 0 && !action.Grows() {
			t.Fatalf("%s brought %q, yet says that it does not grow", action, sIn)
		}
		if len(shrinks) > 0 && !action.Shrinks() {
			t.Fatalf("%s took %q, yet says that it does not shrink", action, shrinks)
		}
		outside := identity.Apply(identity.Remove, identity.Set(target), source, nil)
		if kept := identity.Apply(identity.Intersect, got, outside, nil); !action.Exact() && len(kept) != len(outside) {
			t.Fatalf("%s took an element that is not in S, yet says that it decides about those of S only", action)
		}
	})
}

func TestApplyActions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		action                 identity.Action
		target, source, wanted []string
	}{
		"add joins both sets":                            {identity.Add, []string{"B", "A"}, []string{"C", "B"}, []string{"A", "B", "C"}},
		"remove ignores who is not there":                {identity.Remove, []string{"A"}, []string{"Z"}, []string{"A"}},
		"replace by nothing empties":                     {identity.Replace, []string{"A"}, nil, nil},
		"an unknown word changes nothing":                {"both", []string{"A"}, []string{"B"}, []string{"A"}},
		"an empty role entry is no role":                 {identity.Replace, nil, []string{""}, nil},
		"a set with itself by exclude is empty":          {identity.Exclude, []string{"A"}, []string{"A"}, nil},
		"upper and lower case are different in elements": {identity.Intersect, []string{"a"}, []string{"A"}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := identity.Apply(tc.action, tc.target, tc.source, nil)
			if diff := cmp.Diff(got, tc.wanted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestDiffLeadsFromBeforeToAfter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.Map(rapid.SliceOf(rapid.StringMatching(`[a-f]`)), identity.Set)
		before, after := set.Draw(t, "before"), set.Draw(t, "after")
		added, removed := identity.Diff(before, after)
		got := identity.Apply(identity.Add, identity.Apply(identity.Remove, before, removed, nil), added, nil)
		if diff := cmp.Diff(got, after, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-got +want):\n%s", diff)
		}
		if both := identity.Apply(identity.Intersect, added, removed, nil); len(both) > 0 {
			t.Fatalf("%q are both added and removed", both)
		}
	})
}

func TestParseAction(t *testing.T) {
	t.Parallel()
	if got, err := identity.ParseAction("replace", identity.LinkActions); got != identity.Replace || err != nil {
		t.Errorf("got %q, %v, want replace", got, err)
	}
	for _, word := range []string{"Replace", "intersect", "", "both"} {
		_, err := identity.ParseAction(word, identity.LinkActions)
		want := `unknown action "` + word + `": use keep, add, remove, replace`
		if err == nil || err.Error() != want {
			t.Errorf("got error %v for %q, want %s", err, word, want)
		}
	}
	if got, err := identity.ParseAction("exclude", identity.SetActions); got != identity.Exclude || err != nil {
		t.Errorf("got %q, %v, want exclude", got, err)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	if got, want := identity.Fold(" Anna.Lind@Example.COM "), "anna.lind@example.com"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSameSetIgnoresOrderRepetitionsAndEmptyEntries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		a, b []string
		want bool
	}{
		"the same in another order":      {[]string{"B", "A"}, []string{"A", "B"}, true},
		"one comes twice":                {[]string{"A", "A"}, []string{"A"}, true},
		"v1 shows no roles as one of ''": {[]string{""}, nil, true},
		"one more":                       {[]string{"A"}, []string{"A", "B"}, false},
		"another letter case":            {[]string{"a"}, []string{"A"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := identity.SameSet(tc.a, tc.b); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}

func TestLinesComeApartAsTheyWerePutTogether(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{nil, {"a"}, {"a", "b"}} {
		if got := identity.SplitLines(identity.JoinLines(list)); !slices.Equal(got, list) {
			t.Errorf("got %q, want %q", got, list)
		}
	}
}
