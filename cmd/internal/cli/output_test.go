package cli

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestOutputFlag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want Output
		err  string
	}{
		{"the table is the default", nil, AsTable, ""},
		{"the short form", []string{"-o", "json"}, AsJSON, ""},
		{"the long form", []string{"--output=table"}, AsTable, ""},
		{"the last one counts", []string{"-ojson", "-otable"}, AsTable, ""},
		{"another format", []string{"-o", "xml"}, AsTable, `invalid argument "xml" for "-o, --output" flag: use table or json`},
		{"letter case counts", []string{"-o", "JSON"}, AsTable, `invalid argument "JSON" for "-o, --output" flag: use table or json`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			var got Output
			got.Add(flags)
			said := ""
			if err := flags.Parse(c.args); err != nil {
				said = err.Error()
			}
			if got != c.want || said != c.err {
				t.Errorf("got %q, %q, want %q, %q", got, said, c.want, c.err)
			}
		})
	}
}

func TestWriteJSONIsIndentedAndPlain(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := WriteJSON(&b, map[string]any{"rule": "a < b && c", "list": []int{1}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), "{\n  \"list\": [\n    1\n  ],\n  \"rule\": \"a < b && c\"\n}\n"); diff != "" {
		t.Errorf("JSON (-got +want):\n%s", diff)
	}
}

func TestWriteJSONSaysWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	if err := WriteJSON(&strings.Builder{}, math.NaN()); err == nil || !strings.HasPrefix(err.Error(), "write JSON: ") {
		t.Errorf("got %v, want an error that says what was being done", err)
	}
	if err := WriteJSON(full{}, 1); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v, want the stream's error", err)
	}
}

// TestTrial8JSONEscapesWhatCannotBeSeen is about names that look like others.
func TestTrial8JSONEscapesWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"JOHN\u200bDOE": `"JOHN\u200bDOE"`, "a\u202eb": `"a\u202eb"`, "a\u007fb\u009b": `"a\u007fb\u009b"`,
		"a\U000e0041": `"a\udb40\udc41"`, "Zoë 李 <&>": `"Zoë 李 <&>"`, "x\u00a0": `"x\u00a0"`, "a\u0000": `"a\u0000"`,
	} {
		var b strings.Builder
		if err := WriteJSON(&b, text); err != nil || strings.TrimSpace(b.String()) != want {
			t.Errorf("%q is written as %q, %v", text, b.String(), err)
		}
		var slowly strings.Builder
		if _, err := io.Copy(Visible(&slowly), iotest.OneByteReader(strings.NewReader(text))); err != nil || slowly.String() != string(escapeInvisible([]byte(text))) {
			t.Errorf("%q is written byte by byte as %q, %v", text, &slowly, err)
		}
		var back string
		if err := json.Unmarshal([]byte(b.String()), &back); err != nil || back != text {
			t.Errorf("%q is read back as %q, %v", text, back, err)
		}
	}
}

func TestTrial8TablesStayAlignedWithEscapes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := Table(&b, []string{"ID", "NAME"}, [][]string{{"A\u200bB", "x"}, {"C", "y"}}); err != nil {
		t.Fatal(err)
	}
	if want := "ID        NAME\nA\\u200bB  x\nC         y\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
