package cli

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		multiline  bool
		want       string
	}{
		{"ordinary text stays", "Zoë Müller, 李", false, "Zoë Müller, 李"},
		{"an escape sequence cannot colour", "a\x1b[31mb", false, `a\u001b[31mb`},
		{"a carriage return cannot overwrite the line", "delete\rkeep", false, `delete\u000dkeep`},
		{"text cannot be turned around", "a\u202eb\u2066c", false, `a\u202eb\u2066c`},
		{"a C1 control is one too", "a\u009bb", false, `a\u009bb`},
		{"trial 8: a zero-width blank is shown", "JOHN\u200bDOE", false, `JOHN\u200bDOE`},
		{"trial 8: a blank that is no ordinary one is shown", "JOHN\u00a0", false, `JOHN\u00a0`},
		{"trial 8: a byte order mark, a soft hyphen, a filler", "\ufeffa\u00adb\u3164", false, `\ufeffa\u00adb\u3164`},
		{"trial 8: a pattern of Braille without dots", "a\u2800", false, `a\u2800`},
		{"trial 8: tags beyond the first plane", "a\U000e0041", false, `a\udb40\udc41`},
		{"trial 8: a selector of variants, and the direction marks of old", "a\ufe0f\u200f\u061c", false, `a\ufe0f\u200f\u061c`},
		{"trial 8: the ends of lines and paragraphs of Unicode", "a\u2028b\u2029", true, `a\u2028b\u2029`},
		{"bytes that are no text", "a\xffb", false, "a\ufffdb"},
		{"a line end in a single line", "a\nb", false, `a\u000ab`},
		{"a line end among lines", "a\nb\tc", true, "a\nb\\u0009c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Clean(c.text, c.multiline); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCleanLeavesNothingInvisible(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		got := Clean(text, false)
		if utf8.RuneCountInString(got) < utf8.RuneCountInString(text) || Clean(got, false) != got {
			t.Fatalf("%q becomes %q", text, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool {
			return r < ' ' || r >= 0x7f && r <= 0xa0 || !unicode.IsPrint(r) && !unicode.In(r, unicode.Co, unicode.Cs) && unicode.In(r, unicode.C, unicode.Z)
		}); i >= 0 {
			t.Fatalf("%q becomes %q, with a control character at %d", text, got, i)
		}
	})
}

func TestCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n          int
		noun, want string
	}{
		{0, "team", "0 teams"}, {1, "team", "1 team"}, {2, "team", "2 teams"}, {1, "person/people", "1 person"}, {3, "person/people", "3 people"},
	} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("%d %s: got %q, want %q", c.n, c.noun, got, c.want)
		}
	}
}

func TestPad(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "   ", "é": "é  ", "abc": "abc", "abcd": "abcd"} {
		if got := Pad(text, 3); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTableAlignsWideNames(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := Table(&b, []string{"A", "NAME"}, [][]string{{"1", "Zoë\x07"}, {"long one", "x"}, {"2"}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), "A         NAME\n1         Zoë\\u0007\nlong one  x\n2\n"); diff != "" {
		t.Errorf("table (-got +want):\n%s", diff)
	}
}

func TestEveryCellOfATableStandsBelowItsHeader(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.StringMatching(`[a-zé\n]{1,6}`)
		header := rapid.SliceOfN(cells, 1, 4).Draw(t, "header")
		rows := rapid.SliceOfN(rapid.SliceOfN(cells, len(header), len(header)), 0, 4).Draw(t, "rows")
		var b strings.Builder
		if err := Table(&b, header, rows); err != nil {
			t.Fatal(err)
		}
		all := slices.Concat([][]string{header}, rows)
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != len(all) {
			t.Fatalf("%d lines, want %d", len(lines), len(all))
		}
		start := 0
		for column := range header {
			widest := 0
			for i, row := range all {
				if line := []rune(lines[i]); !strings.HasPrefix(string(line[start:]), Clean(row[column], false)) {
					t.Fatalf("line %q has no %q at %d", lines[i], row[column], start)
				}
				widest = max(widest, utf8.RuneCountInString(Clean(row[column], false)))
			}
			start += widest + 2
		}
	})
}

// full is a stream that takes nothing.
type full struct{ io.Writer }

func (full) Write([]byte) (int, error) { return 0, iotest.ErrTimeout }

func TestATableThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, rows := range [][][]string{nil, slices.Repeat([][]string{{"a cell of a long table"}}, 1000)} {
		if err := Table(full{}, []string{"NAME"}, rows); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("%d rows: got %v, want the stream's error", len(rows), err)
		}
	}
}

func TestSomeNamesSaysHowManyMoreThereAre(t *testing.T) {
	t.Parallel()
	for most, want := range map[int]string{3: "a, b, c", 2: "a, b and 1 more", 1: "a and 2 more"} {
		if got := Some([]string{"a", "b", "c"}, most); got != want {
			t.Errorf("%d: got %q, want %q", most, got, want)
		}
	}
}

func TestLinesKeepTheFirstError(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	l := &Lines{W: &b}
	l.Line("%d of %d", 1, 2)
	l.W = full{}
	l.Line("lost")
	l.W = &b
	l.Line("not written either")
	if !errors.Is(l.Err, iotest.ErrTimeout) || b.String() != "1 of 2\n" {
		t.Errorf("got %q, %v", &b, l.Err)
	}
}

func TestAPainterThatIsOffLeavesTextAlone(t *testing.T) {
	t.Parallel()
	for p, want := range map[Painter]string{true: "\x1b[31mno\x1b[0m", false: "no"} {
		if got := p.In(Red, "no"); got != want {
			t.Errorf("painting %v: got %q, want %q", p, got, want)
		}
	}
}
