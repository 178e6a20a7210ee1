package cli

import (
	"errors"
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
