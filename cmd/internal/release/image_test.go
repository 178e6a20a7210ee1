package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// testImages packs an image and gives the list of images that a reader of the layout finds, and what is told of it there.
func testImages(t *testing.T) (v1.ImageIndex, v1.Descriptor) {
	t.Helper()
	machines := map[target][]program{{"linux", "amd64"}: testPrograms(t, ""), {"linux", "arm64"}: testPrograms(t, "")}
	packed, err := testRelease(t).imageOf(machines, testContents(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, e := range readTar(t, bytes.NewReader(packed)) {
		at := filepath.Join(dir, filepath.FromSlash(e.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte(e.Text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := outer.IndexManifest()
	if err != nil || len(list.Manifests) != 1 {
		t.Fatalf("got %v, %v, want one list of images", list, err)
	}
	index, err := outer.ImageIndex(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return index, list.Manifests[0]
}

func TestAnImageIsValidForEachMachineAndHasTheNameOfTheVersion(t *testing.T) {
	t.Parallel()
	index, told := testImages(t)
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if got := told.Annotations["org.opencontainers.image.ref.name"]; got != "v1.2.3" {
		t.Errorf("it is called %q", got)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var machines []string
	for _, m := range list.Manifests {
		machines = append(machines, m.Platform.String())
	}
	if !slices.Equal(machines, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("images for %v", machines)
	}
}

func TestAnImageRunsTheBridgeAsNobodyAndHoldsWhatItNeeds(t *testing.T) {
	t.Parallel()
	index, _ := testImages(t)
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.Image(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	got := []string{config.Created.UTC().String(), config.Architecture, c.User, strings.Join(append(c.Entrypoint, c.Cmd...), " "), c.Labels["org.opencontainers.image.revision"]}
	if diff := cmp.Diff(got, []string{commitTime.String(), "amd64", "65532:65532", "/sacbridge serve", "abc"}); diff != "" {
		t.Errorf("configuration (-got +want):\n%s", diff)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range readTar(t, content) {
		files[e.Name] = e.Mode.String() + " " + e.Owner
		if strings.HasSuffix(e.Name, ".crt") && strings.Count(e.Text, "BEGIN CERTIFICATE") < 50 {
			t.Errorf("%s holds hardly any authority:\n%.200s", e.Name, e.Text)
		}
	}
	want := map[string]string{
		"LICENSE": "-rw-r--r-- 0:0", "sacbridge": "-rwxr-xr-x 0:0", "transport": "-rwxr-xr-x 0:0", "etc/ssl/certs/ca-certificates.crt": "-rw-r--r-- 0:0",
		"licenses/a.example/b/LICENSE": "-rw-r--r-- 0:0", "sbom.cdx.json": "-rw-r--r-- 0:0", "state/": "drwx------ 65532:65532", "tmp/": "dtrwxrwxrwx 0:0",
	}
	if diff := cmp.Diff(files, want); diff != "" {
		t.Errorf("in the layer (-got +want):\n%s", diff)
	}
}
