// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func sha(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func ptr(v float64) *float64 { return &v }

var subject = modelvet.Subject{Name: "credit", Digest: sha("1"), Files: []modelvet.File{
	{Path: "model/model.json", Digest: sha("a"), Size: 1000, Kind: "weight"},
	{Path: "data/train.csv", Digest: sha("b"), Size: 1000, Kind: "dataset"},
	{Path: "data/predictions.csv", Digest: sha("c"), Size: 1000, Kind: "dataset"},
	{Path: "docs/model-card.md", Digest: sha("d"), Size: 10, Kind: "doc"},
	{Path: "docs/data-card.md", Digest: sha("e"), Size: 10, Kind: "doc"},
	{Path: "docs/instructions.md", Digest: sha("f"), Size: 10, Kind: "doc"},
	{Path: "docs/risks.md", Digest: sha("0"), Size: 10, Kind: "doc"},
	{Path: "docs/monitoring.md", Digest: sha("2"), Size: 10, Kind: "doc"},
}}

func goodSystem() modelvet.System {
	return modelvet.System{
		Name: "credit", Version: "1.0.0", Purpose: "Scores applications for consumer credit, for a clerk who decides.",
		Provider: modelvet.Party{Name: "Example Bank", Contact: "ml@bank.example", Country: "DE"},
		Role:     "provider", RiskClass: "high", AnnexIII: "annex-iii-5.b", Licence: "Apache-2.0",
		Model: modelvet.ModelFiles{Files: []string{"model/*.json"}, Format: "xgboost-json", Task: "binary-classification"},
		Tables: []modelvet.Table{
			{Name: "training", Kind: "training", Path: "data/*.csv", Label: "y", Features: []string{"income"}},
			{Name: "predictions", Kind: "predictions", Path: "data/predictions.csv", Label: "y", Prediction: "p", Score: "s", Protected: []string{"age"}},
		},
		Documents: []modelvet.Document{
			{Kind: "model-card", Path: "docs/model-card.md"}, {Kind: "data-card", Path: "docs/data-card.md"},
			{Kind: "instructions-for-use", Path: "docs/instructions.md"}, {Kind: "risk-register", Path: "docs/risks.md"},
			{Kind: "monitoring-plan", Path: "docs/monitoring.md"}, {Kind: "oversight-plan", Path: "docs/monitoring.md"},
		},
		Oversight:   &modelvet.Oversight{Owner: "credit desk", Measures: []string{"a clerk decides"}},
		Monitoring:  &modelvet.Monitoring{Owner: "model risk", Metrics: []string{"performance/roc_auc", "fairness/selection_rate"}, LogRetentionDays: 400},
		Performance: map[string]float64{"performance/roc_auc": 0.78},
	}
}

func measure(metric string, value, low, high float64, n int, slice ...string) modelvet.Measurement {
	m := modelvet.Measurement{Metric: metric, Value: value, Low: ptr(low), High: ptr(high), N: n}
	for i := 0; i+1 < len(slice); i += 2 {
		if m.Slice == nil {
			m.Slice = map[string]string{}
		}
		m.Slice[slice[i]] = slice[i+1]
	}
	return m
}

func scanOf(name string, read []string, findings []modelvet.Finding, measurements ...modelvet.Measurement) modelvet.Scan {
	return modelvet.Scan{Scanner: name, Version: "1", Coverage: modelvet.Coverage{Read: read, Skipped: []modelvet.Gap{}},
		Findings: append([]modelvet.Finding{}, findings...), Measurements: append([]modelvet.Measurement{}, measurements...)}
}

func goodFairness() modelvet.Scan {
	pair := []string{"attribute", "age", "group", "young", "reference", "old"}
	return scanOf("fairness", []string{"data/predictions.csv"}, nil,
		measure("fairness/selection_rate", 0.7, 0.6, 0.8, 200, "attribute", "age", "group", "young"),
		measure("fairness/selection_rate", 0.72, 0.7, 0.75, 800, "attribute", "age", "group", "old"),
		measure("fairness/demographic_parity_difference", 0.02, 0, 0.1, 1000, "attribute", "age"),
		measure("fairness/demographic_parity_difference", -0.02, -0.1, 0.06, 1000, pair...),
		measure("fairness/demographic_parity_ratio", 0.97, 0.85, 1, 1000, "attribute", "age"),
		measure("fairness/demographic_parity_ratio", 0.97, 0.85, 1.1, 1000, pair...),
		measure("fairness/equal_opportunity_difference", 0.01, 0, 0.1, 700, "attribute", "age"),
		measure("fairness/equal_opportunity_difference", -0.01, -0.1, 0.08, 700, pair...))
}

