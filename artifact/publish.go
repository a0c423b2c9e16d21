// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// attach pushes the blobs, then the manifests. A registry with the fall-back
// tag keeps its list in one index that two writers may overwrite: look whether
// every manifest is listed, and put those again that are not.
func (r *registry) attach(ctx context.Context, prepared []referrerBlobs) error {
	p, err := newPusher(ctx, r.repo, nil, Options{})
	if err != nil {
		return err
	}
	small := memory{hashBytes(emptyConfig): emptyConfig}
	var manifests []storedManifest
	for _, b := range prepared {
		small[hashBytes(b.bundle)] = b.bundle
		manifests = append(manifests, storedManifest{b.desc, b.manifest})
	}
	for h, b := range small {
		if err := p.upload(ctx, small, v1.Descriptor{MediaType: types.OCILayer, Digest: h, Size: int64(len(b))}, nil); err != nil {
			return err
		}
	}
	subject, err := parseManifest(prepared[0].manifest)
	if err != nil {
		return err
	}
	return r.putListed(ctx, p, subject.Subject.Digest, manifests)
}

// storedManifest is a manifest and what it is listed as.
type storedManifest struct {
	desc v1.Descriptor
	raw  []byte
}

// settle is how long a list must stay as it is before it is believed, where
// two writers can overwrite each other's.
const settle = 300 * time.Millisecond

func (r *registry) putListed(ctx context.Context, p *pusher, subject v1.Hash, manifests []storedManifest) error {
	if len(manifests) == 0 {
		return nil
	}
	missing, calm := manifests, false
	for range 20 {
		for _, m := range missing {
			if err := p.put(ctx, r.repo.Digest(m.desc.Digest.String()), m); err != nil {
				return err
			}
		}
		listed, hasAPI, err := r.listed(ctx, subject)
		if err != nil {
			return err
		}
		missing = unlisted(manifests, listed)
		if len(missing) == 0 && (calm || hasAPI) {
			return nil
		}
		if len(missing) > 0 && !hasAPI {
			if err := r.putTag(ctx, p, subject, missing); err != nil {
				return err
			}
		}
		calm = len(missing) == 0
		if err := wait(ctx, pauseFor(calm)); err != nil {
			return err
		}
	}
	return fmt.Errorf("registry %s does not list %d of the attached manifests; try again when nobody else attaches", r.repo, len(missing))
}

// putTag adds to the index under the fall-back tag (distribution specification
// 1.1, "referrers tag schema"). Between reading and writing another writer may
// do the same; the caller looks again.
func (r *registry) putTag(ctx context.Context, p *pusher, subject v1.Hash, manifests []storedManifest) error {
	old, err := r.listTag(ctx, subject)
	if err != nil {
		return fmt.Errorf("reading the fall-back tag of %s: %w", subject, err)
	}
	x := emptyIndex()
	x.Manifests = old
	for _, m := range manifests {
		add(&x, m.desc)
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("writing the fall-back tag of %s: %w", subject, err)
	}
	if len(raw) > maxManifest {
		return fmt.Errorf("writing the fall-back tag of %s: %w", subject, errTooMany)
	}
	tag := r.repo.Tag(subject.Algorithm + "-" + subject.Hex)
	return p.put(ctx, tag, storedManifest{v1.Descriptor{MediaType: x.MediaType, Digest: hashBytes(raw), Size: int64(len(raw))}, raw})
}

// pauseFor is random where writers collide, so that they do not again.
func pauseFor(calm bool) time.Duration {
	if calm {
		return settle
	}
	return rand.N(settle)
}

func unlisted(manifests []storedManifest, listed []v1.Descriptor) []storedManifest {
	seen := map[v1.Hash]bool{}
	for _, d := range listed {
		seen[d.Digest] = true
	}
	var missing []storedManifest
	for _, m := range manifests {
		if !seen[m.desc.Digest] {
			missing = append(missing, m)
		}
	}
	return missing
}
