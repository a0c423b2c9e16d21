// SPDX-License-Identifier: Apache-2.0

package modelvet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The predicate types that modelvet writes and reads.
const (
	PredicateSystem         = "https://github.com/modelvet/modelvet/predicates/system/v1"
	PredicateScan           = "https://github.com/modelvet/modelvet/predicates/scan/v1"
	PredicateLineage        = "https://github.com/modelvet/modelvet/predicates/lineage/v1"
	PredicateApproval       = "https://github.com/modelvet/modelvet/predicates/approval/v1"
	PredicateDocument       = "https://github.com/modelvet/modelvet/predicates/document/v1"
	PredicateWaiver         = "https://github.com/modelvet/modelvet/predicates/waiver/v1"
	PredicateDecision       = "https://github.com/modelvet/modelvet/predicates/decision/v1"
	PredicateThresholds     = "https://github.com/modelvet/modelvet/predicates/thresholds/v1"
	PredicateRules          = "https://github.com/modelvet/modelvet/predicates/rules/v1"
	PredicateProvenance     = "https://slsa.dev/provenance/v1"
	PredicateVSA            = "https://slsa.dev/verification_summary/v1"
	PredicateModelSignature = "https://model_signing/signature/v1.0"
	PredicateMLBOM          = "https://cyclonedx.org/bom"
	PredicateTestResult     = "https://in-toto.io/attestation/test-result/v0.1"
)

// Status says how far a piece of evidence may be believed. Only Verified
// evidence reaches a rule.
type Status string

const (
	Verified   Status = "verified"   // signature, subject, signer and schema hold
	Missing    Status = "missing"    // nobody attached it
	Invalid    Status = "invalid"    // a signature, subject digest or schema does not hold
	Stale      Status = "stale"      // it was true once: too old
	Unverified Status = "unverified" // it may hold, but nobody trusted vouches for it
)

// Evidence is one predicate about one subject, and who vouches for it.
type Evidence struct {
	Digest        string          `json:"digest"` // of the bundle as stored, "sha256:..."
	Statement     string          `json:"-"`      // digest of what was signed, "sha256:...": the same in every bundle around it
	Subject       Subject         `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate,omitempty"`
	Signer        Signer          `json:"signer"`
	SignedAt      time.Time       `json:"signedAt,omitzero"` // from a trusted time stamp where there is one, else as the statement claims
	Status        Status          `json:"status"`
	Reason        string          `json:"reason,omitempty"` // why the status is not verified
}

// Signer is who signed: a key, or an identity that an issuer vouches for.
type Signer struct {
	KeyID       string   `json:"keyId,omitempty"`    // lower-case hex SHA-256 of the PEM SubjectPublicKeyInfo
	Identity    string   `json:"identity,omitempty"` // certificate SAN
	Issuer      string   `json:"issuer,omitempty"`   // OIDC issuer
	Name        string   `json:"name,omitempty"`     // as the policy calls this signer
	Roles       []string `json:"roles,omitempty"`    // as the policy grants them
	Development bool     `json:"development,omitempty"`
}

// ID is one word for a signer, for comparing and printing.
func (s Signer) ID() string {
	switch {
	case s.Identity != "":
		return s.Identity
	case s.KeyID != "":
		return "key:" + s.KeyID
	}
	return ""
}

// EvidenceRoot is one digest for a set of evidence: SHA-256 of its digests,
// sorted, joined by line feeds. Acts of people and decisions are no part of
// it, so that an approval can name the set that it approves.
func EvidenceRoot(evidence []Evidence) string {
	var digests []string
	for _, e := range evidence {
		if e.Status == Verified && !isAct(e.PredicateType) {
			digests = append(digests, e.Digest)
		}
	}
	slices.Sort(digests)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(digests), "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
