// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// Extract writes the files of the artifact into the folder dir, which is made
// when it does not exist. A file appears under its name only after its digest
// was checked. Layers that are tar archives, as other tools write them, are
// unpacked. It never writes outside of dir, not even through symbolic links
// that lie there, and never replaces a file that exists: one with the right
// content stays. After an interruption, the next Extract goes on where this one
// ended, in the middle of a large file too.
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
	if done, err := there(ctx, root, l); done || err != nil {
		report(tell, l.Size)
		return err
	}
	if err := root.MkdirAll(path.Dir(l.Path), 0o755); err != nil {
		return explain(err)
	}
	mode := fs.FileMode(0o644)
	if l.exec {
		mode = 0o755
	}
	w, name, err := partial(root, l, mode)
	if err != nil {
		return err
	}
	err = fill(ctx, w, l.desc, tell, func(ctx context.Context, at int64) (io.ReadCloser, error) { return a.contentAt(ctx, l, at) })
	if err == nil {
		err = appear(root, name, l.Path)
	}
	if !resumable(err) || l.Size <= chunk {
		root.Remove(name)
	}
	return errors.Join(err, w.Close())
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
