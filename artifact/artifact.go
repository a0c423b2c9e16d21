// SPDX-License-Identifier: Apache-2.0

// Package artifact is a model as content: a folder packed into an OCI image
// layout, a layout or a registry reference opened as files with their digests,
// and the signed statements that refer to it.
//
// What it writes is a CNCF ModelPack manifest with raw layers, so that the
// digest of a layer is the SHA-256 of the file itself; statements are attached
// as cosign v3 attaches them. The same folder always gives the same digest.
//
// It must never trust a byte that it has not hashed, never hold a whole weight
// file in memory, never write outside the folder it was given, and never leave
// half of a layout behind. It checks content, not signatures: whether a
// statement is to be believed is for the room attest to say.
package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/modelvet/modelvet"
)

// ErrNotFound is wrapped by every error that says that a layout, a tag, a
// manifest or a blob does not exist.
var ErrNotFound = errors.New("not found")

// ErrChanged is wrapped by every error that says that content does not match
// the digest or the size it is listed with.
var ErrChanged = errors.New("content does not match its digest")

// Options are the choices that the verbs of this package share. The zero value
// is ready to use.
type Options struct {
	// Layout is what Pack writes: [LayoutArtifact], which is the default, or
	// [LayoutImage].
	Layout string
	// Tag names the manifest in a layout; empty means "latest".
	Tag string
	// Exclude lists paths that are not part of the model, besides the layout
	// and what is always left out: absolute, or relative to the model's folder.
	Exclude []string
	// Created is written as org.opencontainers.image.created, in whole seconds
	// (SOURCE_DATE_EPOCH). Zero writes no time stamp at all.
	Created time.Time
	// Annotations are added to the manifest of the model, such as
	// org.opencontainers.image.revision.
	Annotations map[string]string
	// Workers bounds how many files are read at the same time; 0 means one a core
	// where all are hashed, and a few large and more small ones where they travel.
	Workers int
	// PartSize is how many bytes one request of an upload carries at most; 0
	// means 64 MiB. A proxy that bounds requests may want less.
	PartSize int64
	// Progress, when set, is told how many bytes of how many are done. It is
	// called from several goroutines, one at a time.
	Progress func(done, total int64)
	// Begin, when set, is told the path of each file when its turn comes. It is
	// called from several goroutines, also at the same time.
	Begin func(path string)
}

// source is where an opened artifact lives.
type source interface {
	// manifest returns bytes that hash to d.Digest.
	manifest(ctx context.Context, d v1.Descriptor) ([]byte, error)
	// blob returns a stream that the caller still has to hash.
	blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error)
}

// shelf is where the statements about an artifact lie.
type shelf interface {
	candidates(ctx context.Context, subject v1.Descriptor, own map[v1.Hash]bool) ([]candidate, error)
	attach(ctx context.Context, prepared []referrerBlobs) error
}

// Artifact is a model in a layout or a registry, opened by its manifest. The
// manifest and the configuration have been hashed; the layers are hashed by
// [Artifact.Verify], [Artifact.Extract] and [Artifact.ReadFile] only.
type Artifact struct {
	ref      Reference
	source   source
	shelf    shelf
	root     v1.Descriptor // of the manifest
	raw      []byte        // the manifest
	manifest v1.Manifest
	config   Config
	layers   []layer
	opts     Options
}

// layer is one raw layer, which is one file, or an archive of another tool's.
type layer struct {
	modelvet.File
	desc    v1.Descriptor
	exec    bool
	archive string // "": raw; tar, tar+gzip, tar+zstd
	// in is the layer of an image that holds the file, offset where it begins
	// there; nil: the file is the layer.
	in     *v1.Descriptor
	offset int64
}

// Open opens what ref names: oci:PATH[:TAG], oci:PATH@sha256:..., or a
// registry's host/repository:tag or @sha256:.... It fails when the manifest,
// its configuration, or (in a layout) the presence or the size of a layer does
// not match; it does not read the layers.
func Open(ctx context.Context, ref string, opts Options) (*Artifact, error) {
	r, err := ParseReference(ref)
	if err != nil {
		return nil, err
	}
	a, err := openReference(ctx, r, opts)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", ref, err)
	}
	return a, nil
}

