// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/modelvet/modelvet"
)

// The media types and annotations of the ModelPack specification v0.0.7, and
// the title by which oras and model-signing name a layer.
const (
	typeArtifact = "application/vnd.cncf.model.manifest.v1+json"
	typeConfig   = "application/vnd.cncf.model.config.v1+json"
	typeLayer    = "application/vnd.cncf.model."

	notePath     = "org.cncf.model.filepath"
	noteMetadata = "org.cncf.model.file.metadata+json"
	noteUntested = "org.cncf.model.file.mediatype.untested"
	noteTitle    = "org.opencontainers.image.title"
	noteVersion  = "org.opencontainers.image.version"
	noteVendor   = "org.opencontainers.image.vendor"
	noteLicences = "org.opencontainers.image.licenses"
	noteCreated  = "org.opencontainers.image.created"
	noteRefName  = "org.opencontainers.image.ref.name"
)

// maxManifest is the size in bytes that registries have to accept (OCI
// distribution specification 1.1, "pushing manifests"), and the most that is read.
const maxManifest = 4 << 20

// Config is the configuration of a ModelPack artifact (model-spec v0.0.7,
// schema/config-schema.json). It has no room for anything else.
type Config struct {
	Descriptor ConfigDescriptor `json:"descriptor"`
	ModelFS    ConfigFS         `json:"modelfs"`
	Config     ConfigModel      `json:"config"`
}

// ConfigDescriptor says what the model is called and whose it is.
type ConfigDescriptor struct {
	CreatedAt   string   `json:"createdAt,omitempty"`
	Authors     []string `json:"authors,omitempty"`
	Family      string   `json:"family,omitempty"`
	Name        string   `json:"name,omitempty"`
	DocURL      string   `json:"docURL,omitempty"`
	SourceURL   string   `json:"sourceURL,omitempty"`
	DatasetsURL []string `json:"datasetsURL,omitempty"`
	Version     string   `json:"version,omitempty"`
	Revision    string   `json:"revision,omitempty"`
	Vendor      string   `json:"vendor,omitempty"`
	Licenses    []string `json:"licenses,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
}

// ConfigFS lists the digests of the uncompressed layers, in their order.
type ConfigFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diffIds"`
}

// ConfigModel says how the weights are to be read.
type ConfigModel struct {
	Architecture string          `json:"architecture,omitempty"`
	Format       string          `json:"format,omitempty"`
	ParamSize    string          `json:"paramSize,omitempty"`
	Precision    string          `json:"precision,omitempty"`
	Quantization string          `json:"quantization,omitempty"`
	Capabilities json.RawMessage `json:"capabilities,omitempty"`
}

// fileMetadata is the value of the annotation of that name. Owner and time are
// left out: they differ from one checkout to the next.
type fileMetadata struct {
	Name     string `json:"name"`
	Mode     uint32 `json:"mode"`
	UID      uint32 `json:"uid"`
	GID      uint32 `json:"gid"`
	Size     int64  `json:"size"`
	Typeflag byte   `json:"typeflag"`
}

// layerType is the media type of a raw layer: application/vnd.cncf.model.<kind>.v1.raw.
func layerType(kind string) types.MediaType {
	if kind == KindConfig {
		kind = "weight.config"
	}
	return types.MediaType(typeLayer + kind + ".v1.raw")
}

func newLayer(e entry, h v1.Hash) (layer, error) {
	mode := uint32(0o644)
	if e.exec {
		mode = 0o755
	}
	meta, err := json.Marshal(fileMetadata{Name: e.Path[strings.LastIndex(e.Path, "/")+1:], Mode: mode, Size: e.Size, Typeflag: tar.TypeReg})
	if err != nil {
		return layer{}, fmt.Errorf("writing the metadata of %s: %w", e.Path, err)
	}
	e.Digest = h.String()
	return layer{File: e.File, exec: e.exec, desc: v1.Descriptor{
		MediaType: layerType(e.Kind), Digest: h, Size: e.Size,
		Annotations: map[string]string{notePath: e.Path, noteTitle: e.Path, noteMetadata: string(meta), noteUntested: "false"},
	}}, nil
}

func newConfig(sys modelvet.System, model ConfigModel, layers []layer) Config {
	c := Config{
		Descriptor: ConfigDescriptor{Name: sys.Name, Version: sys.Version, Vendor: sys.Provider.Name},
		ModelFS:    ConfigFS{Type: "layers"},
		Config:     model,
	}
	if sys.Licence != "" {
		c.Descriptor.Licenses = []string{sys.Licence}
	}
	for _, l := range layers {
		c.ModelFS.DiffIDs = append(c.ModelFS.DiffIDs, l.Digest)
	}
	return c
}

