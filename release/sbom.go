// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// sbom is a CycloneDX 1.6 document of what the programs say that they were
// built from, module by module, and of the libraries that the linker added.
func (r Release) sbom(w io.Writer) error {
	parts, err := r.components()
	if err != nil {
		return err
	}
	main := cyclonedx.Component{
		BOMRef: "modelvet", Type: cyclonedx.ComponentTypeApplication, Name: "modelvet", Version: r.Version,
		PackageURL: "pkg:golang/github.com/modelvet/modelvet@" + r.Version,
		Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		Supplier:   &cyclonedx.OrganizationalEntity{Name: "modelvet"},
	}
	refs := make([]string, len(parts))
	for i, p := range parts {
		refs[i] = p.BOMRef
	}
	doc := cyclonedx.NewBOM()
	doc.SpecVersion, doc.JSONSchema = cyclonedx.SpecVersion1_6, "http://cyclonedx.org/schema/bom-1.6.schema.json"
	doc.SerialNumber = serial(r.Version, parts)
	doc.Metadata = &cyclonedx.Metadata{Timestamp: r.At.UTC().Format(time.RFC3339), Component: &main}
	doc.Components = &parts
	doc.Dependencies = &[]cyclonedx.Dependency{{Ref: "modelvet", Dependencies: &refs}}
	return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(doc)
}

// serial is a UUID (version 8: of our own making) that the content decides.
func serial(version string, parts []cyclonedx.Component) string {
	h := sha256.New()
	fmt.Fprintln(h, version)
	for _, p := range parts {
		fmt.Fprintln(h, p.BOMRef)
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// components are the modules of all programs, each once, with the platforms
// that hold it where not all do.
func (r Release) components() ([]cyclonedx.Component, error) {
	found := map[string]*cyclonedx.Component{}
	platforms := map[string][]string{}
	add := func(c cyclonedx.Component, platform string) {
		if found[c.BOMRef] == nil {
			found[c.BOMRef] = &c
		}
		platforms[c.BOMRef] = append(platforms[c.BOMRef], platform)
	}
	for _, p := range r.Programs {
		info, err := r.modules(p)
		if err != nil {
			return nil, err
		}
		add(module("stdlib", strings.TrimPrefix(info.GoVersion, "go"), ""), p.Platform())
		for _, d := range info.Deps {
			if d.Replace != nil {
				d = d.Replace
			}
			add(module(d.Path, d.Version, d.Sum), p.Platform())
			if c, ok := duckdb(d); ok {
				add(c, p.Platform())
			}
		}
		for _, s := range r.Statics {
			if s.OS == p.OS && s.Arch == p.Arch {
				add(cyclonedx.Component{BOMRef: s.PURL, Type: cyclonedx.ComponentTypeLibrary, Name: s.Name, Version: s.Version, PackageURL: s.PURL}, p.Platform())
			}
		}
	}
	out := make([]cyclonedx.Component, 0, len(found))
	for ref, c := range found {
		if len(platforms[ref]) < len(r.Programs) {
			var props []cyclonedx.Property
			for _, p := range platforms[ref] {
				props = append(props, cyclonedx.Property{Name: "modelvet:platform", Value: p})
			}
			c.Properties = &props
		}
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b cyclonedx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	return out, nil
}

// module is a Go module, its hash that of go.sum, as cyclonedx-gomod has it.
func module(path, version, sum string) cyclonedx.Component {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	purl := "pkg:golang/" + strings.Join(segments, "/") + "@" + version
	c := cyclonedx.Component{BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: purl}
	if h, ok := strings.CutPrefix(sum, "h1:"); ok {
		if b, err := base64.StdEncoding.DecodeString(h); err == nil {
			c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(b)}}
		}
	}
	return c
}

var duckdbVersion = regexp.MustCompile(`^v0\.(\d+)(\d\d)(\d\d)\.\d+$`)

// duckdb is the C++ library inside of a module of prebuilt objects, whose
// version the module's own encodes: v0.10506.0 is DuckDB 1.5.6.
func duckdb(d *debug.Module) (cyclonedx.Component, bool) {
	m := duckdbVersion.FindStringSubmatch(d.Version)
	if m == nil || !strings.HasPrefix(d.Path, "github.com/duckdb/duckdb-go-bindings/lib/") {
		return cyclonedx.Component{}, false
	}
	version := fmt.Sprintf("v%s.%s.%s", m[1], strings.TrimLeft(m[2], "0"), strings.TrimLeft(m[3], "0"))
	purl := "pkg:github/duckdb/duckdb@" + version
	return cyclonedx.Component{BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: "duckdb", Version: version, PackageURL: purl}, true
}

// Licences gathers the licence texts of every module of the programs. dirs
// says where a module's files are, by path and version with an @ between. A module
// without a text is an error: it must not be given away without.
func (r Release) Licences(dirs map[string]string) ([]byte, error) {
	var out bytes.Buffer
	seen := map[string]bool{}
	var missing []error
	for _, p := range r.Programs {
		info, err := r.modules(p)
		if err != nil {
			return nil, err
		}
		for _, d := range info.Deps {
			key := d.Path + "@" + d.Version
			if seen[key] {
				continue
			}
			seen[key] = true
			text, err := licence(dirs[key])
			if err != nil {
				missing = append(missing, fmt.Errorf("%s: %w", key, err))
				continue
			}
			fmt.Fprintf(&out, "%s\n%s\n\n%s\n\n", key, strings.Repeat("=", len(key)), bytes.TrimSpace(text))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("gathering licences: %w", err)
	}
	return out.Bytes(), nil
}

var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-._].*)?$`)

// licence reads the texts at the top of a module, or of the module around it.
func licence(dir string) ([]byte, error) {
	if dir == "" {
		return nil, errors.New("its files are not in the module cache")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, e := range entries {
		if e.IsDir() || !licenceName.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s\n\n", bytes.TrimSpace(text))
	}
	if out.Len() == 0 {
		return nil, errors.New("no licence text at its top")
	}
	return out.Bytes(), nil
}
