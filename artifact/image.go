// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The layout "image": the same files in the layers of a container image, below
// /models/, where KServe looks for them. containerd mounts an artifact of
// another kind as an empty folder, without an error; this one it mounts whole.
const (
	LayoutArtifact = "artifact"
	LayoutImage    = "image"

	typeImageConfig = "application/vnd.oci.image.config.v1+json"
	imageFolder     = "models"

	// maxImageConfig bounds the list of files, which is a blob: registries do
	// not bound it. It holds as many files as a model may have.
	maxImageConfig = 32 << 20
)

// imageConfig is the configuration of an image (OCI image specification 1.1,
// config.md), which may hold further fields: ours says which files are where.
type imageConfig struct {
	Created      string      `json:"created,omitempty"`
	Architecture string      `json:"architecture"`
	OS           string      `json:"os"`
	Config       struct{}    `json:"config"`
	RootFS       imageRootFS `json:"rootfs"`
	Model        *imageModel `json:"io.github.modelvet.model,omitempty"`
}

type imageRootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// imageModel is what the ModelPack configuration and its layers would say.
type imageModel struct {
	Descriptor ConfigDescriptor `json:"descriptor"`
	Config     ConfigModel      `json:"config"`
	Files      []imageFile      `json:"files"`
}

// imageFile is a file, and where its bytes are in the tar archive of its layer.
// Nothing of it is believed before Verify has read that archive.
type imageFile struct {
	Path   string  `json:"path"`
	Kind   string  `json:"kind"`
	Digest v1.Hash `json:"digest"`
	Size   int64   `json:"size"`
	Exec   bool    `json:"exec,omitempty"`
	Layer  int     `json:"layer"`
	Offset int64   `json:"offset"`
}

func isImage(m v1.Manifest) bool { return m.Config.MediaType == typeImageConfig }

// loadImage reads the files of an image from its configuration.
func (a *Artifact) loadImage(ctx context.Context) error {
	raw, err := a.fetch(ctx, a.manifest.Config, maxImageConfig)
	if err != nil {
		return fmt.Errorf("reading configuration %s: %w", a.manifest.Config.Digest, err)
	}
	if a.config, a.layers, err = parseImage(raw, a.manifest); err != nil {
		return fmt.Errorf("reading configuration %s: %w", a.manifest.Config.Digest, err)
	}
	return nil
}

func parseImage(raw []byte, m v1.Manifest) (Config, []layer, error) {
	var c imageConfig
	if err := decode(raw, &c); err != nil {
		return Config{}, nil, err
	}
	if c.Model == nil || len(c.Model.Files) == 0 {
		return Config{}, nil, fmt.Errorf("a configuration of type %q without the field io.github.modelvet.model: this is not a model artifact but an image of something else; pack the model with `modelvet pack --as image`", typeImageConfig)
	}
	if err := checkRootFS(c.RootFS, m); err != nil {
		return Config{}, nil, err
	}
	layers := make([]layer, 0, len(c.Model.Files))
	for i, f := range c.Model.Files {
		l, err := f.layer(m)
		if err != nil {
			return Config{}, nil, fmt.Errorf("field io.github.modelvet.model.files[%d]: %w", i, err)
		}
		layers = append(layers, l)
	}
	config := Config{Descriptor: c.Model.Descriptor, Config: c.Model.Config, ModelFS: ConfigFS{Type: "layers", DiffIDs: c.RootFS.DiffIDs}}
	return config, layers, checkPaths(layers)
}

// checkRootFS wants what a container runtime wants: as many diff ids as
// layers. They equal the layers' digests, since the layers are not compressed.
func checkRootFS(r imageRootFS, m v1.Manifest) error {
	if len(r.DiffIDs) != len(m.Layers) {
		return fmt.Errorf("field rootfs.diff_ids lists %d layers, the manifest %d", len(r.DiffIDs), len(m.Layers))
	}
	for i, l := range m.Layers {
		if l.MediaType != types.OCIUncompressedLayer {
			return fmt.Errorf("field layers[%d] of the manifest has media type %q, expected %q", i, l.MediaType, types.OCIUncompressedLayer)
		}
		if r.DiffIDs[i] != l.Digest.String() {
			return fmt.Errorf("field rootfs.diff_ids[%d] is %s, the manifest's layer is %s", i, r.DiffIDs[i], l.Digest)
		}
	}
	return nil
}

