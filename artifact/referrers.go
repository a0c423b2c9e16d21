// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	// maxBundle is the most bytes of one bundle that are read; GitHub's
	// attest action writes no larger ones.
	maxBundle = 16 << 20
	// maxBundles bounds what all bundles of one artifact may take in memory.
	maxBundles = 256 << 20
	// maxReferrers bounds how many manifests are looked at.
	maxReferrers = 10_000
)

// Referrer is a Sigstore bundle that is attached to an artifact. Nothing in it
// has been verified, except that Bundle is what Digest says it is.
type Referrer struct {
	Digest        string // of the referrer's manifest
	PredicateType string // as its manifest claims; the signed one is inside the bundle
	Bundle        []byte // nil when Err is set
	Err           error  // why the bundle could not be read; it names which
}

// candidate is a manifest that may be about the artifact.
type candidate struct {
	desc v1.Descriptor
	raw  []byte
	err  error // it is listed, and cannot be read
}

// Referrers returns every Sigstore bundle that is attached to the artifact,
// sorted by digest. It lists without a filter and classifies here, because
// registries do not tell the type of a referrer reliably: a bundle is a
// manifest with this subject and exactly one layer whose media type begins with
// application/vnd.dev.sigstore.bundle (cosign, specs/BUNDLE_SPEC.md).
//
// A referrer that is listed but missing, changed, oversized or malformed is
// returned with Err set, and never left out. In a layout one may be about
// another artifact, when it is so damaged that it cannot tell. The error of
// Referrers itself says that the list is not complete.
func (a *Artifact) Referrers(ctx context.Context) ([]Referrer, error) {
	found, err := a.shelf.candidates(ctx, a.root, a.own())
	if err != nil {
		return nil, fmt.Errorf("listing what refers to %s: %w", a.root.Digest, err)
	}
	sort.Slice(found, func(i, j int) bool { return found[i].desc.Digest.Hex < found[j].desc.Digest.Hex })
	var all []Referrer
	budget := int64(maxBundles)
	for _, c := range found {
		r, ok := a.referrer(ctx, c, &budget)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("listing what refers to %s: %w", a.root.Digest, ctx.Err())
		}
		if ok {
			all = append(all, r)
		}
	}
	return all, nil
}

// own is what the artifact itself consists of.
func (a *Artifact) own() map[v1.Hash]bool {
	own := map[v1.Hash]bool{a.root.Digest: true}
	for _, d := range a.blobDescriptors() {
		own[d.Digest] = true
	}
	return own
}

// referrer classifies one candidate; false means that it is no bundle about
// this artifact.
func (a *Artifact) referrer(ctx context.Context, c candidate, budget *int64) (Referrer, bool) {
	r := Referrer{Digest: c.desc.Digest.String(), PredicateType: c.desc.Annotations[notePredicate]}
	if c.err != nil {
		r.Err = fmt.Errorf("reading referrer %s: %w", r.Digest, c.err)
		return r, true
	}
	m, err := parseManifest(c.raw)
	if err != nil {
		r.Err = fmt.Errorf("reading referrer %s: %w", r.Digest, err)
		return r, bytes.Contains(c.raw, []byte(a.root.Digest.Hex)) || isBundleType(c.desc.ArtifactType)
	}
	if m.Subject == nil || m.Subject.Digest != a.root.Digest {
		return r, false
	}
	r.PredicateType = m.Annotations[notePredicate]
	if !claimsBundle(m) {
		return r, false
	}
	if r.Bundle, err = a.readBundle(ctx, m, budget); err != nil {
		r.Err = fmt.Errorf("reading referrer %s (%s): %w", r.Digest, r.PredicateType, err)
	}
	return r, true
}

func isBundleType(t string) bool { return strings.HasPrefix(t, typeBundlePrefix) }

func claimsBundle(m v1.Manifest) bool {
	if isBundleType(m.ArtifactType) || isBundleType(m.Config.ArtifactType) {
		return true
	}
	for _, l := range m.Layers {
		if isBundleType(string(l.MediaType)) {
			return true
		}
	}
	return false
}

func (a *Artifact) readBundle(ctx context.Context, m v1.Manifest, budget *int64) ([]byte, error) {
	if len(m.Layers) != 1 {
		return nil, fmt.Errorf("it has %d layers, a bundle has exactly one", len(m.Layers))
	}
	l := m.Layers[0]
	switch {
	case !isBundleType(string(l.MediaType)):
		return nil, fmt.Errorf("its layer has media type %q, expected one that begins with %s", l.MediaType, typeBundlePrefix)
	case l.Size > maxBundle:
		return nil, fmt.Errorf("bundle %s has %d bytes, more than the %d that are allowed", l.Digest, l.Size, maxBundle)
	case l.Size > *budget:
		return nil, fmt.Errorf("bundle %s is not read: the bundles of this artifact take more than %d bytes together", l.Digest, maxBundles)
	}
	b, err := a.fetch(ctx, l, maxBundle)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", l.Digest, err)
	}
	*budget -= int64(len(b))
	return b, nil
}

// errTooMany says that listing stopped: an incomplete list must not look whole.
var errTooMany = errors.New("more than 10000 manifests refer to it; remove some")
