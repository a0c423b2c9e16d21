// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// attach writes the blobs, and then one index.json that lists them all. The
// index carries artifactType and annotations, as a registry's referrers list
// would, so that oras and regctl find them.
func (s *store) attach(ctx context.Context, prepared []referrerBlobs) (err error) {
	w, done, err := createStore(ctx, s.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done(true)) }()
	index, err := w.index()
	if err != nil {
		return err
	}
	if _, err := w.putBlob(emptyConfig); err != nil {
		return err
	}
	err = each(ctx, len(prepared), 8, func(_ context.Context, i int) error {
		if _, err := w.putBlob(prepared[i].bundle); err != nil {
			return err
		}
		_, err := w.putBlob(prepared[i].manifest)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range prepared {
		add(&index, p.desc)
	}
	return w.putIndex(index)
}

// candidates returns the manifests that index.json lists, those of the indexes
// in it (the fall-back tag of OCI 1.1 is one), and those among the blobs that
// name the subject: "cosign save" lists the model only.
func (s *store) candidates(ctx context.Context, subject v1.Descriptor, own map[v1.Hash]bool) ([]candidate, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	g := &gathering{s: s, seen: map[v1.Hash]bool{subject.Digest: true}}
	if err := g.list(ctx, x.Manifests, 0); err != nil {
		return nil, err
	}
	if err := g.scan(ctx, subject, own); err != nil {
		return nil, err
	}
	return g.found, nil
}

type gathering struct {
	s     *store
	seen  map[v1.Hash]bool
	found []candidate
}

func (g *gathering) list(ctx context.Context, descs []v1.Descriptor, depth int) error {
	for _, d := range descs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if g.seen[d.Digest] {
			continue
		}
		g.seen[d.Digest] = true
		raw, err := g.s.manifest(ctx, d)
		if err == nil && d.MediaType == types.OCIImageIndex {
			if err := g.listIndex(ctx, d, raw, depth); err != nil {
				return err
			}
			continue
		}
		if err := g.add(candidate{d, raw, err}); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) listIndex(ctx context.Context, d v1.Descriptor, raw []byte, depth int) error {
	x, err := parseIndex(raw)
	if err == nil && depth >= 3 {
		err = errors.New("indexes are nested deeper than 3")
	}
	if err != nil {
		return g.add(candidate{d, nil, fmt.Errorf("reading index %s: %w", d.Digest, err)})
	}
	return g.list(ctx, x.Manifests, depth+1)
}

func (g *gathering) add(c candidate) error {
	if len(g.found) == maxReferrers {
		return errTooMany
	}
	g.found = append(g.found, c)
	return nil
}

// scan looks for manifests that nothing lists.
func (g *gathering) scan(ctx context.Context, subject v1.Descriptor, own map[v1.Hash]bool) error {
	entries, err := fs.ReadDir(g.s.root.FS(), blobFolder)
	if err != nil {
		return fmt.Errorf("listing the blobs of layout %s: %w", g.s.dir, err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := v1.NewHash("sha256:" + e.Name())
		if err != nil || own[h] || g.seen[h] {
			continue
		}
		if c, ok := g.look(h, e, subject); ok {
			if err := g.add(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *gathering) look(h v1.Hash, e fs.DirEntry, subject v1.Descriptor) (candidate, bool) {
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxManifest {
		return candidate{}, false
	}
	d := v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: h, Size: info.Size()}
	raw, err := g.s.readSmall(blobName(h))
	if err != nil || !bytes.Contains(raw, []byte(`"subject"`)) || !bytes.Contains(raw, []byte(subject.Digest.Hex)) {
		return candidate{}, false
	}
	return candidate{d, raw, checkContent(hashBytes(raw), int64(len(raw)), d)}, true
}
