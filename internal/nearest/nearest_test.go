package nearest

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWord(t *testing.T) {
	t.Parallel()
	fields := []string{"file_userid", "file_roles_action", "file_teams_action"}
	keys := []string{"url", "platform", "sso"}
	for _, c := range []struct {
		name, word string
		known      []string
		want       string
	}{
		{"a separator too many", "file_user_id", fields, "file_userid"},
		{"other separators and letter case", "File-UserID", fields, "file_userid"},
		{"a letter that is missing", "file_role_action", fields, "file_roles_action"},
		{"a letter too many", "Plattform", keys, "platform"},
		{"a separator inside a word", "plat-form", keys, "platform"},
		{"a short word may have one wrong letter", "ur", keys, "url"},
		{"the first of two that are as near", "cat", []string{"bat", "rat"}, "bat"},
		{"the word itself before a near one", "rat", []string{"bat", "rat"}, "rat"},
		{"nothing is near", "zzzz", keys, ""},
		{"a longer word that begins so is not near", "url", []string{"urlaub"}, ""},
		{"no word", "", keys, ""},
		{"nothing is known", "url", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Word(c.word, c.known); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"ur": "; did you mean url?", "zzzz": ""} {
		if got := Hint(word, []string{"url", "platform"}); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

// naiveDistance is the textbook's definition of the Levenshtein distance.
func naiveDistance(a, b []rune) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	case a[0] == b[0]:
		return naiveDistance(a[1:], b[1:])
	}
	return 1 + min(naiveDistance(a[1:], b), naiveDistance(a, b[1:]), naiveDistance(a[1:], b[1:]))
}

// naiveWord sorts all words by their distance and takes the first that is near enough.
func naiveWord(word string, known []string) string {
	plain := func(s string) []rune {
		return []rune(strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s)))
	}
	from := func(k string) int { return naiveDistance(plain(word), plain(k)) }
	ranked := slices.Clone(known)
	slices.SortStableFunc(ranked, func(a, b string) int { return from(a) - from(b) })
	if word == "" || len(ranked) == 0 || from(ranked[0]) >= max(len(word)/3+1, 2) {
		return ""
	}
	return ranked[0]
}

func TestWordIsTheFirstOfTheNearest(t *testing.T) {
	t.Parallel()
	words := rapid.StringOfN(rapid.SampledFrom([]rune("abAB_-é")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		word, known := words.Draw(t, "word"), rapid.SliceOfN(words, 0, 5).Draw(t, "known")
		if got, want := Word(word, known), naiveWord(word, known); got != want {
			t.Fatalf("%q among %q: got %q, want %q", word, known, got, want)
		}
	})
}

func TestSpellingOfSeparatorsAndCaseDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,8}`), 1, 6, rapid.ID).Draw(t, "known")
		meant := rapid.SampledFrom(known).Draw(t, "meant")
		at := rapid.IntRange(0, len(meant)).Draw(t, "at")
		if typed := strings.ToUpper(meant[:at] + "_" + meant[at:]); Word(typed, known) != meant {
			t.Fatalf("%q among %q: got %q, want %q", typed, known, Word(typed, known), meant)
		}
	})
}
