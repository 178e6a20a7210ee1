package dataset

import (
	"fmt"
	"strings"
	"testing"
)

// Trial 7: files that are no data files were told by the first byte that is not UTF-8.
func TestFilesOfOtherKindsAreRecognisedByName(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"PK\x03\x04rest of a workbook":                 "a workbook (XLSX, ODS)",
		"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1old workbook": "the old format (XLS)",
		"\x1F\x8Bpacked":                               "compressed by gzip",
		"%PDF-1.7":                                     "a PDF document",
		"<!DOCTYPE html><html>":                        "a web page or XML",
		"\xEF\xBB\xBF  <html>":                         "a web page or XML",
		"file_userid\rANNA\rBEN\r":                     "CR alone",
		"file_userid\rANNA":                            "CR alone",
	} {
		_, _, err := Read(strings.NewReader(content), "people.csv", Limits{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "people.csv: ") {
			t.Errorf("table %.20q: %v, want %q", content, err, want)
		}
		if _, err := ReadIDs(strings.NewReader(content), "people.csv", Limits{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("list %.20q: %v, want %q", content, err, want)
		}
	}
	for _, content := range []string{"file_userid\r\nANNA\r\n", "file_userid\nANNA\r", "[{\"file_userid\":\r\"ANNA\"}]"} {
		if _, _, err := Read(strings.NewReader(content), "f", Limits{}); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestAColumnWithoutThePrefixIsProposed(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"userid", "User ID", "USER_ID", "file-userid"} {
		table, _, err := Read(strings.NewReader(header+"\nANNA\n"), "f", Limits{})
		if err != nil {
			t.Fatal(err)
		}
		c := NewCollector(table, []string{fieldUserID})
		c.Row(table.Rows[0]).Required(fieldUserID)
		if err := c.Err(); err == nil || !strings.Contains(err.Error(), "is it the one called "+header) {
			t.Errorf("%s: %v", header, err)
		}
		if got := fmt.Sprint(table.UnknownFields([]string{fieldUserID})); !strings.Contains(got, "did you mean file_userid?") {
			t.Errorf("%s: %s", header, got)
		}
		if _, err := ReadIDs(strings.NewReader(header+"\nANNA\n"), "f", Limits{}); header != "file-userid" && (err == nil || !strings.Contains(err.Error(), "looks like the name of a column: call it file_userid")) {
			t.Errorf("list with %s: %v", header, err)
		}
	}
	if ids, err := ReadIDs(strings.NewReader("USER1\nUSERS\n"), "f", Limits{}); err != nil || len(ids) != 2 {
		t.Errorf("people whose names are nearly a column's: %v, %v", ids, err)
	}
}

func TestValuesThatNoTenantTakesAreRefusedInTheCheck(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", maxCell+1)
	table, _, err := Read(strings.NewReader("file_userid\n"+long+"\n"+long[2:]+"\n"), "f", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector(table, []string{fieldUserID})
	for _, r := range table.Rows {
		c.Row(r).Required(fieldUserID)
	}
	if err := c.Err(); err == nil || err.Error() != "f:2: file_userid: has 1025 characters, and no value of a tenant has more than 1024" {
		t.Errorf("got %.200v", err)
	}
	if _, err := ReadIDs(strings.NewReader("ANNA\n"+long), "f", Limits{}); err == nil || !strings.Contains(err.Error(), "f:2: has 1025 characters") {
		t.Errorf("list: %.200v", err)
	}
}

func TestRowsThatStandTwiceAreOneWarning(t *testing.T) {
	t.Parallel()
	table, _, err := Read(strings.NewReader("file_userid\nA\nB\nC\nD\nA\nB\nC\nD\nD\n"), "f", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := table.Duplicates("user ID", func(r Row) string { return r.Text(fieldUserID) })
	want := `f:6: user ID "A" (lines 2 and 6), "B" (lines 3 and 7), "C" (lines 4 and 8) and 2 more: given twice, and each row counts, one after the other`
	if len(got) != 1 || got[0].String() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
