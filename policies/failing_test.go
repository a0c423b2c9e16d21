// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// spoiler makes good evidence bad: by another predicate, or by another artifact.
type spoiler struct {
	predicate func(map[string]any)
	subject   func(*modelvet.Subject)
	signer    func(*modelvet.Signer)
	all       bool      // every signer, not the first
	signed    time.Time // when all evidence was signed
}

func (s spoiler) input(t testing.TB, all map[string]any) Input {
	if s.predicate != nil {
		s.predicate(all)
	}
	return s.with(t, all)
}

func (s spoiler) with(t testing.TB, all map[string]any) Input {
	in := caseOf(t, all)
	in.Subject.Files = slices.Clone(subject.Files)
	if s.subject != nil {
		s.subject(&in.Subject)
	}
	if s.signer != nil {
		for i := range in.Evidence {
			if i == 0 || s.all {
				s.signer(&in.Evidence[i].Signer)
			}
		}
	}
	for i := range in.Evidence {
		if !s.signed.IsZero() {
			in.Evidence[i].SignedAt = s.signed
		}
	}
	return in
}

func bySystem(change func(*modelvet.System)) spoiler {
	return spoiler{predicate: func(all map[string]any) {
		s := goodSystem()
		change(&s)
		all["system"] = s
	}}
}

func byScan(name string, change func(*modelvet.Scan)) spoiler {
	return spoiler{predicate: func(all map[string]any) {
		s := all["scan/"+name].(modelvet.Scan)
		s.Findings, s.Measurements = slices.Clone(s.Findings), slices.Clone(s.Measurements)
		change(&s)
		all["scan/"+name] = s
	}}
}

// both spoils twice.
func both(a, b spoiler) spoiler {
	return spoiler{predicate: func(all map[string]any) {
		a.predicate(all)
		b.predicate(all)
	}}
}

// byMap changes a predicate that is written as a map.
func byMap(kind string, change func(map[string]any)) spoiler {
	return spoiler{predicate: func(all map[string]any) {
		m := plain(all[kind]).(map[string]any)
		change(m)
		all[kind] = m
	}}
}

func byBuilder(id string) spoiler {
	return byMap("provenance", func(m map[string]any) {
		m["runDetails"].(map[string]any)["builder"] = map[string]any{"id": id}
	})
}

// worse sets the last measurement of a metric to a value beyond any bound; of
// an attribute as a whole, where one is named.
func worse(scanner, metric string, value float64, whole ...string) spoiler {
	return byScan(scanner, func(s *modelvet.Scan) {
		for i := len(s.Measurements) - 1; i >= 0; i-- {
			if m := &s.Measurements[i]; m.Metric == metric && (len(whole) == 0 || len(m.Slice) == 1 && m.Slice["attribute"] == whole[0]) {
				m.Value, m.Low, m.High = value, ptr(value), ptr(value)
				return
			}
		}
	})
}

func finding(scanner, id string) spoiler {
	return byScan(scanner, func(s *modelvet.Scan) {
		s.Findings = append(s.Findings, modelvet.Finding{ID: id, Path: "model/model.json", What: "posix.system", Severity: "block"})
	})
}

func gapIn(scanner string) spoiler {
	return byScan(scanner, func(s *modelvet.Scan) {
		s.Coverage.Skipped = []modelvet.Gap{{Path: "x", Reason: "encrypted"}}
	})
}

func noDocument(kind string) spoiler {
	return bySystem(func(s *modelvet.System) {
		s.Documents = slices.DeleteFunc(s.Documents, func(d modelvet.Document) bool { return d.Kind == kind })
	})
}

func byLineage(change func(*modelvet.Lineage)) spoiler {
	return spoiler{predicate: func(all map[string]any) {
		l := all["lineage"].(modelvet.Lineage)
		l.Facts, l.Inputs = maps.Clone(l.Facts), slices.Clone(l.Inputs)
		change(&l)
		all["lineage"] = l
	}}
}

