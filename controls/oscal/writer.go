// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// writer carries a decision while it is written.
type writer struct {
	d           modelvet.Decision
	key         []string // what identifies the decision
	model, tool string   // UUIDs
	demanded    []modelvet.ControlResult
}

func newWriter(d modelvet.Decision) (*writer, error) {
	w := &writer{d: d, key: []string{d.Subject.Digest, d.Stage, stamp(d.At), d.Policy.Digest, d.EvidenceRoot, string(d.Outcome)}}
	w.model, w.tool = UUID("model", d.Subject.Digest), UUID("tool", "modelvet", d.Engine.Modelvet)
	for _, c := range d.Controls {
		if c.State != modelvet.NotDemanded {
			w.demanded = append(w.demanded, c)
		}
	}
	if len(w.demanded) == 0 {
		return nil, ErrNoControls
	}
	if d.At.IsZero() {
		return nil, fmt.Errorf("the decision is not dated")
	}
	return w, nil
}

// id is a UUID that depends on the decision and the parts.
func (w *writer) id(parts ...string) string { return UUID(append(slices.Clone(w.key), parts...)...) }

func (w *writer) metadata(title string) Metadata {
	m := Metadata{Title: line(title), LastModified: stamp(w.d.At), Version: line(w.d.Subject.Digest), OSCAL: Version}
	ids := make([]string, 0, len(w.d.Policy.Catalogues))
	for id := range w.d.Policy.Catalogues {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		m.Props = append(m.Props, own("catalogue", id+" "+w.d.Policy.Catalogues[id]))
	}
	return m
}

func (w *writer) observations() []Observation {
	var out []Observation
	for _, r := range w.d.Results {
		o := Observation{UUID: w.id("observation", r.ID), Title: line(r.ID), Description: describe(r), Methods: []string{"TEST"}, Types: []string{"control-objective"},
			Props:     props(own("rule", r.ID), own("level", string(r.Level)), own("outcome", string(r.Outcome)), own("waiver", r.Waiver)),
			Origins:   []Origin{{Actors: []Actor{{"tool", w.tool}}}},
			Subjects:  []SubjectRef{{w.model, "component"}},
			Collected: stamp(w.d.At), Expires: stampOrNothing(w.d.Expires)}
		for _, digest := range r.Evidence {
			o.Evidence = append(o.Evidence, RelevantEvidence{Href: "#" + w.id("evidence", digest), Description: "Statement " + digest})
		}
		out = append(out, o)
	}
	return out
}

func describe(r modelvet.Result) string {
	lines := append([]string{line(r.Title)}, r.Objections...)
	if r.Reason != "" {
		lines = append(lines, r.Reason)
	}
	return strings.Join(lines, "\n\n")
}

// stands says whether a rule's result is held against the model.
func stands(r modelvet.Result) bool {
	return r.Outcome != modelvet.Pass && r.Outcome != modelvet.NotApplicable
}

func (w *writer) risks() []Risk {
	var out []Risk
	for _, r := range w.d.Results {
		if stands(r) {
			out = append(out, w.risk(r))
		}
	}
	return out
}

func (w *writer) risk(r modelvet.Result) Risk {
	k := Risk{UUID: w.id("risk", r.ID), Title: line(r.Title + " (" + r.ID + ")"), Description: describe(r), Status: "open",
		Statement: line("Rule " + r.ID + ": " + string(r.Outcome)), Props: props(own("rule", r.ID), own("level", string(r.Level)), own("outcome", string(r.Outcome))),
		Observations: []RelatedObservation{{w.id("observation", r.ID)}}}
	for _, v := range w.d.Waivers {
		if r.Outcome == modelvet.Waived && v.Valid && v.ID == r.Waiver {
			k.Status, k.Deadline = "deviation-approved", stampOrNothing(v.Expires)
			k.Description += "\n\nWaived: " + line(v.Reason)
			k.Props = append(k.Props, props(own("waiver", v.ID), own("granted-by", v.Signer.ID()), own("ticket", v.Ticket))...)
		}
	}
	return k
}

func (w *writer) findings() []Finding {
	results := map[string]modelvet.Result{}
	for _, r := range w.d.Results {
		results[r.ID] = r
	}
	var out []Finding
	for _, c := range w.demanded {
		f := Finding{UUID: w.id("finding", c.ID), Title: line(c.Ref + " " + c.Title), Description: words[c.State],
			Props:  props(own("state", c.State), own("framework", c.Framework), own("automatable", c.Automatable), own("applies-from", c.From)),
			Target: Target{Type: "statement-id", ID: Statement(c.ID), Status: status(c.State)}}
		if f.Description == "" {
			f.Description = "Unknown state " + c.State
		}
		for _, id := range c.Rules {
			r, asked := results[id]
			if !asked {
				continue
			}
			f.Observations = append(f.Observations, RelatedObservation{w.id("observation", id)})
			if stands(r) {
				f.Risks = append(f.Risks, RelatedRisk{w.id("risk", id)})
			}
		}
		out = append(out, f)
	}
	return out
}

// words says what a state means. None of them says that a control is met.
var words = map[string]string{
	modelvet.Supported:     "Evidence supports this control.",
	modelvet.NotSupported:  "Evidence does not support this control.",
	modelvet.CannotVerify:  "Evidence that is needed is missing, stale or cannot be believed.",
	modelvet.ControlWaived: "Evidence does not support this control; a waiver in force forgives that until its end.",
	modelvet.Attested:      "A person in the right role attests this control.",
	modelvet.NotAssessed:   "Not assessed: nothing that ran says anything about this control.",
}

func status(state string) TargetStatus {
	t := TargetStatus{State: "not-satisfied", Reason: "other", Remarks: state}
	switch state {
	case modelvet.Supported:
		t.State, t.Reason = "satisfied", "pass"
	case modelvet.Attested:
		t.State = "satisfied"
	case modelvet.NotSupported:
		t.Reason = "fail"
	}
	return t
}

func (w *writer) attestations() []Attestation {
	var out []Attestation
	for _, a := range w.d.Approvals {
		if a.Valid {
			out = append(out, Attestation{Parts: []AttestationPart{{UUID: w.id("approval", a.Digest, a.Role, a.Signer.ID()), Name: "approval",
				Props: props(own("role", a.Role), own("signer", a.Signer.ID()), own("digest", a.Digest)),
				Prose: line(fmt.Sprintf("Approved on %s as %s by %s. %s", stamp(a.At), a.Role, a.Signer.ID(), a.Comment))}}})
		}
	}
	return out
}

func (w *writer) evidence() []Resource {
	var out []Resource
	seen := map[string]bool{}
	add := func(digest string, r Resource) {
		if !seen[digest] {
			seen[digest], r.UUID = true, w.id("evidence", digest)
			out = append(out, r)
		}
	}
	for _, e := range w.d.Evidence {
		add(e.Digest, Resource{Title: line(e.PredicateType), Description: "A statement about the model.",
			Props: props(own("digest", e.Digest), own("status", string(e.Status)), own("signer", e.Signer.ID()))})
	}
	for _, r := range w.d.Results { // a rule may name what the register forgot: keep the reference whole
		for _, digest := range r.Evidence {
			add(digest, Resource{Title: "Statement", Props: props(own("digest", digest))})
		}
	}
	return out
}
