// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"errors"
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

// Results are assessment results.
type Results struct {
	UUID       string      `json:"uuid"`
	Metadata   Metadata    `json:"metadata"`
	ImportAP   ImportAP    `json:"import-ap"`
	Results    []Result    `json:"results"`
	BackMatter *BackMatter `json:"back-matter,omitempty"`
}

// ImportAP names the assessment plan: for modelvet, the policy file.
type ImportAP struct {
	Href string `json:"href"`
}

// Result is one assessment: one decision.
type Result struct {
	UUID         string        `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Start        string        `json:"start"`
	End          string        `json:"end,omitempty"`
	Props        []Prop        `json:"props,omitempty"`
	Local        Local         `json:"local-definitions"`
	Reviewed     Reviewed      `json:"reviewed-controls"`
	Attestations []Attestation `json:"attestations,omitempty"`
	Observations []Observation `json:"observations,omitempty"`
	Risks        []Risk        `json:"risks,omitempty"`
	Findings     []Finding     `json:"findings,omitempty"`
	Remarks      string        `json:"remarks,omitempty"`
}

// Local defines what the result is about, and the tool.
type Local struct {
	Components []Component `json:"components"`
	Assets     *Assets     `json:"assessment-assets,omitempty"`
}

// Component is a thing: the model, the tool.
type Component struct {
	UUID        string          `json:"uuid"`
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []Prop          `json:"props,omitempty"`
	Status      ComponentStatus `json:"status"`
}

// ComponentStatus is its operational state.
type ComponentStatus struct {
	State   string `json:"state"`
	Remarks string `json:"remarks,omitempty"`
}

// Assets are the tools of an assessment.
type Assets struct {
	Components []Component `json:"components"`
	Platforms  []Platform  `json:"assessment-platforms"`
}

// Platform is a set of tools.
type Platform struct {
	UUID  string `json:"uuid"`
	Title string `json:"title"`
	Uses  []Uses `json:"uses-components"`
}

// Uses names a component of a platform.
type Uses struct {
	Component string `json:"component-uuid"`
}

// Reviewed says which controls an assessment looked at.
type Reviewed struct {
	Selections []ControlSelection `json:"control-selections"`
}

// ControlSelection names controls.
type ControlSelection struct {
	Description string      `json:"description,omitempty"`
	Include     []ControlID `json:"include-controls"`
}

// ControlID names a control.
type ControlID struct {
	ID string `json:"control-id"`
}

// Attestation is a person's statement.
type Attestation struct {
	Parts []AttestationPart `json:"parts"`
}

// AttestationPart is its text.
type AttestationPart struct {
	UUID  string `json:"uuid"`
	Name  string `json:"name"`
	Props []Prop `json:"props,omitempty"`
	Prose string `json:"prose"`
}

// Observation is what one rule saw.
type Observation struct {
	UUID        string             `json:"uuid"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Props       []Prop             `json:"props,omitempty"`
	Methods     []string           `json:"methods"`
	Types       []string           `json:"types,omitempty"`
	Origins     []Origin           `json:"origins,omitempty"`
	Subjects    []SubjectRef       `json:"subjects,omitempty"`
	Evidence    []RelevantEvidence `json:"relevant-evidence,omitempty"`
	Collected   string             `json:"collected"`
	Expires     string             `json:"expires,omitempty"`
}

// Origin says who observed.
type Origin struct {
	Actors []Actor `json:"actors"`
}

// Actor is a tool or person.
type Actor struct {
	Type string `json:"type"`
	UUID string `json:"actor-uuid"`
}

// SubjectRef names what was observed.
type SubjectRef struct {
	UUID string `json:"subject-uuid"`
	Type string `json:"type"`
}

// RelevantEvidence points into the back matter.
type RelevantEvidence struct {
	Href        string `json:"href"`
	Description string `json:"description"`
}

// Finding is what came of one control.
type Finding struct {
	UUID         string               `json:"uuid"`
	Title        string               `json:"title"`
	Description  string               `json:"description"`
	Props        []Prop               `json:"props,omitempty"`
	Target       Target               `json:"target"`
	Observations []RelatedObservation `json:"related-observations,omitempty"`
	Risks        []RelatedRisk        `json:"related-risks,omitempty"`
}

