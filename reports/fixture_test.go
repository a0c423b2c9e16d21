// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/modelvet/modelvet"
)

var fixtureNow = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func digest(s string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s))) }

func ptr[T any](v T) *T { return &v }

// fixture is a realistic denied decision, made by the law itself.
func fixture() modelvet.Decision { return modelvet.Decide(fixtureCase()) }

// allowedFixture is the same model with everything mended and approved.
func allowedFixture() modelvet.Decision {
	c := fixtureCase()
	for i := range c.Results {
		c.Results[i].Outcome, c.Results[i].Objections, c.Results[i].Reason = modelvet.Pass, nil, ""
	}
	c.Waivers = nil
	c.Approvals = []modelvet.Approval{{
		Role: "model-risk-officer", Stage: c.Stage, Subject: c.Subject.Digest, Policy: c.Policy.Digest,
		EvidenceRoot: modelvet.EvidenceRoot(c.Evidence), At: fixtureNow.Add(-time.Hour), Comment: "Reviewed in the committee of 19 November.",
		Signer: modelvet.Signer{Identity: "ana.lopez@bank.example", Name: "Ana López", Roles: []string{"model-risk-officer"}}, Digest: digest("approval"),
	}}
	return modelvet.Decide(c)
}

func fixtureCase() modelvet.Case {
	subject := modelvet.Subject{Name: "credit-scorer", Digest: digest("manifest"), Files: []modelvet.File{
		{Path: "model/model.json", Digest: digest("model.json"), Size: 184_321, Kind: "weight"},
		{Path: "model/preprocess.pkl", Digest: digest("preprocess.pkl"), Size: 9_812, Kind: "weight"},
		{Path: "docs/model-card.md", Digest: digest("card"), Size: 6_120, Kind: "doc"},
		{Path: "data/training.csv", Digest: digest("training.csv"), Size: 71_200, Kind: "dataset"},
	}}
	evidence := fixtureEvidence(subject)
	return modelvet.Case{
		Subject: subject, System: fixtureSystem(), Stage: "production",
		Policy: modelvet.PolicyRef{Name: "bank-production", Digest: digest("policy"), Rules: digest("rules"), Profiles: []string{"eu-high-risk", "nist-core"},
			Catalogues: map[string]string{"eu-ai-act": "2026-07-14", "nist-ai-rmf": "1.0", "iso-42001": "2023"}},
		Results: fixtureResults(evidence), Controls: fixtureControls(), Evidence: evidence,
		Scans: fixtureScans(), Lineage: fixtureLineage(),
		Required: []modelvet.Requirement{{Role: "model-risk-officer", Count: 1}},
		Waivers: []modelvet.Waiver{
			{ID: "W-2026-014", Rule: "documentation.instructions_for_use", Subject: subject.Digest, Stage: "production", Reason: "The German translation is with the printer.",
				RequestedBy: "tom.klein@bank.example", At: fixtureNow.AddDate(0, 0, -3), Expires: fixtureNow.AddDate(0, 1, 0), Ticket: "RISK-881",
				Signer: modelvet.Signer{Identity: "ana.lopez@bank.example", Name: "Ana López", Roles: []string{"model-risk-officer"}}, Digest: digest("waiver")},
			{ID: "W-2025-201", Rule: "fairness.demographic_parity", Subject: subject.Digest, Stage: "production", Reason: "Under review.",
				RequestedBy: "tom.klein@bank.example", At: fixtureNow.AddDate(-1, 0, 0), Expires: fixtureNow.AddDate(0, -1, 0),
				Signer: modelvet.Signer{Identity: "ana.lopez@bank.example"}, Digest: digest("old waiver")},
		},
		Attestations: []modelvet.Attestation{
			{Kind: "model-card", Path: "docs/model-card.md", File: digest("card"), Role: "model-risk-officer", Subject: subject.Digest, Comment: "Read in full.", Controls: []string{"iso42001-a.5.2"},
				Excluded: []modelvet.Exclusion{{Control: "iso42001-a.9.9", Reason: "the bank does not resell the model"}}, At: fixtureNow.AddDate(0, 0, -2), Expires: fixtureNow.AddDate(1, 0, 0),
				Signer: modelvet.Signer{Identity: "ana.lopez@bank.example", Name: "Ana López", Roles: []string{"model-risk-officer"}}, Digest: digest("attestation")},
			{Kind: "data-card", Path: "docs/data-card.md", File: digest("data card"), Role: "data-protection-officer", Subject: subject.Digest, Controls: []string{"euaia-art-10.3"}, At: fixtureNow.AddDate(-1, 0, 0), Expires: fixtureNow.AddDate(0, 0, -9),
				Signer: modelvet.Signer{Identity: "dpo@bank.example", Roles: []string{"data-protection-officer"}}},
		},
		Classification: &modelvet.Classification{Declared: "high", Derived: "high", Class: "high", Steps: []modelvet.Step{
			{Ref: "Art. 5(1)", Finding: "no tripwire in the purpose; only a signed screening can say that the practice is not prohibited", By: "person"},
			{Ref: "Art. 6(2), Annex III", Finding: "annex-iii-5.b: creditworthiness of natural persons", By: "description", Class: "high"}}},
		Thresholds: &modelvet.ThresholdSet{Digest: digest("thresholds"), Proof: "none", Values: map[string]float64{
			"fairness.demographic_parity_difference_max": 0.1, "performance.roc_auc_min": 0.75, "performance.calibration_error_max": 0.1, "poisoning.neighbour_disagreement_max": 300}},
		ValidFor: 30 * 24 * time.Hour, Now: fixtureNow,
		Notes:  []string{"Evidence was signed by a development key: this decision is good for trying out, not for a release.", "The working tree had uncommitted changes when the model was packed."},
		Engine: modelvet.Engine{Modelvet: "0.1.0", OPA: "1.22.2"},
	}
}