// good is evidence on which every rule passes.
func good() map[string]any {
	resources := []any{}
	for _, f := range subject.Files {
		resources = append(resources, map[string]any{"name": f.Path, "algorithm": "sha256", "digest": strings.TrimPrefix(f.Digest, "sha256:")})
	}
	return map[string]any{
		"system":        goodSystem(),
		"scan/fairness": goodFairness(),
		"scan/performance": scanOf("performance", []string{"data/predictions.csv"}, nil,
			measure("performance/roc_auc", 0.78, 0.75, 0.81, 1000)),
		"scan/explainability": scanOf("explainability", []string{"data/shap.csv"}, nil,
			measure("explainability/additivity_max_error", 1e-6, 0, 1e-6, 1000), measure("explainability/recomputed_max_error", 1e-6, 0, 1e-6, 1000),
			measure("explainability/coverage", 1, 1, 1, 1000), measure("explainability/protected_share", 0.03, 0.02, 0.04, 1000)),
		"scan/poisoning": scanOf("poisoning", []string{"data/train.csv"}, nil,
			measure("poisoning/label_disagreement", 0.2, 0.18, 0.22, 1000), measure("poisoning/conflicting_duplicates", 0, 0, 0.004, 1000)),
		"scan/modelfile": scanOf("modelfile", []string{"model/model.json"}, nil),
		"lineage": modelvet.Lineage{Source: "git", Facts: map[string]string{"commit": strings.Repeat("4", 40), "dirty": "false"}, Inputs: []modelvet.LineageInput{
			{Kind: "code", Name: "repository", Digest: "gitCommit:" + strings.Repeat("4", 40)}, {Kind: "dataset", Name: "train", Digest: sha("b")}, {Kind: "base-model", Name: "base", Digest: sha("6")}}},
		"signature": map[string]any{"resources": resources, "serialization": map[string]any{
			"method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": []any{}}},
		"provenance": provenanceOf(),
	}
}

func provenanceOf(more ...any) any {
	inputs := append([]any{
		map[string]any{"uri": "git+https://example.com/r", "digest": map[string]any{"gitCommit": strings.Repeat("4", 40)}},
		map[string]any{"name": "train", "digest": map[string]any{"sha256": strings.Repeat("b", 64)}},
	}, more...)
	return map[string]any{
		"buildDefinition": map[string]any{"buildType": "https://ci.example/v1", "externalParameters": map[string]any{"x": 1.0}, "resolvedDependencies": inputs},
		"runDetails":      map[string]any{"builder": map[string]any{"id": "https://ci.example/runner"}, "metadata": map[string]any{"invocationId": "1"}},
	}
}

var thresholds = map[string]any{
	"explainability.additivity_error_max": 0.001, "explainability.coverage_min": 1, "explainability.protected_share_max": 0.1,
	"explainability.recomputed_error_max": 0.001, "fairness.demographic_parity_difference_max": 0.2, "fairness.demographic_parity_ratio_min": 0.8,
	"fairness.equal_opportunity_difference_max": 0.2, "fairness.group_size_min": 30, "logging.retention_days_min": 183,
	"performance.roc_auc_min": 0.7, "poisoning.conflicting_duplicates_max": 0.01, "poisoning.label_disagreement_max": 0.3,
}

func predicateType(kind string) string {
	switch kind {
	case "system":
		return modelvet.PredicateSystem
	case "lineage":
		return modelvet.PredicateLineage
	case "signature":
		return modelvet.PredicateModelSignature
	case "provenance":
		return modelvet.PredicateProvenance
	}
	return modelvet.PredicateScan
}

// evidence signs nothing: it makes verified evidence of predicates.
func evidence(t testing.TB, predicates map[string]any) []modelvet.Evidence {
	t.Helper()
	var out []modelvet.Evidence
	for kind, p := range predicates {
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, modelvet.Evidence{
			Digest: sha("9")[:71-len(kind)] + hexOf(kind), Subject: modelvet.Subject{Name: subject.Name, Digest: subject.Digest},
			PredicateType: predicateType(kind), Predicate: raw, Signer: modelvet.Signer{KeyID: "k", Name: "pipeline"},
			SignedAt: now.Add(-time.Hour), Status: modelvet.Verified,
		})
	}
	return out
}

// hexOf is a name for a kind in hex digits, so that each has a digest of its own.
func hexOf(kind string) string {
	return strings.Map(func(r rune) rune { return rune("0123456789abcdef"[r%16]) }, kind)
}

func caseOf(t testing.TB, predicates map[string]any) Input {
	return Input{Subject: subject, Stage: "production", At: now, Evidence: evidence(t, predicates), Thresholds: thresholds}
}

func outcomes(t testing.TB, e *Engine, in Input) map[string]modelvet.Result {
	t.Helper()
	results, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]modelvet.Result{}
	for _, r := range results {
		out[r.ID] = r
	}
	return out
}

func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}
