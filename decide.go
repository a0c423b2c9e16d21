// SPDX-License-Identifier: Apache-2.0

package modelvet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Decide is the law: a blocking rule that neither passes nor does not apply
// closes the gate, unless a valid waiver forgives it; then the required
// approvals are counted. No subject, no rules, a demanded rule without an
// answer, an unknown outcome: closed.
func Decide(c Case) Decision {
	d := Decision{
		Schema: DecisionSchema, Stage: c.Stage, At: c.Now, Subject: c.Subject, System: c.System,
		Policy: c.Policy, EvidenceRoot: EvidenceRoot(c.Evidence), Evidence: withoutPredicates(c.Evidence),
		Scans: c.Scans, Lineage: c.Lineage, Required: slices.Clone(c.Required), Notes: slices.Clone(c.Notes), Engine: c.Engine,
		Thresholds: c.Thresholds,
	}
	d.Waivers = judgeWaivers(c)
	d.Results = applyWaivers(c.Results, d.Waivers)
	d.Approvals = judgeApprovals(c, d.EvidenceRoot)
	d.Attestations = judgeAttestations(c)
	d.Classification = c.Classification
	d.Controls = judgeControls(c, d.Results, d.Attestations)
	d.Reasons = flaws(c)
	if why := misclassified(c, d.Attestations); why != "" {
		d.Reasons = append(d.Reasons, why)
	}
	d.Reasons = append(d.Reasons, objections(d.Results)...)
	d.Outcome = Denied
	if len(d.Reasons) == 0 {
		d.Reasons = missingApprovals(c.Required, d.Approvals)
		d.Outcome = Allowed
		if len(d.Reasons) > 0 {
			d.Outcome = Pending
		}
	}
	d.Expires = expiry(c, d)
	fill(&d)
	return d
}

// flaws are the ways in which a case cannot be judged at all.
func flaws(c Case) []string {
	var out []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(!strings.HasPrefix(c.Subject.Digest, "sha256:"), "no subject: the artifact has no digest")
	add(!strings.HasPrefix(c.Policy.Digest, "sha256:"), "no policy: the policy file has no digest")
	add(c.Stage == "", "no stage: say for which stage of the policy to judge")
	add(c.Now.IsZero(), "no time: the decision cannot be dated")
	add(len(c.Results) == 0, "no rules answered: nothing was judged")
	add(len(c.Controls) == 0, "no controls: the profiles name no control of any catalogue")
	answered := map[string]int{}
	for _, r := range c.Results {
		answered[r.ID]++
	}
	for _, id := range c.Demanded {
		add(answered[id] == 0, "rule %s did not answer", id)
	}
	for id, n := range answered {
		add(n > 1, "rule %s answered %d times", id, n)
	}
	slices.Sort(out)
	return out
}

// objections are what the blocking rules hold against the subject: failures first.
func objections(results []Result) []string {
	var failed, unknown []string
	for _, r := range results {
		if r.Level == Warn {
			continue
		}
		switch r.Outcome {
		case Pass, NotApplicable, Waived:
		case Fail:
			failed = append(failed, fmt.Sprintf("%s: %s", r.ID, because(r, "it objects")))
		default: // unknown, and anything that is no outcome at all
			unknown = append(unknown, fmt.Sprintf("%s cannot be verified: %s", r.ID, because(r, "it did not say why")))
		}
	}
	return append(failed, unknown...)
}

func because(r Result, otherwise string) string {
	switch {
	case len(r.Objections) > 1:
		return fmt.Sprintf("%s (and %d more)", r.Objections[0], len(r.Objections)-1)
	case len(r.Objections) == 1:
		return r.Objections[0]
	case r.Reason != "":
		return r.Reason
	}
	return otherwise
}

// judgeWaivers says of every waiver whether it is in force, and why not. The
// caller has verified its signature and that its signer may grant it.
func judgeWaivers(c Case) []Waiver {
	out := slices.Clone(c.Waivers)
	for i := range out {
		w := &out[i]
		if w.Reject == "" {
			w.Reject = whyNotWaived(*w, c)
		}
		w.Valid = w.Reject == ""
	}
	return out
}

func whyNotWaived(w Waiver, c Case) string {
	rule := slices.IndexFunc(c.Results, func(r Result) bool { return r.ID == w.Rule })
	switch {
	case rule < 0:
		return "orphan: no rule " + w.Rule + " was asked"
	case !c.Results[rule].Waivable:
		return "the policy does not let this rule be waived"
	case w.Subject != c.Subject.Digest:
		return "it is for another artifact"
	case w.Stage != c.Stage:
		return "it is for stage " + w.Stage
	case w.Expires.IsZero():
		return "it has no end"
	case !c.Now.Before(w.Expires):
		return "expired on " + w.Expires.UTC().Format(time.DateOnly)
	case w.At.IsZero() || c.Now.Before(w.At):
		return "it is not in force yet"
	case w.Signer.ID() == "":
		return "nobody signed it"
	case w.RequestedBy == "" || w.RequestedBy == w.Signer.ID() || w.RequestedBy == w.Signer.Name:
		return "requested and granted by the same person"
	case w.Reason == "":
		return "it gives no reason"
	}
	return ""
}

func applyWaivers(results []Result, waivers []Waiver) []Result {
	out := slices.Clone(results)
	for i := range out {
		r := &out[i]
		if r.Outcome == Pass || r.Outcome == NotApplicable {
			continue
		}
		r.Waiver = ""
		if r.Outcome == Waived { // only a waiver that was weighed here waives
			r.Outcome, r.Reason = Unknown, "it came as waived, and no rule answers so"
		}
		for _, w := range waivers {
			if w.Valid && w.Rule == r.ID {
				r.Outcome, r.Waiver = Waived, w.ID
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Result) int { return strings.Compare(a.ID, b.ID) })
	return out
}
