package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean makes text from elsewhere safe to show: a control character could move the cursor or recolour the terminal, and
// one that turns the direction or cannot be seen could pass one name off as another, and so falsify what a person is
// asked to approve. Such characters are shown as escapes, as in "A\u200bB". Line ends stay if multiline.
func Clean(s string, multiline bool) string {
	if strings.IndexFunc(s, isInvisible) < 0 {
		return strings.ToValidUTF8(s, "\ufffd")
	}
	var b strings.Builder
	for _, r := range s {
		if isInvisible(r) && (r != '\n' || !multiline) {
			b.WriteString(escaped(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isInvisible reports whether a character cannot be seen, or looks like another one that is none: controls, marks of
// direction and zero width, fillers, and blanks but the ordinary one.
func isInvisible(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	}
	return r == 0x2800 // a pattern of Braille without dots
}

// escaped writes a character the way JSON does.
func escaped(r rune) string {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
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
			width[i] = max(width[i], len([]rune(Clean(cell, false))))
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
