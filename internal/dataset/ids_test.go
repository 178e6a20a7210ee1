package dataset

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadIDs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want []ID
		err  string
	}{
		"one a line":                      {"ANNA\nBEN\n", []ID{{"ANNA", "ids.txt:1"}, {"BEN", "ids.txt:2"}}, ""},
		"notes and empty lines":           {"# people\n\n ANNA \r\n", []ID{{"ANNA", "ids.txt:3"}}, ""},
		"a byte order mark":               {"\ufeffANNA\n", []ID{{"ANNA", "ids.txt:1"}}, ""},
		"somebody twice counts once":      {"ANNA\nBEN\nANNA\n", []ID{{"ANNA", "ids.txt:1"}, {"BEN", "ids.txt:2"}}, ""},
		"a CSV file with the field":       {"file_userid;x\nANNA;1\n", []ID{{"ANNA", "ids.txt:2"}}, ""},
		"a JSON file with the field":      {`[{"file_userid":"ANNA"}]`, []ID{{"ANNA", "ids.txt:1"}}, ""},
		"an empty file":                   {"", nil, "ids.txt: the file names nobody"},
		"columns without a first line":    {"ANNA,BEN\n", nil, "ids.txt:1: is no single user ID: write one a line, or name the column file_userid in a first line"},
		"a file that is larger than read": {strings.Repeat("A", 11), nil, "ids.txt: the file has more than 10 bytes, and 10 bytes is the most that is read: split it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var limits Limits
			if strings.Contains(tt.err, "10 bytes") {
				limits.MaxBytes = 10
			}
			got, err := ReadIDs(strings.NewReader(tt.text), "ids.txt", limits)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if diff := cmp.Diff(got, tt.want); diff != "" || said != tt.err {
				t.Errorf("error %q, want %q; IDs (-got +want):\n%s", said, tt.err, diff)
			}
		})
	}
}

func FuzzIDs(f *testing.F) {
	for _, seed := range []string{"ANNA\nBEN\n", "# note\n\nANNA", "file_userid\nANNA\n", `[{"file_userid":"ANNA"}]`, "A,B\n", "\ufeffANNA\r\n", "file_userid;x\n\"A", "[", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := ReadIDs(strings.NewReader(string(data)), "ids.txt", Limits{})
		if err == nil && len(ids) == 0 {
			t.Error("nobody is named, and there is no error")
		}
		for _, id := range ids {
			if err != nil || strings.TrimSpace(id.UserID) == "" {
				t.Errorf("user ID %q and error %v from %q", id.UserID, err, data)
			}
		}
	})
}
