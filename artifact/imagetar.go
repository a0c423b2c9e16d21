// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/modelvet/modelvet"
)

const (
	// ownLayer is the size in bytes from which a file has a layer for itself,
	// so that a new version of the model shares the files that did not change.
	ownLayer = 16 << 20
	// maxOwn keeps an image below the 127 layers that overlayfs can stack.
	maxOwn = 100
)

// packImage writes the files into tar layers, and returns the manifest of the image.
func (s *store) packImage(ctx context.Context, root *os.Root, entries []entry, sys modelvet.System, model ConfigModel, opts Options) (v1.Descriptor, []layer, error) {
	groups := grouped(entries)
	layers, tars := make([]layer, len(entries)), make([]v1.Descriptor, len(groups))
	total := int64(0)
	for _, e := range entries {
		total += e.Size
	}
	tell := meter(opts, total)
	err := each(ctx, len(groups), opts.Workers, func(ctx context.Context, i int) error {
		d, err := s.packTar(ctx, root, entries, groups[i], layers, opts, tell)
		tars[i] = d
		for _, k := range groups[i] {
			layers[k].in = &tars[i]
		}
		return err
	})
	if err != nil {
		return v1.Descriptor{}, nil, err
	}
	m := newManifest(sys, v1.Descriptor{}, nil, opts)
	config, top, err := newImage(m, newConfig(sys, model, layers), layers, tars, opts)
	if err != nil {
		return v1.Descriptor{}, nil, err
	}
	for _, b := range []storedManifest{config, top} {
		if _, err := s.putBlob(b.raw); err != nil {
			return v1.Descriptor{}, nil, err
		}
	}
	return top.desc, layers, nil
}

// grouped says which files share a layer: the small ones.
func grouped(entries []entry) [][]int {
	var small []int
	var groups [][]int
	for i, e := range entries {
		if e.Size >= ownLayer && len(groups) < maxOwn {
			groups = append(groups, []int{i})
		} else {
			small = append(small, i)
		}
	}
	if len(small) > 0 {
		groups = append(groups, small)
	}
	return groups
}

// counted hashes and counts what it passes on.
type counted struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (t *counted) Write(b []byte) (int, error) {
	t.h.Write(b)
	n, err := t.w.Write(b)
	t.n += int64(n)
	return n, explain(err)
}

// packTar writes one layer. The archive depends on the names, contents and
// executable bits of its files only.
func (s *store) packTar(ctx context.Context, root *os.Root, entries []entry, group []int, layers []layer, opts Options, tell func(int64)) (v1.Descriptor, error) {
	w, err := s.draft()
	if err != nil {
		return v1.Descriptor{}, err
	}
	defer w.discard()
	out := &counted{w: w, h: sha256.New()}
	t, made := tar.NewWriter(out), map[string]bool{}
	for _, k := range group {
		opts.begin(entries[k].Path)
		if layers[k], err = tarFile(ctx, t, out, root, entries[k], made, tell); err != nil {
			return v1.Descriptor{}, fmt.Errorf("reading %s into layout %s: %w", entries[k].Path, s.dir, err)
		}
	}
	if err := t.Close(); err != nil {
		return v1.Descriptor{}, err
	}
	d := v1.Descriptor{MediaType: types.OCIUncompressedLayer, Digest: sum(out.h), Size: out.n}
	return d, w.publish(blobName(d.Digest))
}

func tarFile(ctx context.Context, t *tar.Writer, out *counted, root *os.Root, e entry, made map[string]bool, tell func(int64)) (layer, error) {
	src, err := openRegular(root, e.Path)
	if err != nil {
		return layer{}, err
	}
	defer src.Close()
	before, err := src.Stat()
	if err != nil {
		return layer{}, err
	}
	if err := tarFolders(t, path.Dir(inImage(e.Path)), made); err != nil {
		return layer{}, err
	}
	if err := t.WriteHeader(tarHeader(e)); err != nil {
		return layer{}, err
	}
	offset := out.n
	h, err := tarContent(ctx, t, src, e.Size, tell)
	if err == nil {
		err = unchanged(src, before)
	}
	if err != nil {
		return layer{}, err
	}
	l, err := newLayer(e, h)
	l.offset = offset
	return l, errors.Join(err, t.Flush())
}

