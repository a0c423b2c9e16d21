// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// How "cosign save" marks the image of a layout (cosign, pkg/oci/layout).
const (
	noteKind  = "kind"
	kindImage = "dev.cosignproject.cosign/image"
)

func hashBytes(b []byte) v1.Hash {
	h := sha256.New()
	h.Write(b)
	return sum(h)
}

func parseIndex(raw []byte) (v1.IndexManifest, error) {
	var x v1.IndexManifest
	if err := decode(raw, &x); err != nil {
		return x, err
	}
	if x.SchemaVersion != 2 {
		return x, fmt.Errorf("field schemaVersion is %d, expected 2", x.SchemaVersion)
	}
	if x.MediaType != "" && x.MediaType != types.OCIImageIndex && x.MediaType != types.DockerManifestList {
		return x, fmt.Errorf("field mediaType is %q, expected %q", x.MediaType, types.OCIImageIndex)
	}
	for i, d := range x.Manifests {
		if err := checkDescriptor(d); err != nil {
			return x, fmt.Errorf("field manifests[%d]: %w", i, err)
		}
	}
	return x, nil
}

func emptyIndex() v1.IndexManifest {
	return v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
}

// retag puts d into the index under tag, taking the tag away from whatever has
// it. What loses its tag stays, with the statements about it: its digest may be
// written down somewhere.
func retag(x *v1.IndexManifest, d v1.Descriptor, tag string) {
	d.Annotations = map[string]string{noteRefName: tag}
	for i, old := range x.Manifests {
		if old.Annotations[noteRefName] == tag {
			notes := map[string]string{}
			for key, value := range old.Annotations {
				if key != noteRefName {
					notes[key] = value
				}
			}
			x.Manifests[i].Annotations = notes
		}
	}
	add(x, d)
	markForCosign(x)
}

// markForCosign lets "cosign verify-attestation --local-image" work on the
// layout. cosign cannot be told which model it should look at, so only the one
// model of a layout is marked.
func markForCosign(x *v1.IndexManifest) {
	models := map[v1.Hash]bool{}
	for _, d := range x.Manifests {
		if d.ArtifactType != typeBundle {
			models[d.Digest] = true
		}
	}
	for i := range x.Manifests {
		d := &x.Manifests[i]
		delete(d.Annotations, noteKind)
		if tagOf(*d) != "" && len(models) == 1 {
			d.Annotations[noteKind] = kindImage
		}
	}
}

// add lists d, once, and keeps the index sorted: tags first, then digests.
func add(x *v1.IndexManifest, d v1.Descriptor) {
	kept := x.Manifests[:0:0]
	for _, old := range x.Manifests {
		same := old.Digest == d.Digest
		if same && (tagOf(old) == "" || tagOf(old) == tagOf(d)) {
			continue
		}
		if same && tagOf(d) == "" {
			return
		}
		kept = append(kept, old)
	}
	x.Manifests = append(kept, d)
	sort.SliceStable(x.Manifests, func(i, j int) bool { return order(x.Manifests[i]) < order(x.Manifests[j]) })
}

func tagOf(d v1.Descriptor) string { return d.Annotations[noteRefName] }

func order(d v1.Descriptor) string {
	if tag := tagOf(d); tag != "" {
		return "0" + tag + "\x00" + d.Digest.String()
	}
	return "1" + d.Digest.String()
}

// find resolves a reference in the index of s.
func (s *store) find(ctx context.Context, x v1.IndexManifest, r Reference) (v1.Descriptor, error) {
	if r.Digest != "" {
		return s.findDigest(x, r.Digest)
	}
	tag := r.Tag
	if tag == "" {
		tag = defaultTag
	}
	found := map[v1.Hash]v1.Descriptor{}
	for _, d := range x.Manifests {
		if tagOf(d) == tag {
			found[d.Digest] = d
		}
	}
	if len(found) == 0 && r.Tag == "" {
		return s.findOnly(ctx, x)
	}
	return one(found, x, fmt.Sprintf("tag %q", tag))
}

// findDigest also finds what index.json does not list: a blob under the right
// name that hashes to it is the right one.
func (s *store) findDigest(x v1.IndexManifest, digest string) (v1.Descriptor, error) {
	for _, d := range x.Manifests {
		if d.Digest.String() == digest {
			return d, nil
		}
	}
	h, err := v1.NewHash(digest)
	if err != nil {
		return v1.Descriptor{}, err
	}
	info, err := s.root.Stat(blobName(h))
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("%w: manifest %s is missing from layout %s", ErrNotFound, digest, s.dir)
	}
	return v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: h, Size: info.Size()}, nil
}

// findOnly takes the one manifest that is not about another one.
func (s *store) findOnly(ctx context.Context, x v1.IndexManifest) (v1.Descriptor, error) {
	found := map[v1.Hash]v1.Descriptor{}
	for _, d := range x.Manifests {
		if d.MediaType == types.OCIImageIndex || d.ArtifactType == typeBundle {
			continue
		}
		raw, err := s.manifest(ctx, d)
		if err != nil {
			return d, fmt.Errorf("reading manifest %s: %w", d.Digest, err)
		}
		if m, err := parseManifest(raw); err == nil && m.Subject != nil {
			continue
		}
		found[d.Digest] = d
	}
	return one(found, x, "model")
}

func one(found map[v1.Hash]v1.Descriptor, x v1.IndexManifest, what string) (v1.Descriptor, error) {
	for _, d := range found {
		if len(found) == 1 {
			return d, nil
		}
	}
	problem := fmt.Errorf("%w: %s lists no such %s", ErrNotFound, indexFile, what)
	if len(found) > 1 {
		problem = fmt.Errorf("%s lists more than one %s", indexFile, what)
	}
	return v1.Descriptor{}, fmt.Errorf("%w; name one of its tags: %s", problem, tags(x))
}

func tags(x v1.IndexManifest) string {
	var all []string
	for _, d := range x.Manifests {
		if tag := tagOf(d); tag != "" {
			all = append(all, tag)
		}
	}
	if len(all) == 0 {
		return "(it has none)"
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}
