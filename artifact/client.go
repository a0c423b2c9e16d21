// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// client speaks to one repository of a registry (OCI distribution specification
// 1.1). Credentials come from the Docker configuration and its helpers.
type client struct {
	repo name.Repository
	http *http.Client
	// pause is how long the first retry waits; each further one doubles it.
	pause time.Duration
}

// tries is how often one request is made before its failure is believed.
const tries = 5

func newClient(ctx context.Context, repo name.Repository, scopes ...string) (*client, error) {
	auth, err := authn.Resolve(ctx, authn.DefaultKeychain, repo)
	if err != nil {
		return nil, fmt.Errorf("finding credentials for %s in the Docker configuration: %w", repo.RegistryStr(), err)
	}
	t, err := transport.NewWithContext(ctx, repo.Registry, auth, guardFor(repo), append(scopes, repo.Scope(transport.PullScope)))
	if err != nil {
		return nil, fmt.Errorf("connecting to registry %s: %w", repo.RegistryStr(), err)
	}
	return &client{repo: repo, http: &http.Client{Transport: t, CheckRedirect: checkRedirect}, pause: firstPause}, nil
}

// guard lets nothing leave this machine unencrypted.
type guard struct {
	loopback bool // the registry itself is on this machine
	next     http.RoundTripper
}

func guardFor(repo name.Repository) guard {
	host, _, err := net.SplitHostPort(repo.RegistryStr())
	if err != nil {
		host = repo.RegistryStr()
	}
	return guard{isLoopback(host), wire}
}

// wire keeps as many connections open as there are workers: a model of many
// small files would otherwise connect anew for each.
var wire = newWire()

func newWire() http.RoundTripper {
	t, ok := remote.DefaultTransport.(*http.Transport)
	if !ok {
		return remote.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 32
	t.ReadBufferSize, t.WriteBufferSize = 64<<10, 64<<10
	t.DisableCompression = true
	return t
}

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !(g.loopback && isLoopback(req.URL.Hostname())) {
		return nil, fmt.Errorf("%w: plain http is used on the loopback interface only, not for %s", errRefused, req.URL.Host)
	}
	return g.next.RoundTrip(fresh(req))
}

// fresh gives a request that is made again, with a new token, its body again.
func fresh(req *http.Request) *http.Request {
	if req.GetBody == nil || req.Body == nil || req.Body == http.NoBody {
		return req
	}
	if b, ok := req.Body.(*once); ok && !b.spent.Load() {
		return req
	}
	again := req.Clone(req.Context())
	body, err := req.GetBody()
	if err != nil {
		body = io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, err }))
	}
	again.Body = body
	return again
}

// errRefused marks requests that this side will not make, however often.
var errRefused = errors.New("refused")

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkRedirect keeps a registry from sending us into the network we stand in.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > 10 {
		return fmt.Errorf("%w: more than 10 redirects", errRefused)
	}
	host := req.URL.Hostname()
	ip := net.ParseIP(host)
	if ip == nil || host == via[0].URL.Hostname() {
		return nil
	}
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() {
		return fmt.Errorf("%w: the registry redirects to the private address %s", errRefused, host)
	}
	return nil
}

// get asks for a path below /v2/REPOSITORY/, and again when the registry is
// busy or the connection breaks. It fails for every status but 200, 204 and
// 206; a 404 wraps ErrNotFound.
func (c *client) get(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	for try := 0; ; try++ {
		resp, err := c.getOnce(ctx, path, header)
		if err == nil || try+1 == tries || !temporary(err) || ctx.Err() != nil {
			return resp, err
		}
		if err := wait(ctx, c.delay(resp, try)); err != nil {
			return nil, err
		}
	}
}

// address puts a path below the repository; what is whole already stays.
func (c *client) address(path string) string {
	if strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://") {
		return path
	}
	return fmt.Sprintf("https://%s/v2/%s/%s", c.repo.RegistryStr(), c.repo.RepositoryStr(), path)
}

