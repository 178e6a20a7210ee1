package scim_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
	"pgregory.net/rapid"

	"sacbridge/internal/scim"
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

func TestCaseless(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"ASCII becomes lower case":                    {"Kim@X.Example", "kim@x.example"},
		"full-width becomes plain":                    {"\uff21nna", "anna"},
		"half-width katakana become full":             {"\uff76", "\u30ab"},
		"a letter and its mark become one":            {"E\u0301va", "\u00e9va"},
		"marks come into their order":                 {"q\u0307\u0323", "q\u0323\u0307"},
		"the Angstrom sign is a letter":               {"\u212Bsa", "\u00e5sa"},
		"sharp s stays":                               {"STRA\u1e9eE", "straße"},
		"a ligature stays":                            {"\ufb01n", "\ufb01n"},
		"an iota that is a mark stays with its alpha": {"\u0391\u0345", "\u1fb3"},
		"an iota that is a mark of nothing is one":    {"\u0345\u0308", "\u0308\u03b9"},
		"an iota that is a letter stays one":          {"\u0391\u0399", "\u03b1\u03b9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := scim.Caseless(tc.in); got != tc.want {
				t.Errorf("got %+q, want %+q", got, tc.want)
			}
		})
	}
}

func TestCaselessTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	letter := rapid.OneOf(rapid.SampledFrom([]rune("kK\u212AsSſßẞΣσςµΜåÅ\u212BαΑιΙ\u0345\u0301\u0308\u0323\uff21\uff76\uff9eᾳᾼe\u0344")), rapid.Rune())
	word := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(letter, 0, 6).Draw(t, "word")) })
	rapid.Check(t, func(t *rapid.T) {
		a := word.Draw(t, "a")
		once := scim.Caseless(a)
		if twice := scim.Caseless(once); twice != once {
			t.Fatalf("%+q becomes %+q and then %+q", a, once, twice)
		}
		for what, other := range map[string]string{"composed": norm.NFC.String(a), "decomposed": norm.NFD.String(a), "folded in width": width.Fold.String(a)} {
			if got := scim.Caseless(other); got != once {
				t.Fatalf("%+q becomes %+q, %s %+q", a, once, what, got)
			}
		}
	})
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