func openReference(ctx context.Context, r Reference, opts Options) (*Artifact, error) {
	if r.Layout != "" {
		return openLayout(ctx, r, opts)
	}
	return openRegistry(ctx, r, opts)
}

// load reads the manifest that a.root describes, and what hangs on it.
func (a *Artifact) load(ctx context.Context) error {
	raw, err := a.source.manifest(ctx, a.root)
	if err != nil {
		return fmt.Errorf("reading manifest %s: %w", a.root.Digest, err)
	}
	if a.manifest, err = parseManifest(raw); err != nil {
		return fmt.Errorf("reading manifest %s: %w", a.root.Digest, err)
	}
	a.raw = raw
	a.root.Size = int64(len(raw))
	a.root.MediaType = a.manifest.MediaType
	a.root.ArtifactType = a.manifest.ArtifactType
	if isImage(a.manifest) {
		return a.loadImage(ctx)
	}
	if a.layers, err = parseLayers(a.manifest); err != nil {
		return fmt.Errorf("reading manifest %s: %w", a.root.Digest, err)
	}
	return a.loadConfig(ctx)
}

func (a *Artifact) loadConfig(ctx context.Context) error {
	raw, err := a.fetch(ctx, a.manifest.Config, maxManifest)
	if err != nil {
		return fmt.Errorf("reading configuration %s: %w", a.manifest.Config.Digest, err)
	}
	if a.config, err = parseConfig(raw, a.manifest); err != nil {
		return fmt.Errorf("reading configuration %s: %w", a.manifest.Config.Digest, err)
	}
	return nil
}

// fetch reads one small blob whole, and checks its size and digest.
func (a *Artifact) fetch(ctx context.Context, d v1.Descriptor, limit int64) ([]byte, error) {
	if d.Size > limit {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are allowed", d.Size, limit)
	}
	return readWhole(ctx, d, func() (io.ReadCloser, error) { return a.source.blob(ctx, d) })
}

func readWhole(ctx context.Context, d v1.Descriptor, open func() (io.ReadCloser, error)) ([]byte, error) {
	rc, err := open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	var b bytes.Buffer
	if _, err := copyStream(ctx, &b, rc, d, nil); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Subject returns what a statement about this artifact is about: its name,
// the digest of its manifest, and its files sorted by path.
func (a *Artifact) Subject() modelvet.Subject {
	s := modelvet.Subject{Name: a.config.Descriptor.Name, Digest: a.root.Digest.String()}
	if s.Name == "" {
		s.Name = a.ref.base()
	}
	for _, l := range a.layers {
		s.Files = append(s.Files, l.File)
	}
	return s
}

// Config returns the ModelPack configuration. It is declared, not measured.
func (a *Artifact) Config() Config { return a.config }

// Manifest returns the bytes of the manifest, which hash to the subject's digest.
func (a *Artifact) Manifest() []byte { return bytes.Clone(a.raw) }

// ReadFile returns the content of one file, having checked its digest. It
// refuses a file of more than max bytes.
func (a *Artifact) ReadFile(ctx context.Context, path string, max int64) ([]byte, error) {
	for _, l := range a.layers {
		if l.Path != path {
			continue
		}
		if l.Size > max {
			return nil, fmt.Errorf("reading %s: it has %d bytes, more than the %d that are allowed", path, l.Size, max)
		}
		b, err := readWhole(ctx, l.desc, func() (io.ReadCloser, error) { return a.content(ctx, l) })
		if err != nil {
			return nil, fmt.Errorf("reading %s (layer %s): %w", path, l.Digest, err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("reading %s: %w in artifact %s", path, ErrNotFound, a.root.Digest)
}

// Close releases what Open holds open.
func (a *Artifact) Close() error {
	if c, ok := a.source.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
