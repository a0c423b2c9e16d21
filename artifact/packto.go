// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/modelvet/modelvet"
)

// PackTo packs the model in dir straight into a registry, under the tag of ref,
// and returns its subject: the same that [Pack] gives. No copy is made on this
// disk, and each file is read once: it is hashed while it is sent. The tag
// appears at the end, when all the rest is in place.
//
// A file that the tag already has under the same path with the same size is
// hashed first, and sent only if it differs. So is every large file where the
// repository has the smallest files of the model: an earlier run was most likely
// interrupted, or had another tag.
func PackTo(ctx context.Context, dir string, sys modelvet.System, ref string, opts Options) (modelvet.Subject, error) {
	s, err := packTo(ctx, dir, sys, ref, opts)
	if err != nil {
		return modelvet.Subject{}, fmt.Errorf("packing %s to %s: %w", dir, ref, err)
	}
	return s, nil
}

func packTo(ctx context.Context, dir string, sys modelvet.System, ref string, opts Options) (subject modelvet.Subject, err error) {
	r, err := ParseReference(ref)
	if err != nil {
		return subject, err
	}
	if r.Layout != "" || r.Digest != "" {
		return subject, errors.New("the target must be a registry reference with a tag, such as registry.example/team/model:v1")
	}
	root, err := openModel(dir)
	if err != nil {
		return subject, err
	}
	defer root.Close()
	sys, entries, err := listed(ctx, root, dir, sys, opts)
	if err != nil {
		return subject, err
	}
	p, err := newPusher(ctx, r.remote.Context(), nil, opts)
	if err != nil {
		return subject, err
	}
	return p.pack(ctx, r, root, entries, sys, opts)
}

func (p *pusher) pack(ctx context.Context, r Reference, root *os.Root, entries []entry, sys modelvet.System, opts Options) (subject modelvet.Subject, err error) {
	model, err := described(root, entries, sys.Model)
	if err != nil {
		return subject, err
	}
	old := p.inventory(ctx, r)
	old.begun = len(old.sizes) == 0 && p.begun(ctx, root, entries)
	layers, err := packEach(ctx, entries, opts, func(ctx context.Context, e entry, tell func(int64)) (v1.Hash, error) {
		h, err := p.packFile(ctx, root, e, old, tell)
		if err != nil {
			err = fmt.Errorf("sending %s: %w", e.Path, err)
		}
		return h, err
	})
	if err != nil {
		return subject, err
	}
	config, top, err := newBlobs(sys, newConfig(sys, model, layers), layers, opts)
	if err != nil {
		return subject, err
	}
	if err := p.upload(ctx, memory{config.desc.Digest: config.raw}, config.desc, nil); err != nil {
		return subject, err
	}
	return subjectOf(sys.Name, top.desc, layers), p.put(ctx, r.remote, top)
}

// known is what a tag holds before it is written again.
type known struct {
	blobs map[v1.Hash]bool
	sizes map[string]int64
	begun bool // some of the model is there, under no tag or another
}

// inventory reads the manifest of a tag. When there is none, or none that is
// understood, everything is sent.
func (p *pusher) inventory(ctx context.Context, r Reference) known {
	k := known{blobs: map[v1.Hash]bool{}, sizes: map[string]int64{}}
	raw, err := (&registry{client: p.client}).getManifest(ctx, r.remote.Identifier())
	if err != nil {
		return k
	}
	m, err := parseManifest(raw)
	if err != nil {
		return k
	}
	layers, err := parseLayers(m)
	if err != nil {
		return k
	}
	for _, l := range layers {
		k.blobs[l.desc.Digest] = true
		k.sizes[l.Path] = l.Size
	}
	return k
}

// begun asks for the smallest files of the model, which are sent among the first.
func (p *pusher) begun(ctx context.Context, root *os.Root, entries []entry) bool {
	small := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.Size == 0 || e.Size > smallBlob })
	slices.SortStableFunc(small, func(a, b entry) int { return cmp.Compare(a.Size, b.Size) })
	if len(small) == len(entries) {
		return false // nothing large is to be gained
	}
	for _, e := range small[:min(3, len(small))] {
		f, err := openRegular(root, e.Path)
		if err != nil {
			return false
		}
		h, err := hashFile(ctx, f, e.Size, nil)
		f.Close()
		if err == nil && p.has(ctx, h) {
			return true
		}
	}
	return false
}

// packFile sends one file.
func (p *pusher) packFile(ctx context.Context, root *os.Root, e entry, old known, tell func(int64)) (v1.Hash, error) {
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
	h, err := p.sendFile(ctx, src, e, old, tell)
	if err != nil {
		return h, err
	}
	return h, unchanged(src, before)
}

func (p *pusher) sendFile(ctx context.Context, src *os.File, e entry, old known, tell func(int64)) (v1.Hash, error) {
	size, had := old.sizes[e.Path]
	switch {
	case e.Size <= chunk:
		return p.sendSmall(ctx, src, e.Size, old, tell)
	case had && size == e.Size || old.begun:
		h, err := hashFile(ctx, src, e.Size, nil)
		if err != nil {
			return h, err
		}
		return h, p.upload(ctx, open1{src}, v1.Descriptor{MediaType: types.OCILayer, Digest: h, Size: e.Size}, tell)
	}
	return p.send(ctx, newPayload(e.Size, v1.Hash{}, tell, open1{src}.at(e.Size)))
}

// sendSmall holds a small file in memory, so that it goes in one request.
func (p *pusher) sendSmall(ctx context.Context, src *os.File, size int64, old known, tell func(int64)) (v1.Hash, error) {
	buf := make([]byte, size)
	if n, err := src.ReadAt(buf, 0); int64(n) < size {
		return v1.Hash{}, short(err)
	}
	h := hashBytes(buf)
	if old.blobs[h] {
		report(tell, size)
		return h, nil
	}
	return h, p.upload(ctx, memory{h: buf}, v1.Descriptor{MediaType: types.OCILayer, Digest: h, Size: size}, tell)
}

// open1 is the one blob of an open file. Requests read it side by side.
type open1 struct{ f *os.File }

func (o open1) manifest(context.Context, v1.Descriptor) ([]byte, error) { return nil, ErrNotFound }

func (o open1) blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return o.at(d.Size)(context.Background(), 0)
}

func (o open1) at(size int64) opener {
	return func(_ context.Context, at int64) (io.ReadCloser, error) {
		return section{io.NewSectionReader(o.f, at, size-at)}, nil
	}
}

// section is a part of a file that others read too; closing it closes nothing.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }
