// SPDX-License-Identifier: Apache-2.0

package modelvet

import (
	"slices"
	"time"
)

// judgeControls rolls the rules' outcomes up to the controls, failure first.
func judgeControls(controls []Control, results []Result) []ControlResult {
	byID := map[string]Result{}
	for _, r := range results {
		byID[r.ID] = r
	}
	out := make([]ControlResult, 0, len(controls))
	for _, c := range controls {
		cr := ControlResult{Control: c, State: NotAssessed, Evidence: []string{}}
		worst := -1
		for _, id := range c.Rules {
			r, ok := byID[id]
			if !ok {
				continue
			}
			cr.Evidence = append(cr.Evidence, r.Evidence...)
			if n := rank(r.Outcome); n > worst {
				worst, cr.State = n, state(r.Outcome)
			}
		}
		slices.Sort(cr.Evidence)
		cr.Evidence = slices.Compact(cr.Evidence)
		out = append(out, cr)
	}
	return out
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