func fixtureSystem() *modelvet.System {
	return &modelvet.System{
		Name: "credit-scorer", Version: "2.3.1", Purpose: "Scores applications for consumer credit up to EUR 50,000; a credit officer takes the decision.",
		Provider: modelvet.Party{Name: "Bank of Żółć & Σία", Contact: "ai-governance@bank.example", Country: "DE"}, Role: "provider",
		RiskClass: "high", AnnexIII: "annex-iii-5.b", Licence: "Apache-2.0",
		Model: modelvet.ModelFiles{Files: []string{"model/*"}, Format: "xgboost-json", Architecture: "gradient-boosted trees", Task: "binary-classification"},
		Tables: []modelvet.Table{
			{Name: "training", Kind: "training", Path: "data/training.csv", Label: "good", Protected: []string{"sex", "age_group"}},
			{Name: "predictions", Kind: "predictions", Path: "data/predictions.csv", Label: "good", Prediction: "prediction", Score: "score", Protected: []string{"sex", "age_group"}},
		},
		Documents:  []modelvet.Document{{Kind: "model-card", Path: "docs/model-card.md"}, {Kind: "data-card", Path: "docs/data-card.md"}},
		Oversight:  &modelvet.Oversight{Owner: "Head of Consumer Credit", Measures: []string{"A credit officer confirms every refusal.", "The scorer can be switched off within five minutes."}},
		Monitoring: &modelvet.Monitoring{Owner: "Model Operations", Metrics: []string{"psi", "approval rate by sex"}, LogRetentionDays: 730},
		Performance: map[string]float64{
			"performance/accuracy": 0.76, "performance/roc_auc": 0.79},
	}
}

