package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
)

var commitTime = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func testRelease(t *testing.T) *release {
	t.Helper()
	return &release{root: filepath.Join("..", "..", ".."), version: "v1.2.3", commit: "abc", time: commitTime, out: t.TempDir(), talk: io.Discard}
}

// testPrograms stand for built ones: what is linked is this test's.
func testPrograms(t *testing.T, end string) []program {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("the test does not know what it has linked")
	}
	return []program{
		{name: "sacbridge" + end, body: []byte("the bridge"), info: info},
		{name: "transport" + end, body: []byte("the transport"), info: info},
	}
}

// testContents are files in no order, and a licence for whatever is linked.
func testContents(t *testing.T) contents {
	t.Helper()
	kinds := map[string][]string{goName: {"BSD-3-Clause"}}
	for _, m := range testPrograms(t, "")[0].info.Deps {
		kinds[m.Path] = []string{"MIT"}
	}
	return contents{kinds: kinds, files: []file{
		{path: "man/man1/bridge.1", mode: 0o644, body: []byte("page")},
		{path: "README.md", mode: 0o644, body: []byte("read")},
		{path: "licenses/a.example/b/LICENSE", mode: 0o644, body: []byte("may")},
		{path: "LICENSE", mode: 0o644, body: []byte("all may")},
	}}
}

// entry is what a reader of an archive sees.
type entry struct {
	Name  string
	Mode  fs.FileMode
	Time  string
	Owner string
	Text  string
}

func readTar(t *testing.T, r io.Reader) []entry {
	t.Helper()
	var all []entry
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{h.Name, h.FileInfo().Mode(), h.ModTime.UTC().String(), fmt.Sprintf("%d:%d", h.Uid, h.Gid) + h.Uname + h.Gname, string(text)})
	}
}

func readZip(t *testing.T, body []byte) []entry {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var all []entry
	for _, f := range archive.File {
		text, err := fs.ReadFile(archive, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{f.Name, f.Mode(), f.Modified.UTC().String(), "0:0", string(text)})
	}
	return all
}

func TestAnArchiveHoldsAllInOrderWithFixedModesTimesAndOwners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target target
		name   string
		end    string
	}{
		{target{"linux", "amd64"}, "sacbridge_v1.2.3_linux_amd64.tar.gz", ""},
		{target{"windows", "arm64"}, "sacbridge_v1.2.3_windows_arm64.zip", ".exe"},
	} {
		made, err := testRelease(t).pack(c.target, testPrograms(t, c.end), testContents(t))
		if err != nil {
			t.Fatal(err)
		}
		folder, _, _ := strings.Cut(c.name, ".tar.gz")
		folder = strings.TrimSuffix(folder, ".zip")
		if names := []string{made[0].path, made[1].path}; !slices.Equal(names, []string{c.name, folder + ".cdx.json"}) {
			t.Errorf("made %v, want %s and its bill of materials", names, c.name)
		}
		var got []entry
		if c.end == "" {
			packed, err := gzip.NewReader(bytes.NewReader(made[0].body))
			if err != nil {
				t.Fatal(err)
			}
			got = readTar(t, packed)
		} else {
			got = readZip(t, made[0].body)
		}
		var want []entry
		for _, f := range []struct {
			name string
			mode fs.FileMode
			text string
		}{
			{"LICENSE", 0o644, "all may"},
			{"README.md", 0o644, "read"},
			{"licenses/a.example/b/LICENSE", 0o644, "may"},
			{"man/man1/bridge.1", 0o644, "page"},
			{"sacbridge" + c.end, 0o755, "the bridge"},
			{"sbom.cdx.json", 0o644, string(made[1].body)},
			{"transport" + c.end, 0o755, "the transport"},
		} {
			want = append(want, entry{folder + "/" + f.name, f.mode, commitTime.String(), "0:0", f.text})
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", c.name, diff)
		}
	}
}

func TestPackingTwiceGivesEqualBytes(t *testing.T) {
	t.Parallel()
	var sums []string
	for turn := range 2 {
		r, c := testRelease(t), testContents(t)
		if turn == 1 {
			slices.Reverse(c.files)
		}
		var all []file
		for _, target := range targets() {
			made, err := r.pack(target, testPrograms(t, ""), c)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, made...)
		}
		image, err := r.imageOf(map[target][]program{{"linux", "arm64"}: testPrograms(t, ""), {"linux", "amd64"}: testPrograms(t, "")}, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.publish(append(all, file{path: "image.tar", body: image}), "SHA256SUMS"); err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadFile(filepath.Join(r.out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(list)) {
			sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			if body, err := os.ReadFile(filepath.Join(r.out, name)); err != nil || fmt.Sprintf("%x", sha256.Sum256(body)) != sum {
				t.Errorf("%s: %v, or another sum than %s", name, err, sum)
			}
		}
		sums = append(sums, string(list))
	}
	if n := strings.Count(sums[0], "\n"); sums[0] != sums[1] || n != 13 {
		t.Errorf("%d sums; the second time (-first +second):\n%s", n, cmp.Diff(sums[0], sums[1]))
	}
}

func TestABillOfMaterialsNamesWhatEachProgramHasLinked(t *testing.T) {
	t.Parallel()
	programs := []program{
		{name: "bridge", info: &buildinfo.BuildInfo{GoVersion: "go1.26.1", Deps: []*debug.Module{{Path: "a.example/x", Version: "v1.0.0"}}}},
		{name: "transport", info: &buildinfo.BuildInfo{GoVersion: "go1.26.1", Deps: []*debug.Module{
			{Path: "a.example/x", Version: "v1.0.0"}, {Path: "old", Version: "v1.0.0", Replace: &debug.Module{Path: "a.example/y", Version: "v2.0.0"}},
		}}},
	}
	kinds := map[string][]string{goName: {"BSD-3-Clause"}, "a.example/x": {"MIT"}, "a.example/y": {"Apache-2.0", "ISC"}}
	text, err := testRelease(t).bill("n", programs, kinds)
	if err != nil {
		t.Fatal(err)
	}
	var bill cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bill); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, c := range *bill.Components {
		for _, l := range *c.Licenses {
			got[c.PackageURL] = append(got[c.PackageURL], l.License.ID)
		}
	}
	for _, d := range *bill.Dependencies {
		got[d.Ref] = *d.Dependencies
	}
	want := map[string][]string{
		"pkg:golang/std@go1.26.1": {"BSD-3-Clause"}, "pkg:golang/a.example/x@v1.0.0": {"MIT"}, "pkg:golang/a.example/y@v2.0.0": {"Apache-2.0", "ISC"},
		"bridge":    {"pkg:golang/std@go1.26.1", "pkg:golang/a.example/x@v1.0.0"},
		"transport": {"pkg:golang/std@go1.26.1", "pkg:golang/a.example/x@v1.0.0", "pkg:golang/a.example/y@v2.0.0"},
	}
	if diff := cmp.Diff(got, want); diff != "" || bill.Metadata.Timestamp != "2026-02-03T04:05:06Z" {
		t.Errorf("of %s (-got +want):\n%s", bill.Metadata.Timestamp, diff)
	}
	delete(kinds, "a.example/y")
	if _, err := testRelease(t).bill("n", programs, kinds); err == nil || !strings.Contains(err.Error(), "a.example/y") {
		t.Errorf("a module without a licence: got %v", err)
	}
}
