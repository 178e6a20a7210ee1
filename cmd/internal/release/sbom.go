package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// The identity of the whole in a bill of materials.
const product = "sacbridge"

// bill gives the software bill of materials of the programs in one archive, as CycloneDX JSON: the modules that each has
// linked, as it says itself, and their licences.
func (r *release) bill(name string, built []program, kinds map[string][]string) ([]byte, error) {
	whole := cdx.Component{BOMRef: product, Type: cdx.ComponentTypeApplication, Name: product, Version: r.version, Licenses: licencesOf([]string{"Apache-2.0"})}
	var parts []cdx.Component
	modules := map[string]cdx.Component{}
	var needs []cdx.Dependency
	for _, p := range built {
		sum := sha256.Sum256(p.body)
		parts = append(parts, cdx.Component{
			BOMRef: p.name, Type: cdx.ComponentTypeApplication, Name: p.name, Version: r.version, Licenses: licencesOf([]string{"Apache-2.0"}),
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		})
		linked, err := linkedModules(p.info, kinds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		var refs []string
		for _, c := range linked {
			modules[c.BOMRef] = c
			refs = append(refs, c.BOMRef)
		}
		needs = append(needs, cdx.Dependency{Ref: p.name, Dependencies: &refs})
	}
	whole.Components = &parts
	var all []cdx.Component
	for _, ref := range slices.Sorted(maps.Keys(modules)) {
		all = append(all, modules[ref])
	}
	b := cdx.NewBOM()
	b.SerialNumber = "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(r.commit+" "+name)).String()
	b.Metadata = &cdx.Metadata{
		Timestamp: r.time.Format(time.RFC3339), Component: &whole,
		Properties: &[]cdx.Property{{Name: "commit", Value: r.commit}, {Name: "go", Value: built[0].info.GoVersion}},
	}
	b.Components, b.Dependencies = &all, &needs
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(b, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

// linkedModules lists the modules that a program says it has linked, and the standard library.
func linkedModules(info *buildinfo.BuildInfo, kinds map[string][]string) ([]cdx.Component, error) {
	linked := []cdx.Component{{Name: goName, Version: info.GoVersion}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		linked = append(linked, cdx.Component{Name: m.Path, Version: m.Version})
	}
	for i := range linked {
		c := &linked[i]
		if len(kinds[c.Name]) == 0 {
			return nil, fmt.Errorf("it has linked %s, whose licence was not looked up", c.Name)
		}
		c.Type, c.PackageURL = cdx.ComponentTypeLibrary, "pkg:golang/"+c.Name+"@"+c.Version
		c.BOMRef, c.Licenses = c.PackageURL, licencesOf(kinds[c.Name])
	}
	return linked, nil
}

func licencesOf(kinds []string) *cdx.Licenses {
	var all cdx.Licenses
	for _, id := range kinds {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	return &all
}
