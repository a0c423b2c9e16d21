// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

func TestSuggest(t *testing.T) {
	s := mustLoad(t)
	credit := creditScoring()
	credit.Tables[0].Protected = []string{"sex"}
	for name, c := range map[string]struct {
		sys  modelvet.System
		want string
	}{
		"credit":  {credit, "bank-sr26-2 eu-high-risk gdpr supply-chain"},
		"hiring":  {modelvet.System{RiskClass: "high", AnnexIII: "annex-iii-4.a", Role: "provider"}, "eu-high-risk hiring-ll144 supply-chain"},
		"parts":   {modelvet.System{RiskClass: "minimal", Role: "provider", Purpose: "Forecasts spare parts"}, "supply-chain"},
		"loans":   {modelvet.System{RiskClass: "minimal", Role: "provider", Purpose: "Prices loans"}, "eu-high-risk supply-chain"},
		"gpai":    {modelvet.System{RiskClass: "gpai", Role: "provider", Performance: map[string]float64{TrainingCompute: 1e24}}, "eu-gpai eu-transparency nist-ai-600-1 supply-chain"},
		"chatbot": {modelvet.System{RiskClass: "limited", Role: "provider", Model: modelvet.ModelFiles{Task: "generation"}}, "eu-transparency nist-ai-600-1 supply-chain"},
	} {
		var got []string
		for _, x := range s.Suggest(c.sys, day) {
			got = append(got, x.Profile)
			if _, err := s.Profile(x.Profile); err != nil || x.Reason == "" {
				t.Errorf("%s: %+v: %v", name, x, err)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// What binds the demo's system, and from when: a change here changes decisions.
func TestWhatBindsCreditScoringIsKnown(t *testing.T) {
	got, err := mustLoad(t).ForSystem([]string{"eu-high-risk", "supply-chain"}, creditScoring(), nil, day)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range got {
		fmt.Fprintf(&b, "%s %s %s\n", c.ID, c.Automatable, c.From)
	}
	golden(t, "bound-credit.txt", []byte(b.String()))
}
