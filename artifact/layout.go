// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"fmt"
)

func openLayout(ctx context.Context, r Reference, opts Options) (*Artifact, error) {
	s, err := openStore(r.Layout)
	if err != nil {
		return nil, err
	}
	a := &Artifact{ref: r, source: s, opts: opts}
	a.shelf = s
	if err := a.loadLayout(ctx, s); err != nil {
		s.Close()
		return nil, err
	}
	return a, nil
}

func (a *Artifact) loadLayout(ctx context.Context, s *store) error {
	if err := s.checkVersion(); err != nil {
		return err
	}
	x, err := s.index()
	if err != nil {
		return err
	}
	d, err := s.find(ctx, x, a.ref)
	if err != nil {
		return err
	}
	a.root = d
	if err := a.load(ctx); err != nil {
		return err
	}
	if d.MediaType != a.root.MediaType {
		return fmt.Errorf("%w: %s lists manifest %s as %q, it is %q", ErrChanged, indexFile, d.Digest, d.MediaType, a.root.MediaType)
	}
	return a.checkPresence(s)
}

// checkPresence finds what is missing or cut short without reading it.
func (a *Artifact) checkPresence(s *store) error {
	names := a.names()
	for _, d := range a.manifest.Layers {
		f, err := s.openBlob(d)
		if err != nil {
			return fmt.Errorf("finding %s: %w", names[d.Digest], err)
		}
		f.Close()
	}
	return nil
}
