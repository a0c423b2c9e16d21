// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"slices"
	"testing"

	"github.com/modelvet/modelvet"
)

// others are rules for systems of another kind than the good one.
var others = []string{"documentation.annex_xi_complete", "documentation.annex_xii_complete", "performance.balanced_accuracy", "performance.explained_variance", "documentation.rights_assessment", "transparency.people_are_told", "transparency.content_is_marked"}

// fine is what a rule says of good evidence.
func fine(id string) modelvet.Outcome {
	if slices.Contains(others, id) {
		return modelvet.NotApplicable
	}
	return modelvet.Pass
}

func TestGoodEvidencePassesEveryRule(t *testing.T) {
	e := engine(t)
	got := outcomes(t, e, caseOf(t, good()))
	if len(got) != len(e.Rules()) {
		t.Errorf("%d results for %d rules", len(got), len(e.Rules()))
	}
	for id, r := range got {
		if r.Outcome != fine(id) {
			t.Errorf("%s: %s: %v %s", id, r.Outcome, r.Objections, r.Reason)
		}
		if len(r.Evidence) != len(r.Needs) {
			t.Errorf("%s: needs %v, and was answered from %v", id, r.Needs, r.Evidence)
		}
	}
}

func TestNoEvidencePassesNoRule(t *testing.T) {
	for id, r := range outcomes(t, engine(t), caseOf(t, nil)) {
		if r.Outcome != modelvet.Unknown || r.Reason == "" {
			t.Errorf("%s: %s, because %q", id, r.Outcome, r.Reason)
		}
	}
}
