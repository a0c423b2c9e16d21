// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Verify hashes every layer of the artifact and compares it with the manifest.
// It reads everything, also after a failure; the error names each file that
// differs and wraps [ErrChanged] or [ErrNotFound].
func (a *Artifact) Verify(ctx context.Context) error {
	if isImage(a.manifest) {
		return a.verifyImage(ctx)
	}
	failures := make([]error, len(a.layers)+1)
	tell := meter(a.opts, a.size())
	err := each(ctx, len(a.layers), a.opts.Workers, func(ctx context.Context, i int) error {
		if err := a.verifyLayer(ctx, a.layers[i], tell); err != nil {
			failures[i] = fmt.Errorf("verifying %s (layer %s): %w", a.layers[i].Path, a.layers[i].Digest, err)
		}
		return ctx.Err()
	})
	failures[len(a.layers)] = a.verifyTop(ctx)
	if err != nil {
		return err
	}
	return errors.Join(failures...)
}

func (a *Artifact) verifyImage(ctx context.Context) error {
	failures := make([]error, len(a.manifest.Layers)+1)
	tell := meter(a.opts, a.size())
	err := each(ctx, len(a.manifest.Layers), a.opts.Workers, func(ctx context.Context, i int) error {
		if err := a.verifyTar(ctx, i, tell); err != nil {
			failures[i] = fmt.Errorf("verifying layer %s of the image: %w", a.manifest.Layers[i].Digest, err)
		}
		return ctx.Err()
	})
	failures[len(a.manifest.Layers)] = a.verifyTop(ctx)
	if err != nil {
		return err
	}
	return errors.Join(failures...)
}

// verifyTop reads the manifest and the configuration again: they may have been
// changed since Open.
func (a *Artifact) verifyTop(ctx context.Context) error {
	fresh := Artifact{ref: a.ref, source: a.source, root: a.root}
	if err := fresh.load(ctx); err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	return nil
}

func (a *Artifact) verifyLayer(ctx context.Context, l layer, tell func(int64)) error {
	rc, err := a.source.blob(ctx, l.desc)
	if err != nil {
		return err
	}
	defer rc.Close()
	if f, ok := rc.(*os.File); ok {
		h, err := hashFile(ctx, f, l.Size, tell)
		if err != nil {
			return err
		}
		return checkContent(h, l.Size, l.desc)
	}
	_, err = copyStream(ctx, io.Discard, rc, l.desc, tell)
	return err
}

func (a *Artifact) size() int64 {
	n := int64(0)
	for _, l := range a.layers {
		n += l.Size
	}
	return n
}

// blobDescriptors lists what the manifest needs: its configuration and layers.
func (a *Artifact) blobDescriptors() []v1.Descriptor {
	all := []v1.Descriptor{a.manifest.Config}
	return append(all, a.manifest.Layers...)
}
