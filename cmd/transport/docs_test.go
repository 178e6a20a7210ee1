package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
	for _, pattern := range []string{"*.go", "../internal/*/*.go", "../../internal/*/*.go", "../../internal/*/*/*.go"} {
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
