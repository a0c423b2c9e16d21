// SPDX-License-Identifier: Apache-2.0

package modelvet

import "time"

// Approval is a person's signed yes. It binds what was seen: any change to
// the artifact, the evidence or the policy makes it void.
type Approval struct {
	Role         string    `json:"role"` // "model-risk-officer"
	Stage        string    `json:"stage"`
	Subject      string    `json:"subject"`      // digest of the artifact
	EvidenceRoot string    `json:"evidenceRoot"` // see [EvidenceRoot]
	Policy       string    `json:"policy"`       // digest of the policy file
	Comment      string    `json:"comment,omitempty"`
	At           time.Time `json:"at"`
	Expires      time.Time `json:"expires,omitzero"`
	Signer       Signer    `json:"signer"` // from the signature, never from the predicate
	Digest       string    `json:"digest,omitempty"`
	Valid        bool      `json:"valid"`
	Reason       string    `json:"reason,omitempty"` // why it does not count
}

// Waiver forgives one rule for one artifact until a day. There is no waiver without an end.
type Waiver struct {
	ID          string    `json:"id"`
	Rule        string    `json:"rule"`
	Subject     string    `json:"subject"` // digest of the artifact
	Stage       string    `json:"stage"`
	Reason      string    `json:"reason"`
	RequestedBy string    `json:"requestedBy"`
	At          time.Time `json:"at"`
	Expires     time.Time `json:"expires"`
	Ticket      string    `json:"ticket,omitempty"`
	Signer      Signer    `json:"signer"` // who granted it, from the signature
	Digest      string    `json:"digest,omitempty"`
	Valid       bool      `json:"valid"`
	Reject      string    `json:"reject,omitempty"` // why it does not count
}

// Requirement is a demand for approvals: so many persons in a role.
type Requirement struct {
	Role  string `json:"role"`
	Count int    `json:"count"`
}
