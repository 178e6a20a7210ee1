package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Fault is one thing wrong with the file. Line and Column start at 1; 0 means that there is no such place.
type Fault struct {
	File    string
	Line    int
	Column  int
	Field   string // path of the key, such as tenants.dev.url
	Cause   string
	Excerpt string // the line with a mark below the place; never shows a secret
}

// String gives file:line:column: field: cause, and the excerpt on lines of its own.
func (f Fault) String() string {
	s := place(f.File, f.Line, f.Column, f.Field) + f.Cause
	if f.Excerpt != "" {
		s += "\n" + f.Excerpt
	}
	return s
}

// Faults are all faults of a file in the order of their lines. It is never empty as an error.
type Faults []Fault

// shownFaults is far above what a person makes, and keeps a file of another kind from flooding the screen.
const shownFaults = 200

// Error spells all faults out, 200 at most.
func (f Faults) Error() string {
	parts := make([]string, 0, min(len(f), shownFaults)+1)
	for _, fault := range f[:min(len(f), shownFaults)] {
		parts = append(parts, fault.String())
	}
	if more := len(f) - shownFaults; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "\n")
}

// orNil sorts the faults and makes an error of them, nil if there are none.
func (f Faults) orNil() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return f
}

// Warning is something about the file that works and should be looked at.
type Warning struct {
	File  string
	Line  int
	Field string
	Text  string
}

// String gives file:line: field: text.
func (w Warning) String() string { return place(w.File, w.Line, 0, w.Field) + w.Text }

func place(file string, line, column int, field string) string {
	var b strings.Builder
	b.WriteString(file)
	if line > 0 {
		fmt.Fprintf(&b, ":%d", line)
	}
	if column > 0 {
		fmt.Fprintf(&b, ":%d", column)
	}
	b.WriteString(": ")
	if field != "" {
		b.WriteString(field + ": ")
	}
	return b.String()
}

var (
	// secretLine finds what may stand before a secret, also where the key is misspelt.
	secretLine = regexp.MustCompile(`(?i)client|se[ck]\w*[re]t|secr|passw|pwd|credential`)
	// userInfo finds a name and password inside a URL.
	userInfo = regexp.MustCompile(`://[^/\s"']*@`)
)

// excerpt gives a line of the text with a mark below a column. A line that may hold a secret is cut
// off before its first value; a line that may go on with the value of the lines before is not shown.
func excerpt(lines []string, line, column int) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	for _, before := range lines[max(0, line-3) : line-1] {
		goesOn := strings.HasSuffix(strings.TrimSpace(before), ":") || indent(lines[line-1]) > indent(before)
		if goesOn && secretLine.MatchString(before) {
			return ""
		}
	}
	text := userInfo.ReplaceAllString(strings.ReplaceAll(lines[line-1], "\t", " "), "://"+masked+"@")
	if secretLine.MatchString(text) {
		key, _, _ := strings.Cut(text, ":")
		return fmt.Sprintf("%6d | %s: %s", line, key, masked)
	}
	const widest = 120
	if runes := []rune(text); len(runes) > widest {
		text = string(runes[:widest]) + "…"
	}
	mark := ""
	if column > 0 && column <= widest {
		mark = fmt.Sprintf("\n       | %s^", strings.Repeat(" ", column-1))
	}
	return fmt.Sprintf("%6d | %s%s", line, text, mark)
}

// indent counts the spaces that a line begins with.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