// Target is the statement that a finding is about.
type Target struct {
	Type   string       `json:"type"`
	ID     string       `json:"target-id"`
	Status TargetStatus `json:"status"`
}

// TargetStatus is satisfied or not-satisfied, and why.
type TargetStatus struct {
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

// RelatedObservation points at an observation.
type RelatedObservation struct {
	UUID string `json:"observation-uuid"`
}

// RelatedRisk points at a risk.
type RelatedRisk struct {
	UUID string `json:"risk-uuid"`
}

// Risk is an objection that stands, or that a waiver forgives.
type Risk struct {
	UUID         string               `json:"uuid"`
	Title        string               `json:"title"`
	Description  string               `json:"description"`
	Statement    string               `json:"statement"`
	Props        []Prop               `json:"props,omitempty"`
	Status       string               `json:"status"` // open, deviation-approved
	Deadline     string               `json:"deadline,omitempty"`
	Observations []RelatedObservation `json:"related-observations,omitempty"`
}

// ErrNoControls is returned for a decision that names no control.
var ErrNoControls = errors.New("the decision names no control: judge with a profile")

// FromDecision writes a decision as assessment results: an observation for
// every rule, a finding for every control that is demanded, a risk for every
// rule that stands against the model, an attestation for every approval in force.
func FromDecision(d modelvet.Decision) (Document, error) {
	w, err := newWriter(d)
	if err != nil {
		return Document{}, fmt.Errorf("writing assessment results: %w", err)
	}
	policy := Resource{UUID: w.id("policy"), Title: line("Policy " + d.Policy.Name), Description: "The policy file by which the decision was taken: modelvet's assessment plan.",
		Props: props(own("digest", d.Policy.Digest), own("profiles", strings.Join(d.Policy.Profiles, ", ")))}
	out := &Results{UUID: w.id("results"), Metadata: w.metadata("Assessment of " + d.Subject.Name), ImportAP: ImportAP{"#" + policy.UUID},
		Results: []Result{w.result()}, BackMatter: &BackMatter{Resources: append([]Resource{policy}, w.evidence()...)}}
	return Document{Results: out}, nil
}

func (w *writer) result() Result {
	d := w.d
	return Result{
		UUID: w.id("result"), Title: line(fmt.Sprintf("%s for stage %s: %s", d.Subject.Name, d.Stage, d.Outcome)),
		Description: "What evidence supports, does not support, and what was not assessed. It is no statement of conformity.",
		Start:       stamp(d.At), End: stamp(d.At),
		Props:        props(own("outcome", string(d.Outcome)), own("stage", d.Stage), own("subject", d.Subject.Digest), own("evidence-root", d.EvidenceRoot)),
		Local:        w.local(),
		Reviewed:     w.reviewed(),
		Attestations: w.attestations(),
		Observations: w.observations(),
		Risks:        w.risks(),
		Findings:     w.findings(),
		Remarks:      strings.Join(append(append([]string{}, d.Reasons...), d.Notes...), "\n\n"),
	}
}

func (w *writer) reviewed() Reviewed {
	sel := ControlSelection{Description: "The controls of the profiles that bind the system."}
	for _, c := range w.demanded {
		sel.Include = append(sel.Include, ControlID{c.ID})
	}
	return Reviewed{Selections: []ControlSelection{sel}}
}

func (w *writer) local() Local {
	d := w.d
	model := Component{UUID: w.model, Type: "software", Title: line(d.Subject.Name), Description: line("Model " + d.Subject.Digest),
		Props: props(own("digest", d.Subject.Digest)), Status: ComponentStatus{State: "other", Remarks: "A release candidate."}}
	tool := Component{UUID: w.tool, Type: "software", Title: "modelvet", Description: "The release gate that evaluated the rules.",
		Props: props(Prop{Name: "version", Value: line(d.Engine.Modelvet)}, own("opa", d.Engine.OPA)), Status: ComponentStatus{State: "operational"}}
	return Local{Components: []Component{model}, Assets: &Assets{Components: []Component{tool},
		Platforms: []Platform{{UUID: w.id("platform"), Title: "modelvet", Uses: []Uses{{w.tool}}}}}}
}
