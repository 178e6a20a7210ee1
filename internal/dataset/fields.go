package dataset

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sacbridge/internal/identity"
	"sacbridge/internal/nearest"
)

// Collector gathers the faults of all rows of a table, so that they are reported together. It is not
// safe for concurrent use.
type Collector struct {
	table  *Table
	known  []string
	faults Faults
	absent map[string]bool // columns whose absence has been reported
}

// NewCollector gives a collector without faults. known are the fields that may be asked for: only a
// field that is none of them is proposed as the misspelt form of a missing one.
func NewCollector(t *Table, known []string) *Collector {
	return &Collector{table: t, known: known, absent: map[string]bool{}}
}

// Row gives typed access to one row of the collector's table.
func (c *Collector) Row(r Row) *Fields { return &Fields{collector: c, row: r} }

// Err gives all faults collected so far as a Faults, nil if there are none.
func (c *Collector) Err() error { return c.faults.orNil() }

// Fields gives typed access to one row. A method that finds a fault notes it in the collector and
// returns the zero value: look at Collector.Err before using what was read.
type Fields struct {
	collector *Collector
	row       Row
}

// integer is what JSON may give for a text without doubt about its form, such as a user ID 1234.
var integer = regexp.MustCompile(`^[1-9][0-9]{0,17}$|^0$`)

// maxCell is the most characters of a value: a team's description, the longest there is, has as many (script 1501).
const maxCell = 1024

// fieldPrefix begins the names of all fields of SAP's data files.
const fieldPrefix = "file_"

// bareName is a field's name without the prefix that all have, and without what people get wrong unnoticed.
func bareName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, strings.TrimPrefix(s, fieldPrefix))
}

// meant gives the one of candidates that word most likely stands for, or "".
func meant(word string, candidates []string) string {
	for _, c := range candidates {
		if bareName(c) == bareName(word) {
			return c
		}
	}
	return nearest.Word(word, candidates)
}

// meantHint is the end of a message about an unknown word, or "" if none is near.
func meantHint(word string, known []string) string {
	if near := meant(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// Fault notes something wrong with a field that only the caller can know.
func (f *Fields) Fault(field, format string, args ...any) {
	v, ok := f.row.cell(field)
	fault := Fault{File: f.collector.table.Name, Line: f.row.Line, Field: field, Cause: fmt.Sprintf(format, args...)}
	if ok && v.line > 0 {
		fault.Line, fault.Column = v.line, v.column
	}
	f.collector.faults = append(f.collector.faults, fault)
}

// String gives a text, "" where the field is absent.
func (f *Fields) String(field string) string {
	v, _ := f.row.cell(field)
	switch {
	case v.kind == kindNull:
		return ""
	case v.kind == kindText && utf8.RuneCountInString(v.text) > maxCell:
		f.Fault(field, "has %d characters, and no value of a tenant has more than %d", utf8.RuneCountInString(v.text), maxCell)
		return ""
	case v.kind == kindText:
		return v.text
	case v.kind == kindNumber && integer.MatchString(v.text):
		return v.text
	default:
		f.Fault(field, "is %s, and a text in quotation marks is wanted", v.kind)
		return ""
	}
}

// Required gives a text that must be there and not be empty.
func (f *Fields) Required(field string) string {
	if !f.present(field) {
		return ""
	}
	before := len(f.collector.faults)
	s := f.String(field)
	if s == "" && len(f.collector.faults) == before {
		f.Fault(field, "is empty")
	}
	return s
}

// present notes a fault if the field is absent. A column that a CSV file lacks is reported once, at its
// header.
func (f *Fields) present(field string) bool {
	if f.row.Has(field) {
		return true
	}
	c := f.collector
	if c.table.JSON {
		f.Fault(field, "is missing%s", lookalike(field, f.row.names(), c.known))
		return false
	}
	if !c.absent[field] {
		c.absent[field] = true
		c.faults = append(c.faults, Fault{
			File: c.table.Name, Line: c.table.HeaderLine, Field: field,
			Cause: "there is no such column" + lookalike(field, f.row.names(), c.known),
		})
	}
	return false
}

// lookalike names the field that was probably meant to be the missing one, or gives "". A field that
// has a meaning of its own is not proposed.
func lookalike(field string, present, known []string) string {
	strangers := slices.DeleteFunc(slices.Clone(present), func(s string) bool { return slices.Contains(known, s) })
	if near := meant(field, strangers); near != "" {
		return ": is it the one called " + near + "?"
	}
	return ""
}

// Bool gives a boolean that must be there: true or false in lower case, in JSON without or with
// quotation marks. TRUE is refused: SAP's scripts do not understand it, and a spreadsheet that writes it
// may have changed other cells too.
func (f *Fields) Bool(field string) bool {
	if !f.present(field) {
		return false
	}
	v, _ := f.row.cell(field)
	switch {
	case (v.kind == kindBool || v.kind == kindText) && v.text == "true":
		return true
	case (v.kind == kindBool || v.kind == kindText) && v.text == "false":
		return false
	case v.kind == kindText && v.text == "":
		f.Fault(field, "is empty: write true or false")
	case v.kind == kindText && (strings.EqualFold(v.text, "true") || strings.EqualFold(v.text, "false")):
		f.Fault(field, "is %s: write %s in lower case (in a spreadsheet, make the column text first)", v.text, strings.ToLower(v.text))
	case v.kind == kindText || v.kind == kindNumber:
		f.Fault(field, "is %q: write true or false", v.text)
	default:
		f.Fault(field, "is %s: write true or false", v.kind)
	}
	return false
}

// Action gives an action word that must be there and be one of allowed, exactly as spelt.
func (f *Fields) Action(field string, allowed []identity.Action) identity.Action {
	if !f.present(field) {
		return ""
	}
	before := len(f.collector.faults)
	action := f.OptionalAction(field, allowed)
	if action == "" && len(f.collector.faults) == before {
		_, err := identity.ParseAction("", allowed)
		f.Fault(field, "is empty: %v", err)
	}
	return action
}

// OptionalAction gives an action word, "" where the field is absent or empty.
func (f *Fields) OptionalAction(field string, allowed []identity.Action) identity.Action {
	if !f.row.Has(field) {
		return ""
	}
	before := len(f.collector.faults)
	word := f.String(field)
	if word == "" || len(f.collector.faults) > before {
		return ""
	}
	action, err := identity.ParseAction(word, allowed)
	if err == nil {
		return action
	}
	near := ""
	for _, a := range allowed {
		if strings.EqualFold(string(a), strings.TrimSpace(word)) {
			near = " (in lower case, without spaces)"
		}
	}
	f.Fault(field, "%v%s", err, near)
	return ""
}

// Needed notes a fault if the field is absent or empty, saying under which condition it is needed.
func (f *Fields) Needed(field, condition string) {
	v, _ := f.row.cell(field)
	if v.kind == kindText && v.text == "" {
		f.Fault(field, "is empty, and it is needed where %s", condition)
		return
	}
	if v.kind == kindNull {
		f.Fault(field, "is missing, and it is needed where %s%s", condition, lookalike(field, f.row.names(), f.collector.known))
	}
}
