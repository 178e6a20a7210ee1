package sacbridge_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A recipe that names a file that has moved sends its reader astray.
func TestContributorsAreSentToPlacesThatExist(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"CONTRIBUTING.md", "docs/architecture.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`((?:internal|cmd|docs|testdata)/[^`*]*)`").FindAllStringSubmatch(string(text), -1)
		if len(named) == 0 {
			t.Errorf("%s names no place in the repository", page)
		}
		for _, n := range named {
			if strings.Contains(n[1], "NAME") || strings.Contains(n[1], "NUMBER") {
				continue // stands for any
			}
			if _, err := os.Stat(filepath.FromSlash(n[1])); err != nil {
				t.Errorf("%s names %s: %v", page, n[1], err)
			}
		}
	}
}
