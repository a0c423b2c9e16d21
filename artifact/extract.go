// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Extract writes the files of the artifact into the folder dir, which is made
// when it does not exist. A file appears under its name only after its digest
// was checked. Layers that are tar archives, as other tools write them, are
// unpacked. It never writes outside of dir, not even through symbolic links
// that lie there, and never replaces a file that exists.
func (a *Artifact) Extract(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("extracting to %s: %w", dir, explain(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("extracting to %s: %w", dir, err)
	}
	defer root.Close()
	tell := meter(a.opts, a.size())
	return a.opts.eachBlob(ctx, len(a.layers), func(i int) int64 { return a.layers[i].Size }, func(ctx context.Context, i int) error {
		l := a.layers[i]
		a.opts.begin(l.Path)
		if err := a.extract(ctx, root, l, tell); err != nil {
			return fmt.Errorf("extracting %s (layer %s) to %s: %w", l.Path, l.Digest, dir, err)
		}
		return nil
	})
}

func (a *Artifact) extract(ctx context.Context, root *os.Root, l layer, tell func(int64)) error {
	if l.archive != "" {
		return a.unpack(ctx, root, l, tell)
	}
	if err := root.MkdirAll(path.Dir(l.Path), 0o755); err != nil {
		return explain(err)
	}
	mode := fs.FileMode(0o644)
	if l.exec {
		mode = 0o755
	}
	name := path.Join(path.Dir(l.Path), ".partial-"+rand.Text())
	w, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return explain(err)
	}
	defer root.Remove(name)
	err = copyContent(ctx, w, l.desc, tell, func() (io.ReadCloser, error) { return a.content(ctx, l) })
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return appear(root, name, l.Path)
}

// appear gives a finished file its name. A link fails where the name is taken,
// which a rename does not; where there are no links, look first.
func appear(root *os.Root, from, to string) error {
	err := root.Link(from, to)
	if err == nil {
		return nil
	}
	if _, statErr := root.Lstat(to); statErr == nil {
		return fmt.Errorf("%w; choose an empty folder", fs.ErrExist)
	}
	return root.Rename(from, to)
}

// copyBlob writes a blob into an empty file and checks its digest.
func copyBlob(ctx context.Context, from source, w *os.File, d v1.Descriptor, tell func(int64)) error {
	return copyContent(ctx, w, d, tell, func() (io.ReadCloser, error) { return from.blob(ctx, d) })
}

func copyContent(ctx context.Context, w *os.File, d v1.Descriptor, tell func(int64), open func() (io.ReadCloser, error)) error {
	rc, err := open()
	if err != nil {
		return err
	}
	defer rc.Close()
	if f, ok := rc.(*os.File); ok {
		h, err := copyFile(ctx, w, f, d.Size, tell)
		if err != nil {
			return err
		}
		return checkContent(h, d.Size, d)
	}
	_, err = copyStream(ctx, w, rc, d, tell)
	return err
}