var kinds = []string{KindWeight, KindConfig, KindDoc, KindCode, KindDataset}

func (f imageFile) layer(m v1.Manifest) (layer, error) {
	d := v1.Descriptor{Digest: f.Digest, Size: f.Size}
	if err := checkDescriptor(d); err != nil {
		return layer{}, err
	}
	if err := checkName(f.Path); err != nil {
		return layer{}, err
	}
	if !slices.Contains(kinds, f.Kind) {
		return layer{}, fmt.Errorf("kind is %q, expected one of %s", f.Kind, strings.Join(kinds, ", "))
	}
	if f.Layer < 0 || f.Layer >= len(m.Layers) {
		return layer{}, fmt.Errorf("layer is %d, the manifest has %d", f.Layer, len(m.Layers))
	}
	in := m.Layers[f.Layer]
	if f.Offset < 0 || f.Offset%512 != 0 || f.Size > in.Size || f.Offset > in.Size-f.Size {
		return layer{}, fmt.Errorf("bytes %d to %d are not in layer %d, which has %d", f.Offset, f.Offset+f.Size, f.Layer, in.Size)
	}
	l := layer{desc: d, exec: f.Exec, in: &in, offset: f.Offset}
	l.Path, l.Kind, l.Digest, l.Size = f.Path, f.Kind, f.Digest.String(), f.Size
	return l, nil
}

// content opens the bytes of one file, which the caller still has to hash.
func (a *Artifact) content(ctx context.Context, l layer) (io.ReadCloser, error) {
	return a.contentAt(ctx, l, 0)
}

// contentAt opens them at one of them.
func (a *Artifact) contentAt(ctx context.Context, l layer, at int64) (io.ReadCloser, error) {
	if l.in == nil {
		return fromSource(a.source, l.desc)(ctx, at)
	}
	rc, err := fromSource(a.source, *l.in)(ctx, l.offset+at)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(rc, l.Size-at), rc}, nil
}

// newImage makes the configuration and the manifest of an image.
func newImage(m v1.Manifest, c Config, layers []layer, tars []v1.Descriptor, opts Options) (config, top storedManifest, err error) {
	// An image must name a platform; the files are the same on all. A single
	// manifest is mounted whatever it says.
	ic := imageConfig{Architecture: "amd64", OS: "linux", RootFS: imageRootFS{Type: "layers"}, Model: &imageModel{Descriptor: c.Descriptor, Config: c.Config}}
	if !opts.Created.IsZero() {
		ic.Created = timeStamp(opts.Created)
	}
	place := map[v1.Hash]int{}
	for i, d := range tars {
		ic.RootFS.DiffIDs = append(ic.RootFS.DiffIDs, d.Digest.String())
		place[d.Digest] = i
	}
	for _, l := range layers {
		ic.Model.Files = append(ic.Model.Files, imageFile{l.Path, l.Kind, l.desc.Digest, l.Size, l.exec, place[l.in.Digest], l.offset})
	}
	raw, err := json.Marshal(ic)
	if err == nil && len(raw) > maxImageConfig {
		err = fmt.Errorf("%d files make it %d bytes, at most %d are read", len(layers), len(raw), maxImageConfig)
	}
	if err != nil {
		return config, top, fmt.Errorf("writing the configuration: %w", err)
	}
	config = storedManifest{v1.Descriptor{MediaType: typeImageConfig, Digest: hashBytes(raw), Size: int64(len(raw))}, raw}
	m.ArtifactType, m.Config, m.Layers = "", config.desc, tars
	text, err := marshalManifest(m, nil)
	top = storedManifest{v1.Descriptor{MediaType: m.MediaType, Digest: hashBytes(text), Size: int64(len(text))}, text}
	return config, top, err
}

// inImage is where a file of the model is in the image.
func inImage(p string) string { return path.Join(imageFolder, p) }
