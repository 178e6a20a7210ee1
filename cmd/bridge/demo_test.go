package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// runDemoProcess starts `bridge demo` and gives what it shows up to the end of the curl lines.
func runDemoProcess(t *testing.T, tmp string) (p *process, shown string) {
	t.Helper()
	p = &process{cmd: program(context.WithoutCancel(t.Context()), "demo"), log: &safeBuffer{}}
	if p.cmd.Env == nil {
		p.cmd.Env = os.Environ()
	}
	p.cmd.Env = append(p.cmd.Env, "TMPDIR="+tmp)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_, _ = p.stop(syscall.SIGKILL)
		}
	})
	var b strings.Builder
	lines := bufio.NewReader(out)
	for !strings.Contains(b.String(), "Next:") {
		line, err := lines.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			t.Fatalf("%v: %s%s", err, b.String(), p.log)
		}
	}
	return p, b.String()
}

func TestDemoIsThreeLinesToPaste(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "sed", "tee"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	tmp := t.TempDir()
	p, shown := runDemoProcess(t, tmp)
	var script strings.Builder
	for line := range strings.Lines(shown) {
		if strings.HasPrefix(line, "URL=") || strings.Contains(line, "curl -sS") {
			script.WriteString(line)
		}
	}
	shell := exec.CommandContext(t.Context(), "sh")
	shell.Stdin = strings.NewReader(script.String())
	var out bytes.Buffer
	shell.Stdout, shell.Stderr = &out, io.Discard
	if err := shell.Run(); err != nil {
		t.Fatalf("%v: %s", err, script.String())
	}
	dec := json.NewDecoder(&out)
	var group struct {
		Members []struct{ Value string }
	}
	var found struct {
		TotalResults int
		Resources    []struct {
			ID, UserName, DisplayName string
			Groups                    []struct{ Display string }
			Members                   []struct{ Value string }
		}
	}
	if err := dec.Decode(&group); err != nil {
		t.Fatalf("group: %v", err)
	}
	if err := dec.Decode(&found); err != nil {
		t.Fatalf("search: %v", err)
	}
	if found.TotalResults != 2 || len(group.Members) != 1 {
		t.Fatalf("got %d results and %d members, want 2 and 1: %+v", found.TotalResults, len(group.Members), found)
	}
	user, team := found.Resources[0], found.Resources[1]
	if user.UserName != "ada@example.com" || team.DisplayName != "Engineers" || team.Members[0].Value != user.ID || user.Groups[0].Display != "Engineers" {
		t.Errorf("got %+v and %+v, want Ada in Engineers", user, team)
	}
	code, err := p.stop(syscall.SIGINT)
	if err != nil || code != 0 {
		t.Errorf("Ctrl-C ends with %d, %v; want 0", code, err)
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v left behind, want nothing", left, err)
	}
}

func TestGuidesShowTheDemosLines(t *testing.T) {
	t.Parallel()
	for _, name := range []string{filepath.Join("docs", "bridge.md"), "README.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range demoLines() {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s lacks line %d of the demo: %s", name, i+1, line)
			}
		}
	}
}
