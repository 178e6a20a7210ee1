package show

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"sacbridge/cmd/internal/cli"
)

// TestAPlanFileIsReadWhateverMarkStandsBeforeIt changes the encoding of a plan file as editors and shells do.
func TestAPlanFileIsReadWhateverMarkStandsBeforeIt(t *testing.T) {
	t.Parallel()
	path, p := filepath.Join(t.TempDir(), "plan.json"), fullPlan()
	if err := WritePlanFile(path, p); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	utf16 := func(order unicode.Endianness) string {
		encoded, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(string(text))
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	for name, tt := range map[string]struct{ text, fault string }{
		"none":                   {string(text), ""},
		"that of UTF-8":          {"\ufeff" + string(text), ""},
		"that of UTF-8, twice":   {"\ufeff\ufeff" + string(text), "this is no plan file"},
		"that of UTF-16, little": {utf16(unicode.LittleEndian), "it is UTF-16 text"},
		"that of UTF-16, big":    {utf16(unicode.BigEndian), "it is UTF-16 text"},
		"nothing behind it":      {"\ufeff", "unexpected end"},
		"nothing at all":         {"", "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "plan.json")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadPlanFile(file)
			switch {
			case tt.fault == "" && (err != nil || got.ID != p.ID):
				t.Errorf("got %v, %v", got, err)
			case tt.fault != "" && (cli.ExitCode(err) != cli.ExitUsage || !strings.Contains(err.Error(), tt.fault)):
				t.Errorf("got %v, want %q", err, tt.fault)
			}
		})
	}
}