// absolute writes an address of the registry itself with the scheme that the
// transport then replaces by what the registry speaks.
func (c *client) absolute(u *url.URL) string {
	again := *u
	if again.Host == c.repo.RegistryStr() {
		again.Scheme = "https"
	}
	return again.String()
}

// getOnce returns the response with the error, its body closed, so that its
// headers can say when to come back.
func (c *client) getOnce(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address(path), nil)
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		req.Header[key] = values
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &connectionError{err}
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNoContent, http.StatusPartialContent:
		return resp, nil
	}
	defer resp.Body.Close()
	err = transport.CheckError(resp, http.StatusOK)
	if resp.StatusCode == http.StatusNotFound {
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return resp, err
}

// connectionError is a request that got no answer.
type connectionError struct{ error }

func (e *connectionError) Unwrap() error { return e.error }

func temporary(err error) bool {
	var status *transport.Error
	if errors.As(err, &status) {
		return status.StatusCode == http.StatusTooManyRequests || status.StatusCode >= 500
	}
	var conn *connectionError
	var ours *sourceError
	return errors.As(err, &conn) && !errors.As(err, &ours) && !errors.Is(err, errRefused)
}

func (c *client) delay(resp *http.Response, try int) time.Duration {
	d := c.pause << try
	if resp == nil {
		return d
	}
	after := resp.Header.Get("Retry-After")
	if s, err := strconv.Atoi(after); err == nil && s >= 0 {
		d = time.Duration(s) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		d = max(0, time.Until(at))
	}
	return min(d, maxDelay)
}

// firstPause is a variable for the tests' sake only.
var firstPause = 250 * time.Millisecond

// maxDelay bounds what a registry may make us wait for one request.
const maxDelay = time.Minute

// download is a blob that goes on where its connection broke.
type download struct {
	ctx   context.Context // of the call that wants the blob
	c     *client
	d     v1.Descriptor
	at    int64
	body  io.ReadCloser
	fails int
}

func (c *client) download(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return c.downloadFrom(ctx, d, 0)
}

// downloadFrom begins at a byte of the blob.
func (c *client) downloadFrom(ctx context.Context, d v1.Descriptor, at int64) (io.ReadCloser, error) {
	r := &download{ctx: ctx, c: c, d: d, at: at}
	if err := r.connect(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *download) connect() error {
	header := http.Header{}
	if r.at > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", r.at, r.d.Size-1))
	}
	resp, err := r.c.get(r.ctx, "blobs/"+r.d.Digest.String(), header)
	var status *transport.Error
	if r.at > 0 && errors.As(err, &status) && status.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		resp, err = r.c.get(r.ctx, "blobs/"+r.d.Digest.String(), nil)
	}
	if err != nil {
		return fmt.Errorf("reading blob %s: %w", r.d.Digest, err)
	}
	r.body = resp.Body
	if r.at > 0 && !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", r.at)) {
		// The registry starts over: skip what we have.
		if _, err := io.CopyN(io.Discard, r.body, r.at); err != nil {
			r.body.Close()
			return fmt.Errorf("reading blob %s again: %w", r.d.Digest, err)
		}
	}
	return nil
}

func (r *download) Read(b []byte) (int, error) {
	n, err := r.body.Read(b)
	r.at += int64(n)
	if err == nil || r.at >= r.d.Size || r.ctx.Err() != nil {
		return n, err
	}
	if n > 0 {
		r.fails = 0 // it gets on
	}
	if r.fails++; r.fails == tries {
		return n, &connectionError{fmt.Errorf("reading blob %s: the connection broke %d times, last at byte %d of %d: %w; the same command goes on there", r.d.Digest, tries, r.at, r.d.Size, err)}
	}
	r.body.Close()
	if err := wait(r.ctx, r.c.delay(nil, r.fails-1)); err != nil {
		return n, err
	}
	return n, r.connect()
}

func (r *download) Close() error { return r.body.Close() }
