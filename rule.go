// SPDX-License-Identifier: Apache-2.0

package modelvet

// Level says what an objection of a rule does.
type Level string

const (
	Block Level = "block" // closes the gate
	Warn  Level = "warn"  // is told, and does not close it
)

// Outcome is what a rule came to.
type Outcome string

const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	Unknown       Outcome = "unknown" // evidence that the rule needs is missing, stale or cannot be believed
	NotApplicable Outcome = "not_applicable"
	Waived        Outcome = "waived" // it failed, and a waiver in force forgives that
)

// Rule is one policy, as its own annotations describe it.
type Rule struct {
	ID          string   `json:"rule"` // "safety.no_unsafe_pickle": where it stands is its name
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Level       Level    `json:"level"`
	Needs       []string `json:"needs,omitempty"`    // kinds of evidence it cannot do without: "system", "scan/fairness", "lineage", "signature", ...
	Controls    []string `json:"controls,omitempty"` // ids in the catalogues
	Remediation string   `json:"remediation,omitempty"`
	Waivable    bool     `json:"waivable"`
}

// Result is what one rule came to, and why. A rule that passes has one too.
type Result struct {
	Rule
	Outcome    Outcome  `json:"outcome"`
	Objections []string `json:"objections"`
	Reason     string   `json:"reason,omitempty"` // why unknown or not applicable
	Evidence   []string `json:"evidence"`         // digests of the evidence it was answered from
	Waiver     string   `json:"waiver,omitempty"` // id of the waiver that forgives it

	Thresholds map[string]float64 `json:"thresholds,omitempty"` // the bounds that it was judged by, by name
}

// Control is one demand of a law, standard or catalogue.
type Control struct {
	ID          string   `json:"id"`        // OSCAL token, "euaia-art-15.5"
	Framework   string   `json:"framework"` // catalogue id, "eu-ai-act"
	Ref         string   `json:"ref"`       // "Article 15(5)"
	Title       string   `json:"title"`
	Automatable string   `json:"automatable"` // full, partial, none
	Scope       string   `json:"scope,omitempty"`
	From        string   `json:"from,omitempty"` // ISO date from which it applies to this system
	Rules       []string `json:"rules"`          // the rules that answer it
}

// The states of a control. None of them means "compliant".
const (
	Supported     = "supported"      // every rule that answers it passes: evidence supports it
	NotSupported  = "not-supported"  // a rule fails
	CannotVerify  = "cannot-verify"  // a rule is unknown
	ControlWaived = "waived"         // it would not be supported, but for a waiver
	Attested      = "attested"       // a person in the right role says so
	NotAssessed   = "not-assessed"   // nothing that ran says anything about it
	NotDemanded   = "not-applicable" // it does not bind this system
)

// ControlResult is what the decision says about one control.
type ControlResult struct {
	Control
	State    string   `json:"state"`
	Reason   string   `json:"reason,omitempty"` // why it does not bind, or on whose word it rests
	Evidence []string `json:"evidence"`
}
