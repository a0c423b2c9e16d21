// SPDX-License-Identifier: Apache-2.0

package modelvet

import "time"

// Verdict is the outcome of a decision. Every way to go wrong ends in Denied.
type Verdict string

const (
	Allowed Verdict = "allowed"
	Denied  Verdict = "denied"
	Pending Verdict = "pending" // every automated rule holds; only a person's act is missing
)

// DecisionSchema names the shape of decision.json. Fields are added, never renamed.
const DecisionSchema = "https://github.com/modelvet/modelvet/schemas/decision/v1"

// Decision is the verdict and everything it rests on: the canonical record.
// Every report is a rendering of it.
type Decision struct {
	Schema       string          `json:"schema"`
	Outcome      Verdict         `json:"outcome"`
	Reasons      []string        `json:"reasons"` // why it is not allowed, worst first; empty when it is
	Stage        string          `json:"stage"`
	At           time.Time       `json:"at"`
	Expires      time.Time       `json:"expires,omitzero"` // the earliest end of what it rests on
	Subject      Subject         `json:"subject"`
	System       *System         `json:"system,omitempty"` // from verified evidence
	Policy       PolicyRef       `json:"policy"`
	EvidenceRoot string          `json:"evidenceRoot"`
	Results      []Result        `json:"results"`
	Controls     []ControlResult `json:"controls"`
	Evidence     []Evidence      `json:"evidence"`
	Scans        []Scan          `json:"scans,omitempty"`   // from verified evidence, for the reports' charts
	Lineage      []Lineage       `json:"lineage,omitempty"` // from verified evidence
	Required     []Requirement   `json:"required"`
	Approvals    []Approval      `json:"approvals"`
	Waivers      []Waiver        `json:"waivers"`

	Attestations   []Attestation   `json:"attestations,omitempty"`   // documents that persons vouch for
	Classification *Classification `json:"classification,omitempty"` // worked out anew
	Notes          []string        `json:"notes"`                    // what weakens the decision: a development key, a dirty tree
	Engine         Engine          `json:"engine"`
	Thresholds     *ThresholdSet   `json:"thresholds,omitempty"` // the bounds that judged
}

// ThresholdSet are the bounds of a stage, and what is known of when they were set.
type ThresholdSet struct {
	Digest string             `json:"digest"` // SHA-256 of the stage's name and bounds
	Proof  string             `json:"proof"`  // none; signature: its signer says when; timestamp: a trusted party does
	SetAt  time.Time          `json:"setAt,omitzero"`
	Signer *Signer            `json:"signer,omitempty"`
	Values map[string]float64 `json:"values"` // by name, "performance.roc_auc_min"
}

// PolicyRef says by which policy a decision was taken.
type PolicyRef struct {
	Name       string            `json:"name,omitempty"`
	Digest     string            `json:"digest"` // SHA-256 of the policy file
	Rules      string            `json:"rules"`  // SHA-256 over the compiled rules
	Profiles   []string          `json:"profiles"`
	Catalogues map[string]string `json:"catalogues,omitempty"` // id to version
	Bundles    []string          `json:"bundles,omitempty"`    // of rules, each REF@DIGEST
}

// Engine says which programs decided.
type Engine struct {
	Modelvet string `json:"modelvet"`
	OPA      string `json:"opa,omitempty"`
}

// Case is everything that [Decide] weighs.
type Case struct {
	Subject   Subject
	System    *System
	Stage     string
	Policy    PolicyRef
	Results   []Result  // one for every rule of the profiles
	Demanded  []string  // ids of the rules that must have answered; one missing closes the gate
	Controls  []Control // every control of the profiles that binds the system
	Unbound   []Unbound // every other control of the profiles, and why it does not bind
	Evidence  []Evidence
	Scans     []Scan
	Lineage   []Lineage
	Required  []Requirement
	Approvals []Approval
	Waivers   []Waiver

	Attestations   []Attestation
	Attesters      map[string][]string // kind of document to the roles that may attest it; a kind that is not here: any role
	Classification *Classification     // nil: the system is not known

	ValidFor time.Duration // how long a decision may be relied on
	Notes    []string
	Engine   Engine
	Now      time.Time

	Thresholds *ThresholdSet
}
