package sacbridge_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Trial 19: make install puts the programs where and under the names that were asked for, and the bridge not under the
// name of iproute2's command unless somebody wants that.
func TestTrial19MakeInstallChoosesPlaceAndName(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	for _, name := range []string{"bridge", "transport"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho "+name+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		variables []string
		want      []string // paths below DESTDIR
	}{
		"as it is":        {nil, []string{"usr/local/bin/sacbridge", "usr/local/bin/transport"}},
		"another place":   {[]string{"PREFIX=/opt/sac bridge"}, []string{"opt/sac bridge/bin/sacbridge", "opt/sac bridge/bin/transport"}},
		"other names":     {[]string{"BRIDGE_NAME=scim-bridge", "TRANSPORT_NAME=sac-transport"}, []string{"usr/local/bin/sac-transport", "usr/local/bin/scim-bridge"}},
		"the name itself": {[]string{"BRIDGE_NAME=bridge", "PREFIX=/usr"}, []string{"usr/bin/bridge", "usr/bin/transport"}},
	} {
		dest := t.TempDir()
		run := func(target string) {
			t.Helper()
			args := append([]string{"--no-print-directory", target, "BIN=" + bin, "DESTDIR=" + dest}, c.variables...)
			cmd := exec.CommandContext(t.Context(), "make", args...)
			cmd.Env = append(os.Environ(), "MAKEFLAGS=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: make %s: %v: %s", name, strings.Join(args, " "), err, out)
			}
		}
		run("install")
		if got := strings.Join(filesBelow(t, dest), "|"); got != strings.Join(c.want, "|") {
			t.Errorf("%s: installed %s, want %v", name, got, c.want)
		}
		for _, path := range c.want {
			if info, err := os.Stat(filepath.Join(dest, path)); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%s: %s: %v, %v; want a program that everybody may run", name, path, info, err)
			}
		}
		run("uninstall")
		if got := filesBelow(t, dest); len(got) != 0 {
			t.Errorf("%s: uninstall leaves %v", name, got)
		}
	}
}

func filesBelow(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, path)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Trial 19: a line that is copied from the docs or from what is deployed never starts iproute2's bridge.
func TestTrial19NoExampleNamesABareBridge(t *testing.T) {
	t.Parallel()
	bare := regexp.MustCompile("(?:^|[`$( ])bridge (?:serve|demo|token|deleted|backup|restore|check|config|completion|version)\\b")
	for _, pattern := range []string{"README.md", "SECURITY.md", "docs/*.md", "docs/providers/*.md", "deploy/*"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %v, %v", pattern, pages, err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for n, line := range strings.Split(string(text), "\n") {
				if bare.MatchString(line) {
					t.Errorf("%s:%d names a bare bridge: %s", page, n+1, line)
				}
			}
		}
	}
}
