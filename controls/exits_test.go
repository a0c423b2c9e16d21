// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// exits are the ways out of the decision table, as its source has them: the
// first text of every finding.
func exits(t *testing.T) map[string]int {
	t.Helper()
	f, err := parser.ParseFile(gotoken.NewFileSet(), "ask.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if key, ok := kv.Key.(*ast.Ident); !ok || key.Name != "Finding" {
			return true
		}
		text := ""
		ast.Inspect(kv.Value, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING && text == "" {
				s, _ := strconv.Unquote(lit.Value)
				for _, part := range strings.FieldsFunc(strings.NewReplacer("%.3g", "\x00", "%s", "\x00", "%q", "\x00").Replace(s), func(r rune) bool { return r == 0 }) {
					if len(part) > len(text) {
						text = part
					}
				}
			}
			return true
		})
		if text != "" {
			out[text] = 0
		}
		return true
	})
	return out
}

// Every row of the decision table answers for every system, and every exit of
// every row is taken by one of them.
func TestEveryExitOfTheDecisionTableIsTaken(t *testing.T) {
	flop := func(x float64) map[string]float64 { return map[string]float64{TrainingCompute: x} }
	gen := modelvet.ModelFiles{Task: taskGeneration}
	claim := []modelvet.Document{{Kind: documentDerogation}}
	all := []modelvet.System{
		{RiskClass: "prohibited", Role: "provider"}, {RiskClass: "minimal", Role: "provider", Purpose: "Social scoring of tenants"},
		{RiskClass: "high", Role: "provider"}, {RiskClass: "minimal", Role: "provider", Purpose: "Ranks candidates"},
		{RiskClass: "high", AnnexIII: "annex-iii-9", Role: "importer"}, {RiskClass: "high", AnnexIII: "annex-iii-5.b", Role: "deployer"},
		{RiskClass: "minimal", AnnexIII: "annex-iii-2", Role: "provider", Documents: claim},
		{RiskClass: "minimal", AnnexIII: "annex-iii-5.b", Role: "provider", Documents: claim},
		{RiskClass: "minimal", Role: "emperor"}, {RiskClass: "minimal", Role: "deployer", Lineage: []modelvet.Source{{Kind: "base-model"}}},
		{RiskClass: "limited", Role: "provider", Model: gen}, {RiskClass: "limited", Role: "provider"}, {RiskClass: "high", AnnexIII: "annex-iii-1.c", Role: "provider"},
		{RiskClass: "gpai", Role: "provider", Model: gen}, {RiskClass: "gpai", Role: "provider", Performance: flop(math.NaN())},
		{RiskClass: "gpai", Role: "provider", Performance: flop(2e25)}, {RiskClass: "gpai", Role: "provider", Performance: flop(1e24), Licence: "Apache-2.0"},
		{RiskClass: "gpai", Role: "provider", Performance: flop(1e24), Licence: "Proprietary"},
	}
	taken := exits(t)
	if len(taken) < 25 {
		t.Fatalf("only %d exits were found in the source", len(taken))
	}
	for _, sys := range all {
		got := Classify(sys, day)
		if len(got.Reasons) != len(table)+1 {
			t.Errorf("%+v: %d steps", sys, len(got.Reasons))
		}
		for _, step := range got.Reasons {
			for text := range taken {
				if strings.Contains(step.Finding, text) {
					taken[text]++
				}
			}
		}
	}
	for text, n := range taken {
		if n == 0 && !strings.HasPrefix(text, "Art. 25(1)") {
			t.Errorf("no system leaves the table by %q", text)
		}
	}
}

// A derogation is for a person to accept; not where persons are profiled, and
// not for any other mismatch.
func TestOnlyADerogationCanBeAccepted(t *testing.T) {
	claim := []modelvet.Document{{Kind: documentDerogation}}
	for name, c := range map[string]struct {
		sys  modelvet.System
		want string
	}{
		"claimed":              {modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-4.a", Role: "provider", Purpose: "Sorts applications by date", Documents: claim}, controlDerogation},
		"not claimed":          {modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-4.a", Role: "provider"}, ""},
		"credit scoring":       {modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-5.b", Role: "provider", Documents: claim}, ""},
		"profiling":            {modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-4.a", Role: "provider", Purpose: "Profiles of candidates", Documents: claim}, ""},
		"scores persons":       {modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-4.a", Role: "provider", Purpose: "Scores candidates", Documents: claim, PersonalData: &modelvet.PersonalData{Processed: true}}, ""},
		"no area at all":       {modelvet.System{RiskClass: "minimal", AnnexIII: "annex-iii-99", Role: "provider", Documents: claim}, ""},
		"chatbot":              {modelvet.System{RiskClass: "minimal", Role: "provider", Model: modelvet.ModelFiles{Task: taskGeneration}, Documents: claim}, ""},
		"declared high anyway": {modelvet.System{RiskClass: "high", AnnexIII: "annex-iii-4.a", Role: "provider", Documents: claim}, ""},
	} {
		if got := Classify(c.sys, day); got.AcceptBy != c.want {
			t.Errorf("%s: accepted by %q, want %q (%s)", name, got.AcceptBy, c.want, got.Mismatch)
		}
	}
}
