package sacbridge_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayName lists, for packages that decide and act, what the programs' own files may name of them: the words in which
// something is asked for, and what is handed from one part to another. Everything else is the engine's business.
var mayName = map[string][]string{
	"internal/plan": {
		"Request", "Step", "CopyUser", "CopyTeam", "Options", "Rules", "Guard", "Guards", "DefaultGuards", "Plan",
		"Users", "UsersNone", "UsersMissing", "UsersAll", "NameMode", "NameKeep", "NameCopy", "ActiveMode", "ActiveKeep", "ActiveSource", "ActiveTrue",
	},
	"internal/apply":    {"Leases"},
	"internal/upstream": {"Reader"},
	"internal/identity": {"Action", "Add", "Keep", "Replace", "LinkActions", "SetActions", "Tenant", "User", "Snapshot"},
}

// programFiles parses the files of a program that are no tests.
func programFiles(t *testing.T, fset *token.FileSet, folder string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no files", folder)
	}
	return files
}

func TestProgramsAskAndDecideNothing(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"cmd/transport", "cmd/bridge"} {
		fset := token.NewFileSet()
		for _, f := range programFiles(t, fset, folder) {
			allowed := map[string][]string{} // by the name that the file gives the package
			for _, imp := range f.Imports {
				path, err := strconv.Unquote(imp.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if names, ok := mayName[strings.TrimPrefix(path, module+"/")]; ok && imp.Name == nil {
					allowed[filepath.Base(path)] = names
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if pkg, ok := sel.X.(*ast.Ident); ok && allowed[pkg.Name] != nil && !slices.Contains(allowed[pkg.Name], sel.Sel.Name) {
					t.Errorf("%s: %s.%s is not the program's business", fset.Position(n.Pos()), pkg.Name, sel.Sel.Name)
				}
				return true
			})
		}
	}
}

// TestProgramsDoNotRepeatEachOther compares the bodies of all functions that are longer than a call.
func TestProgramsDoNotRepeatEachOther(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	where := map[string]string{} // body to its place in the first program
	for i, folder := range []string{"cmd/transport", "cmd/bridge"} {
		for _, f := range programFiles(t, fset, folder) {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || len(fn.Body.List) < 2 {
					continue
				}
				var b bytes.Buffer
				if err := printer.Fprint(&b, token.NewFileSet(), fn.Body); err != nil {
					t.Fatal(err)
				}
				at := fset.Position(fn.Pos()).String()
				if first, twice := where[b.String()]; twice && i > 0 {
					t.Errorf("%s repeats %s", at, first)
				}
				if i == 0 {
					where[b.String()] = at
				}
			}
		}
	}
}
