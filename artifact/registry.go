// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// registry is a repository as a source of blobs and a shelf of statements.
type registry struct {
	*client
	top []byte // the manifest that a tag led to
}

func openRegistry(ctx context.Context, r Reference, opts Options) (*Artifact, error) {
	c, err := newClient(ctx, r.remote.Context())
	if err != nil {
		return nil, err
	}
	from := &registry{client: c}
	a := &Artifact{ref: r, source: from, shelf: from, opts: opts}
	if a.root, err = from.resolve(ctx, r); err != nil {
		return nil, err
	}
	return a, a.load(ctx)
}

var manifestTypes = strings.Join([]string{string(types.OCIManifestSchema1), string(types.DockerManifestSchema2), string(types.OCIImageIndex), string(types.DockerManifestList)}, ", ")

// resolve asks for the manifest by tag or digest. What came is identified by
// its bytes; what the registry says that it is does not count.
func (r *registry) resolve(ctx context.Context, ref Reference) (v1.Descriptor, error) {
	raw, err := r.getManifest(ctx, ref.remote.Identifier())
	if err != nil {
		return v1.Descriptor{}, err
	}
	d := v1.Descriptor{Digest: hashBytes(raw), Size: int64(len(raw))}
	if ref.Digest != "" && d.Digest.String() != ref.Digest {
		return d, fmt.Errorf("%w: the registry answers with %s", ErrChanged, d.Digest)
	}
	r.top = raw
	return d, nil
}

func (r *registry) getManifest(ctx context.Context, identifier string) ([]byte, error) {
	resp, err := r.get(ctx, "manifests/"+identifier, http.Header{"Accept": {manifestTypes}})
	if err != nil {
		return nil, err
	}
	return readCapped(resp)
}

func readCapped(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err == nil && len(b) > maxManifest {
		err = fmt.Errorf("it has more than the %d bytes that are allowed", maxManifest)
	}
	return b, err
}

func (r *registry) manifest(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > maxManifest {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are allowed", d.Size, maxManifest)
	}
	if r.top != nil && hashBytes(r.top) == d.Digest {
		return r.top, nil
	}
	b, err := r.getManifest(ctx, d.Digest.String())
	if err != nil {
		return nil, err
	}
	return b, checkContent(hashBytes(b), int64(len(b)), d)
}

func (r *registry) blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	return r.download(ctx, d)
}

// candidates unites what the referrers API and the fall-back tag list:
// registries change from the one to the other and forget what they had.
func (r *registry) candidates(ctx context.Context, subject v1.Descriptor, _ map[v1.Hash]bool) ([]candidate, error) {
	return r.selected(ctx, subject, nil)
}

// selected leaves out, unread, what the list says to be of another predicate type.
func (r *registry) selected(ctx context.Context, subject v1.Descriptor, other func(v1.Descriptor) bool) ([]candidate, error) {
	listed, _, err := r.listed(ctx, subject.Digest)
	if err != nil {
		return nil, err
	}
	if other != nil {
		listed = slices.DeleteFunc(listed, other)
	}
	found := make([]candidate, len(listed))
	err = each(ctx, len(listed), 8, func(ctx context.Context, i int) error {
		raw, err := r.manifest(ctx, listed[i])
		found[i] = candidate{listed[i], raw, err}
		return ctx.Err()
	})
	return found, err
}

// listed also tells whether the registry has the referrers API.
func (r *registry) listed(ctx context.Context, subject v1.Hash) (all []v1.Descriptor, hasAPI bool, err error) {
	api, hasAPI, err := r.listAPI(ctx, subject)
	if err != nil {
		return nil, hasAPI, fmt.Errorf("asking for the referrers of %s: %w", subject, err)
	}
	tag, err := r.listTag(ctx, subject)
	if err != nil {
		return nil, hasAPI, fmt.Errorf("reading the fall-back tag of %s: %w", subject, err)
	}
	seen := map[v1.Hash]bool{}
	for _, d := range append(api, tag...) {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			all = append(all, d)
		}
	}
	if len(all) > maxReferrers {
		return nil, hasAPI, errTooMany
	}
	return all, hasAPI, nil
}

// listTag reads the referrers tag schema of the distribution specification.
func (r *registry) listTag(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error) {
	raw, err := r.getManifest(ctx, subject.Algorithm+"-"+subject.Hex)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(raw)
	return x.Manifests, err
}

// listAPI reads all pages of the referrers API, without a filter. A registry
// that does not have it says so in several ways.
func (r *registry) listAPI(ctx context.Context, subject v1.Hash) (all []v1.Descriptor, hasAPI bool, err error) {
	next := "referrers/" + subject.String()
	for range 1000 {
		resp, err := r.get(ctx, next, http.Header{"Accept": {string(types.OCIImageIndex)}})
		if err != nil || !isIndex(resp) {
			return all, hasAPI, r.withoutAPI(resp, err, hasAPI)
		}
		hasAPI = true
		link := resp.Header.Get("Link")
		raw, err := readCapped(resp)
		if err != nil {
			return nil, hasAPI, err
		}
		x, err := parseIndex(raw)
		if err != nil {
			return nil, hasAPI, err
		}
		all = append(all, x.Manifests...)
		if next, err = r.page(resp, link); next == "" || err != nil || len(all) > maxReferrers {
			return all, hasAPI, err
		}
	}
	return nil, hasAPI, errTooMany
}

func isIndex(resp *http.Response) bool {
	t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && t == string(types.OCIImageIndex)
}

// withoutAPI tells a registry that does not have the API from one that fails,
// also on a later page.
func (r *registry) withoutAPI(resp *http.Response, err error, hadAPI bool) error {
	if err == nil {
		resp.Body.Close()
	}
	if hadAPI {
		return errors.Join(errors.New("a later page of the list is missing"), err)
	}
	var status *transport.Error
	if errors.As(err, &status) {
		switch status.StatusCode {
		case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
			return nil
		}
	}
	return err
}

var nextLink = regexp.MustCompile(`<([^>]*)>\s*;[^,]*\brel="?next"?`)

// page finds the next page; it must be on the same registry.
func (r *registry) page(resp *http.Response, link string) (string, error) {
	m := nextLink.FindStringSubmatch(link)
	if m == nil {
		return "", nil
	}
	u, err := url.Parse(m[1])
	if err != nil {
		return "", fmt.Errorf("reading the link to the next page: %w", err)
	}
	u = resp.Request.URL.ResolveReference(u)
	if u.Host != resp.Request.URL.Host {
		return "", fmt.Errorf("the link to the next page leads to %s, another host", u.Host)
	}
	u.Scheme = "https" // the transport puts in what the registry speaks
	return u.String(), nil
}