func fixtureEvidence(subject modelvet.Subject) []modelvet.Evidence {
	ci := modelvet.Signer{KeyID: digest("ci key")[7:], Name: "ci", Roles: []string{"evidence"}, Development: true}
	var out []modelvet.Evidence
	for i, name := range []string{"system", "scan/modelfile", "scan/fairness", "scan/performance", "scan/poisoning", "scan/explainability", "lineage"} {
		predicate := modelvet.PredicateScan
		switch name {
		case "system":
			predicate = modelvet.PredicateSystem
		case "lineage":
			predicate = modelvet.PredicateLineage
		}
		out = append(out, modelvet.Evidence{Digest: digest(name), Subject: modelvet.Subject{Name: subject.Name, Digest: subject.Digest},
			PredicateType: predicate, Signer: ci, SignedAt: fixtureNow.Add(time.Duration(-i) * time.Minute), Status: modelvet.Verified})
	}
	return append(out,
		modelvet.Evidence{Digest: digest("sig"), PredicateType: modelvet.PredicateModelSignature, Signer: ci, SignedAt: fixtureNow, Status: modelvet.Verified, Subject: modelvet.Subject{Name: subject.Name, Digest: subject.Digest}},
		modelvet.Evidence{Digest: digest("prov"), PredicateType: modelvet.PredicateProvenance, Signer: modelvet.Signer{Identity: "someone@elsewhere.example", Issuer: "https://accounts.example"}, SignedAt: fixtureNow.AddDate(0, -5, 0),
			Status: modelvet.Stale, Reason: "signed 153 days ago, the policy allows 30", Subject: modelvet.Subject{Name: subject.Name, Digest: subject.Digest}},
	)
}

func fixtureResults(evidence []modelvet.Evidence) []modelvet.Result {
	at := func(name string) []string { return []string{digest(name)} }
	rule := func(id, title string, level modelvet.Level, needs string, waivable bool, fix string, controls ...string) modelvet.Rule {
		return modelvet.Rule{ID: id, Title: title, Level: level, Needs: []string{needs}, Waivable: waivable, Remediation: fix, Controls: controls,
			Description: "Asks the signed evidence of kind " + needs + " and nothing else."}
	}
	return []modelvet.Result{
		{Rule: rule("fairness.demographic_parity", "Selection rates of protected groups are close", modelvet.Block, "scan/fairness", true,
			"Mitigate in training (reweighing, constraints), then scan again; a threshold per group is not acceptable.", "euaia-art-10.2.f", "euaia-art-10.2.g", "nist-measure-2.11"),
			Outcome: modelvet.Fail, Evidence: at("scan/fairness"), Objections: []string{
				"age_group: <=25 is selected 14.9 points less often than >25 (95 % interval −25.0 to −5.0; the limit is 10.0)",
				"sex: female is selected 11.2 points less often than male (95 % interval −18.4 to −3.9; the limit is 10.0)"}},
		{Rule: rule("fairness.equalized_odds", "Error rates of protected groups are close", modelvet.Block, "scan/fairness", true, "Collect more rows for the small groups.", "euaia-art-15.4", "nist-measure-2.11"),
			Outcome: modelvet.Pass, Evidence: at("scan/fairness")},
		{Rule: rule("safety.no_unsafe_pickle", "No model file runs code when it is loaded", modelvet.Block, "scan/modelfile", false,
			"Export the weights to safetensors or to the library's own JSON format.", "euaia-art-15.5", "nist-measure-2.7", "atlas-aml-t0010"),
			Outcome: modelvet.Fail, Evidence: at("scan/modelfile"), Objections: []string{"model/preprocess.pkl calls posix.system when it is loaded (opcode REDUCE at byte 41)"}},
		{Rule: rule("provenance.build", "The model was built by a known pipeline", modelvet.Block, "provenance", true, "Run the training in the pipeline that the policy trusts, and attach its SLSA provenance.", "euaia-art-12.1", "slsa-build-l2"),
			Outcome: modelvet.Unknown, Reason: "provenance is stale: signed 153 days ago, the policy allows 30", Evidence: at("prov")},
		{Rule: rule("documentation.instructions_for_use", "Instructions for use are there", modelvet.Block, "system", true, "Write docs/instructions.md and name it in modelvet.yaml.", "euaia-art-13.3"),
			Outcome: modelvet.Fail, Evidence: at("system"), Objections: []string{"no document of kind instructions-for-use"}},
		{Rule: rule("documentation.model_card", "A model card is there", modelvet.Block, "system", true, "Write a model card.", "euaia-art-11.1", "iso42001-a.6.2.7"), Outcome: modelvet.Pass, Evidence: at("system")},
		{Rule: rule("oversight.named_owner", "Somebody can stop the system", modelvet.Block, "system", false, "Name an owner and measures.", "euaia-art-14.1", "euaia-art-14.4"), Outcome: modelvet.Pass, Evidence: at("system")},
		{Rule: rule("poisoning.label_consistency", "Labels agree with their neighbours", modelvet.Block, "scan/poisoning", true, "Look at the rows named.", "euaia-art-15.5", "euaia-art-10.3"), Outcome: modelvet.Pass, Evidence: at("scan/poisoning")},
		{Rule: rule("explainability.faithful", "Attributions add up to the output", modelvet.Block, "scan/explainability", true, "Compute the attributions again.", "euaia-art-13.1", "nist-measure-2.9"), Outcome: modelvet.Pass, Evidence: at("scan/explainability")},
		{Rule: rule("performance.declared", "Declared accuracy is what was measured", modelvet.Warn, "scan/performance", true, "Correct the declared figure in modelvet.yaml.", "euaia-art-15.3"),
			Outcome: modelvet.Fail, Evidence: at("scan/performance"), Objections: []string{"performance/roc_auc is declared as 0.790, measured 0.771 [0.740; 0.802]"}},
		{Rule: rule("robustness.adversarial", "Attacks on the input were tried", modelvet.Warn, "scan/robustness", true, "Run the robustness scanner.", "nist-measure-2.6"),
			Outcome: modelvet.Unknown, Reason: "no evidence of kind scan/robustness"},
		{Rule: rule("gpai.training_summary", "A summary of the training content is public", modelvet.Block, "system", true, "", "euaia-art-53.1.d"),
			Outcome: modelvet.NotApplicable, Reason: "the system is not a general-purpose model", Evidence: at("system")},
	}
}

