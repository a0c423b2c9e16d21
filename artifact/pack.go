// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/modelvet/modelvet"
)

// Pack writes the model in dir as a ModelPack artifact into the OCI image
// layout in the folder layout, under opts.Tag, and returns its subject. The
// folder is made when it does not exist; other manifests in it stay.
//
// Each file is read once. The manifest depends on the names, the contents and
// the executable bits of the files and on sys, on nothing else. Until Pack
// returns without an error the layout is what it was before; an interruption
// leaves the old index.json, and at most whole blobs that nothing lists.
//
// See [Inventory] for which files belong to the model, and when it fails. It
// also fails when a file changes while it is read, and when the disk is full.
func Pack(ctx context.Context, dir string, sys modelvet.System, layout string, opts Options) (modelvet.Subject, error) {
	s, err := pack(ctx, dir, sys, layout, opts)
	if err != nil {
		return modelvet.Subject{}, fmt.Errorf("packing %s: %w", dir, err)
	}
	return s, nil
}

func pack(ctx context.Context, dir string, sys modelvet.System, layout string, opts Options) (subject modelvet.Subject, err error) {
	if opts.Tag == "" {
		opts.Tag = defaultTag
	}
	if opts.Layout != "" && opts.Layout != LayoutArtifact && opts.Layout != LayoutImage {
		return subject, fmt.Errorf("the layout is %q; want %s or %s", opts.Layout, LayoutArtifact, LayoutImage)
	}
	if !tagForm.MatchString(opts.Tag) {
		return subject, fmt.Errorf("tag %q may hold letters, digits, '_', '.', '-' only, at most 128", opts.Tag)
	}
	root, err := openModel(dir)
	if err != nil {
		return subject, err
	}
	defer root.Close()
	if opts, err = withoutLayout(dir, layout, opts); err != nil {
		return subject, err
	}
	sys, entries, err := listed(ctx, root, dir, sys, opts)
	if err != nil {
		return subject, err
	}
	s, done, err := createStore(ctx, layout)
	if err != nil {
		return subject, err
	}
	defer func() { err = errors.Join(err, done(err == nil)) }()
	return s.pack(ctx, root, entries, sys, opts)
}

// listed finds the files, and that they make a manifest.
func listed(ctx context.Context, root *os.Root, dir string, sys modelvet.System, opts Options) (modelvet.System, []entry, error) {
	sys, err := named(sys, dir)
	if err != nil {
		return sys, nil, err
	}
	entries, err := inventory(ctx, root, dir, sys, opts)
	if err != nil {
		return sys, nil, err
	}
	return sys, entries, fits(entries, sys, opts)
}

// fits finds out before anything is copied whether a registry would take the
// manifest: all digests are of the same length.
func fits(entries []entry, sys modelvet.System, opts Options) error {
	any := hashBytes(nil)
	layers := make([]layer, len(entries))
	for i, e := range entries {
		var err error
		if layers[i], err = newLayer(e, any); err != nil {
			return err
		}
	}
	if opts.Layout == LayoutImage {
		return nil // its list of files is not in the manifest
	}
	_, err := marshalManifest(newManifest(sys, v1.Descriptor{MediaType: typeConfig, Digest: any, Size: maxManifest}, layers, opts), layers)
	return err
}

// withoutLayout keeps the layout out of the model when it lies inside of it.
func withoutLayout(dir, layout string, opts Options) (Options, error) {
	abs, err := filepath.Abs(layout)
	if err != nil {
		return opts, err
	}
	rel, err := below(dir, abs)
	if err != nil {
		return opts, err
	}
	if rel == "." {
		return opts, errors.New("the layout cannot be the model's folder itself; choose a folder in or beside it")
	}
	opts.Exclude = append([]string{rel}, opts.Exclude...)
	return opts, nil
}

func named(sys modelvet.System, dir string) (modelvet.System, error) {
	if sys.Name != "" {
		return sys, nil
	}
	abs, err := filepath.Abs(dir)
	sys.Name = filepath.Base(abs)
	return sys, err
}

func (s *store) pack(ctx context.Context, root *os.Root, entries []entry, sys modelvet.System, opts Options) (modelvet.Subject, error) {
	none := modelvet.Subject{}
	index, err := s.index()
	if errors.Is(err, ErrNotFound) {
		index, err = emptyIndex(), nil
	}
	if err != nil {
		return none, err
	}
	model, err := described(root, entries, sys.Model)
	if err != nil {
		return none, err
	}
	d, layers, err := s.packAs(ctx, root, entries, sys, model, opts)
	if err != nil {
		return none, err
	}
	retag(&index, d, opts.Tag)
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if err := s.putIndex(index); err != nil {
		return none, err
	}
	return subjectOf(sys.Name, d, layers), nil
}

