// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// payload is a blob on its way out. Whatever is sent again after a cut, each
// byte is hashed once, when it is read for the first time.
type payload struct {
	open opener
	size int64
	want v1.Hash // zero: known only after everything was read
	tell func(int64)

	mu     sync.Mutex
	h      hash.Hash
	hashed int64
	round  int // a body of an earlier round must not touch the hash any more
}

func newPayload(size int64, want v1.Hash, tell func(int64), open opener) *payload {
	return &payload{open: open, size: size, want: want, tell: tell, h: sha256.New()}
}

// digest is that of the whole payload, once it was read; a known digest that
// the content does not have is an error.
func (p *payload) digest() (v1.Hash, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hashed != p.size {
		if p.want != (v1.Hash{}) {
			return p.want, nil
		}
		return v1.Hash{}, fmt.Errorf("%d of %d bytes were read", p.hashed, p.size)
	}
	h := sum(p.h)
	if p.want != (v1.Hash{}) && h != p.want {
		return h, fmt.Errorf("blob %s: %w: it hashes to %s", p.want, ErrChanged, h)
	}
	return h, nil
}

// readAll hashes what was not read yet, for a registry that wants the digest
// before the content.
func (p *payload) readAll(ctx context.Context) error {
	if p.hashed == p.size {
		return nil
	}
	b, err := p.body(ctx, p.hashed, p.size)
	if err != nil {
		return err
	}
	defer b.Close()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		if _, err := b.Read(*buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// body is the part from at to end of a payload, for one request.
type body struct {
	p       *payload
	rc      io.ReadCloser
	at, end int64
	round   int
}

func (p *payload) body(ctx context.Context, at, end int64) (*body, error) {
	rc, err := p.open(ctx, at)
	if err != nil {
		return nil, &sourceError{err}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.round++
	return &body{p, rc, at, end, p.round}, nil
}

// sourceError is a failure on this side of an upload, which no retry heals.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }

// Read gives the last byte of the payload only when all of them are right.
func (b *body) Read(buf []byte) (int, error) {
	if b.at == b.end {
		return 0, io.EOF
	}
	n, err := b.rc.Read(buf[:min(int64(len(buf)), b.end-b.at)])
	if err == io.EOF && b.at+int64(n) < b.end {
		err = fmt.Errorf("%w: it ends at byte %d of %d", ErrChanged, b.at+int64(n), b.p.size)
	}
	if err != nil && err != io.EOF {
		return 0, &sourceError{err}
	}
	return n, b.take(buf[:n])
}

var errLate = errors.New("this request was given up")

func (b *body) take(buf []byte) error {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	if b.round != b.p.round {
		return errLate
	}
	from := b.at
	b.at += int64(len(buf))
	if b.at <= b.p.hashed {
		return nil
	}
	fresh := buf[max(0, b.p.hashed-from):]
	b.p.h.Write(fresh)
	b.p.hashed = b.at
	report(b.p.tell, int64(len(fresh)))
	if b.at == b.p.size && b.p.want != (v1.Hash{}) && sum(b.p.h) != b.p.want {
		return &sourceError{fmt.Errorf("blob %s: %w: it hashes to %s", b.p.want, ErrChanged, sum(b.p.h))}
	}
	return nil
}

func (b *body) Close() error { return b.rc.Close() }

// fromSource opens a blob of another artifact in its middle.
func fromSource(from source, d v1.Descriptor) opener {
	return func(ctx context.Context, at int64) (io.ReadCloser, error) {
		if r, ok := from.(*registry); ok {
			return r.downloadFrom(ctx, d, at)
		}
		rc, err := from.blob(ctx, d)
		if err != nil || at == 0 {
			return rc, err
		}
		if s, ok := rc.(io.Seeker); ok {
			_, err = s.Seek(at, io.SeekStart)
		} else {
			_, err = io.CopyN(io.Discard, rc, at)
		}
		if err != nil {
			rc.Close()
		}
		return rc, err
	}
}
