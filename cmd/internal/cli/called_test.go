package cli

import (
	"strings"
	"testing"
)

// Trial 19: a program may be installed under another name, and its help, errors and hints use that one.
func TestTrial19AProgramSpeaksOfItselfByTheNameItIsCalledBy(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"--help":            "sactool does things.",
		"thing --help":      "sactool thing [command]",
		"config check -h":   "sactool config check --config prod.yaml",
		"completion -h":     "_sactool",
		"completion fish":   "complete -c sactool",
		"version":           "sactool ",
		"fail":              "sactool: sactool fail needs FILE (see --help)",
		"thing list --nope": "(see sactool thing list --help)",
		"fail a":            "sactool: open a",
	} {
		w, o, e := testEnvironment(nil)
		w.Called = CalledAs("/opt/bin/sactool")
		p, root := testProgram(w)
		p.Execute(t.Context(), w, root, strings.Fields(line))
		got := o.String() + e.String()
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s\ndoes not say %q", line, got, want)
		}
		for _, own := range []string{" tool ", " tool:", "_tool", "\ntool"} {
			if strings.Contains("\n"+got, own) {
				t.Errorf("%s: %s\nsays %q", line, got, own)
			}
		}
	}
}

func TestOnlyCommandLinesAreRenamed(t *testing.T) {
	t.Parallel()
	w, _, _ := testEnvironment(nil)
	w.Called = "sactool"
	testProgram(w)
	for text, want := range map[string]string{
		"start it by tool thing list":          "start it by sactool thing list",
		"(tool fail)":                          "(sactool fail)",
		"tool is a tool":                       "sactool is a tool",
		"the key tool.thing and tool thinking": "the key tool.thing and tool thinking",
		"/etc/tool thing, sactool thing":       "/etc/tool thing, sactool thing",
		"a\n  tool --config x":                 "a\n  sactool --config x",
	} {
		if got := w.AsCalled(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for argument, want := range map[string]string{
		"/usr/local/bin/sacbridge": "sacbridge", "bridge": "bridge", "./bridge.EXE": "bridge", "": "", "a b": "", "--x": "", "/x/$(y)": "",
	} {
		if got := CalledAs(argument); got != want {
			t.Errorf("%q is called as %q, want %q", argument, got, want)
		}
	}
}
