package dataset

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// fieldUserID is the field of SAP's data files that names a person.
const fieldUserID = "file_userid"

// ID is a user ID and where it stands, such as "people.txt:3".
type ID struct{ UserID, Place string }

// ReadIDs reads a list of user IDs: a CSV or JSON file with the field file_userid, else one user ID a line. The same
// ID twice counts once. The error has all faults of the file. name is what faults call the file.
func ReadIDs(r io.Reader, name string, limits Limits) ([]ID, error) {
	data, err := readLimited(r, name, limits.withDefaults().MaxBytes)
	if err != nil {
		return nil, err
	}
	if cause := foreignCause(data); cause != "" {
		return nil, Faults{{File: name, Cause: cause}}
	}
	parse := parseIDTable
	if isPlainList(data) {
		parse = parseIDLines
	}
	ids, err := parse(data, name)
	if err != nil {
		return nil, err
	}
	return uniqueIDs(ids), nil
}

// isPlainList reports whether data is a list without a header: UTF-8 text, no JSON, and no first line
// that names the field.
func isPlainList(data []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 || bytes.HasPrefix(text, []byte("[")) || bytes.HasPrefix(text, []byte("{")) {
		return false
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return !bytes.Contains(first, []byte(fieldUserID))
}

// parseIDLines reads one user ID a line; empty lines and those that begin with # are left out.
func parseIDLines(data []byte, name string) ([]ID, error) {
	var ids []ID
	var faults Faults
	if hasOnlyCR(string(data)) {
		return nil, Faults{{File: name, Cause: crOnly}}
	}
	line := 0
	for text := range strings.Lines(string(bytes.TrimPrefix(data, []byte("\ufeff")))) {
		line++
		id := strings.TrimSpace(text)
		switch {
		case id == "" || strings.HasPrefix(id, "#"):
		case line == 1 && bareName(id) == bareName(fieldUserID):
			faults = append(faults, Fault{File: name, Line: line, Cause: fmt.Sprintf("%q looks like the name of a column: call it %s, or take the line out", id, fieldUserID)})
		case utf8.RuneCountInString(id) > maxCell:
			faults = append(faults, Fault{File: name, Line: line, Cause: fmt.Sprintf("has %d characters, which no user ID has", utf8.RuneCountInString(id))})
		case strings.ContainsAny(id, ",;\t\""):
			faults = append(faults, Fault{File: name, Line: line, Cause: "is no single user ID: write one a line, or name the column " + fieldUserID + " in a first line"})
		default:
			ids = append(ids, ID{UserID: id, Place: fmt.Sprintf("%s:%d", name, line)})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if len(ids) == 0 {
		return nil, Faults{{File: name, Cause: "the file names nobody"}}
	}
	return ids, nil
}

// parseIDTable reads the column file_userid of a CSV or JSON file.
func parseIDTable(data []byte, name string) ([]ID, error) {
	t, _, err := Read(bytes.NewReader(data), name, Limits{})
	if err != nil {
		return nil, err
	}
	var ids []ID
	collector := NewCollector(t, []string{fieldUserID})
	for _, row := range t.Rows {
		ids = append(ids, ID{UserID: collector.Row(row).Required(fieldUserID), Place: t.Place(row)})
	}
	return ids, collector.Err()
}

// uniqueIDs keeps the first of each user ID.
func uniqueIDs(ids []ID) []ID {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id ID) bool {
		twice := seen[id.UserID]
		seen[id.UserID] = true
		return twice
	})
}
