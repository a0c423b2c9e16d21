// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"fmt"
	"sort"
)

// ReferrersOf is [Artifact.Referrers] for statements of one predicate type: it
// leaves out a bundle whose manifest says that it holds another type, without
// fetching it. The manifest's word is not to be believed; what lies only hides
// itself. A bundle that does not say its type is returned.
func (a *Artifact) ReferrersOf(ctx context.Context, predicateType string) ([]Referrer, error) {
	found, err := a.shelf.candidates(ctx, a.root, a.own())
	if err != nil {
		return nil, fmt.Errorf("listing what refers to %s: %w", a.root.Digest, err)
	}
	kept := found[:0]
	for _, c := range found {
		if m, err := parseManifest(c.raw); c.err != nil || err != nil || m.Annotations[notePredicate] == "" || m.Annotations[notePredicate] == predicateType {
			kept = append(kept, c)
		}
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i].desc.Digest.Hex < kept[j].desc.Digest.Hex })
	var all []Referrer
	budget := int64(maxBundles)
	for _, c := range kept {
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
