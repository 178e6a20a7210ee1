package manual

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
)

// Test checks what Write makes of a program. It leaves it in a folder where one is named: that is how a release gets it.
func Test(t *testing.T, root *cobra.Command, folder string) {
	t.Helper()
	if folder == "" {
		folder = t.TempDir()
	}
	if err := Write(folder, root, date(t)); err != nil {
		t.Fatal(err)
	}
	for _, shell := range cli.Shells() {
		scripts, err := filepath.Glob(filepath.Join(folder, "completions", shell, "*"+root.Name()+"*"))
		if err != nil || len(scripts) != 1 {
			t.Errorf("%s has the scripts %v, %v, want one", shell, scripts, err)
		}
	}
	checkPages(t, root, filepath.Join(folder, "man", "man1"))
}

// date is that of a release, or any.
func date(t *testing.T) time.Time {
	t.Helper()
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := time.ParseDuration(epoch + "s")
		if err != nil {
			t.Fatal(err)
		}
		return time.Unix(0, 0).Add(seconds)
	}
	return time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)
}

// checkPages looks for the page of each command that help shows, and for its exit codes as lines of their own.
func checkPages(t *testing.T, cmd *cobra.Command, pages string) {
	t.Helper()
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	page, err := os.ReadFile(filepath.Join(pages, name))
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{".TH ", `"sacbridge"`, cmd.Short, "SYNOPSIS"} {
		if !strings.Contains(strings.ReplaceAll(string(page), `\-`, "-"), want) {
			t.Errorf("%s does not say %q:\n%s", name, want, page)
		}
	}
	if strings.Contains(cmd.Long, "Exit codes:") && !strings.Contains(string(page), "\n    0  done") {
		t.Errorf("%s has no lines for exit codes:\n%s", name, page)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			checkPages(t, sub, pages)
		}
	}
}
