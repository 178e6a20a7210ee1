package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mit is a licence that is known.
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

// unlicense is known too, and not among those that we take.
const unlicense = `This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in source code form or as
a compiled binary, for any purpose, commercial or non-commercial, and by any means.

In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all copyright
interest in the software to the public domain. We make this dedication for the benefit of the public at large and to the
detriment of our heirs and successors. We intend this dedication to be an overt act of relinquishment in perpetuity of all
present and future rights to this software under copyright law.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF
OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

For more information, please refer to <http://unlicense.org/>
`

func TestADependencyIsPassedOnWithItsLicenceOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string // the texts that go along
		err   string
	}{
		"one that is known":                     {map[string]string{"LICENSE": mit, "x.go": "package x"}, []string{"LICENSE"}, ""},
		"with a notice":                         {map[string]string{"LICENSE.txt": mit, "NOTICE": "made by us"}, []string{"LICENSE.txt", "NOTICE"}, ""},
		"another one of a package that is used": {map[string]string{"LICENSE": mit, "used/deep/COPYING": mit}, []string{"LICENSE", "used/deep/COPYING"}, ""},
		"one of a package that is not":          {map[string]string{"LICENSE": mit, "other/LICENSE": "all rights reserved"}, []string{"LICENSE"}, ""},
		"none":                                  {map[string]string{"README": mit}, nil, "it has no licence"},
		"a notice alone":                        {map[string]string{"NOTICE": "made by us"}, nil, "it has no licence"},
		"one that nobody knows":                 {map[string]string{"LICENSE": "All rights reserved."}, nil, "its LICENSE is of no known kind"},
		"one that nobody knows in a package":    {map[string]string{"LICENSE": mit, "used/LICENSE": "Ask us."}, nil, "its used/LICENSE is of no known kind"},
		"one that is not taken":                 {map[string]string{"LICENSE": unlicense}, nil, "its licence Unlicense is none of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				at := filepath.Join(dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Join(dir, "used", "deep"), 0o700); err != nil {
				t.Fatal(err)
			}
			texts, kinds, err := licences([]dependency{{path: "a.example/x", version: "v1.0.0", root: dir, folders: []string{filepath.Join(dir, "used", "deep")}}})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), "a.example/x v1.0.0: "+c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			var got []string
			for _, f := range texts {
				got = append(got, strings.TrimPrefix(f.path, "licenses/a.example/x/"))
			}
			slices.Sort(got)
			if err != nil || !slices.Equal(got, c.want) || !slices.Equal(kinds["a.example/x"], []string{"MIT"}) {
				t.Errorf("got %v of kinds %v, %v, want %v of MIT", got, kinds, err, c.want)
			}
		})
	}
}

func TestWhatTheProgramsLinkMayBePassedOn(t *testing.T) {
	t.Parallel()
	linked, err := testRelease(t).dependencies(t.Context(), targets())
	if err != nil {
		t.Fatal(err)
	}
	texts, kinds, err := licences(linked)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range linked {
		if !slices.ContainsFunc(texts, func(f file) bool { return strings.HasPrefix(f.path, "licenses/"+d.path+"/") }) {
			t.Errorf("no text for %s", d.path)
		}
	}
	for module, kind := range map[string]string{goName: "BSD-3-Clause", "github.com/spf13/cobra": "Apache-2.0", "go.etcd.io/bbolt": "MIT", "golang.org/x/sys": "BSD-3-Clause"} {
		if !slices.Contains(kinds[module], kind) {
			t.Errorf("%s is linked under %v, want %s", module, kinds[module], kind)
		}
	}
	if len(kinds["github.com/google/licenseclassifier/v2"]) > 0 {
		t.Error("what packs the programs is taken for a part of them")
	}
}