func newManifest(sys modelvet.System, config v1.Descriptor, layers []layer, opts Options) v1.Manifest {
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: typeArtifact,
		Config: config, Annotations: map[string]string{},
	}
	for _, l := range layers {
		m.Layers = append(m.Layers, l.desc)
	}
	for key, value := range map[string]string{noteTitle: sys.Name, noteVersion: sys.Version, noteVendor: sys.Provider.Name, noteLicences: sys.Licence} {
		if value != "" {
			m.Annotations[key] = value
		}
	}
	for key, value := range opts.Annotations {
		m.Annotations[key] = value
	}
	if !opts.Created.IsZero() {
		m.Annotations[noteCreated] = timeStamp(opts.Created)
	}
	return m
}

// spare lists, in this order, the annotations of a layer that give way when a
// manifest would be larger than a registry takes. Both say what is so without
// them: the mode of a file that cannot be run, and that its media type is right.
var spare = []string{noteMetadata, noteUntested}

// marshalManifest leaves out as many of the spare annotations as it must for
// the manifest to be taken by every registry. The same files give the same bytes.
func marshalManifest(m v1.Manifest, layers []layer) ([]byte, error) {
	for left := 0; ; left++ {
		b, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("writing the manifest: %w", err)
		}
		if len(b) <= maxManifest {
			return b, nil
		}
		if left == len(spare) {
			return nil, fmt.Errorf("writing the manifest: %d files make it %d bytes, and registries accept %d; pack them as an image (modelvet pack --as image), put small files into an archive, or leave them out in %s", len(m.Layers), len(b), maxManifest, ignoreFile)
		}
		m.Layers = without(m.Layers, layers, spare[left])
	}
}

// without drops an annotation, but for the mode of a file that can be run.
func without(descs []v1.Descriptor, layers []layer, note string) []v1.Descriptor {
	out := slices.Clone(descs)
	for i, l := range layers {
		if note == noteMetadata && l.exec {
			continue
		}
		out[i].Annotations = maps.Clone(out[i].Annotations)
		delete(out[i].Annotations, note)
	}
	return out
}

// LeftOut says which annotations some files do not have, and how many, because
// the manifest would have been larger than registries take. Only artifacts
// that modelvet or another tool wrote as ModelPack are asked.
func (a *Artifact) LeftOut() map[string]int {
	out := map[string]int{}
	if a.root.ArtifactType != typeArtifact {
		return out
	}
	for _, note := range spare {
		for _, l := range a.manifest.Layers {
			if _, ok := l.Annotations[note]; !ok {
				out[note]++
			}
		}
	}
	return out
}

func parseManifest(raw []byte) (v1.Manifest, error) {
	var m v1.Manifest
	if err := decode(raw, &m); err != nil {
		return m, err
	}
	if m.SchemaVersion != 2 {
		return m, fmt.Errorf("field schemaVersion is %d, expected 2", m.SchemaVersion)
	}
	if m.MediaType != types.OCIManifestSchema1 && m.MediaType != types.DockerManifestSchema2 {
		return m, fmt.Errorf("field mediaType is %q, expected %q: this is not the manifest of a model", m.MediaType, types.OCIManifestSchema1)
	}
	if err := checkDescriptor(m.Config); err != nil {
		return m, fmt.Errorf("field config: %w", err)
	}
	for i, l := range m.Layers {
		if err := checkDescriptor(l); err != nil {
			return m, fmt.Errorf("field layers[%d]: %w", i, err)
		}
	}
	if m.Subject != nil {
		if err := checkDescriptor(*m.Subject); err != nil {
			return m, fmt.Errorf("field subject: %w", err)
		}
	}
	return m, nil
}

func checkDescriptor(d v1.Descriptor) error {
	if d.Digest.Algorithm != "sha256" || len(d.Digest.Hex) != 64 {
		return fmt.Errorf("digest %q is not sha256:<64 hex digits>", d.Digest)
	}
	if d.Size < 0 {
		return fmt.Errorf("size %d is negative", d.Size)
	}
	return nil
}

// checkPaths refuses two layers for one path, and a file where another layer
// needs a folder.
func checkPaths(layers []layer) error {
	seen := map[string]bool{}
	for _, l := range layers {
		if seen[l.Path] {
			return fmt.Errorf("field layers: two layers are named %q", l.Path)
		}
		seen[l.Path] = true
	}
	for _, l := range layers {
		for i, r := range l.Path {
			if r == '/' && seen[l.Path[:i]] {
				return fmt.Errorf("field layers: %q is a file and a folder", l.Path[:i])
			}
		}
	}
	return nil
}
