// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

func TestClassify(t *testing.T) {
	gen := modelvet.ModelFiles{Task: "generation"}
	for name, c := range map[string]struct {
		sys                         modelvet.System
		class, from, mismatch, wire string
		systemic                    bool
	}{
		"credit scoring": {sys: creditScoring(), class: "high", from: "2027-12-02"},
		"declared too low": {sys: modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-5.b", Role: "provider"},
			class: "high", from: "2027-12-02", mismatch: "riskClass minimal is declared, but the description leads to high: Art. 6(2)"},
		"declared higher": {sys: modelvet.System{RiskClass: "high", Role: "provider"}, class: "high", from: "2027-12-02"},
		"unknown area": {sys: modelvet.System{RiskClass: "high", AnnexIII: "annex-iii-9", Role: "provider"},
			class: "high", from: "2027-12-02", mismatch: `"annex-iii-9" is no area`},
		"no class":      {sys: modelvet.System{Role: "provider"}, class: "", from: "2027-12-02", mismatch: `riskClass "" is none of`},
		"unknown class": {sys: modelvet.System{RiskClass: "High"}, class: "", from: "2027-12-02", mismatch: `riskClass "High"`},
		"minimal":       {sys: modelvet.System{RiskClass: "minimal", Role: "provider", Purpose: "Forecasts spare parts"}, class: "minimal", from: "2025-02-02"},
		"area left out": {sys: modelvet.System{RiskClass: "minimal", Role: "provider", Purpose: "Ranks candidates in recruiting"},
			class: "minimal", from: "2025-02-02", wire: "Annex III(4)"},
		"prohibited words": {sys: modelvet.System{RiskClass: "minimal", Role: "provider", Purpose: "Social scoring of tenants"},
			class: "minimal", from: "2025-02-02", wire: "Art. 5(1)(c)"},
		"prohibited": {sys: modelvet.System{RiskClass: "prohibited", Role: "provider"}, class: "prohibited", from: "2025-02-02"},
		"chatbot declared minimal": {sys: modelvet.System{RiskClass: "minimal", Role: "provider", Model: gen},
			class: "limited", from: "2026-08-02", mismatch: "leads to limited: Art. 50"},
		"gpai, compute unsaid": {sys: modelvet.System{RiskClass: "gpai", Role: "provider", Model: gen},
			class: "gpai", from: "2025-08-02", wire: "training compute is not declared", systemic: true},
		"gpai, small": {sys: modelvet.System{RiskClass: "gpai", Role: "provider", Model: gen, Performance: map[string]float64{TrainingCompute: 1e24}},
			class: "gpai", from: "2025-08-02"},
		"gpai, at the threshold": {sys: modelvet.System{RiskClass: "gpai", Role: "provider", Performance: map[string]float64{TrainingCompute: 1e25}},
			class: "gpai", from: "2025-08-02"},
		"gpai, systemic": {sys: modelvet.System{RiskClass: "gpai", Role: "provider", Performance: map[string]float64{TrainingCompute: 1.1e25}},
			class: "gpai", from: "2025-08-02", systemic: true},
		"gpai, not a number": {sys: modelvet.System{RiskClass: "gpai", Role: "provider", Performance: map[string]float64{TrainingCompute: math.NaN()}},
			class: "gpai", from: "2025-08-02", systemic: true},
		"gpai left out": {sys: modelvet.System{RiskClass: "limited", Role: "provider", Model: gen, Performance: map[string]float64{TrainingCompute: 3e23}},
			class: "gpai", from: "2025-08-02", mismatch: "leads to gpai"},
		"deployer who trains": {sys: modelvet.System{RiskClass: "minimal", Role: "deployer", Tables: []modelvet.Table{{Kind: "training"}}},
			class: "minimal", from: "2025-02-02", wire: "Art. 25(1)"},
		"derogation": {sys: modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-4.a", Role: "provider", Documents: []modelvet.Document{{Kind: "derogation-assessment"}}},
			class: "high", from: "2027-12-02", mismatch: "leads to high", wire: "Art. 6(3)"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Classify(c.sys, day)
			if got.Class != c.class || got.AppliesFrom != c.from || got.Systemic != c.systemic {
				t.Errorf("class %q from %q, systemic %v; want %q from %q, %v", got.Class, got.AppliesFrom, got.Systemic, c.class, c.from, c.systemic)
			}
			if (got.Mismatch == "") != (c.mismatch == "") || !strings.Contains(got.Mismatch, c.mismatch) {
				t.Errorf("mismatch %q, want %q", got.Mismatch, c.mismatch)
			}
			if c.wire != "" && !strings.Contains(strings.Join(got.Tripwires, "\n"), c.wire) {
				t.Errorf("tripwires %q, want %q", got.Tripwires, c.wire)
			}
			if len(got.Reasons) != len(table)+1 {
				t.Errorf("%d steps, want one for every row and the dates: %+v", len(got.Reasons), got.Reasons)
			}
			for _, step := range got.Reasons {
				if step.Ref == "" || step.Finding == "" || step.By == "" {
					t.Errorf("an empty step: %+v", step)
				}
			}
		})
	}
}

func TestTripwiresMatchWholeWords(t *testing.T) {
	for purpose, want := range map[string]int{"Ranks examples for presumed advisable courtesy": 0, "Marks exams": 1, "Scores CREDIT applicants": 1, "Reads emotions of pupils": 1} {
		if got := tripped(purpose, annexIIIWires); len(got) != want {
			t.Errorf("%q trips %q, want %d", purpose, got, want)
		}
	}
}

func TestArt5IsNeverDecidedByMachine(t *testing.T) {
	got := Classify(creditScoring(), day)
	if got.Reasons[0].Ref != "Art. 5(1)" || got.Reasons[0].By != byPerson {
		t.Errorf("Art. 5: %+v", got.Reasons[0])
	}
}

func TestEveryAreaOfAnnexIIIIsHighRisk(t *testing.T) {
	s := mustLoad(t)
	areas := s.areas()
	if len(areas) != 25 || !slices.Contains(areas, "annex-iii-5.b") {
		t.Fatalf("%d areas", len(areas))
	}
	for _, area := range areas {
		if got := s.Classify(modelvet.System{RiskClass: "high", AnnexIII: area, Role: "provider"}, day); got.Derived != "high" || got.Mismatch != "" {
			t.Errorf("%s: %+v", area, got)
		}
	}
}

func TestTheDaysUntilADutyAreCounted(t *testing.T) {
	got := Classify(creditScoring(), day)
	if last := got.Reasons[len(got.Reasons)-1]; !strings.Contains(last.Finding, "from 2027-12-02, in 373 days") {
		t.Errorf("%+v", last)
	}
	later := Classify(creditScoring(), day.AddDate(2, 0, 0))
	if last := later.Reasons[len(later.Reasons)-1]; !strings.Contains(last.Finding, "apply since 2027-12-02") {
		t.Errorf("%+v", last)
	}
}
