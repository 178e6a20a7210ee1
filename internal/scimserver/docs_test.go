package scimserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// On says whether the switch is on in s.
func (w Switch) On(s Switches) bool { return *w.at(&s) }

// switchTable is the table of docs/scim.md, made from the code.
func switchTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| switch | where it is on |")
	var rule strings.Builder
	rule.WriteString("|---|---|")
	for _, p := range Profiles() {
		b.WriteString(" `" + string(p) + "` |")
		rule.WriteString(":-:|")
	}
	b.WriteString("\n" + rule.String() + "\n")
	for _, w := range AllSwitches() {
		b.WriteString("| `" + w.Name + "` | " + w.Means + " |")
		for _, p := range Profiles() {
			s, err := SwitchesOf(p, nil)
			if err != nil {
				t.Fatal(err)
			}
			mark := " |"
			if w.On(s) {
				mark = " on |"
			}
			b.WriteString(mark)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestTheDocumentedSwitchesAreThoseOfTheCode(t *testing.T) {
	const from, to = "-update -->\n", "<!-- /switches -->"
	path := filepath.Join("..", "..", "docs", "scim.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), from)
	got, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatal("docs/scim.md has lost its markers")
	}
	want := switchTable(t)
	if *update {
		if err := os.WriteFile(path, []byte(head+from+want+to+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/scim.md is stale, run the test with -update (-want +got):\n%s", diff)
	}
}

func TestEachSwitchCanBeSetByNameAlone(t *testing.T) {
	t.Parallel()
	for _, w := range AllSwitches() {
		on, err := SwitchesOf(ProfileStrict, map[string]bool{w.Name: true})
		if err != nil {
			t.Fatalf("%s: %v", w.Name, err)
		}
		off, err := SwitchesOf(ProfileStrict, map[string]bool{w.Name: false})
		if err != nil {
			t.Fatalf("%s: %v", w.Name, err)
		}
		changed := 0
		for _, other := range AllSwitches() {
			if other.On(on) != other.On(off) {
				changed++
			}
		}
		if !w.On(on) || w.On(off) || changed != 1 {
			t.Errorf("%s: on %v, off %v, switches that differ %d; want true, false, 1", w.Name, w.On(on), w.On(off), changed)
		}
	}
	if _, err := SwitchesOf("", map[string]bool{"boolean_string": true}); err == nil {
		t.Error("an unknown switch was accepted")
	}
	if _, err := SwitchesOf("oktta", nil); err == nil {
		t.Error("an unknown profile was accepted")
	}
}
