package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// account is who the programs run as in a container: nobody of the machine.
const account = 65532

// image makes an image of both programs for all machines that run containers, as a tar file of an OCI layout.
func (r *release) image(ctx context.Context) error {
	c, err := r.contents(ctx)
	if err != nil {
		return err
	}
	machines := map[target][]program{}
	for _, t := range targets() {
		if t.os != "linux" {
			continue
		}
		if machines[t], err = r.build(ctx, t); err != nil {
			return err
		}
	}
	packed, err := r.imageOf(machines, c)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s_%s_image.tar", product, r.version)
	return r.publish([]file{{path: name, body: packed}}, name+".sha256")
}

// imageOf makes the tar file of the programs for each machine.
func (r *release) imageOf(machines map[target][]program, c contents) (packed []byte, err error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, t := range targets() {
		built, ok := machines[t]
		if !ok {
			continue
		}
		image, err := r.imageFor(t, built, c)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Platform: &v1.Platform{OS: t.os, Architecture: t.arch},
		}})
	}
	dir, err := os.MkdirTemp("", "release-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	whole, err := layout.Write(dir, empty.Index)
	if err != nil {
		return nil, err
	}
	if err := whole.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return nil, err
	}
	files, err := filesBelow(dir, "oci-layout", "index.json", "blobs")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = writeTar(&out, files, r.time)
	return out.Bytes(), err
}

// imageFor makes the image for one machine: the programs, authorities to trust, licences, and a place for the state.
func (r *release) imageFor(t target, built []program, c contents) (v1.Image, error) {
	files := []file{
		{path: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, body: authorities()},
		{path: "state", mode: fs.ModeDir | 0o700, owner: account},
		{path: "tmp", mode: fs.ModeDir | fs.ModeSticky | 0o777},
	}
	for _, p := range built {
		files = append(files, file{path: p.name, mode: 0o755, body: p.body})
	}
	bill, err := r.bill(product+"_image_"+t.arch, built, c.kinds)
	if err != nil {
		return nil, err
	}
	files = append(files, file{path: "sbom.cdx.json", mode: 0o644, body: bill})
	for _, f := range c.files {
		if f.path == "LICENSE" || strings.HasPrefix(f.path, "licenses/") {
			files = append(files, f)
		}
	}
	var content bytes.Buffer
	if err := writeTar(&content, files, r.time); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "make image"}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, r.configured(t, config))
}

// configured says how the programs run in a container: the bridge, unless another is asked for.
func (r *release) configured(t target, config *v1.ConfigFile) *v1.ConfigFile {
	c := config.DeepCopy()
	c.OS, c.Architecture, c.Created = t.os, t.arch, v1.Time{Time: r.time}
	c.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", account, account), Entrypoint: []string{"/" + installed["bridge"]}, Cmd: []string{"serve"}, StopSignal: "SIGTERM",
		Env:     []string{"PATH=/", "HOME=/state", "SACBRIDGE_CONFIG=/etc/sacbridge/sacbridge.yaml"},
		Volumes: map[string]struct{}{"/state": {}}, ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9091/tcp": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title":       product,
			"org.opencontainers.image.description": "SCIM bridge and transports for SAP Analytics Cloud",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.version":     r.version,
			"org.opencontainers.image.revision":    r.commit,
			"org.opencontainers.image.created":     r.time.Format(time.RFC3339),
		},
	}
	return c
}

// authorities are those that Mozilla trusts without conditions, since a file cannot hold any.
func authorities() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return out.Bytes()
}