func fixtureControls() []modelvet.Control {
	c := func(id, framework, ref, title, automatable string, rules ...string) modelvet.Control {
		return modelvet.Control{ID: id, Framework: framework, Ref: ref, Title: title, Automatable: automatable, Rules: rules}
	}
	return []modelvet.Control{
		c("euaia-art-9.1", "eu-ai-act", "Article 9(1)", "A risk management system is established, implemented, documented and maintained", "none"),
		c("euaia-art-10.2.f", "eu-ai-act", "Article 10(2)(f)", "Data sets are examined for possible biases that are likely to affect health, safety or fundamental rights", "partial", "fairness.demographic_parity"),
		c("euaia-art-10.2.g", "eu-ai-act", "Article 10(2)(g)", "Measures detect, prevent and mitigate possible biases", "partial", "fairness.demographic_parity"),
		c("euaia-art-10.3", "eu-ai-act", "Article 10(3)", "Data sets are relevant, sufficiently representative and, to the best extent possible, free of errors", "partial", "poisoning.label_consistency"),
		c("euaia-art-11.1", "eu-ai-act", "Article 11(1)", "Technical documentation is drawn up before the system is placed on the market", "partial", "documentation.model_card"),
		c("euaia-art-12.1", "eu-ai-act", "Article 12(1)", "Events are recorded automatically over the lifetime of the system", "partial", "provenance.build"),
		c("euaia-art-13.1", "eu-ai-act", "Article 13(1)", "Operation is sufficiently transparent for deployers to interpret the output", "partial", "explainability.faithful"),
		c("euaia-art-13.3", "eu-ai-act", "Article 13(3)", "Instructions for use hold the required information", "partial", "documentation.instructions_for_use"),
		c("euaia-art-14.1", "eu-ai-act", "Article 14(1)", "Natural persons can oversee the system effectively", "partial", "oversight.named_owner"),
		c("euaia-art-15.3", "eu-ai-act", "Article 15(3)", "Levels of accuracy are declared in the instructions", "full", "performance.declared"),
		c("euaia-art-15.4", "eu-ai-act", "Article 15(4)", "The system is resilient against errors, faults and inconsistencies", "partial", "fairness.equalized_odds"),
		c("euaia-art-15.5", "eu-ai-act", "Article 15(5)", "The system is resilient against attempts to alter its use, output or performance", "partial", "safety.no_unsafe_pickle", "poisoning.label_consistency"),
		c("euaia-art-17.1", "eu-ai-act", "Article 17(1)", "A quality management system is in place", "none"),
		c("euaia-art-53.1.d", "eu-ai-act", "Article 53(1)(d)", "A summary of the training content is public", "partial", "gpai.training_summary"),
		c("nist-measure-2.6", "nist-ai-rmf", "MEASURE 2.6", "The system is evaluated regularly for safety risks", "partial", "robustness.adversarial"),
		c("nist-measure-2.7", "nist-ai-rmf", "MEASURE 2.7", "Security and resilience are evaluated and documented", "partial", "safety.no_unsafe_pickle"),
		c("nist-measure-2.9", "nist-ai-rmf", "MEASURE 2.9", "The model is explained, validated and documented", "partial", "explainability.faithful"),
		c("nist-measure-2.11", "nist-ai-rmf", "MEASURE 2.11", "Fairness and bias are evaluated", "full", "fairness.demographic_parity", "fairness.equalized_odds"),
		c("nist-govern-3.2", "nist-ai-rmf", "GOVERN 3.2", "Roles and responsibilities for human oversight are defined", "none"),
		c("iso42001-a.6.2.7", "iso-42001", "A.6.2.7", "Technical documentation of the AI system", "partial", "documentation.model_card"),
		c("iso42001-a.5.2", "iso-42001", "A.5.2", "Impact assessment process", "none"),
	}
}

