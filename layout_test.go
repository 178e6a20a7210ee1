// Package sacbridge_test holds the rules that span packages: who may import whom, which package
// alone may use a library, that every package says what it is for, and what may be in the repository.
package sacbridge_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "sacbridge"

// mayImport lists, for each package below internal and cmd, the packages of this module that its
// non-test code may import. A package that is not listed fails the test.
var mayImport = map[string][]string{
	"internal/identity":        {},
	"internal/scim":            {"internal/identity"},
	"internal/nearest":         {},
	"internal/mapping":         {"internal/identity", "internal/nearest"},
	"internal/plan":            {"internal/identity"},
	"internal/upstream":        {"internal/identity"},
	"internal/messages":        {"internal/identity", "internal/plan", "internal/upstream"},
	"internal/apply":           {"internal/identity", "internal/plan", "internal/upstream"},
	"internal/sac":             {"internal/identity", "internal/upstream", "internal/sac/session"},
	"internal/sac/session":     {"internal/upstream"},
	"internal/sacsim":          {"internal/sacsim/service"},
	"internal/sacsim/service":  {},
	"internal/dataset":         {"internal/identity", "internal/nearest"},
	"internal/dataset/script":  {"internal/identity", "internal/dataset", "internal/mapping", "internal/plan"},
	"internal/config":          {"internal/mapping", "internal/nearest"},
	"internal/engine":          {"internal/identity", "internal/plan", "internal/upstream", "internal/apply"},
	"internal/tenants":         {"internal/config", "internal/identity", "internal/plan", "internal/upstream", "internal/sac", "internal/sac/session", "internal/engine"},
	"cmd/internal/cli":         {"internal/config", "internal/apply", "internal/engine", "internal/upstream", "internal/store/bolt"},
	"cmd/internal/show":        {"cmd/internal/cli", "internal/identity", "internal/plan", "internal/apply", "internal/engine", "internal/messages"},
	"cmd/internal/manual":      {"cmd/internal/cli"},
	"cmd/internal/release":     {},
	"internal/directory":       {"internal/identity", "internal/scim"},
	"internal/store":           {"internal/identity", "internal/upstream", "internal/apply", "internal/directory"},
	"internal/store/commit":    {"internal/directory"},
	"internal/store/bolt":      {"internal/identity", "internal/apply", "internal/directory", "internal/store", "internal/store/commit"},
	"internal/store/storetest": {"internal/identity", "internal/scim", "internal/apply", "internal/directory", "internal/store"},
	"internal/scimserver":      {"internal/identity", "internal/scim", "internal/directory"},
	"cmd/transport": {
		"internal/identity", "internal/mapping", "internal/plan", "internal/upstream", "internal/dataset",
		"internal/dataset/script", "internal/sac", "internal/sac/session", "internal/apply", "internal/store", "internal/store/bolt", "cmd/internal/cli", "internal/config",
		"internal/sacsim", "internal/sacsim/service", "internal/tenants", "internal/engine", "internal/messages", "cmd/internal/show",
	},
	"internal/scimserver/listener": {},
	"internal/scimserver/issuer":   {"internal/scimserver"},
	"internal/admin":               {"internal/directory"},
	"cmd/bridge":                   {"cmd/internal/cli", "internal/admin", "internal/config", "internal/directory", "internal/scimserver", "internal/scimserver/issuer", "internal/scimserver/listener", "internal/store", "internal/store/bolt", "internal/tenants"},
}

// onlyImporters lists the libraries that stay behind one or a few packages.
var onlyImporters = map[string][]string{
	"golang.org/x/oauth2":                    {"internal/sac/session"},
	"go.etcd.io/bbolt":                       {"internal/store/bolt"},
	"github.com/spf13/cobra":                 {"cmd/internal/cli", "cmd/internal/manual", "cmd/transport", "cmd/bridge"},
	"github.com/spf13/pflag":                 {"cmd/internal/cli", "cmd/transport"},
	"github.com/goccy/go-yaml":               {"internal/config"},
	"github.com/expr-lang/expr":              {"internal/mapping"},
	"github.com/netresearch/go-cron":         {"internal/config"},
	"github.com/cenkalti/backoff/v5":         {"internal/sac/session"},
	"golang.org/x/time":                      {"internal/sac/session", "internal/scimserver"},
	"golang.org/x/sync":                      {"internal/sac", "internal/sac/session", "internal/engine", "cmd/bridge"},
	"golang.org/x/text":                      {"internal/dataset", "internal/scim", "internal/store"},
	"golang.org/x/term":                      {"cmd/internal/cli"},
	"github.com/google/uuid":                 {"internal/engine", "internal/directory", "cmd/internal/release"},
	"github.com/lmittmann/tint":              {"cmd/transport", "cmd/bridge"},
	"github.com/elimity-com/scim":            {"internal/scimserver"},
	"github.com/labstack/echo/v4":            {"cmd/bridge"},
	"github.com/prometheus/client_golang":    {"cmd/bridge"},
	"github.com/CycloneDX/cyclonedx-go":      {"cmd/internal/release"},
	"github.com/google/go-containerregistry": {"cmd/internal/release"},
	"github.com/google/licenseclassifier/v2": {"cmd/internal/release"},
	"golang.org/x/crypto/x509roots/fallback": {"cmd/internal/release"},
	"github.com/go-jose/go-jose/v4":          {"internal/scimserver/issuer"},
}

