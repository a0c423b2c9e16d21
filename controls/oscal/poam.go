// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"errors"
	"fmt"

	"github.com/modelvet/modelvet"
)

// POAM is a plan of action and milestones: what is left to do.
type POAM struct {
	UUID         string        `json:"uuid"`
	Metadata     Metadata      `json:"metadata"`
	SystemID     SystemID      `json:"system-id"`
	Observations []Observation `json:"observations,omitempty"`
	Risks        []Risk        `json:"risks,omitempty"`
	Items        []POAMItem    `json:"poam-items"`
	Local        *POAMLocal    `json:"local-definitions,omitempty"`
	BackMatter   *BackMatter   `json:"back-matter,omitempty"`
}

// POAMLocal defines what the plan is about.
type POAMLocal struct {
	Components []Component `json:"components"`
	Assets     *Assets     `json:"assessment-assets,omitempty"`
}

// SystemID names the system: for modelvet, the artifact's digest.
type SystemID struct {
	Type string `json:"identifier-type,omitempty"`
	ID   string `json:"id"`
}

// POAMItem is one thing to do.
type POAMItem struct {
	UUID         string               `json:"uuid"`
	Title        string               `json:"title"`
	Description  string               `json:"description"`
	Props        []Prop               `json:"props,omitempty"`
	Observations []RelatedObservation `json:"related-observations,omitempty"`
	Risks        []RelatedRisk        `json:"related-risks,omitempty"`
}

// ErrNothingToDo is returned for a decision without open or waived objections
// and without a missing approval: OSCAL has no empty plan.
var ErrNothingToDo = errors.New("nothing is open: there is no plan of action to write")

// PlanFromDecision writes what a decision leaves to do: an item for every rule
// that stands against the model, waived ones with the waiver's end as their
// deadline. Warnings are among them.
func PlanFromDecision(d modelvet.Decision) (Document, error) {
	w, err := newWriter(d)
	if err != nil {
		return Document{}, fmt.Errorf("writing plan of action: %w", err)
	}
	local := w.local()
	out := &POAM{UUID: w.id("poam"), Metadata: w.metadata("Plan of action for " + d.Subject.Name), SystemID: SystemID{Type: Namespace, ID: line(d.Subject.Digest)},
		Risks: w.risks(), Local: &POAMLocal{Components: local.Components, Assets: local.Assets}}
	for i, r := range d.Results {
		if stands(r) {
			out.Items = append(out.Items, w.item(r))
			out.Observations = append(out.Observations, w.observations()[i])
		}
	}
	out.Items = append(out.Items, w.missingApprovals()...)
	if len(out.Items) == 0 {
		return Document{}, fmt.Errorf("writing plan of action: %w", ErrNothingToDo)
	}
	if resources := w.evidence(); len(resources) > 0 {
		out.BackMatter = &BackMatter{Resources: resources}
	}
	return Document{POAM: out}, nil
}

func (w *writer) item(r modelvet.Result) POAMItem {
	todo := r.Remediation
	if todo == "" {
		todo = "See the objections."
	}
	return POAMItem{UUID: w.id("poam-item", r.ID), Title: line(r.Title + " (" + r.ID + ")"), Description: todo,
		Props:        props(own("rule", r.ID), own("level", string(r.Level)), own("outcome", string(r.Outcome))),
		Observations: []RelatedObservation{{w.id("observation", r.ID)}}, Risks: []RelatedRisk{{w.id("risk", r.ID)}}}
}

// missingApprovals are items for a decision that waits for persons.
func (w *writer) missingApprovals() []POAMItem {
	if w.d.Outcome != modelvet.Pending {
		return nil
	}
	var out []POAMItem
	for _, reason := range w.d.Reasons {
		out = append(out, POAMItem{UUID: w.id("poam-item", "approval", reason), Title: line(reason), Description: "Approve the evidence of this artifact with modelvet approve."})
	}
	return out
}