func (s *store) packAs(ctx context.Context, root *os.Root, entries []entry, sys modelvet.System, model ConfigModel, opts Options) (v1.Descriptor, []layer, error) {
	if opts.Layout == LayoutImage {
		return s.packImage(ctx, root, entries, sys, model, opts)
	}
	layers, err := s.packFiles(ctx, root, entries, opts)
	if err != nil {
		return v1.Descriptor{}, nil, err
	}
	d, err := s.packManifest(sys, newConfig(sys, model, layers), layers, opts)
	return d, layers, err
}

func (s *store) packFiles(ctx context.Context, root *os.Root, entries []entry, opts Options) ([]layer, error) {
	return packEach(ctx, entries, opts, func(ctx context.Context, e entry, tell func(int64)) (v1.Hash, error) {
		h, err := s.packFile(ctx, root, e, tell)
		if err != nil {
			err = fmt.Errorf("reading %s into layout %s: %w", e.Path, s.dir, err)
		}
		return h, err
	})
}

// packEach has every file stored, several at a time, and makes its layer.
func packEach(ctx context.Context, entries []entry, opts Options, one func(context.Context, entry, func(int64)) (v1.Hash, error)) ([]layer, error) {
	layers := make([]layer, len(entries))
	total := int64(0)
	for _, e := range entries {
		total += e.Size
	}
	tell := meter(opts, total)
	err := opts.eachBlob(ctx, len(entries), func(i int) int64 { return entries[i].Size }, func(ctx context.Context, i int) error {
		opts.begin(entries[i].Path)
		h, err := one(ctx, entries[i], tell)
		if err == nil {
			layers[i], err = newLayer(entries[i], h)
		}
		return err
	})
	return layers, err
}

// packFile copies one file into a blob. A blob that is there already is
// replaced by the same content: that costs nothing and heals a damaged one.
func (s *store) packFile(ctx context.Context, root *os.Root, e entry, tell func(int64)) (v1.Hash, error) {
	src, err := openRegular(root, e.Path)
	if err != nil {
		return v1.Hash{}, err
	}
	defer src.Close()
	before, err := src.Stat()
	if err != nil {
		return v1.Hash{}, err
	}
	if before.Size() != e.Size {
		return v1.Hash{}, errGrew
	}
	w, err := s.draft()
	if err != nil {
		return v1.Hash{}, err
	}
	defer w.discard()
	h, err := copyFile(ctx, w.File, src, e.Size, tell)
	if err != nil {
		return v1.Hash{}, err
	}
	if err := unchanged(src, before); err != nil {
		return v1.Hash{}, err
	}
	return h, w.publish(blobName(h))
}

func unchanged(f *os.File, before os.FileInfo) error {
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return errGrew
	}
	return nil
}

func (s *store) packManifest(sys modelvet.System, c Config, layers []layer, opts Options) (v1.Descriptor, error) {
	config, top, err := newBlobs(sys, c, layers, opts)
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, m := range []storedManifest{config, top} {
		if _, err := s.putBlob(m.raw); err != nil {
			return v1.Descriptor{}, err
		}
	}
	return top.desc, nil
}

// newBlobs makes the configuration and the manifest.
func newBlobs(sys modelvet.System, c Config, layers []layer, opts Options) (config, top storedManifest, err error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return config, top, fmt.Errorf("writing the configuration: %w", err)
	}
	config = storedManifest{v1.Descriptor{MediaType: typeConfig, Digest: hashBytes(raw), Size: int64(len(raw))}, raw}
	m := newManifest(sys, config.desc, layers, opts)
	text, err := marshalManifest(m, layers)
	top = storedManifest{v1.Descriptor{MediaType: m.MediaType, ArtifactType: m.ArtifactType, Digest: hashBytes(text), Size: int64(len(text))}, text}
	return config, top, err
}

func subjectOf(name string, d v1.Descriptor, layers []layer) modelvet.Subject {
	subject := modelvet.Subject{Name: name, Digest: d.Digest.String()}
	for _, l := range layers {
		subject.Files = append(subject.Files, l.File)
	}
	return subject
}

func (o Options) begin(path string) {
	if o.Begin != nil {
		o.Begin(path)
	}
}

// meter adds up what the workers report.
func meter(opts Options, total int64) func(int64) {
	if opts.Progress == nil {
		return nil
	}
	var mu sync.Mutex
	done := int64(0)
	return func(n int64) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		opts.Progress(done, total)
	}
}
