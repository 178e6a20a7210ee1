package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// contents is what every archive has besides the programs.
type contents struct {
	files []file
	kinds map[string][]string // of licences, by dependency
}

// contents gathers what is the same for every target.
func (r *release) contents(ctx context.Context) (contents, error) {
	linked, err := r.dependencies(ctx, targets())
	if err != nil {
		return contents{}, err
	}
	texts, kinds, err := licences(linked)
	if err != nil {
		return contents{}, fmt.Errorf("licences of what is linked: %w", err)
	}
	ours, err := filesBelow(r.root, "README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "docs", "testdata/getting-started", "deploy/sacbridge.service")
	if err != nil {
		return contents{}, err
	}
	pages, err := r.pages(ctx)
	if err != nil {
		return contents{}, err
	}
	return contents{append(append(ours, pages...), texts...), kinds}, nil
}

// archives makes the archive and the bill of materials of each target, and the sums of all.
func (r *release) archives(ctx context.Context) error {
	c, err := r.contents(ctx)
	if err != nil {
		return err
	}
	var made []file
	for _, t := range targets() {
		built, err := r.build(ctx, t)
		if err != nil {
			return err
		}
		files, err := r.pack(t, built, c)
		if err != nil {
			return err
		}
		made = append(made, files...)
	}
	return r.publish(made, "SHA256SUMS")
}

// pack makes the archive of a target and its bill of materials.
func (r *release) pack(t target, built []program, c contents) ([]file, error) {
	name := fmt.Sprintf("%s_%s_%s_%s", product, r.version, t.os, t.arch)
	bill, err := r.bill(name, built, c.kinds)
	if err != nil {
		return nil, err
	}
	files := append([]file{{path: "sbom.cdx.json", mode: 0o644, body: bill}}, c.files...)
	for _, p := range built {
		files = append(files, file{path: p.name, mode: 0o755, body: p.body})
	}
	var packed bytes.Buffer
	write, end := writeTarGz, ".tar.gz"
	if t.os == "windows" {
		write, end = writeZip, ".zip"
	}
	if err := write(&packed, below(name, files), r.time); err != nil {
		return nil, fmt.Errorf("pack %s: %w", name, err)
	}
	return []file{{path: name + end, body: packed.Bytes()}, {path: name + ".cdx.json", body: bill}}, nil
}

// publish writes files, and their sums to another in the form of sha256sum.
func (r *release) publish(made []file, sums string) error {
	var list bytes.Buffer
	for _, f := range sorted(made) {
		if _, err := fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(f.body), f.path); err != nil {
			return err
		}
	}
	for _, f := range append(made, file{path: sums, body: list.Bytes()}) {
		if err := os.WriteFile(filepath.Join(r.out, f.path), f.body, 0o644); err != nil { //nolint:gosec // for everybody to read
			return err
		}
	}
	_, err := fmt.Fprintf(r.talk, "%s of commit %s, in %s:\n%s", r.version, r.commit, r.out, list.String())
	return err
}
