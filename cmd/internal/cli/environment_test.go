package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testEnvironment is one with variables; what is said goes to the builders.
func testEnvironment(env map[string]string) (w *Environment, out, talk *strings.Builder) {
	out, talk = &strings.Builder{}, &strings.Builder{}
	return &Environment{
		In: strings.NewReader(""), Out: out, Err: talk, Now: time.Now,
		Env: func(key string) string { return env[key] },
	}, out, talk
}

func TestQuietLeavesOutHintsAndNothingElse(t *testing.T) {
	t.Parallel()
	for quiet, want := range map[bool]string{false: "a hint 1\nan error 2\n", true: "an error 2\n"} {
		w, out, talk := testEnvironment(nil)
		w.Quiet = quiet
		w.Say("a hint %d", 1)
		w.Tell("an error %d", 2)
		if talk.String() != want || out.Len() > 0 {
			t.Errorf("quiet %v: got %q and %q on stdout, want %q and nothing", quiet, talk, out, want)
		}
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                     string
		terminal, flag, variable bool
		want                     bool
	}{
		{"a terminal", true, false, false, true},
		{"no terminal", false, false, false, false},
		{"a terminal with --no-color", true, true, false, false},
		{"a terminal with NO_COLOR", true, false, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{}
			if c.variable {
				env["NO_COLOR"] = "1"
			}
			w, _, _ := testEnvironment(env)
			w.NoColor = c.flag
			if got := w.Color(c.terminal); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestThisProcessHasNoTerminalInATest(t *testing.T) {
	t.Parallel()
	w := ThisProcess()
	if w.Out != os.Stdout || w.Err != os.Stderr || w.In != os.Stdin {
		t.Error("the streams are not those of the process")
	}
	if w.Ask && !w.ErrTerminal {
		t.Error("nobody can be asked where stderr is no terminal")
	}
	if w.ErrTerminal != (w.ErrWidth > 0) {
		t.Errorf("stderr is a terminal: %v, and its width is %d", w.ErrTerminal, w.ErrWidth)
	}
}

// writeConfig makes a configuration and gives its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const validConfig = "version: 1\nstate: s.db\nbridge: {sources: {a: {}}}\n"

func TestLoadConfigTakesTheFlagBeforeTheVariable(t *testing.T) {
	t.Parallel()
	byFlag, byVariable := writeConfig(t, validConfig), writeConfig(t, validConfig)
	w, _, talk := testEnvironment(map[string]string{"SACBRIDGE_CONFIG": byVariable})
	var got []string
	for _, flag := range []string{"", byFlag} {
		w.Config = flag
		c, found, err := w.LoadConfig()
		if err != nil || !found {
			t.Fatalf("got %v, %v", found, err)
		}
		got = append(got, c.Path())
	}
	if diff := cmp.Diff(got, []string{byVariable, byFlag}); diff != "" || talk.Len() > 0 {
		t.Errorf("said %q; files (-got +want):\n%s", talk, diff)
	}
}

func TestLoadConfigFindsNothingWhereNothingIsNamed(t *testing.T) {
	t.Parallel()
	w, _, _ := testEnvironment(nil)
	if c, found, err := w.LoadConfig(); c != nil || found || err != nil {
		t.Errorf("got %v, %v, %v, want nothing", c, found, err)
	}
}

func TestAConfigurationThatCannotBeUsedIsAnErrorOfUsage(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"broken": writeConfig(t, "version: 1\nlisten: x\n"), "absent": filepath.Join(t.TempDir(), "no.yaml")} {
		w, _, _ := testEnvironment(nil)
		w.Config = path
		_, found, err := w.LoadConfig()
		if !found || ExitCode(err) != ExitUsage {
			t.Errorf("%s: got %v, %v, want an error of usage", name, found, err)
		}
	}
}

func TestWarningsOfTheConfigurationAreTold(t *testing.T) {
	t.Parallel()
	w, _, talk := testEnvironment(nil)
	w.Quiet = true // a warning is no hint
	w.Config = writeConfig(t, `version: 1
tenants:
  dev: {url: "https://a.example", auth: {token_url: "https://a.example/oauth/token", client_id: me, client_secret: hidden}}
`)
	if _, _, err := w.LoadConfig(); err != nil {
		t.Fatal(err)
	}
	if said := talk.String(); !strings.HasPrefix(said, "warning: ") || strings.Count(said, "\n") != 1 || strings.Contains(said, "hidden") {
		t.Errorf("got %q, want one warning, without the secret", said)
	}
}
