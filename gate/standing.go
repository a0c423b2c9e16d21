// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/attest"
)

// Standing is what signed decisions say about an artifact. Nothing was judged
// anew: for a cluster, which has no time for it.
type Standing struct {
	Digest    string
	Manifest  []byte
	Decisions []SignedDecision // those that verify, newest first
	Rejected  []string         // those that do not, and why
	Until     time.Time        // the next end of a key that the policy trusts; zero: none ends
}

// SignedDecision is a decision and who signed it. Of the decision only that is
// read which admission asks for: its head, and the results unless it allows.
type SignedDecision struct {
	modelvet.Decision
	Bundle string // digest of the signed bundle
	Signer modelvet.Signer
}

// Standing reads the decisions that are attached to an artifact and returns
// those whose signature, subject, signer and schema hold. It does not read the
// artifact's layers: their digests are in the manifest that was judged.
func (g *Gate) Standing(ctx context.Context, ref string) (Standing, error) {
	a, err := artifact.Open(ctx, ref, artifact.Options{})
	if err != nil {
		return Standing{}, fmt.Errorf("opening %s: %w", ref, err)
	}
	defer a.Close()
	s := Standing{Digest: a.Subject().Digest, Manifest: a.Manifest(), Until: g.Policy.nextEnd(g.Now)}
	referrers, err := a.ReferrersOf(ctx, modelvet.PredicateDecision)
	if err != nil {
		return s, fmt.Errorf("listing the decisions about %s: %w", ref, err)
	}
	trust, err := g.trust()
	if err != nil {
		return s, err
	}
	for _, r := range referrers {
		if r.Err != nil {
			return s, fmt.Errorf("reading the decisions about %s: %w", ref, r.Err)
		}
		s.weigh(ctx, r, trust, a.Subject())
	}
	s.sort()
	return s, nil
}

// sort puts the newest first.
func (s *Standing) sort() {
	slices.SortFunc(s.Decisions, func(a, b SignedDecision) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		// Of the same moment, as with SOURCE_DATE_EPOCH: a no counts before a yes,
		// and a yes before what still waited for a person.
		if c := compare(rank(a), rank(b)); c != 0 {
			return c
		}
		return strings.Compare(a.Bundle, b.Bundle)
	})
}

func rank(d SignedDecision) string {
	switch d.Outcome {
	case modelvet.Allowed:
		return "b"
	case modelvet.Pending:
		return "c"
	}
	return "a"
}

func (s *Standing) weigh(ctx context.Context, r artifact.Referrer, trust attest.Trust, subject modelvet.Subject) {
	e := attest.Verify(ctx, r.Bundle, trust, subject)
	if e.PredicateType != modelvet.PredicateDecision && e.PredicateType != "" { // "": so damaged that it does not say
		return
	}
	d, why := decisionOf(e, r.Bundle, subject.Digest)
	if why != "" {
		s.Rejected = append(s.Rejected, fmt.Sprintf("decision %.19s is not believed: %s", e.Digest, why))
		return
	}
	s.Decisions = append(s.Decisions, SignedDecision{Decision: d, Bundle: e.Digest, Signer: e.Signer})
}

func decisionOf(e modelvet.Evidence, bundle []byte, digest string) (d modelvet.Decision, why string) {
	var err error
	if e.Status != modelvet.Verified {
		return d, e.Reason
	}
	if d, err = head(e.Predicate); err != nil {
		return d, err.Error()
	}
	switch {
	case d.Schema != modelvet.DecisionSchema:
		return d, fmt.Sprintf("its schema is %.80q", d.Schema)
	case d.Subject.Digest != digest && !names(bundle, d.Subject.Digest):
		return d, fmt.Sprintf("it was taken about %.80s, which its statement does not name", d.Subject.Digest)
	}
	return d, ""
}

// head reads of a decision what [SignedDecision] says. A decision has half a
// megabyte, and nobody who waits for a pod has use for its charts.
func head(predicate json.RawMessage) (d modelvet.Decision, err error) {
	into := map[string]any{
		"schema": &d.Schema, "outcome": &d.Outcome, "reasons": &d.Reasons, "stage": &d.Stage,
		"at": &d.At, "expires": &d.Expires, "subject": &d.Subject, "policy": &d.Policy,
	}
	members, err := attest.Members(predicate, append(slices.Collect(maps.Keys(into)), "results")...)
	if err != nil {
		return d, err
	}
	for _, key := range slices.Sorted(maps.Keys(into)) {
		if len(members[key]) == 0 {
			continue // what is not there is empty, and no empty outcome, stage, schema or digest is good enough
		}
		if err := json.Unmarshal(members[key], into[key]); err != nil {
			return d, fmt.Errorf("%s: %w", key, err)
		}
	}
	if d.Outcome != modelvet.Allowed && len(members["results"]) > 0 {
		if err := json.Unmarshal(members["results"], &d.Results); err != nil {
			return d, fmt.Errorf("results: %w", err)
		}
	}
	return d, nil
}

// names tells whether the statement of a verified bundle also names another
// digest: a model may be packed as an artifact and as an image.
func names(bundle []byte, digest string) bool {
	var b struct {
		Envelope struct {
			Payload string `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	var s struct {
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if json.Unmarshal(bundle, &b) != nil {
		return false
	}
	payload, err := base64.StdEncoding.DecodeString(b.Envelope.Payload)
	if err != nil || json.Unmarshal(payload, &s) != nil {
		return false
	}
	for _, subject := range s.Subject {
		if "sha256:"+subject.Digest["sha256"] == digest {
			return true
		}
	}
	return false
}

// nextEnd is the first moment at which the policy stops to believe a key.
func (p *Policy) nextEnd(now time.Time) time.Time {
	var next time.Time
	for _, s := range p.Trust {
		for _, t := range []time.Time{s.NotBefore, s.NotAfter} {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// At returns a gate like this one at another moment.
func (g *Gate) At(now time.Time) *Gate {
	later := *g
	later.Now = now
	return &later
}

// StandingFrom is [Gate.Standing] without a registry: of the bundles, those that
// name an artifact's digest. What nobody handed over counts for nothing.
func (g *Gate) StandingFrom(ctx context.Context, digest string, bundles [][]byte) (Standing, error) {
	s := Standing{Digest: digest, Until: g.Policy.nextEnd(g.Now)}
	trust, err := g.trust()
	if err != nil {
		return s, err
	}
	for _, b := range bundles {
		if names(b, digest) {
			s.weigh(ctx, artifact.Referrer{Bundle: b}, trust, modelvet.Subject{Digest: digest})
		}
	}
	s.sort()
	return s, nil
}
