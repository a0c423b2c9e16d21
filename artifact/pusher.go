// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// pusher writes one repository of a registry.
type pusher struct {
	*client
	part  atomic.Int64 // most bytes of one request
	whole atomic.Bool  // the registry takes a blob in one request only
	post  habit        // it takes a small blob in the request that begins an upload
}

// habit is something that a registry does or does not do. One request at a time
// finds out; the others do without meanwhile.
type habit struct{ state atomic.Int32 }

const (
	habitUnknown int32 = iota
	habitAsked
	habitYes
	habitNo
)

// ask tells whether to try.
func (h *habit) ask() bool {
	return h.state.Load() == habitYes || h.state.CompareAndSwap(habitUnknown, habitAsked)
}

func (h *habit) known() bool { return h.state.Load() == habitYes }

func (h *habit) answer(yes bool) {
	if yes {
		h.state.CompareAndSwap(habitAsked, habitYes)
	} else {
		h.state.Store(habitNo)
	}
}

// forget lets another one ask: the first had no answer.
func (h *habit) forget() { h.state.CompareAndSwap(habitAsked, habitUnknown) }

// newPusher also asks for the right to read the repository from, when there is
// one, so that its blobs can be mounted.
func newPusher(ctx context.Context, repo name.Repository, from *registry, opts Options) (*pusher, error) {
	scopes := []string{repo.Scope(transport.PushScope)}
	if from != nil && from.repo.RegistryStr() == repo.RegistryStr() {
		scopes = append(scopes, from.repo.Scope(transport.PullScope))
	}
	c, err := newClient(ctx, repo, scopes...)
	if err != nil {
		return nil, err
	}
	p := &pusher{client: c}
	p.part.Store(wholeBlob)
	if opts.PartSize > 0 {
		p.part.Store(opts.PartSize)
	}
	if monolithic(repo.RegistryStr()) {
		p.whole.Store(true)
		p.post.answer(false)
	}
	return p, nil
}

// upload sends a blob unless the repository has it; a registry that holds it in
// another repository is asked to mount it. The content is hashed on its way, so
// that a damaged source is named as such.
func (p *pusher) upload(ctx context.Context, from source, d v1.Descriptor, tell func(int64)) error {
	if d.Size > smallBlob && p.has(ctx, d.Digest) || p.mount(ctx, from, d) {
		report(tell, d.Size)
		return nil
	}
	if _, err := p.send(ctx, newPayload(d.Size, d.Digest, tell, fromSource(from, d))); err != nil {
		return fmt.Errorf("pushing blob %s: %w", d.Digest, err)
	}
	return nil
}

// smallBlob is what is sent as quickly as it is asked for.
const smallBlob = 16 << 10

// has asks for a blob. Any answer but yes means that it is to be sent: what is
// wrong will show then.
func (p *pusher) has(ctx context.Context, h v1.Hash) bool {
	_, err := p.request(ctx, http.MethodHead, "blobs/"+h.String(), nil, nil, 0)
	return err == nil
}

// mount asks a registry for a blob of another of its repositories.
func (p *pusher) mount(ctx context.Context, from source, d v1.Descriptor) bool {
	r, ok := from.(*registry)
	if !ok || r.repo.RegistryStr() != p.repo.RegistryStr() || r.repo == p.repo {
		return false
	}
	q := url.Values{"mount": {d.Digest.String()}, "from": {r.repo.RepositoryStr()}}
	resp, err := p.request(ctx, http.MethodPost, "blobs/uploads/?"+q.Encode(), nil, nil, 0)
	if err != nil || resp.StatusCode == http.StatusCreated {
		return err == nil
	}
	s := &session{p: p}
	if s.follow(resp) == nil {
		s.cancel(ctx) // it began an upload instead
	}
	return false
}

// put stores a manifest, again when the registry is busy: the same manifest
// under the same name is the same.
func (p *pusher) put(ctx context.Context, ref name.Reference, m storedManifest) error {
	body := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.raw)), nil }
	header := http.Header{"Content-Type": {string(m.desc.MediaType)}}
	for try := 0; ; try++ {
		resp, err := p.request(ctx, http.MethodPut, "manifests/"+ref.Identifier(), header, body, int64(len(m.raw)))
		if err == nil {
			return answersWith(resp, m.desc.Digest)
		}
		if try+1 == tries || !temporary(err) {
			return fmt.Errorf("pushing manifest %s as %s: %w", m.desc.Digest, ref.Identifier(), err)
		}
		if err := wait(ctx, p.delay(resp, try)); err != nil {
			return err
		}
	}
}

// answersWith fails when a registry says that it stored something else.
func answersWith(resp *http.Response, want v1.Hash) error {
	if got := resp.Header.Get("Docker-Content-Digest"); got != "" && got != want.String() {
		return fmt.Errorf("%w: the registry says that it stored %s as %s", ErrChanged, want, got)
	}
	return nil
}

// request makes one request, once. The answer's body is closed; an answer that
// is no success comes with an error.
func (p *pusher) request(ctx context.Context, method, path string, header http.Header, open func() (io.ReadCloser, error), size int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.address(path), nil)
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		req.Header[key] = values
	}
	if open != nil && size > 0 {
		// Before the request: a registry may lock what this body reads from it.
		b, err := open()
		if err != nil {
			return nil, err
		}
		req.Body, req.GetBody, req.ContentLength = &once{ReadCloser: b}, open, size
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, &connectionError{err}
	}
	defer resp.Body.Close()
	err = transport.CheckError(resp, http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent)
	if err == nil {
		// What is read to its end leaves the connection for the next request.
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	}
	return resp, err
}

// once is a body that knows whether it can still be sent.
type once struct {
	io.ReadCloser
	spent atomic.Bool
}

func (o *once) Read(b []byte) (int, error) {
	o.spent.Store(true)
	return o.ReadCloser.Read(b)
}

func (o *once) Close() error {
	o.spent.Store(true)
	return o.ReadCloser.Close()
}

// memory is a source of blobs that were just made.
type memory map[v1.Hash][]byte

func (m memory) manifest(_ context.Context, d v1.Descriptor) ([]byte, error) { return m[d.Digest], nil }

func (m memory) blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(m[d.Digest])), nil
}
