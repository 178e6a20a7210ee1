package scim_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sacbridge/internal/identity/scim"
)

func TestFold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"ASCII becomes lower case":                          {"Kim@X.Example", "kim@x.example"},
		"folded text stays":                                 {"straße", "straße"},
		"the Kelvin sign is a k":                            {"\u212Aim", "kim"},
		"the long s is an s":                                {"\u017Fales", "sales"},
		"umlauts fold":                                      {"MÜLLER", "müller"},
		"all sigmas are one":                                {"Σσς", "σσσ"},
		"sharp s does not become two letters":               {"ẞ", "ß"},
		"the dotted capital I is a letter of its own":       {"İ", "İ"},
		"the dotless i is a letter of its own":              {"ı", "ı"},
		"the title case of a digraph is its lower case":     {"ǅ", "ǆ"},
		"compatibility forms are not joined, unlike NFKC's": {"ﬁ", "ﬁ"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := scim.Fold(tc.in); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestFoldIsTheSameRelationAsEqualFold(t *testing.T) {
	t.Parallel()
	// Letters that have several cases, and any others.
	letter := rapid.OneOf(rapid.SampledFrom([]rune("kK\u212AsSſßẞΣσςµΜμåÅ\u212BiIİıǄǅǆᎠꭰ")), rapid.Rune())
	word := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(letter, 0, 4).Draw(t, "word")) })
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := scim.Fold(a) == scim.Fold(b), strings.EqualFold(a, b); got != want {
			t.Fatalf("%q and %q: got the same %t, want %t", a, b, got, want)
		}
		if f := scim.Fold(a); scim.Fold(f) != f {
			t.Fatalf("folding %q twice gives %q", f, scim.Fold(f))
		}
	})
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if s := string(r); !strings.EqualFold(scim.Fold(s), s) {
			t.Fatalf("%q folds to %q, which is another letter", s, scim.Fold(s))
		}
	}
}
