package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// exitNote is how a guide says that a command ends with another exit code than 0.
var exitNote = regexp.MustCompile(`\s+# exit (\d+)$`)

// TestTheGuidesCommandsWork types what docs/getting-started.md tells a newcomer to type, in one shell.
func TestTheGuidesCommandsWork(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "testdata", "getting-started"), os.DirFS("../../testdata/getting-started")); err != nil {
		t.Fatal(err)
	}
	commands := consoleCommands(string(guide))
	if len(commands) < 15 {
		t.Fatalf("the guide has %d commands, want at least 15", len(commands))
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", shellScript(commands))
	shell.Dir = dir
	shell.Env = append(os.Environ(), "HOME="+dir)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// consoleCommands gives the lines after "$ " in a guide's console blocks, but those that build.
func consoleCommands(guide string) []string {
	var commands []string
	inside := false
	for line := range strings.Lines(guide) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "```") {
			inside = line == "```console"
			continue
		}
		command, ok := strings.CutPrefix(line, "$ ")
		if !inside || !ok || strings.HasPrefix(command, "make ") || strings.HasPrefix(command, "export PATH") {
			continue
		}
		commands = append(commands, command)
	}
	return commands
}

// shellScript runs commands one after the other and stops at the first that ends as it should not.
func shellScript(commands []string) string {
	var s strings.Builder
	s.WriteString("trap 'kill $(jobs -p)' EXIT\n")
	for _, command := range commands {
		want := "0"
		if m := exitNote.FindStringSubmatch(command); m != nil {
			want = m[1]
		}
		fmt.Fprintf(&s, "echo %q\n%s\ngot=$?; [ $got = %s ] || { echo \"exit $got, want %s\"; exit 1; }\n", "$ "+command, command, want, want)
	}
	return s.String()
}

// quoted is a message in the first column of the troubleshooting guide.
var quoted = regexp.MustCompile("(?m)^\\| `([^`]+)`(?: … `([^`]+)`)? \\|")

// TestTroubleshootingQuotesRealMessages looks for every quoted message in the code that says it.
func TestTroubleshootingQuotesRealMessages(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, pattern := range []string{"*.go", "../bridge/*.go", "../internal/*/*.go", "../../internal/*/*.go", "../../internal/*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	found := quoted.FindAllStringSubmatch(string(guide), -1)
	if len(found) < 25 {
		t.Fatalf("%d messages quoted, want at least 25", len(found))
	}
	for _, m := range found {
		for _, message := range m[1:] {
			if !strings.Contains(code.String(), message) {
				t.Errorf("no code says %q", message)
			}
		}
	}
}

// typed is a command or a flag of transport in a text.
var typed = regexp.MustCompile(`transport [a-z]+(?: [a-z]+)?|--[a-z-]+`)

// TestCuresNameCommandsAndFlagsThatExist looks up what a cure tells people at transport's terminal to type.
func TestCuresNameCommandsAndFlagsThatExist(t *testing.T) {
	t.Parallel()
	root := newRootCmd(&app{})
	flags := map[string]bool{}
	for _, names := range [][]string{{"run"}, {"copy", "teams"}, {"copy", "users"}} {
		cmd, _, err := root.Find(names)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
	}
	found := 0
	for _, text := range transportCures(t) {
		for _, hit := range typed.FindAllString(text, -1) {
			found++
			if strings.HasPrefix(hit, "--") {
				if !flags[hit] {
					t.Errorf("%q: there is no flag %s of the commands that change a tenant", text, hit)
				}
				continue
			}
			if cmd, rest, err := root.Find(strings.Fields(hit)[1:]); err != nil || cmd.HasSubCommands() || len(rest) > 0 {
				t.Errorf("%q: there is no command %q", text, hit)
			}
		}
	}
	if found < 10 {
		t.Errorf("%d commands and flags in all cures, want at least 10", found)
	}
}

// transportCures gives every literal text of the messages, and what is made of the names of guards.
func transportCures(t *testing.T) (texts []string) {
	t.Helper()
	files, err := filepath.Glob("../../internal/messages/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && !strings.HasSuffix(file, "_test.go") && !strings.Contains(literal.Value, "--%") {
				texts = append(texts, literal.Value)
			}
			return true
		})
	}
	for _, guard := range []string{"max_create", "max_update", "max_deactivate", "max_delete", "max_role_removal", "max_member_removal"} {
		texts = append(texts, messages.OfExceededGuard(plan.ExceededGuard{Guard: guard, Count: 3}, messages.Transport).Cure)
	}
	return texts
}
