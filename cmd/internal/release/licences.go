package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
)

// free are the kinds of licences under which we may pass on what we link. One that is not listed, such as those that
// ask for the source to go along, is for a person to judge first.
var free = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

// legal tells files that say under which terms something may be used.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)([.-].*)?$`)

// grants tells those of them that are licences.
var grants = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)

// knownLicences reads the texts of all known licences, once.
var knownLicences = sync.OnceValues(assets.DefaultClassifier)

// dependency is a module that is linked, or Go itself.
type dependency struct {
	path, version string
	root          string   // its folder
	folders       []string // of its packages that are linked
}

// goName is how the standard library is called among dependencies.
const goName = "std"

// listed is what the Go tool tells of a package.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// dependencies lists what the programs link on any of the targets.
func (r *release) dependencies(ctx context.Context, all []target) ([]dependency, error) {
	goRoot, err := output(ctx, r.root, nil, "go", "env", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, err
	}
	root, version, _ := strings.Cut(goRoot, "\n")
	found := map[string]*dependency{goName: {path: goName, version: version, root: root}}
	for _, t := range all {
		args := []string{"list", "-deps", "-json=Dir,Standard,Module"}
		for _, name := range programs {
			args = append(args, "./cmd/"+name)
		}
		out, err := output(ctx, r.root, t.environment(), "go", args...)
		if err != nil {
			return nil, err
		}
		if err := addListed(found, out); err != nil {
			return nil, err
		}
	}
	var linked []dependency
	for _, name := range slices.Sorted(maps.Keys(found)) {
		linked = append(linked, *found[name])
	}
	return linked, nil
}

// addListed adds the modules of packages as the Go tool lists them.
func addListed(found map[string]*dependency, list string) error {
	for dec := json.NewDecoder(strings.NewReader(list)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the list of packages: %w", err)
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		d := found[p.Module.Path]
		if d == nil {
			d = &dependency{path: p.Module.Path, version: p.Module.Version, root: p.Module.Dir}
			found[d.path] = d
		}
		if !slices.Contains(d.folders, p.Dir) {
			d.folders = append(d.folders, p.Dir)
		}
	}
}

// licences gives the texts under which the dependencies may be passed on, in a folder for each, and the kinds by
// dependency. It fails where one has no text, or one that is not known to be free.
func licences(all []dependency) (texts []file, kinds map[string][]string, err error) {
	known, err := knownLicences()
	if err != nil {
		return nil, nil, err
	}
	kinds = map[string][]string{}
	var faults []error
	for _, d := range all {
		found, err := d.texts()
		if err != nil {
			return nil, nil, err
		}
		kinds[d.path], err = judge(known, found)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %s: %w", d.path, d.version, err))
		}
		texts = append(texts, below(path.Join("licenses", d.path), found)...)
	}
	return texts, kinds, errors.Join(faults...)
}

// judge tells the kinds of the texts of one dependency.
func judge(known *classifier.Classifier, texts []file) ([]string, error) {
	kinds := map[string]bool{}
	for _, text := range texts {
		some := false
		for _, m := range known.Match(text.body).Matches {
			if m.MatchType == "License" {
				kinds[m.Name], some = true, true
			}
		}
		if !some && grants.MatchString(path.Base(text.path)) {
			return nil, fmt.Errorf("its %s is of no known kind", text.path)
		}
	}
	if len(kinds) == 0 {
		return nil, errors.New("it has no licence")
	}
	names := slices.Sorted(maps.Keys(kinds))
	for _, name := range names {
		if !slices.Contains(free, name) {
			return names, fmt.Errorf("its licence %s is none of %s", name, strings.Join(free, ", "))
		}
	}
	return names, nil
}

// texts reads the legal texts in the folders of the linked packages and in all folders above, up to the root.
func (d dependency) texts() ([]file, error) {
	folders := map[string]bool{d.root: true}
	for _, folder := range d.folders {
		for ; len(folder) > len(d.root); folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	var texts []file
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !legal.MatchString(e.Name()) || e.Type()&fs.ModeType != 0 || strings.HasSuffix(e.Name(), ".go") {
				continue
			}
			body, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			rel, err := filepath.Rel(d.root, filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			texts = append(texts, file{path: filepath.ToSlash(rel), mode: 0o644, body: body})
		}
	}
	return texts, nil
}
