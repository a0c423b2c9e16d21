// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"testing"

	"github.com/modelvet/modelvet"
)

func TestGoodEvidencePassesEveryRule(t *testing.T) {
	e := engine(t)
	got := outcomes(t, e, caseOf(t, good()))
	if len(got) != len(e.Rules()) {
		t.Errorf("%d results for %d rules", len(got), len(e.Rules()))
	}
	for id, r := range got {
		if r.Outcome != modelvet.Pass {
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
