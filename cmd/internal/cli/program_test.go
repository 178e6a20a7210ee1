package cli

import (
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"sacbridge/internal/config"
)

// testProgram is a program with two commands of its own: "fail", whose error has a code of its own, and the
// noun "thing" with the verb "list".
func testProgram(w *Environment) (Program, *cobra.Command) {
	p := Program{Name: "tool"}
	fail := &cobra.Command{
		Use: "fail FILE", Args: Args(1, 2, "FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return Codef(42, "\nopen %s\x1b:\nno", args[0]) },
	}
	thing := &cobra.Command{Use: "thing", Short: "Things"}
	Noun(thing)
	thing.AddCommand(&cobra.Command{Use: "list", Args: Args(0, -1, ""), RunE: func(_ *cobra.Command, args []string) error {
		w.Say("%d things", len(args))
		return nil
	}})
	check := ConfigCheck{Long: "config check checks.", Lookup: "look up secrets", Run: func(secrets bool) error {
		w.Tell("secrets: %v", secrets)
		return nil
	}}
	root := &cobra.Command{Short: "A tool", Long: "tool does things."}
	return p, p.Root(w, root, "no hints",
		Group{Title: "WORK", Commands: []*cobra.Command{fail, thing}},
		Group{Title: "MORE", Commands: []*cobra.Command{
			p.ConfigCommand(w, "config works with files.", check), p.CompletionCommand(w, "."), p.VersionCommand(w),
		}})
}

// play runs a command line of the test program.
func play(t *testing.T, line string) (code int, out, talk string) {
	t.Helper()
	w, o, e := testEnvironment(nil)
	p, root := testProgram(w)
	code = p.Execute(t.Context(), w, root, strings.Fields(line))
	return code, o.String(), e.String()
}

func TestErrorsAreToldOnceWithTheirExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		code int
		talk string
	}{
		{"fail", 2, "tool: tool fail needs FILE (see --help)\n"},
		{"fail a b c", 2, "tool: tool fail does not take \"c\" (see --help)\n"},
		{"fail a", 42, "tool: open a\\u001b:\nno\n"},
		{"thing lost", 2, "tool: unknown command \"lost\" for tool thing; did you mean thing list?\n"},
		{"thing xyzzy", 2, "tool: unknown command \"xyzzy\" for tool thing\n"},
		{"think", 2, "tool: unknown command \"think\" for tool; did you mean thing?\n"},
		{"thing list a b c", 0, "3 things\n"},
		{"thing list -q", 0, ""},
		{"thing list --nosuch", 2, "tool: unknown flag: --nosuch (see tool thing list --help)\n"},
		{"version -o xml", 2, "tool: invalid argument \"xml\" for \"-o, --output\" flag: use table or json (see tool version --help)\n"},
		{"completion elvish", 2, "tool: unknown shell \"elvish\": use bash, zsh, fish or powershell\n"},
		{"config check", 0, "secrets: false\n"},
		{"config check --secrets", 0, "secrets: true\n"},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			code, out, talk := play(t, c.line)
			if code != c.code || talk != c.talk || out != "" {
				t.Errorf("got %d, %q and %q on stdout, want %d, %q and nothing", code, talk, out, c.code, c.talk)
			}
		})
	}
}

func TestHelpListsTheGroupsWithTheirCommands(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "help", "--help"} {
		code, out, talk := play(t, line)
		_, groups, _ := strings.Cut(out, "\n\nWORK\n")
		work, rest, ok := strings.Cut(groups, "\n\nMORE\n")
		more, _, _ := strings.Cut(rest, "\n\nFlags:")
		if code != 0 || talk != "" || !ok {
			t.Fatalf("%q: got %d, %q, %q", line, code, talk, out)
		}
		if diff := cmp.Diff([][]string{firstWords(work), firstWords(more)}, [][]string{{"fail", "thing"}, {"completion", "config", "help", "version"}}); diff != "" {
			t.Errorf("%q: commands (-got +want):\n%s", line, diff)
		}
	}
}

// firstWords gives the first word of every line.
func firstWords(text string) []string {
	var words []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			words = append(words, fields[0])
		}
	}
	return words
}

func TestSharedCommandsNameTheProgramAndItsCodes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"version --help":       "tool version -o json",
		"completion --help":    `zsh:         tool completion zsh > "${fpath[1]}/_tool"`,
		"config check --help":  "tool config check --config prod.yaml --secrets",
		"config schema --help": "tool config schema > sacbridge.schema.json",
	} {
		code, out, _ := play(t, line)
		if code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "\n    2  usage, configuration, or a file that is unfit or in use; nothing was sent or changed\n") {
			t.Errorf("%s: got %d, %q, want %q and the exit codes in it", line, code, out, want)
		}
	}
}

func TestConfigSchemaPrintsTheSchemaAndNothingElse(t *testing.T) {
	t.Parallel()
	code, out, talk := play(t, "config schema")
	if code != 0 || talk != "" || out != string(config.Schema()) {
		t.Errorf("got %d, %q and %d bytes, want the schema", code, talk, len(out))
	}
}

func TestEveryShellGetsAScriptOfItsOwn(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{
		"bash": "__start_tool", "zsh": "#compdef tool", "fish": "complete -c tool", "powershell": "Register-ArgumentCompleter",
	} {
		if code, out, talk := play(t, "completion "+shell); code != 0 || talk != "" || !strings.Contains(out, want) {
			t.Errorf("%s: got %d, %q and %d bytes, want a script with %q", shell, code, talk, len(out), want)
		}
	}
}

func TestVersionIsTheBuildOfTheProcess(t *testing.T) {
	t.Parallel()
	_, out, _ := play(t, "version -o json")
	var got Build
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, ThisBuild()); diff != "" {
		t.Errorf("build (-got +want):\n%s", diff)
	}
	if _, out, _ = play(t, "version"); out != ThisBuild().line("tool")+"\n" {
		t.Errorf("got %q, want the build in a line", out)
	}
}

func TestBuildLine(t *testing.T) {
	t.Parallel()
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for _, c := range []struct {
		name string
		info debug.BuildInfo
		told Build
		want string
	}{
		{"nothing is known", debug.BuildInfo{}, Build{}, "tool (devel), GO"},
		{
			"a release, as the linker was told",
			debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "true")}},
			Build{Version: "v1.2.3", Commit: "def", Time: "2026-02-03T04:05:06Z"},
			"tool v1.2.3, commit def, GO",
		},
		{
			"a module of a version",
			debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "false")}},
			Build{},
			"tool v1.2.3, commit abc, GO",
		},
		{
			"changed files",
			debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "true"), setting("GOOS", "linux")}},
			Build{},
			"tool (devel), commit abc (changed), GO",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := buildOf(&c.info, c.told)
			b.Go = "GO"
			if got := b.line("tool"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
