package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Clean makes text from elsewhere safe to show: a control character could move the cursor or recolour the terminal,
// and so falsify what a person is asked to approve. Line ends stay if multiline.
func Clean(s string, multiline bool) string {
	return strings.Map(func(r rune) rune {
		if multiline && r == '\n' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Pad fills s with spaces up to n characters.
func Pad(s string, n int) string {
	if missing := n - len([]rune(s)); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// Count gives "1 team" or "3 teams"; a noun with an irregular plural gives both forms: "person/people".
func Count(n int, noun string) string {
	one, many, ok := strings.Cut(noun, "/")
	if !ok {
		many = noun + "s"
	}
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Table writes rows below a header in aligned columns, with every cell made safe to show. No row may have more
// cells than the header.
func Table(w io.Writer, header []string, rows [][]string) error {
	all := append([][]string{header}, rows...)
	width := make([]int, len(header))
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	out := bufio.NewWriter(w)
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(Pad(Clean(cell, false), width[i]+2))
		}
		if _, err := out.WriteString(strings.TrimRight(line.String(), " ") + "\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Lines writes text and keeps the first error, so that a view need not check each line.
type Lines struct {
	W   io.Writer
	Err error
}

// Line writes one formatted line.
func (l *Lines) Line(format string, args ...any) {
	if l.Err == nil {
		_, l.Err = fmt.Fprintf(l.W, format+"\n", args...)
	}
}

// Some joins up to most of items and says how many more there are.
func Some(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
