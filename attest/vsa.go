// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// The two results of a verification summary. What is not allowed has failed,
// also when only a signature of a person is missing.
const (
	ResultPassed = "PASSED"
	ResultFailed = "FAILED"
)

// VerifierID names modelvet as the verifier in its verification summaries.
const VerifierID = "https://github.com/modelvet/modelvet"

// VerificationSummary is the predicate of a SLSA verification summary (VSA)
// v1, with three fields of our own, which the specification asks to be named
// by URIs.
type VerificationSummary struct {
	Verifier           VSAVerifier `json:"verifier"`
	TimeVerified       time.Time   `json:"timeVerified"`
	ResourceURI        string      `json:"resourceUri"`
	Policy             Descriptor  `json:"policy"`
	InputAttestations  []VSAInput  `json:"inputAttestations"`
	VerificationResult string      `json:"verificationResult"`
	VerifiedLevels     []string    `json:"verifiedLevels"`
	SLSAVersion        string      `json:"slsaVersion,omitempty"`

	Stage        string    `json:"https://github.com/modelvet/modelvet/vsa/stage,omitempty"`
	Expires      time.Time `json:"https://github.com/modelvet/modelvet/vsa/expires,omitzero"`
	EvidenceRoot string    `json:"https://github.com/modelvet/modelvet/vsa/evidenceRoot,omitempty"`
}

// VSAVerifier says which program verified.
type VSAVerifier struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// VSAInput is one statement that a verification rests on.
type VSAInput struct {
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

// VSA says in the words of SLSA what a decision says in full. resourceURI is
// the name under which users fetch the artifact, which consumers compare.
func VSA(d modelvet.Decision, resourceURI, policyURI string) (VerificationSummary, error) {
	policy, err := hexDigest(d.Policy.Digest)
	if err != nil {
		return VerificationSummary{}, fmt.Errorf("summing up a decision: policy: %w", err)
	}
	if d.At.IsZero() || d.Stage == "" || resourceURI == "" {
		return VerificationSummary{}, errors.New("summing up a decision: it needs a time, a stage and the URI of the resource")
	}
	v := VerificationSummary{
		Verifier:           VSAVerifier{ID: VerifierID, Version: map[string]string{"modelvet": d.Engine.Modelvet}},
		TimeVerified:       d.At.UTC().Truncate(time.Second),
		ResourceURI:        resourceURI,
		Policy:             Descriptor{URI: policyURI, Digest: map[string]string{"sha256": policy}},
		InputAttestations:  inputs(d.Evidence),
		VerificationResult: ResultFailed,
		VerifiedLevels:     []string{ResultFailed},
		SLSAVersion:        "1.2",
		Stage:              d.Stage,
		Expires:            d.Expires.UTC().Truncate(time.Second),
		EvidenceRoot:       d.EvidenceRoot,
	}
	if d.Outcome == modelvet.Allowed {
		v.VerificationResult, v.VerifiedLevels = ResultPassed, []string{GateLevel(d.Stage)}
	}
	return v, nil
}

// inputs are the digests of what was verified; nothing else was relied on.
func inputs(evidence []modelvet.Evidence) []VSAInput {
	out := []VSAInput{}
	for _, e := range evidence {
		if h, err := hexDigest(e.Digest); err == nil && e.Status == modelvet.Verified {
			out = append(out, VSAInput{URI: e.PredicateType, Digest: map[string]string{"sha256": h}})
		}
	}
	slices.SortFunc(out, func(a, b VSAInput) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.Digest["sha256"], b.Digest["sha256"]))
	})
	return out
}

// GateLevel is the verified level that a stage stands for: MODELVET_GATE_PRODUCTION.
// SLSA reserves levels that begin with SLSA_ and lets verifiers define others.
// Other characters than letters and digits become _, so stages have to differ in more than those.
func GateLevel(stage string) string {
	return "MODELVET_GATE_" + strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(stage))
}

// ReadVSA takes a verification summary out of verified evidence.
func ReadVSA(e modelvet.Evidence) (VerificationSummary, error) {
	var v VerificationSummary
	if e.Status != modelvet.Verified || e.PredicateType != modelvet.PredicateVSA {
		return v, fmt.Errorf("reading a verification summary: the evidence is %s and of type %.120q", e.Status, e.PredicateType)
	}
	if err := json.Unmarshal(e.Predicate, &v); err != nil {
		return v, fmt.Errorf("reading a verification summary: %w", err)
	}
	if v.VerificationResult != ResultPassed && v.VerificationResult != ResultFailed {
		return v, fmt.Errorf("reading a verification summary: verificationResult %.40q: expected PASSED or FAILED", v.VerificationResult)
	}
	return v, nil
}

// Vouches applies the rules for consumers of SLSA verification summaries: the
// verifier is the expected one, so is the resource, the result is PASSED and
// every level asked for (at least one) is there. That the signer may speak for this verifier
// is for the caller to know: look at the signer of the evidence. now must be
// before the end that the summary names, if it names one.
func (v VerificationSummary) Vouches(verifierID, resourceURI string, levels []string, now time.Time) error {
	switch {
	case verifierID == "" || v.Verifier.ID != verifierID:
		return fmt.Errorf("the verifier is %.120q, expected %q", v.Verifier.ID, verifierID)
	case resourceURI == "" || v.ResourceURI != resourceURI:
		return fmt.Errorf("it is for the resource %.120q, expected %q", v.ResourceURI, resourceURI)
	case v.VerificationResult != ResultPassed:
		return fmt.Errorf("the verification result is %.40q, not PASSED", v.VerificationResult)
	case v.TimeVerified.IsZero() || v.TimeVerified.After(now.Add(skew)):
		return errors.New("it has no time, or one in the future")
	case !v.Expires.IsZero() && !now.Before(v.Expires):
		return fmt.Errorf("it expired on %s", v.Expires.UTC().Format(time.DateOnly))
	case len(levels) == 0:
		return errors.New("no level was asked for: name the level of the stage, as GateLevel spells it")
	}
	for _, l := range levels {
		if !slices.Contains(v.VerifiedLevels, l) {
			return fmt.Errorf("the level %s is not among those verified", l)
		}
	}
	return nil
}
