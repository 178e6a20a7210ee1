package dataset

import (
	"fmt"
	"slices"
	"strings"
)

// shownFaults is how many faults Error spells out: a file with one wrong column has thousands.
const shownFaults = 20

// Fault is one thing wrong with a file. Line and Column start at 1; 0 means that there is no such place.
type Fault struct {
	File   string
	Line   int
	Column int
	Field  string
	Cause  string
}

// String gives file:line:column: field: cause, leaving out what is not known.
func (f Fault) String() string {
	return place(f.File, f.Line, f.Column, f.Field) + f.Cause
}

// Faults are all faults of a file, in the order of their lines. It is never empty as an error.
type Faults []Fault

// Error spells out the first twenty faults, one a line, and counts the rest.
func (f Faults) Error() string {
	var b strings.Builder
	for i, fault := range f {
		if i == shownFaults {
			fmt.Fprintf(&b, "\nand %d more", len(f)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.String())
	}
	return b.String()
}

// orNil sorts the faults by place and makes an error of them, nil if there are none.
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

// Warning is something odd about a file that does not stop it from being read.
type Warning struct {
	File  string
	Line  int
	Field string
	Text  string
}

// String gives file:line: field: text, leaving out what is not known.
func (w Warning) String() string {
	return place(w.File, w.Line, 0, w.Field) + w.Text
}

// place gives the beginning of a message that says where it is about.
func place(file string, line, column int, field string) string {
	var b strings.Builder
	b.WriteString(file)
	if line > 0 {
		fmt.Fprintf(&b, ":%d", line)
	}
	if column > 0 {
		fmt.Fprintf(&b, ":%d", column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if field != "" {
		b.WriteString(field + ": ")
	}
	return b.String()
}
