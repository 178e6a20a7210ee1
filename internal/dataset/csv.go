package dataset

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readCSV reads a table from CSV text. A row that does not fit the header is a fault; text that cannot
// be cut into cells ends the reading with a fault, since no later line can be trusted.
func readCSV(text, name string) (*Table, []Warning, error) {
	comma, skipped, text := separator(text)
	c := &csvReader{table: &Table{Name: name}, offset: skipped}
	c.in = csv.NewReader(strings.NewReader(text))
	c.in.Comma = comma
	c.in.FieldsPerRecord = -1
	c.in.TrimLeadingSpace = comma != '\t' // else an empty cell would be taken for a leading space
	if err := c.header(); err != nil {
		return nil, c.warnings, err
	}
	for c.row() {
		continue
	}
	if err := c.faults.orNil(); err != nil {
		return nil, c.warnings, err
	}
	return c.table, c.warnings, nil
}

// separator finds what separates cells: what a first line "sep=;" says (spreadsheets write it for their
// own use), else the most frequent of comma, semicolon and tab in the header outside quotes. It returns
// the text after a "sep" line and how many lines that took.
func separator(text string) (comma rune, skipped int, rest string) {
	line, after, _ := strings.Cut(text, "\n")
	if s, ok := strings.CutPrefix(strings.ToLower(strings.Trim(line, "\"\r")), "sep="); ok && len(s) == 1 && strings.Contains(",;\t", s) {
		return rune(s[0]), 1, after
	}
	for strings.TrimSpace(line) == "" && after != "" {
		line, after, _ = strings.Cut(after, "\n")
	}
	counts := map[rune]int{}
	quoted := false
	for _, r := range line {
		if r == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[r]++
		}
	}
	comma = ','
	for _, r := range ";\t" {
		if counts[r] > counts[comma] {
			comma = r
		}
	}
	return comma, 0, text
}

type csvReader struct {
	in       *csv.Reader
	table    *Table
	offset   int // lines taken off before the reader saw the text
	faults   Faults
	warnings []Warning
}

func (c *csvReader) fault(line, column int, format string, args ...any) {
	c.faults = append(c.faults, Fault{File: c.table.Name, Line: line, Column: column, Cause: fmt.Sprintf(format, args...)})
}

func (c *csvReader) warn(line int, text string) {
	c.warnings = append(c.warnings, Warning{File: c.table.Name, Line: line, Text: text})
}

// read gives the next record, its line, and whether there is one.
func (c *csvReader) read() (record []string, line int, ok bool) {
	record, err := c.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, false
	}
	if parse, is := errors.AsType[*csv.ParseError](err); is {
		c.cutFault(parse)
		return nil, 0, false
	}
	if err != nil {
		c.fault(0, 0, "%v", err)
		return nil, 0, false
	}
	line, _ = c.in.FieldPos(0)
	for i := range record {
		record[i] = strings.TrimSpace(record[i])
	}
	return record, line + c.offset, true
}

// cutFault notes where text cannot be cut into cells. A quotation mark that is never closed swallows the
// lines after it, and so the line on which its row begins is named.
func (c *csvReader) cutFault(parse *csv.ParseError) {
	if parse.Line > parse.StartLine {
		c.fault(parse.StartLine+c.offset, 0, "%s (the row goes on to line %d)", quoteCause(parse.Err), parse.Line+c.offset)
		return
	}
	c.fault(parse.Line+c.offset, parse.Column, "%s", quoteCause(parse.Err))
}

// quoteCause says in a spreadsheet user's words what a CSV reader trips over.
func quoteCause(err error) string {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return `a quotation mark inside a cell that is not quoted: put the whole cell in quotation marks and double the one inside`
	case errors.Is(err, csv.ErrQuote):
		return `a quoted cell does not end where it should: double the quotation marks inside it, and close it before the separator`
	default:
		return err.Error()
	}
}

// header reads the names. Trailing separators that spreadsheets leave behind are cut off.
func (c *csvReader) header() error {
	names, line, ok := c.read()
	if !ok {
		if err := c.faults.orNil(); err != nil {
			return err
		}
		return Faults{{File: c.table.Name, Cause: "the file is empty: its first line must name the fields"}}
	}
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	if len(names) == 0 {
		c.fault(line, 0, "the first line names no field")
	}
	for i, n := range names {
		switch {
		case n == "":
			c.fault(line, 0, "column %d has no name", i+1)
		case slices.Contains(names[:i], n):
			c.fault(line, 0, "two columns are called %s", n)
		}
	}
	c.table.Fields, c.table.HeaderLine = names, line
	return c.faults.orNil()
}

// row reads one row and reports whether to go on.
func (c *csvReader) row() bool {
	record, line, ok := c.read()
	if !ok {
		return false
	}
	names := c.table.Fields
	if !slices.ContainsFunc(record, func(s string) bool { return s != "" }) {
		if len(record) > 1 {
			c.warn(line, "a line without any value is passed over")
		}
		return true
	}
	for len(record) > len(names) && record[len(record)-1] == "" {
		record = record[:len(record)-1]
	}
	if len(record) != len(names) {
		c.fault(line, 0, "the line has %d cells and the header has %d%s", len(record), len(names), cellHint(c.in.Comma))
		return true
	}
	c.table.Rows = append(c.table.Rows, Row{Line: line, columns: names, texts: record})
	return true
}

// cellHint says what usually makes a line too long or too short.
func cellHint(comma rune) string {
	if comma == '\t' {
		return " (cells are separated by tabs)"
	}
	return fmt.Sprintf(" (cells are separated by %q; one that holds it needs quotation marks)", string(comma))
}