func tarHeader(e entry) *tar.Header {
	mode := int64(0o644)
	if e.exec {
		mode = 0o755
	}
	return &tar.Header{Typeflag: tar.TypeReg, Name: inImage(e.Path), Size: e.Size, Mode: mode, ModTime: time.Unix(0, 0)}
}

// tarFolders writes the folders above a file once; a folder that no layer
// names would get whatever mode the runtime likes.
func tarFolders(t *tar.Writer, dir string, made map[string]bool) error {
	if dir == "." || made[dir] {
		return nil
	}
	made[dir] = true
	if err := tarFolders(t, path.Dir(dir), made); err != nil {
		return err
	}
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: time.Unix(0, 0)})
}

// tarContent hashes the file beside the archive, on another core.
func tarContent(ctx context.Context, t io.Writer, src *os.File, size int64, tell func(int64)) (v1.Hash, error) {
	h := sha256.New()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return v1.Hash{}, err
		}
		b := (*buf)[:min(size-at, chunk)]
		if n, err := src.ReadAt(b, at); n < len(b) {
			return v1.Hash{}, short(err)
		}
		var hashing sync.WaitGroup
		hashing.Go(func() { h.Write(b) })
		_, err := t.Write(b)
		hashing.Wait()
		if err != nil {
			return v1.Hash{}, err
		}
		at += int64(len(b))
		report(tell, int64(len(b)))
	}
	return sum(h), nil
}

// verifyTar reads one layer of an image whole: it must hash to its digest, and
// hold the files that the configuration lists for it, their folders, and
// nothing else, so that what is mounted is what was judged.
func (a *Artifact) verifyTar(ctx context.Context, i int, tell func(int64)) error {
	d := a.manifest.Layers[i]
	rc, err := a.source.blob(ctx, d)
	if err != nil {
		return err
	}
	defer rc.Close()
	in := &tallied{r: readerWith(ctx, io.LimitReader(rc, d.Size+1)), h: sha256.New()}
	var failures []error
	if err := a.verifyEntries(in, i, tell); err != nil {
		failures = append(failures, err)
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return errors.Join(append(failures, err)...)
	}
	return errors.Join(append(failures, checkContent(sum(in.h), in.n, d))...)
}

type tallied struct {
	r io.Reader
	h hash.Hash
	n int64
}

func (t *tallied) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	t.h.Write(b[:n])
	t.n += int64(n)
	return n, err
}

func (a *Artifact) verifyEntries(in *tallied, i int, tell func(int64)) error {
	want := map[string]layer{}
	for _, l := range a.layers {
		if l.in.Digest == a.manifest.Layers[i].Digest {
			want[inImage(l.Path)] = l
		}
	}
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		l, ok := want[h.Name]
		if h.Typeflag == tar.TypeDir && a.isFolder(h.Name) {
			continue
		}
		if !ok || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: it holds %q (type %q), which the configuration does not list", ErrChanged, h.Name, h.Typeflag)
		}
		delete(want, h.Name)
		if err := verifyEntry(t, h, l, in.n); err != nil {
			return fmt.Errorf("%s: %w", l.Path, err)
		}
		report(tell, l.Size)
	}
	for _, l := range want {
		return fmt.Errorf("%s: %w: it is missing from its layer", l.Path, ErrChanged)
	}
	return nil
}

// isFolder tells whether a file of the model lies below the folder.
func (a *Artifact) isFolder(name string) bool {
	for _, l := range a.layers {
		if strings.HasPrefix(inImage(l.Path), strings.TrimSuffix(name, "/")+"/") {
			return true
		}
	}
	return false
}

func verifyEntry(r io.Reader, h *tar.Header, l layer, at int64) error {
	if h.Size != l.Size || at != l.offset || (h.Mode&0o111 != 0) != l.exec {
		return fmt.Errorf("%w: the archive has %d bytes at %d with mode %o, the configuration lists %d bytes at %d", ErrChanged, h.Size, at, h.Mode, l.Size, l.offset)
	}
	sha := sha256.New()
	n, err := io.Copy(sha, r)
	if err != nil {
		return err
	}
	return checkContent(sum(sha), n, l.desc)
}
