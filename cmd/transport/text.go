package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// painter colours text, or leaves it alone where it is false.
type painter bool

// The colours, as ANSI codes.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
	faint  = "2"
)

func (p painter) in(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// lines writes text and keeps the first error, so that a view need not check each line.
type lines struct {
	w   io.Writer
	err error
}

// f writes one formatted line.
func (l *lines) f(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format+"\n", args...)
	}
}

// clean makes text from a tenant or file safe to show: a control character could move the cursor or
// recolour the terminal, and so falsify what a person is asked to approve. Line ends stay if multiline.
func clean(s string, multiline bool) string {
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

// pad fills s with spaces up to n characters.
func pad(s string, n int) string {
	if missing := n - len([]rune(s)); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// cut shortens s to n characters, so that a line that is redrawn in place does not wrap; n below 1 leaves
// it alone.
func cut(s string, n int) string {
	if runes := []rune(s); n > 0 && len(runes) > n {
		return string(runes[:n])
	}
	return s
}

// count gives "1 team" or "3 teams"; a noun with an irregular plural gives both forms: "person/people".
func count(n int, noun string) string {
	one, many, ok := strings.Cut(noun, "/")
	if !ok {
		many = noun + "s"
	}
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some joins up to most of items and says how many more there are.
func some(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// table writes rows below a header in aligned columns.
func table(w io.Writer, header []string, rows [][]string) error {
	width := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	l := &lines{w: w}
	for _, row := range append([][]string{header}, rows...) {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(pad(clean(cell, false), width[i]+2))
		}
		l.f("%s", strings.TrimRight(b.String(), " "))
	}
	return l.err
}
