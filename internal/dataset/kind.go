package dataset

import (
	"bytes"
	"strings"
)

// foreign are the beginnings of files that are often given for a data file, with what they are.
var foreign = []struct{ begin, what string }{
	{"PK\x03\x04", "a workbook (XLSX, ODS) or another ZIP archive"},
	{"PK\x05\x06", "an empty ZIP archive"},
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a workbook in the old format (XLS)"},
	{"\x1F\x8B", "a file compressed by gzip"},
	{"%PDF-", "a PDF document"},
	{"{\\rtf", "a text document (RTF)"},
}

const saveAsCSV = `: open it in the program that made it, and save the sheet as "CSV UTF-8"`

// foreignCause says what a file is that is no data file, or gives "".
func foreignCause(raw []byte) string {
	for _, f := range foreign {
		if bytes.HasPrefix(raw, []byte(f.begin)) {
			return "this is " + f.what + ", not CSV or JSON" + saveAsCSV
		}
	}
	lower := strings.ToLower(string(bytes.TrimLeft(raw[:min(len(raw), 512)], "\xEF\xBB\xBF \t\r\n")))
	if strings.HasPrefix(lower, "<!doctype html") || strings.HasPrefix(lower, "<html") || strings.HasPrefix(lower, "<?xml") {
		return "this is a web page or XML, not CSV or JSON: was a login page saved in its place?"
	}
	return ""
}

// crOnly is the cause of text whose lines a CSV reader would take for one.
const crOnly = "the lines end with CR alone, as very old programs write them: save the file with line ends LF or CR LF"

// hasOnlyCR tells whether CR alone ends the lines of a text.
func hasOnlyCR(text string) bool {
	return strings.Contains(strings.TrimRight(text, "\r"), "\r") && !strings.Contains(text, "\n")
}
