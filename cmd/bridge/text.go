package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// clean makes text from elsewhere safe to show: a control character could move the cursor or recolour
// the terminal. Line ends stay if multiline.
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

// count gives "1 token" or "3 tokens".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// table writes rows below a header in aligned columns.
func table(w io.Writer, header []string, rows [][]string) error {
	width := make([]int, len(header))
	all := append([][]string{header}, rows...)
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			cell = clean(cell, false)
			line.WriteString(cell + strings.Repeat(" ", width[i]+2-len([]rune(cell))))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeJSON writes v indented, with a line end.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// day shows a moment, or a word where there is none.
func day(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return at.UTC().Format("2006-01-02 15:04")
}

// outputFlag is the form of what a command prints.
type outputFlag string

// The forms.
const (
	asTable outputFlag = "table"
	asJSON  outputFlag = "json"
)

// String gives the word.
func (o *outputFlag) String() string { return string(*o) }

// Set takes one of the words.
func (o *outputFlag) Set(s string) error {
	if s != string(asTable) && s != string(asJSON) {
		return fmt.Errorf("%q is unknown: use table or json", s)
	}
	*o = outputFlag(s)
	return nil
}

// Type lists the words in help.
func (*outputFlag) Type() string { return "table|json" }
