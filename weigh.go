// SPDX-License-Identifier: Apache-2.0

package modelvet

import (
	"fmt"
	"slices"
	"time"
)

// judgeControls gives every control of the profiles exactly one state. The
// rules' outcomes come first, failure first of all; where none of them says
// anything, a person may; the rest is not assessed. What does not bind the
// system is listed with the reason.
func judgeControls(c Case, results []Result, attestations []Attestation) []ControlResult {
	byID := map[string]Result{}
	for _, r := range results {
		byID[r.ID] = r
	}
	out := make([]ControlResult, 0, len(c.Controls)+len(c.Unbound))
	for _, control := range c.Controls {
		cr := roll(control, byID)
		if cr.State == NotAssessed || cr.State == NotDemanded {
			attested(&cr, attestations)
		}
		slices.Sort(cr.Evidence)
		cr.Evidence = slices.Compact(cr.Evidence)
		out = append(out, cr)
	}
	for _, u := range c.Unbound {
		out = append(out, ControlResult{Control: u.Control, State: NotDemanded, Reason: u.Reason, Evidence: []string{}})
	}
	return out
}

// roll is the state that the rules alone give.
func roll(c Control, byID map[string]Result) ControlResult {
	cr := ControlResult{Control: c, State: NotAssessed, Reason: "no rule that ran speaks to it, and nobody attested it", Evidence: []string{}}
	worst := -1
	for _, id := range c.Rules {
		r, ok := byID[id]
		if !ok {
			continue
		}
		cr.Evidence = append(cr.Evidence, r.Evidence...)
		if n := rank(r.Outcome); n > worst {
			worst, cr.State, cr.Reason = n, state(r.Outcome), why(r)
		}
	}
	return cr
}

func why(r Result) string {
	switch r.Outcome {
	case Pass:
		return ""
	case Waived:
		return r.ID + " is waived"
	case NotApplicable:
		return r.ID + ": " + because(r, "it does not apply")
	}
	return r.ID + ": " + because(r, "it did not say why")
}

// attested takes a person's word, where one was given. A word that a control
// applies and is answered counts before one that it does not apply.
func attested(cr *ControlResult, attestations []Attestation) {
	for _, a := range attestations {
		if a.Valid && slices.Contains(a.Controls, cr.ID) {
			cr.State, cr.Reason = Attested, fmt.Sprintf("%s (%s) by %s as %s", a.Path, a.Kind, signerName(a.Signer), a.Role)
			cr.Evidence = append(cr.Evidence, a.Digest)
			return
		}
	}
	for _, a := range attestations {
		i := slices.IndexFunc(a.Excluded, func(x Exclusion) bool { return x.Control == cr.ID })
		if a.Valid && i >= 0 {
			cr.State, cr.Reason = NotDemanded, fmt.Sprintf("%s, by %s as %s: %s", a.Path, signerName(a.Signer), a.Role, a.Excluded[i].Reason)
			cr.Evidence = append(cr.Evidence, a.Digest)
			return
		}
	}
}

func signerName(s Signer) string {
	if s.Name != "" {
		return s.Name
	}
	return s.ID()
}

func rank(o Outcome) int {
	i := slices.Index([]Outcome{NotApplicable, Pass, Waived, Unknown, Fail}, o)
	if i < 0 {
		return 3 // no outcome at all: cannot be verified
	}
	return i
}

func state(o Outcome) string {
	switch o {
	case Pass:
		return Supported
	case Waived:
		return ControlWaived
	case Fail:
		return NotSupported
	case NotApplicable:
		return NotDemanded
	}
	return CannotVerify
}

// expiry is the earliest end among the policy's validity, the waivers and
// approvals in force.
func expiry(c Case, d Decision) time.Time {
	var ends []time.Time
	if c.ValidFor > 0 {
		ends = append(ends, c.Now.Add(c.ValidFor))
	}
	for _, w := range d.Waivers {
		if w.Valid {
			ends = append(ends, w.Expires)
		}
	}
	for _, a := range d.Approvals {
		if a.Valid && !a.Expires.IsZero() {
			ends = append(ends, a.Expires)
		}
	}
	for _, a := range d.Attestations {
		if a.Valid {
			ends = append(ends, a.Expires)
		}
	}
	if len(ends) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(ends, time.Time.Compare)
}

// withoutPredicates keeps the register of evidence; the predicates stay in
// their statements, where their signatures are.
func withoutPredicates(evidence []Evidence) []Evidence {
	out := slices.Clone(evidence)
	for i := range out {
		out[i].Predicate = nil
		out[i].Subject.Files = nil
	}
	slices.SortStableFunc(out, func(a, b Evidence) int {
		return cmpStrings(a.PredicateType, b.PredicateType, a.Digest, b.Digest)
	})
	return out
}

func cmpStrings(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			if pairs[i] < pairs[i+1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// fill makes empty lists [] in JSON and not null, so that a reader can tell
// "none" from "not said".
func fill(d *Decision) {
	d.Reasons = orEmpty(d.Reasons)
	d.Results = orEmpty(d.Results)
	d.Controls = orEmpty(d.Controls)
	d.Evidence = orEmpty(d.Evidence)
	d.Required = orEmpty(d.Required)
	d.Approvals = orEmpty(d.Approvals)
	d.Waivers = orEmpty(d.Waivers)
	d.Notes = orEmpty(d.Notes)
	for i := range d.Results {
		d.Results[i].Objections = orEmpty(d.Results[i].Objections)
		d.Results[i].Evidence = orEmpty(d.Results[i].Evidence)
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
