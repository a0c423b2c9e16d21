// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Name is that of the webhook in the manifests; the API server puts it before
// every audit annotation.
const Name = "models.modelvet.github.io"

// The audit annotations of a review, without the name of the webhook. They say
// in the cluster's own audit log what was let in, and on what ground.
const (
	noteVerdict    = "verdict"    // allowed, denied, warned, observed, skipped
	noteMode       = "mode"       // of the namespace
	noteStage      = "stage"      // of the namespace
	noteModels     = "models"     // digests
	noteReferences = "references" // HOST/REPOSITORY@sha256:..., as far as they could be resolved
	noteDecisions  = "decisions"  // digests of the signed decisions
	notePolicy     = "policy"     // digest of the policy of the decisions
	noteProblems   = "problems"   // objections that count
	noteUnchecked  = "unchecked"  // objections that the configuration lets pass
	noteExceptions = "exceptions" // references that an exception let through
	noteStale      = "stale"      // for how long the facts had been too old
	noteCut        = "cut"        // lists that were too long to be written down whole
)

// mostNote is how long one list may be; an audit event is no place for more.
const mostNote = 8000

// notes tie the cluster's own audit log to the signed decisions.
func notes(demand Namespace, findings []finding) map[string]string {
	n := map[string]string{noteMode: string(demand.Mode), noteStage: demand.Stage}
	lists := map[string][]string{}
	add := func(key, value string) { lists[key] = append(lists[key], value) }
	for _, f := range findings {
		if f.decision != nil {
			if f.decision.Digest != "" {
				add(noteDecisions, f.decision.Digest)
			}
			n[notePolicy] = f.decision.Policy
		}
		if f.digest != "" {
			add(noteModels, f.digest)
			repository, _, _ := cutDigest(f.ref.OCI)
			add(noteReferences, clip(repository, 400)+"@"+f.digest)
		}
		switch {
		case f.problem == "" || f.ref.Weak && f.action != "deny":
		case f.action == "deny":
			add(noteProblems, clip(f.ref.Path+": "+f.problem, 200))
		default:
			add(noteUnchecked, clip(f.ref.Path+": "+f.problem, 200))
		}
		if f.exception != "" {
			add(noteExceptions, clip(f.ref.Value, 200))
		}
		if f.stale > 0 {
			n[noteStale] = f.stale.Round(time.Second).String()
		}
	}
	var cut []string
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		all := slices.Compact(slices.Sorted(slices.Values(lists[key])))
		if n[key] = joinNotes(all); len(n[key]) < len(strings.Join(all, " ")) {
			cut = append(cut, key)
		}
	}
	if len(cut) > 0 {
		n[noteCut] = strings.Join(cut, " ")
	}
	return n
}

// joinNotes keeps whole items only: half a digest names nothing.
func joinNotes(all []string) string {
	out := ""
	for i, s := range all {
		if i > 0 {
			s = " " + s
		}
		if len(out)+len(s) > mostNote {
			return out
		}
		out += s
	}
	return out
}
