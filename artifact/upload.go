// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A blob goes in one request where nothing speaks against it: between two
// requests the registry waits for its disk and the network for the registry.
// Where a proxy bounds requests (Cloudflare: 100 MB) or the connection breaks,
// it goes on in parts.
const (
	wholeBlob   = math.MaxInt64
	defaultPart = 64 << 20
	smallPart   = 4 << 20
)

// session is one upload (OCI distribution specification 1.1, "pushing blobs").
type session struct {
	p        *pusher
	b        *payload
	location string // "": not begun
	at       int64  // what the registry has
	part     int64  // most bytes of one request
}

// send uploads a payload. After a cut it asks the registry how far it came and
// goes on there; where the registry does not know, it begins again.
func (p *pusher) send(ctx context.Context, b *payload) (v1.Hash, error) {
	s := &session{p: p, b: b, part: p.part.Load()}
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
		if s.refuses(err) {
			continue
		}
		s.part = min(s.part, defaultPart)
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
	case s.location == "" && known && s.b.size <= chunk && s.p.post.ask():
		return s.post(ctx)
	case s.location == "":
		resp, err = s.begin(ctx)
	case s.at == s.b.size && s.at > 0:
		resp, err = s.put(ctx)
		return err == nil, resp, err
	case s.at == 0 && (s.p.whole.Load() || (known || s.b.size == 0) && s.b.size <= min(s.part, defaultPart)):
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

// post sends a small blob in the request that would begin its upload, where the
// registry takes that; one that does not begins an upload, or refuses.
func (s *session) post(ctx context.Context) (bool, *http.Response, error) {
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	resp, err := s.p.request(ctx, http.MethodPost, "blobs/uploads/?"+url.Values{"digest": {s.b.want.String()}}.Encode(), header, s.body(ctx, 0, s.b.size), s.b.size)
	switch {
	case err == nil && resp.StatusCode == http.StatusCreated:
		s.p.post.answer(true)
		return true, resp, answersWith(resp, s.b.want)
	case err == nil:
		s.p.post.answer(false)
		s.at = 0
		return false, resp, s.follow(resp)
	case !temporary(err) && ctx.Err() == nil && !s.p.post.known():
		s.p.post.answer(false)
		return false, resp, nil
	}
	s.p.post.forget()
	return false, resp, err
}

// patch sends the next part.
func (s *session) patch(ctx context.Context) (*http.Response, error) {
	end := s.at + min(s.part, s.b.size-s.at)
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if end-s.at < s.b.size { // what is sent in one piece goes as docker sends it
		header.Set("Content-Range", fmt.Sprintf("%d-%d", s.at, end-1))
	}
	resp, err := s.p.request(ctx, http.MethodPatch, s.location, header, s.body(ctx, s.at, end), end-s.at)
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
	resp, err := s.p.request(ctx, http.MethodPut, u.String(), header, s.body(ctx, s.at, s.b.size), s.b.size-s.at)
	if err == nil {
		err = answersWith(resp, h)
	}
	return resp, err
}

func (s *session) body(ctx context.Context, at, end int64) func() (io.ReadCloser, error) {
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

// refuses remembers of a registry what it does not take: requests of that
// size, or a blob in more than one.
func (s *session) refuses(err error) bool {
	var status *transport.Error
	if s.location == "" || !errors.As(err, &status) && !errors.Is(err, errNoParts) {
		return false
	}
	if status != nil && status.StatusCode == http.StatusRequestEntityTooLarge && s.smaller() {
		return true
	}
	if s.p.whole.Load() || status != nil && !refusesParts(status) {
		return false
	}
	s.p.whole.Store(true)
	s.location, s.at = "", 0
	return true
}

func refusesParts(status *transport.Error) bool {
	if status.Request == nil || status.Request.Method != http.MethodPatch {
		return false
	}
	switch status.StatusCode {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusRequestedRangeNotSatisfiable, http.StatusNotImplemented, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}

// smaller goes to the next size that proxies and registries are known to take.
func (s *session) smaller() bool {
	if s.p.whole.Load() {
		return false
	}
	for _, size := range []int64{defaultPart, smallPart, smallPart / 4} {
		if size < s.part && size < s.b.size-s.at {
			s.part = size
			s.p.part.Store(min(size, s.p.part.Load()))
			s.location, s.at = "", 0 // some have the part that they refused
			return true
		}
	}
	return false
}