// failing has evidence for every rule on which it objects. A new rule without
// an entry fails the test of mutations.
var failing = map[string]spoiler{
	"quality.missing_values":                 worse("quality", "quality/missing_share", 0.9),
	"quality.class_balance":                  worse("quality", "quality/minority_class_share", 0.001),
	"quality.no_label_giveaway":              finding("quality", "quality/label-giveaway"),
	"quality.test_rows_unseen":               worse("quality", "quality/leaked_share", 0.9),
	"quality.scan_complete":                  gapIn("quality"),
	"documentation.parameters_match_weights": worse("modelfile", "modelfile/parameters", 7),
	"documentation.annex_iv_complete": byScan("documents", func(s *modelvet.Scan) {
		s.Measurements[1].Value, s.Measurements[1].N = 3, 3
	}),
	"documentation.annex_xi_complete":  bySystem(func(s *modelvet.System) { s.RiskClass = "gpai" }),
	"documentation.annex_xii_complete": bySystem(func(s *modelvet.System) { s.RiskClass = "gpai" }),
	"privacy.membership_attack":        worse("privacy", "privacy/membership_auc", 0.9),
	"robustness.predictions_kept":      worse("performance", "performance/flip_rate", 0.9),
	"robustness.accuracy_kept":         worse("performance", "performance/perturbed_accuracy", 0.1),
	"regression.change_within_plan":    bySystem(func(s *modelvet.System) { s.Change.Item = "OTHER" }),
	"privacy.no_direct_identifiers":    finding("privacy", "privacy/personal-data"),
	"privacy.k_anonymity":              worse("privacy", "privacy/k_anonymity", 1),
	"privacy.legal_basis":              bySystem(func(s *modelvet.System) { s.PersonalData.LegalBasis = "because" }),
	"privacy.impact_assessment":        noDocument("dpia"),
	"monitoring.drift_bounded":         worse("drift", "drift/psi", 3),
	"monitoring.schema_stable":         finding("drift", "drift/missing-column"),
	"monitoring.incident_contact":      bySystem(func(s *modelvet.System) { s.Monitoring.Incidents = "" }),
	"performance.calibration":          worse("performance", "performance/expected_calibration_error", 0.9),
	"performance.worst_group":          worse("performance", "performance/accuracy", 0.1),
	"performance.balanced_accuracy": both(bySystem(func(s *modelvet.System) { s.Model.Task = "multiclass" }), byScan("performance", func(s *modelvet.Scan) {
		s.Measurements = append(s.Measurements, measure("performance/balanced_accuracy", 0.3, 0.2, 0.4, 1000))
	})),
	"performance.explained_variance": both(bySystem(func(s *modelvet.System) { s.Model.Task = "regression" }), byScan("performance", func(s *modelvet.Scan) {
		s.Measurements = append(s.Measurements, measure("performance/r2", 0.3, 0.2, 0.4, 1000))
	})),
	"performance.enough_rows": byScan("performance", func(s *modelvet.Scan) {
		for i := range s.Measurements {
			s.Measurements[i].N = 5
		}
	}),
	"fairness.equalized_odds_difference":    worse("fairness", "fairness/equalized_odds_difference", 0.9),
	"fairness.evaluation_age":               {signed: now.Add(-400 * 24 * time.Hour)},
	"provenance.builder_vouched":            byBuilder("https://github.com/modelvet/modelvet/builders/unverified"),
	"provenance.training_table_is_the_data": {subject: func(s *modelvet.Subject) { s.Files[1].Digest = sha("5") }},
	"integrity.nothing_ignored": byMap("signature", func(m map[string]any) {
		m["serialization"].(map[string]any)["ignore_paths"] = []any{"weights/extra.bin"}
	}),
	"integrity.producers_only_produce":   {signer: func(s *modelvet.Signer) { s.Roles = []string{"producer", "model-risk-officer"} }},
	"integrity.evaluator_is_not_builder": {signer: func(s *modelvet.Signer) { s.KeyID = "b" }, all: true},
	"safety.no_foreign_code":             finding("modelfile", "json/remote-code"),
	"evaluation.thresholds_dated":        byMap("thresholds", func(m map[string]any) { m["proof"] = "none" }),
	"evaluation.thresholds_predate":      byMap("thresholds", func(m map[string]any) { m["setAt"] = now.Add(-time.Minute).Format(time.RFC3339) }),
	"regression.performance":             worse("performance", "performance/roc_auc", 0.6),
	"regression.fairness":                worse("fairness", "fairness/equal_opportunity_difference", 0.9, "age"),
	"regression.groups_kept": byScan("fairness", func(s *modelvet.Scan) {
		s.Measurements[0].Slice = map[string]string{"attribute": "age", "group": "other"}
	}),
	"supply_chain.bom_names_the_weights":     {subject: func(s *modelvet.Subject) { s.Files[0].Digest = sha("5") }},
	"supply_chain.bom_covers_the_lineage":    byLineage(func(l *modelvet.Lineage) { l.Inputs[2].Digest = sha("5") }),
	"supply_chain.components_licensed":       byMap("bom", func(m map[string]any) { m["components"].([]any)[0].(map[string]any)["licenses"] = []any{} }),
	"documentation.technical_documentation":  noDocument("technical-documentation"),
	"documentation.figures_measured":         finding("documents", "documents/figure-differs"),
	"documentation.limits_stated":            bySystem(func(s *modelvet.System) { s.Limits.Misuse = []string{" "} }),
	"documentation.conformity_declaration":   noDocument("declaration-of-conformity"),
	"documentation.record_keeping":           bySystem(func(s *modelvet.System) { s.RecordKeeping.DocumentationDays = 10 }),
	"documentation.rights_assessment":        bySystem(func(s *modelvet.System) { s.Role = "deployer" }),
	"transparency.people_are_told":           bySystem(func(s *modelvet.System) { s.RiskClass = "limited" }),
	"transparency.content_is_marked":         bySystem(func(s *modelvet.System) { s.Model.Task = "generation" }),
	"oversight.stop_described":               bySystem(func(s *modelvet.System) { s.Oversight.Stop = " " }),
	"logging.events_named":                   bySystem(func(s *modelvet.System) { s.Monitoring.Events = []string{"error"} }),
	"deployment.stage_declared":              bySystem(func(s *modelvet.System) { s.Deployment.Stages = []string{"staging"} }),
	"data_governance.predictions_declared":   bySystem(func(s *modelvet.System) { s.Tables[1].Label = "" }),
	"data_governance.protected_not_features": bySystem(func(s *modelvet.System) { s.Tables[0].Features = []string{"age"} }),
	"documentation.inventory_entry":          bySystem(func(s *modelvet.System) { s.Version = "" }),
	"documentation.model_described":          bySystem(func(s *modelvet.System) { s.Model.Task = "" }),
	"explainability.scan_complete":           gapIn("explainability"),
	"fairness.no_block_findings":             finding("fairness", "fairness/reversed-polarity"),
	"integrity.weights_declared":             {subject: func(s *modelvet.Subject) { s.Files[0].Path = "elsewhere.json" }},
	"monitoring.fairness_watched":            bySystem(func(s *modelvet.System) { s.Monitoring.Metrics = []string{"performance/roc_auc"} }),
	"monitoring.performance_watched":         bySystem(func(s *modelvet.System) { s.Monitoring.Metrics = []string{"fairness/x"} }),
	"oversight.oversight_plan":               noDocument("oversight-plan"),
	"performance.no_block_findings":          finding("performance", "performance/reversed-score"),
	"performance.scan_complete":              gapIn("performance"),
	"provenance.base_models_pinned":          byLineage(func(l *modelvet.Lineage) { l.Inputs[2].Digest = "" }),
	"provenance.build_agrees_with_lineage":   byLineage(func(l *modelvet.Lineage) { l.Inputs[1].Digest = sha("c") }),
	"provenance.build_materials_pinned": {predicate: func(all map[string]any) {
		all["provenance"] = provenanceOf(map[string]any{"uri": "https://example.com/unpinned"})
	}},
	"classification.area_named":                     bySystem(func(s *modelvet.System) { s.AnnexIII = "annex-iii-9" }),
	"classification.class_consistent":               bySystem(func(s *modelvet.System) { s.RiskClass = "minimal" }),
	"classification.class_known":                    bySystem(func(s *modelvet.System) { s.RiskClass = "prohibited" }),
	"classification.role_stated":                    bySystem(func(s *modelvet.System) { s.Role = "user" }),
	"data_governance.protected_attributes_declared": bySystem(func(s *modelvet.System) { s.Tables[1].Protected = nil }),
	"data_governance.tables_packed":                 bySystem(func(s *modelvet.System) { s.Tables[1].Path = "elsewhere.csv" }),
	"data_governance.training_table_declared":       bySystem(func(s *modelvet.System) { s.Tables[0].Label = "" }),
	"documentation.accuracy_declared":               bySystem(func(s *modelvet.System) { s.Performance = nil }),
	"documentation.data_card":                       noDocument("data-card"),
	"documentation.instructions_for_use":            noDocument("instructions-for-use"),
	"documentation.licence_stated":                  bySystem(func(s *modelvet.System) { s.Licence = "" }),
	"documentation.model_card":                      noDocument("model-card"),
	"documentation.provider_identified":             bySystem(func(s *modelvet.System) { s.Provider.Contact = "" }),
	"documentation.purpose_stated":                  bySystem(func(s *modelvet.System) { s.Purpose = "credit" }),
	"documentation.risk_register":                   noDocument("risk-register"),
	"explainability.additivity":                     worse("explainability", "explainability/additivity_max_error", 3),
	"explainability.coverage":                       worse("explainability", "explainability/coverage", 0.2),
	"explainability.no_block_findings":              finding("explainability", "explainability/constant"),
	"explainability.protected_share":                worse("explainability", "explainability/protected_share", 0.5),
	"explainability.recomputed":                     worse("explainability", "explainability/recomputed_max_error", 3),
	"fairness.demographic_parity_difference":        worse("fairness", "fairness/demographic_parity_difference", -0.4),
	"fairness.demographic_parity_ratio":             worse("fairness", "fairness/demographic_parity_ratio", 0.4),
	"fairness.equal_opportunity_difference":         worse("fairness", "fairness/equal_opportunity_difference", -0.4),
	"fairness.group_size":                           byScan("fairness", func(s *modelvet.Scan) { s.Measurements[0].N = 5 }),
	"fairness.scan_complete":                        gapIn("fairness"),
	"integrity.digests_match":                       {subject: func(s *modelvet.Subject) { s.Files[0].Digest = sha("5") }},
	"integrity.no_development_key":                  {signer: func(s *modelvet.Signer) { s.Development = true }},
	"integrity.signature_covers_files": {subject: func(s *modelvet.Subject) {
		s.Files = append(s.Files, modelvet.File{Path: "extra.bin", Digest: sha("5"), Size: 1, Kind: "weight"})
	}},
	"logging.retention":                bySystem(func(s *modelvet.System) { s.Monitoring.LogRetentionDays = 30 }),
	"monitoring.metrics_named":         bySystem(func(s *modelvet.System) { s.Monitoring.Metrics = []string{} }),
	"monitoring.monitoring_plan":       noDocument("monitoring-plan"),
	"oversight.measures_named":         bySystem(func(s *modelvet.System) { s.Oversight.Measures = []string{" "} }),
	"oversight.owner_named":            bySystem(func(s *modelvet.System) { s.Oversight = nil }),
	"performance.declared_is_measured": finding("performance", "performance/declared-differs"),
	"performance.roc_auc":              worse("performance", "performance/roc_auc", 0.5),
	"poisoning.conflicting_duplicates": worse("poisoning", "poisoning/conflicting_duplicates", 0.5),
	"poisoning.label_disagreement":     worse("poisoning", "poisoning/label_disagreement", 0.5),
	"poisoning.no_block_findings":      finding("poisoning", "poisoning/trigger"),
	"poisoning.scan_complete":          gapIn("poisoning"),
	"provenance.commit_known": byLineage(func(l *modelvet.Lineage) {
		l.Facts["commit"] = "main"
		l.Inputs = l.Inputs[1:]
	}),
	"provenance.inputs_pinned":        byLineage(func(l *modelvet.Lineage) { l.Inputs[1].Digest = "" }),
	"provenance.training_data_digest": byLineage(func(l *modelvet.Lineage) { l.Inputs[1].Digest = "" }),
	"provenance.tree_clean":           byLineage(func(l *modelvet.Lineage) { l.Facts["dirty"] = "true" }),
	"safety.no_block_findings":        finding("modelfile", "zip/path-traversal"),
	"safety.no_unsafe_calls":          finding("modelfile", "pickle/unsafe-call"),
	"safety.safe_format":              finding("modelfile", "pickle/harmless"),
	"safety.scan_complete":            gapIn("modelfile"),
}