type goPackage struct {
	ImportPath   string
	Dir          string
	Imports      []string
	TestImports  []string
	XTestImports []string
	GoFiles      []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports,TestImports,XTestImports,GoFiles", "./...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for dec := json.NewDecoder(out); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if p.ImportPath == module {
			continue
		}
		allowed, ok := mayImport[name]
		if !ok {
			t.Errorf("%s is not in the layout: add it to mayImport with what it may import", name)
			continue
		}
		seen[name] = true
		for _, imp := range p.Imports {
			if sub, ours := strings.CutPrefix(imp, module+"/"); ours && !slices.Contains(allowed, sub) {
				t.Errorf("%s imports %s, which the layout does not allow", name, sub)
			}
		}
	}
	for name := range mayImport {
		if !seen[name] {
			t.Errorf("mayImport lists %s, which does not exist", name)
		}
	}
}

func TestAtMostTwentySubjects(t *testing.T) {
	t.Parallel()
	subjects := map[string]bool{}
	for name := range mayImport {
		if rest, ok := strings.CutPrefix(name, "internal/"); ok {
			subject, _, _ := strings.Cut(rest, "/")
			subjects[subject] = true
		}
	}
	if len(subjects) > 20 {
		t.Errorf("%d subjects below internal, want at most 20", len(subjects))
	}
}

func TestLibrariesStayBehindTheirPackage(t *testing.T) {
	t.Parallel()
	used := map[string][]string{}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imp := range p.Imports {
			for lib, importers := range onlyImporters {
				if imp != lib && !strings.HasPrefix(imp, lib+"/") {
					continue
				}
				used[lib] = append(used[lib], name)
				if !slices.Contains(importers, name) {
					t.Errorf("%s imports %s, which only %v may", name, imp, importers)
				}
			}
		}
	}
	for lib, importers := range onlyImporters {
		for _, name := range importers {
			if !slices.Contains(used[lib], name) {
				t.Errorf("onlyImporters lists %s for %s, which does not import it", name, lib)
			}
		}
	}
}

// The simulator and the client must not share a mistake: neither may know the other, except that the
// client's external tests talk to the simulator.
func TestSimulatorAndClientDoNotKnowEachOther(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if !strings.HasPrefix(name, "internal/sacsim") {
			continue
		}
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(imp, module+"/internal/") && !strings.HasPrefix(imp, module+"/internal/sacsim") {
				t.Errorf("%s imports %s", name, imp)
			}
		}
	}
}

func TestEveryPackageHasOneDocComment(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		var with []string
		for _, f := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil {
				with = append(with, path.Base(f))
			}
		}
		if len(with) != 1 {
			t.Errorf("%s has %d doc comments %v, want exactly 1", p.ImportPath, len(with), with)
		}
	}
}

// maxTracked is how large a file of the repository may be, in bytes.
const maxTracked = 1 << 20

// mayBeBinary says which files need not be text, by folder and extension: pictures of the documentation, and packed state of
// earlier versions that tests read.
var mayBeBinary = map[string][]string{
	"docs/":             {".png", ".jpg", ".jpeg", ".gif", ".webp"},
	"testdata/earlier/": {".gz"},
}

// TestTheRepositoryHoldsTextOfModestSize keeps built programs, databases and captures out.
func TestTheRepositoryHoldsTextOfModestSize(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("git cannot tell which files are in the repository: %v", err)
	}
	names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(names) < 100 {
		t.Fatalf("git lists %d files, want all of the repository", len(names))
	}
	for _, name := range names {
		if fault := unfitForRepository(name); fault != "" {
			t.Errorf("%s %s: take it out (git rm --cached) and have .gitignore name it", name, fault)
		}
	}
}

// unfitForRepository says what is wrong with a tracked file; "" where nothing is, or where it is deleted and not yet committed.
func unfitForRepository(name string) string {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return err.Error()
	case !info.Mode().IsRegular():
		return "is no regular file"
	case info.Size() > maxTracked:
		return fmt.Sprintf("has %d bytes, more than %d", info.Size(), maxTracked)
	}
	for folder, extensions := range mayBeBinary {
		if strings.HasPrefix(name, folder) && slices.Contains(extensions, path.Ext(name)) {
			return ""
		}
	}
	text, err := os.ReadFile(name)
	switch {
	case err != nil:
		return err.Error()
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return "is not text"
	}
	return ""
}
