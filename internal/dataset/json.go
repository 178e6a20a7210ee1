package dataset

import (
	"fmt"
	"slices"
)

// readJSON reads a table from JSON text: an array of objects. SAP's own examples have commas before a
// closing bracket (script 1111) and a second closing bracket at the end (script 1665, sample 39); both
// are unambiguous and accepted with a warning. Anything else that is broken refuses the whole file.
func readJSON(text, name string, limits Limits) (*Table, []Warning, error) {
	p := &jsonParser{text: text, file: name, maxDepth: limits.MaxDepth, line: 1, lineStart: 0}
	root, err := p.document()
	if err != nil {
		return nil, p.warnings, err
	}
	if root.kind != kindList {
		return nil, p.warnings, Faults{{File: name, Line: root.line, Column: root.column, Cause: fmt.Sprintf(
			"the file holds %s, but a data file is an array of objects: [ {…}, {…} ]", root.kind)}}
	}
	t := &Table{Name: name, JSON: true, Rows: make([]Row, 0, len(root.list))}
	seen := map[string]bool{}
	var faults Faults
	for _, item := range root.list {
		if item.kind != kindObject {
			faults = append(faults, Fault{File: name, Line: item.line, Column: item.column, Cause: fmt.Sprintf("a row must be an object {…}, this is %s", item.kind)})
			continue
		}
		for _, m := range item.object {
			if !seen[m.name] {
				seen[m.name] = true
				t.Fields = append(t.Fields, m.name)
			}
		}
		t.Rows = append(t.Rows, Row{Line: item.line, object: item})
	}
	return t, p.warnings, faults.orNil()
}

// kind is the type of a JSON value. CSV cells are text.
type kind int

const (
	kindNull kind = iota
	kindText
	kindNumber
	kindBool
	kindList
	kindObject
)

// String names the kind as messages do.
func (k kind) String() string {
	return [...]string{"null", "text", "a number", "true or false without quotation marks", "a list", "an object"}[k]
}

// value is a cell: a JSON value or a CSV cell's text, with its place.
type value struct {
	kind         kind
	text         string // of text; of a number and a boolean as written
	list         []value
	object       []member // in file order, names unique
	line, column int
}

// member is one field of an object.
type member struct {
	name  string
	value value
}

// field gives an object's field by name.
func (v value) field(name string) (value, bool) {
	i := slices.IndexFunc(v.object, func(m member) bool { return m.name == name })
	if i < 0 {
		return value{}, false
	}
	return v.object[i].value, true
}