// honest lists the only mutations after which a rule may do better than fail.
// Each leaves a well-formed statement that says something else, as its signer
// would have to sign it: a list of claims without the one entry that was
// objected to, or a declaration that does not claim the use.
func honest(rule string, m mutation) bool {
	for _, h := range []struct{ rule, op, path string }{
		{`.*\.(no_block_findings|no_unsafe_calls|safe_format|declared_is_measured|figures_measured)`, "delete", `findings\[\d+\]`},
		{`.*\.(no_block_findings|no_unsafe_calls|safe_format|declared_is_measured|figures_measured)`, "empty", `findings`},
		{`.*\.scan_complete`, "delete", `coverage\.skipped\[\d+\]`},
		{`.*\.scan_complete`, "empty", `coverage\.skipped`},
		{`provenance\.(inputs_pinned|base_models_pinned|build_agrees_with_lineage)`, "delete", `inputs\[\d+\]`},
		{`provenance\.build_materials_pinned`, "delete", `buildDefinition\.resolvedDependencies\[\d+\]`},
		{`data_governance\.(tables_packed|protected_not_features)`, "delete", `tables\[\d+\]`},
		{`classification\.class_consistent`, "delete", `annexIII`},
		{`documentation\.rights_assessment`, "delete", `annexIII`},
		{`(quality\.no_label_giveaway|privacy\.no_direct_identifiers|monitoring\.schema_stable|safety\.no_foreign_code)`, "delete", `findings\[\d+\]`},
		{`(quality\.no_label_giveaway|privacy\.no_direct_identifiers|monitoring\.schema_stable|safety\.no_foreign_code)`, "empty", `findings`},
		{`privacy\.legal_basis`, "empty", `personalData\.processed`},
		{`privacy\.impact_assessment`, "empty", `personalData\.processed`},
		{`supply_chain\.bom_covers_the_lineage`, "delete", `inputs\[\d+\]`},
		{`supply_chain\.components_licensed`, "delete", `components\[\d+\]`},
		{`integrity\.nothing_ignored`, "delete", `serialization\.ignore_paths(\[\d+\])?`},
		{`integrity\.nothing_ignored`, "empty", `serialization\.ignore_paths`},
		{`supply_chain\.components_licensed`, "delete", `components`},
		{`supply_chain\.components_licensed`, "empty", `components`},
		// The model in use: read by the judge from a decision that is signed as
		// a whole, so that no field of it can get lost on its way.
		{`regression\..*`, "empty", `named`},
		{`regression\..*`, "delete", `(fairness|performance)\[\d+\].*`},
		{`regression\..*`, "empty", `(fairness|performance)\[\d+\].*`},
	} {
		if m.op == h.op && regexp.MustCompile("^"+h.rule+"$").MatchString(rule) && regexp.MustCompile("^"+h.path+"$").MatchString(m.path) {
			return true
		}
	}
	return false
}