func fixtureScans() []modelvet.Scan {
	return []modelvet.Scan{
		{Scanner: "explainability", Version: "1", Coverage: modelvet.Coverage{Read: []string{"data/attributions.csv"}}, Measurements: []modelvet.Measurement{
			{Metric: "explainability/additivity_error", Value: 0.00002, N: 1000, Method: "maximum of absolute differences"},
			{Metric: "explainability/mean_absolute_attribution", Value: 0.61, N: 1000, Slice: map[string]string{"feature": "duration"}},
			{Metric: "explainability/mean_absolute_attribution", Value: 0.48, N: 1000, Slice: map[string]string{"feature": "checking_status"}},
			{Metric: "explainability/mean_absolute_attribution", Value: 0.33, N: 1000, Slice: map[string]string{"feature": "credit_amount"}},
			{Metric: "explainability/mean_absolute_attribution", Value: 0.12, N: 1000, Slice: map[string]string{"feature": "age"}}}},
		{Scanner: "fairness", Version: "1", Coverage: modelvet.Coverage{Read: []string{"data/predictions.csv"}, Skipped: []modelvet.Gap{{Path: "data/predictions.csv", Reason: "sex: divers has 3 rows, fewer than 10: no interval"}}},
			Measurements: fixtureFairness()},
		{Scanner: "modelfile", Version: "1", Coverage: modelvet.Coverage{Read: []string{"model/model.json", "model/preprocess.pkl"}, Skipped: []modelvet.Gap{{Path: "model/big.bin", Reason: "encrypted"}}},
			Findings: []modelvet.Finding{
				{ID: "pickle/unsafe-call", Path: "model/preprocess.pkl", Offset: ptr(int64(41)), What: "posix.system", Severity: modelvet.SeverityBlock, CWE: []string{"CWE-502"}},
				{ID: "pickle/unknown-import", Path: "model/preprocess.pkl", Offset: ptr(int64(12)), What: "credit.features.Encoder", Severity: modelvet.SeverityWarn}}},
		{Scanner: "performance", Version: "1", Coverage: modelvet.Coverage{Read: []string{"data/predictions.csv"}},
			Measurements: []modelvet.Measurement{
				{Metric: "performance/accuracy", Value: 0.758, Low: ptr(0.731), High: ptr(0.784), N: 1000, Method: "wilson"},
				{Metric: "performance/roc_auc", Value: 0.771, Low: ptr(0.740), High: ptr(0.802), N: 1000, Method: "delong"},
				{Metric: "performance/brier", Value: 0.164, N: 1000, Method: "mean squared error"}},
			Series: []modelvet.Series{
				{Name: "performance/roc_curve", X: []float64{0, .02, .08, .15, .24, .35, .5, .7, .85, 1}, Y: []float64{0, .18, .41, .56, .68, .77, .87, .95, .985, 1}},
				{Name: "performance/calibration", X: []float64{.1, .3, .5, .7, .9}, Y: []float64{.14, .28, .47, .73, .88}}}},
		{Scanner: "poisoning", Version: "1", Coverage: modelvet.Coverage{Read: []string{"data/training.csv"}},
			Measurements: []modelvet.Measurement{
				{Metric: "poisoning/label_disagreement_rate", Value: 0.021, Low: ptr(0.014), High: ptr(0.031), N: 1000, Method: "wilson"},
				{Metric: "poisoning/duplicate_rows", Value: 0, N: 1000}},
			Series: []modelvet.Series{{Name: "poisoning/neighbour_disagreement", Labels: []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}, Y: []float64{412, 320, 158, 77, 22, 11}}}},
	}
}

