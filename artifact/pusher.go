// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// pusher writes one repository of a registry.
type pusher struct {
	repo name.Repository
	p    *remote.Pusher
}

func newPusher(_ context.Context, repo name.Repository) (*pusher, error) {
	p, err := remote.NewPusher(remote.WithTransport(guardFor(repo)), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("connecting to registry %s: %w", repo.RegistryStr(), err)
	}
	return &pusher{repo, p}, nil
}

// upload sends a blob unless the repository has it; a registry that holds it in
// the repository from is asked to mount it. The content is hashed on its way,
// so that a damaged source is named as such.
func (p *pusher) upload(ctx context.Context, from source, d v1.Descriptor, tell func(int64)) error {
	var l v1.Layer = streamed{ctx, from, d, tell}
	if r, ok := from.(*registry); ok && r.repo.RegistryStr() == p.repo.RegistryStr() && r.repo != p.repo {
		l = &remote.MountableLayer{Layer: l, Reference: r.repo.Digest(d.Digest.String())}
	}
	if err := p.p.Upload(ctx, p.repo, l); err != nil {
		return fmt.Errorf("pushing blob %s: %w", d.Digest, err)
	}
	return nil
}

func (p *pusher) put(ctx context.Context, ref name.Reference, m storedManifest) error {
	if err := p.p.Put(ctx, ref, taggable{m}); err != nil {
		return fmt.Errorf("pushing manifest %s as %s: %w", m.desc.Digest, ref.Identifier(), err)
	}
	return nil
}

// taggable is a manifest as the library wants to put it.
type taggable struct{ m storedManifest }

func (t taggable) RawManifest() ([]byte, error)        { return t.m.raw, nil }
func (t taggable) MediaType() (types.MediaType, error) { return t.m.desc.MediaType, nil }

// streamed is a blob as the library wants to push it: opened when it is needed.
type streamed struct {
	ctx  context.Context // of the push; the interface has no room for it
	from source
	d    v1.Descriptor
	tell func(int64)
}

func (s streamed) Digest() (v1.Hash, error)             { return s.d.Digest, nil }
func (s streamed) DiffID() (v1.Hash, error)             { return s.d.Digest, nil }
func (s streamed) Size() (int64, error)                 { return s.d.Size, nil }
func (s streamed) MediaType() (types.MediaType, error)  { return s.d.MediaType, nil }
func (s streamed) Uncompressed() (io.ReadCloser, error) { return s.Compressed() }

func (s streamed) Compressed() (io.ReadCloser, error) {
	rc, err := s.from.blob(s.ctx, s.d)
	if err != nil {
		return nil, err
	}
	return &checked{ReadCloser: rc, h: sha256.New(), d: s.d, tell: s.tell}, nil
}

// checked gives the last bytes of a blob only when all of them are right.
type checked struct {
	io.ReadCloser
	h    hash.Hash
	n    int64
	d    v1.Descriptor
	tell func(int64)
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.h.Write(b[:n])
	c.n += int64(n)
	if err == io.EOF || c.n >= c.d.Size {
		if bad := checkContent(sum(c.h), c.n, c.d); bad != nil {
			return 0, fmt.Errorf("blob %s: %w", c.d.Digest, bad)
		}
	}
	report(c.tell, int64(n))
	return n, err
}

// memory is a source of blobs that were just made.
type memory map[v1.Hash][]byte

func (m memory) manifest(_ context.Context, d v1.Descriptor) ([]byte, error) { return m[d.Digest], nil }

func (m memory) blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m[d.Digest])), nil
}
