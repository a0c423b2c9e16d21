// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"time"
)

// Catalogue is one source of controls, as it stood on a day.
type Catalogue struct {
	ID            string       `json:"id"` // "eu-ai-act"
	Title         string       `json:"title"`
	Version       string       `json:"version"` // of the law or standard, not of the file
	AsOf          string       `json:"asOf"`    // ISO date on which its entries were last verified
	Count         int          `json:"-"`       // how many entries the file says it has, so that one cut short is noticed; 0: it does not say
	Jurisdiction  string       `json:"jurisdiction,omitempty"`
	Binding       bool         `json:"binding"` // a law, not a voluntary standard
	Note          string       `json:"note,omitempty"`
	TextLicence   string       `json:"textLicence,omitempty"`
	Crosswalk     string       `json:"crosswalkBasis"` // on whose word see_also rests
	NotAdvice     bool         `json:"notLegalAdvice,omitempty"`
	Sources       []string     `json:"sources"`
	AnnexIIIAreas []Area       `json:"annexIIIAreas,omitempty"`
	Transitions   []Transition `json:"transitions,omitempty"`
	Penalties     []Penalty    `json:"penalties,omitempty"`
	Entries       []Entry      `json:"entries"`
}

// Area is one use of Annex III of the EU AI Act.
type Area struct {
	Code  string `json:"code"` // "annex-iii-5.b"
	Label string `json:"label"`
}

// Transition is a dated rule of a law that is no duty of one provision.
type Transition struct {
	Ref  string `json:"ref"`
	Date string `json:"date"`
	Rule string `json:"rule"`
}

// Penalty is what a breach may cost.
type Penalty struct {
	Ref string `json:"ref"`
	Max string `json:"max"`
}

// Entry is one control of a catalogue.
type Entry struct {
	ID          string    `json:"id"`
	Framework   string    `json:"framework"` // the catalogue's id
	Ref         string    `json:"ref"`       // exact label in the source
	Alias       string    `json:"alias,omitempty"`
	Title       string    `json:"title"`
	Summary     string    `json:"summary"`
	AppliesTo   Applies   `json:"appliesTo"`
	From        Effective `json:"effectiveFrom"`
	Note        string    `json:"effectiveNote,omitempty"`
	Enforcement string    `json:"enforcementNote,omitempty"`
	Scope       string    `json:"scope,omitempty"` // model, system, deployment, organisation
	Evidence    []string  `json:"evidence"`        // kinds of evidence that speak to it
	Automatable string    `json:"automatable"`     // see [Full]
	Check       string    `json:"check"`           // what can be decided, in words
	SeeAlso     []string  `json:"seeAlso,omitempty"`
	Source      string    `json:"source"`
	Status      string    `json:"status"`   // see [Active]
	Verified    string    `json:"verified"` // ISO date; the catalogue's date unless it says its own
	Confidence  string    `json:"confidence,omitempty"`
	Regime      string    `json:"regime,omitempty"` // within a catalogue of many: "sr-26-2"
	Kind        string    `json:"kind,omitempty"`   // threat or mitigation
	Where       string    `json:"-"`                // file:line
}

// How far a machine can decide a control from the content of verified evidence.
const (
	Full    = "full"    // decided from evidence
	Partial = "partial" // presence, signer, freshness and consistency are; adequacy is a person's
	None    = "none"    // only a signed statement of a person counts
)

// The states of a provision.
const (
	Active    = "active"
	Upcoming  = "upcoming"  // enacted, not yet applicable
	Proposed  = "proposed"  // not law: may not be enforced
	Withdrawn = "withdrawn" // replaced or repealed: kept so that old references resolve
	Deleted   = "deleted"   // struck out by an amendment
)

// InForce says whether a rule may cite the entry: it is law, or will be.
func (e Entry) InForce() bool { return e.Status == Active || e.Status == Upcoming }

// Applies says whom a control binds.
type Applies struct {
	RiskClass []string `json:"riskClass,omitempty"`
	Role      []string `json:"role,omitempty"`
	Sector    []string `json:"sector,omitempty"`
}

// Effective are the days from which a control binds, by what it binds. Each is
// an ISO date or empty. A control without any binds by choice, not by law.
type Effective struct {
	On             string `json:"on,omitempty"`             // for everybody
	Formal         string `json:"formal,omitempty"`         // when the text applies, though nobody is bound yet
	AnnexIII       string `json:"annexIII,omitempty"`       // high-risk under Annex III
	AnnexI         string `json:"annexI,omitempty"`         // high-risk under Annex I
	New            string `json:"new,omitempty"`            // placed on the market from that day
	Existing       string `json:"existing,omitempty"`       // what was on the market before ExistingBefore
	ExistingBefore string `json:"existingBefore,omitempty"` // the dividing day
}

// Earliest is the first day on which the control binds anybody, or "".
func (e Effective) Earliest() string {
	days := slices.DeleteFunc([]string{e.On, e.AnnexIII, e.AnnexI, e.New, e.Existing}, func(s string) bool { return s == "" })
	if len(days) == 0 {
		return ""
	}
	return slices.Min(days) // ISO dates sort as text
}

// entry statuses, scopes and the like that a catalogue may use.
var (
	automatables = []string{Full, Partial, None}
	statuses     = []string{Active, Upcoming, Proposed, Withdrawn, Deleted}
	scopes       = []string{"model", "system", "deployment", "organisation"}
	confidences  = []string{"high", "medium", "low"}
	kinds        = []string{"threat", "mitigation"}
	riskClasses  = []string{"any", "high-risk", "high-risk-annex-iii", "high-risk-annex-i", "high-risk-annex-iii-1a",
		"transparency", "gpai", "gpai-systemic", "personal-data", "generative"}
)

func validDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
