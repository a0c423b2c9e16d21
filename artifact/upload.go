// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// defaultPart is how many bytes one request carries: enough that requests cost
// nothing, little enough for a proxy that bounds them (Cloudflare: 100 MB).
const defaultPart = 64 << 20

// session is one upload (OCI distribution specification 1.1, "pushing blobs").
type session struct {
	p        *pusher
	b        *payload
	location string // "": not begun
	at       int64  // what the registry has
}

// send uploads a payload. After a cut it asks the registry how far it came and
// goes on there; where the registry does not know, it begins again.
func (p *pusher) send(ctx context.Context, b *payload) (v1.Hash, error) {
	s := &session{p: p, b: b}
	for fails := 0; ; {
		before := s.at
		done, resp, err := s.step(ctx)
		if done || ctx.Err() != nil {
			h, bad := b.digest()
			return h, errors.Join(err, bad, ctx.Err())
		}
		if err == nil {
			if s.at > before {
				fails = 0
			}
			continue
		}
		if s.refusesParts(err) {
			continue
		}
		if fails++; fails == tries || !temporary(err) {
			s.cancel(ctx)
			return v1.Hash{}, err
		}
		if err := wait(ctx, p.delay(resp, fails-1)); err != nil {
			return v1.Hash{}, err
		}
		if s.finished(ctx) {
			return b.digest()
		}
		s.resume(ctx)
	}
}

// step makes the next request.
func (s *session) step(ctx context.Context) (done bool, resp *http.Response, err error) {
	known := s.b.want != (v1.Hash{})
	switch {
	case s.p.whole.Load() && !known && s.b.hashed < s.b.size:
		return false, nil, s.b.readAll(ctx)
	case s.location == "":
		resp, err = s.begin(ctx)
	case s.at == s.b.size && s.at > 0:
		resp, err = s.put(ctx)
		return err == nil, resp, err
	case s.at == 0 && (s.p.whole.Load() || (known || s.b.size == 0) && s.b.size <= s.p.part):
		resp, err = s.put(ctx)
		return err == nil, resp, err
	default:
		resp, err = s.patch(ctx)
	}
	return false, resp, err
}

func (s *session) begin(ctx context.Context) (*http.Response, error) {
	resp, err := s.p.request(ctx, http.MethodPost, "blobs/uploads/", nil, nil, 0)
	if err == nil {
		s.at = 0
		err = s.follow(resp)
	}
	return resp, err
}

// patch sends the next part.
func (s *session) patch(ctx context.Context) (*http.Response, error) {
	end := min(s.at+s.p.part, s.b.size)
	header := http.Header{"Content-Type": {"application/octet-stream"}, "Content-Range": {fmt.Sprintf("%d-%d", s.at, end-1)}}
	resp, err := s.p.request(ctx, http.MethodPatch, s.location, header, s.part(ctx, s.at, end), end-s.at)
	if err != nil {
		return resp, err
	}
	if resp.StatusCode == http.StatusCreated {
		return resp, errNoParts
	}
	s.at = end
	if got, ok := received(resp); ok {
		s.at = got
	}
	return resp, s.follow(resp)
}

// put ends the upload, with all that is missing in its body.
func (s *session) put(ctx context.Context) (*http.Response, error) {
	h, err := s.b.digest()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(s.location)
	if err != nil {
		return nil, fmt.Errorf("reading the location of the upload: %w", err)
	}
	q := u.Query()
	q.Set("digest", h.String())
	u.RawQuery = q.Encode()
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	resp, err := s.p.request(ctx, http.MethodPut, u.String(), header, s.part(ctx, s.at, s.b.size), s.b.size-s.at)
	if err == nil {
		err = answersWith(resp, h)
	}
	return resp, err
}

func (s *session) part(ctx context.Context, at, end int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return s.b.body(ctx, at, end) }
}

// follow takes the place of the next request from the answer to the last one.
func (s *session) follow(resp *http.Response) error {
	location := resp.Header.Get("Location")
	if location == "" {
		if s.location != "" {
			return nil
		}
		return fmt.Errorf("registry %s begins an upload without saying where (header Location is missing)", s.p.repo.RegistryStr())
	}
	u, err := url.Parse(location)
	if err != nil {
		return fmt.Errorf("reading the location of the upload: %w", err)
	}
	s.location = s.p.absolute(resp.Request.URL.ResolveReference(u))
	return nil
}

// received reads how many bytes the registry has: "Range: 0-N", the last byte
// included. "0-0" is said of one byte and, by some, of none.
func received(resp *http.Response) (int64, bool) {
	_, last, ok := strings.Cut(strings.TrimPrefix(resp.Header.Get("Range"), "bytes="), "-")
	n, err := strconv.ParseInt(last, 10, 64)
	return n + 1, ok && err == nil && n > 0
}

// resume asks how far the upload came. What no registry can have, or does not
// tell, means from the beginning.
func (s *session) resume(ctx context.Context) {
	if s.location == "" {
		return
	}
	resp, err := s.p.get(ctx, s.location, nil) // again, when the registry is busy
	if err == nil {
		resp.Body.Close()
		if n, ok := received(resp); ok && n <= s.b.sent() && s.follow(resp) == nil {
			s.at = n
			return
		}
	}
	s.cancel(ctx)
	s.location, s.at = "", 0
}

// finished finds out whether the answer to the last request was all that was lost.
func (s *session) finished(ctx context.Context) bool {
	h, err := s.b.digest()
	return err == nil && s.b.sent() == s.b.size && s.p.has(ctx, h)
}

func (p *payload) sent() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hashed
}

// cancel tells the registry to forget the upload; it may also do so by itself.
func (s *session) cancel(ctx context.Context) {
	if s.location != "" {
		_, _ = s.p.request(context.WithoutCancel(ctx), http.MethodDelete, s.location, nil, nil, 0)
	}
}

var errNoParts = errors.New("the registry ends an upload after its first part")

// refusesParts remembers of a registry that it takes a blob in one request only.
func (s *session) refusesParts(err error) bool {
	if s.p.whole.Load() || s.location == "" {
		return false
	}
	var status *transport.Error
	refused := errors.Is(err, errNoParts)
	if errors.As(err, &status) && status.Request != nil && status.Request.Method == http.MethodPatch {
		switch status.StatusCode {
		case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
			http.StatusRequestedRangeNotSatisfiable, http.StatusNotImplemented, http.StatusUnsupportedMediaType:
			refused = true
		}
	}
	if refused {
		s.p.whole.Store(true)
		s.location, s.at = "", 0
	}
	return refused
}
