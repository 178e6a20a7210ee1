package script

import (
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/dataset"
	"sacbridge/internal/plan"
)

// Kind is what a field holds.
type Kind string

// The kinds of fields.
const (
	Text   Kind = "text"
	Bool   Kind = "true or false"
	Action Kind = "action"
)

// Field describes one field of a script's data file.
type Field struct {
	Name     string
	Kind     Kind
	Allowed  []string // the words of an action
	Required bool     // false: needed in some rows only, see Doc
	Doc      string
}

// Script is what one sample script does with the rows of its data file. Make one with Lookup.
type Script struct {
	Number string // such as "1953"
	Data   string // SAP's name for the data file, such as "x953"
	Title  string
	Fields []Field

	keyField string // the field that tells rows apart, and its name in words
	keyWords string
	step     func(*dataset.Fields) plan.Step
}

// Supported lists the scripts that can be run.
func Supported() []Script {
	return []Script{
		copyUsers("1903", "x903", "transport users"),
		copyUsers("1933", "x933", "transport users, SAML variant"),
		copyTeams("1953", "x953", "transport a team and its users"),
		copyTeams("1983", "x983", "transport a team and its users, SAML variant"),
	}
}

// Lookup finds a script by its number as SAP writes it, with the leading 1 or 2 ("1953") or without
// ("953", "x953"). The error names the scripts that can be run, and says what another number of the
// samples would do.
func Lookup(number string) (Script, error) {
	number = strings.TrimPrefix(strings.TrimSpace(number), "x")
	var names []string
	for _, s := range Supported() {
		if number == s.Number || number == s.Number[1:] {
			return s, nil
		}
		names = append(names, s.Number)
	}
	list := strings.Join(names, ", ")
	for _, full := range []string{number, "1" + number, "2" + number} {
		if title, ok := sampleTitle(full); ok {
			return Script{}, fmt.Errorf("script %s (%s) cannot be run here; the numbers that can are %s", full, title, list)
		}
	}
	return Script{}, fmt.Errorf("there is no sample script %q; the numbers that can be run are %s", number, list)
}

// Request checks all rows and makes one step of each, in file order. opts go into the request as they
// are. The error is a dataset.Faults with everything that is wrong with the file; the warnings tell of
// unknown fields and of rows about the same person or team.
func (s Script) Request(t *dataset.Table, opts plan.Options) (plan.Request, []dataset.Warning, error) {
	known := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		known[i] = f.Name
	}
	warnings := t.UnknownFields(known)
	collector := dataset.NewCollector(t, known)
	req := plan.Request{Options: opts, Steps: make([]plan.Step, 0, len(t.Rows))}
	for _, row := range t.Rows {
		step := s.step(collector.Row(row))
		step.Origin = t.Place(row)
		req.Steps = append(req.Steps, step)
	}
	if err := collector.Err(); err != nil {
		return plan.Request{}, warnings, err
	}
	warnings = slices.Concat(warnings, t.Duplicates(s.keyWords, func(r dataset.Row) string { return r.Text(s.keyField) }))
	return req, warnings, nil
}