func fixtureFairness() []modelvet.Measurement {
	rate := func(metric, attribute, group string, v, low, high float64, n int) modelvet.Measurement {
		return modelvet.Measurement{Metric: metric, Value: v, Low: &low, High: &high, N: n, Method: "wilson", Slice: map[string]string{"attribute": attribute, "group": group}}
	}
	diff := func(metric, attribute, group, reference string, v, low, high float64, n int) modelvet.Measurement {
		m := rate(metric, attribute, group, v, low, high, n)
		m.Slice["reference"], m.Method, m.P = reference, "newcombe", ptr(0.0031)
		return m
	}
	return []modelvet.Measurement{
		rate("fairness/selection_rate", "sex", "female", .633, .579, .684, 310),
		rate("fairness/selection_rate", "sex", "male", .745, .711, .776, 690),
		rate("fairness/selection_rate", "age_group", "<=25", .589, .518, .657, 190),
		rate("fairness/selection_rate", "age_group", ">25", .738, .707, .767, 810),
		diff("fairness/demographic_parity_difference", "sex", "female", "male", -.112, -.184, -.039, 1000),
		diff("fairness/demographic_parity_difference", "age_group", "<=25", ">25", -.149, -.25, -.05, 1000),
		diff("fairness/demographic_parity_ratio", "sex", "female", "male", .85, .77, .94, 1000),
		diff("fairness/demographic_parity_ratio", "age_group", "<=25", ">25", .798, .70, .90, 1000),
		diff("fairness/equalized_odds_difference", "sex", "female", "male", .061, .01, .12, 1000),
	}
}

func fixtureLineage() []modelvet.Lineage {
	return []modelvet.Lineage{
		{Source: "files", Inputs: []modelvet.LineageInput{
			{Kind: "dataset", Name: "data/training.csv", Digest: digest("training.csv")},
			{Kind: "document", Name: "docs/model-card.md", Digest: digest("card")}}},
		{Source: "git", URI: "https://git.example/bank/credit-scorer", Facts: map[string]string{"branch": "main", "commit": "9f3c1d2e4b5a69788796a5b4c3d2e1f00f1e2d3c", "dirty": "true"},
			Inputs: []modelvet.LineageInput{{Kind: "code", Name: "train.py", URI: "https://git.example/bank/credit-scorer", Digest: "gitCommit:9f3c1d2e4b5a69788796a5b4c3d2e1f00f1e2d3c"},
				{Kind: "base-model", Name: "xgboost-baseline", URI: "models:/baseline/3"}}},
	}
}
