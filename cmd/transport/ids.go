package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/dataset"
	"sacbridge/internal/engine"
)

// fieldUserID is the field of SAP's data files that names a person.
const fieldUserID = "file_userid"

// maxIDFile bounds the file of --ids.
const maxIDFile = 64 << 20

// readIDs reads the file of --ids: a CSV or JSON file with the field file_userid, else one user ID a
// line. The same ID twice counts once. All faults of the file come together, with exit code 2.
func readIDs(path string) ([]engine.Person, error) {
	data, err := readLimited(path, maxIDFile)
	if err != nil {
		return nil, cli.Usagef("--ids: %w", err)
	}
	parse := parseIDTable
	if isPlainList(data) {
		parse = parseIDLines
	}
	ids, err := parse(data, path)
	if err != nil {
		return nil, cli.Usagef("--ids %s is not taken:\n%w", path, err)
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
func parseIDLines(data []byte, path string) ([]engine.Person, error) {
	var ids []engine.Person
	var faults dataset.Faults
	line := 0
	for text := range strings.Lines(string(bytes.TrimPrefix(data, []byte("\ufeff")))) {
		line++
		id := strings.TrimSpace(text)
		switch {
		case id == "" || strings.HasPrefix(id, "#"):
		case strings.ContainsAny(id, ",;\t\""):
			faults = append(faults, dataset.Fault{File: path, Line: line, Cause: "is no single user ID: write one a line, or name the column " + fieldUserID + " in a first line"})
		default:
			ids = append(ids, engine.Person{UserID: id, Origin: fmt.Sprintf("%s:%d", path, line)})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if len(ids) == 0 {
		return nil, dataset.Faults{{File: path, Cause: "the file names nobody"}}
	}
	return ids, nil
}

// parseIDTable reads the column file_userid of a CSV or JSON file.
func parseIDTable(data []byte, path string) ([]engine.Person, error) {
	t, _, err := dataset.Read(bytes.NewReader(data), path, dataset.Limits{})
	if err != nil {
		return nil, err
	}
	var ids []engine.Person
	collector := dataset.NewCollector(t, []string{fieldUserID})
	for _, row := range t.Rows {
		ids = append(ids, engine.Person{UserID: collector.Row(row).Required(fieldUserID), Origin: t.Place(row)})
	}
	return ids, collector.Err()
}

// uniqueIDs keeps the first of each user ID.
func uniqueIDs(ids []engine.Person) []engine.Person {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id engine.Person) bool {
		twice := seen[id.UserID]
		seen[id.UserID] = true
		return twice
	})
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return data, nil
}
