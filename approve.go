// SPDX-License-Identifier: Apache-2.0

package modelvet

import (
	"fmt"
	"slices"
	"time"
)

// judgeApprovals says of every approval whether it counts, and why not. The
// caller has verified its signature and looked up its signer's roles.
func judgeApprovals(c Case, root string) []Approval {
	authors := map[string]bool{}
	for _, e := range c.Evidence {
		if !isAct(e.PredicateType) && e.PredicateType != PredicateDocument { // to answer for a document is no authorship
			authors[e.Signer.ID()] = true
		}
	}
	out := slices.Clone(c.Approvals)
	for i := range out {
		a := &out[i]
		if a.Reason == "" {
			a.Reason = whyNotApproved(*a, c, root, authors)
		}
		a.Valid = a.Reason == ""
	}
	return out
}

func whyNotApproved(a Approval, c Case, root string, authors map[string]bool) string {
	switch {
	case a.Signer.ID() == "":
		return "nobody signed it"
	case authors[a.Signer.ID()]:
		return "its signer also signed evidence: the author cannot approve"
	case !slices.Contains(a.Signer.Roles, a.Role):
		return fmt.Sprintf("the policy does not give its signer the role %s", a.Role)
	case a.Subject != c.Subject.Digest:
		return "it is for another artifact"
	case a.Stage != c.Stage:
		return "it is for stage " + a.Stage
	case a.Policy != c.Policy.Digest:
		return "the policy changed since"
	case a.EvidenceRoot != root:
		return "the evidence changed since"
	case a.At.IsZero() || a.At.After(c.Now):
		return "it is dated in the future"
	case !a.Expires.IsZero() && !c.Now.Before(a.Expires):
		return "expired on " + a.Expires.UTC().Format(time.DateOnly)
	}
	return ""
}

// missingApprovals counts persons, not signatures: one signer counts once for
// a role, and for one role only.
func missingApprovals(required []Requirement, approvals []Approval) []string {
	var out []string
	used := map[string]bool{}
	for _, q := range required {
		n, void := 0, ""
		for _, a := range approvals {
			switch {
			case a.Role != q.Role || used[a.Signer.ID()]:
			case a.Valid:
				used[a.Signer.ID()] = true
				n++
			default:
				void = fmt.Sprintf(" (one that was given does not count: %s)", a.Reason)
			}
		}
		if want := max(q.Count, 1); n < want {
			out = append(out, fmt.Sprintf("%d of %d approvals by a %s are missing%s", want-n, want, q.Role, void))
		}
	}
	return out
}

// isAct tells the acts of people and decisions from evidence.
func isAct(predicateType string) bool {
	switch predicateType {
	case PredicateApproval, PredicateWaiver, PredicateDecision, PredicateVSA, PredicateTestResult:
		return true
	}
	return false
}
