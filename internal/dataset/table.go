package dataset

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Limits bound what is read. The zero value means the defaults.
type Limits struct {
	MaxBytes int64 // of the file; 64 MiB if 0
	MaxDepth int   // of nested JSON; 32 if 0
}

const (
	defaultMaxBytes = 64 << 20
	defaultMaxDepth = 32
)

func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = defaultMaxBytes
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = defaultMaxDepth
	}
	return l
}

// Table is a data file that was read whole: its rows in file order, each with its fields by name.
type Table struct {
	Name       string   // the file's name, for messages
	JSON       bool     // else CSV
	Fields     []string // names in the order in which the file has them first
	HeaderLine int      // CSV only
	Rows       []Row
}

// Row is one line of a CSV file or one object of a JSON file.
type Row struct {
	Line    int      // on which it begins
	columns []string // CSV: the header, shared by all rows
	texts   []string // CSV: the cells
	object  value    // JSON
}

// Has reports whether the row has the field. A JSON null counts as absent.
func (r Row) Has(field string) bool {
	v, ok := r.cell(field)
	return ok && v.kind != kindNull
}

// Text gives a field that is text, "" for any other.
func (r Row) Text(field string) string {
	if v, _ := r.cell(field); v.kind == kindText {
		return v.text
	}
	return ""
}

// cell gives a field's value, and whether the row names the field.
func (r Row) cell(field string) (value, bool) {
	if r.columns == nil {
		return r.object.field(field)
	}
	i := slices.Index(r.columns, field)
	if i < 0 {
		return value{}, false
	}
	return value{kind: kindText, text: r.texts[i], line: r.Line}, true
}

// names gives the fields that the row names.
func (r Row) names() []string {
	if r.columns != nil {
		return r.columns
	}
	out := make([]string, len(r.object.object))
	for i, m := range r.object.object {
		out[i] = m.name
	}
	return out
}

// Place gives the row's place for messages, such as "x953.csv:3".
func (t *Table) Place(r Row) string { return fmt.Sprintf("%s:%d", t.Name, r.Line) }

// UnknownFields warns of each field of the file that is not among known: SAP's scripts pass over such
// fields in silence, and so a misspelt optional one would have no effect.
func (t *Table) UnknownFields(known []string) []Warning {
	var missing []string // what a misspelt name can stand for: a field that is there is not meant twice
	for _, k := range known {
		if !slices.Contains(t.Fields, k) {
			missing = append(missing, k)
		}
	}
	var out []Warning
	for _, f := range t.Fields {
		if slices.Contains(known, f) {
			continue
		}
		out = append(out, Warning{File: t.Name, Line: t.firstLine(f), Field: f, Text: "unknown field, ignored" + meantHint(f, missing)})
	}
	return out
}

// firstLine gives the line on which a field is named first.
func (t *Table) firstLine(field string) int {
	if !t.JSON {
		return t.HeaderLine
	}
	for _, r := range t.Rows {
		if v, ok := r.cell(field); ok {
			return v.line
		}
	}
	return 0
}

// shownDuplicates is how many keys that stand twice are named: a file that was put together twice has thousands.
const shownDuplicates = 3

// Duplicates warns of rows whose key is that of an earlier row, in one warning. key gives "" for a row without one.
// what says in words what the key is, such as "user ID".
func (t *Table) Duplicates(what string, key func(Row) string) []Warning {
	first, twice := map[string]int{}, 0
	var line int // of the first row that repeats a key
	var named []string
	for _, r := range t.Rows {
		k := key(r)
		if k == "" {
			continue
		}
		before, ok := first[k]
		if !ok {
			first[k] = r.Line
			continue
		}
		if twice++; twice == 1 {
			line = r.Line
		}
		if len(named) < shownDuplicates {
			named = append(named, fmt.Sprintf("%q (lines %d and %d)", k, before, r.Line))
		}
	}
	if twice == 0 {
		return nil
	}
	text := what + " " + strings.Join(named, ", ")
	if more := twice - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []Warning{{File: t.Name, Line: line, Text: text + ": given twice, and each row counts, one after the other"}}
}

// Read reads a whole data file. Its format is found from its content, not from its name: a file that
// begins with a bracket or brace is JSON. name is used in messages only; its folder is left out of them.
// The error is of type Faults where the content is to blame.
func Read(r io.Reader, name string, limits Limits) (*Table, []Warning, error) {
	limits = limits.withDefaults()
	name = filepath.Base(name)
	raw, err := readLimited(r, name, limits.MaxBytes)
	if err != nil {
		return nil, nil, err
	}
	if cause := foreignCause(raw); cause != "" {
		return nil, nil, Faults{{File: name, Cause: cause}}
	}
	text, err := decodeText(raw)
	if err != nil {
		return nil, nil, Faults{{File: name, Line: lineOfBadText(raw), Cause: err.Error()}}
	}
	var table *Table
	var warnings []Warning
	if rest := strings.TrimLeft(text, " \t\r\n"); strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "{") {
		table, warnings, err = readJSON(text, name, limits)
	} else if hasOnlyCR(text) {
		err = Faults{{File: name, Cause: crOnly}}
	} else {
		table, warnings, err = readCSV(text, name)
	}
	if err != nil {
		return nil, warnings, err
	}
	if len(table.Rows) == 0 {
		return nil, warnings, Faults{{File: name, Cause: "the file has no rows"}}
	}
	return table, warnings, nil
}

// readLimited reads at most limit bytes and refuses more, naming both sizes.
func readLimited(r io.Reader, name string, limit int64) ([]byte, error) {
	if f, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > limit {
			return nil, tooLarge(name, bytesText(info.Size()), limit)
		}
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(raw)) > limit {
		return nil, tooLarge(name, "more than "+bytesText(limit), limit)
	}
	return raw, nil
}

func tooLarge(name, size string, limit int64) error {
	return Faults{{File: name, Cause: fmt.Sprintf("the file has %s, and %s is the most that is read: split it", size, bytesText(limit))}}
}

// bytesText gives a size in the largest unit that leaves a whole number or one decimal.
func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<20)), ".0") + " MiB"
	case n >= 1<<10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<10)), ".0") + " KiB"
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
