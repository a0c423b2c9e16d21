// SPDX-License-Identifier: Apache-2.0

package modelvet_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// attested is a case in which an officer answers for a document of the artifact.
func attested() modelvet.Case {
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	d := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	doc := modelvet.Document{Kind: "fria", Path: "fria.yaml"}
	return modelvet.Case{
		Subject: modelvet.Subject{Digest: d("a"), Files: []modelvet.File{{Path: "fria.yaml", Digest: d("b")}}},
		System:  &modelvet.System{Documents: []modelvet.Document{doc}}, Stage: "production", Policy: modelvet.PolicyRef{Digest: d("c")}, Now: at,
		Results:  []modelvet.Result{{Rule: modelvet.Rule{ID: "a.b", Level: modelvet.Block}, Outcome: modelvet.Pass, Evidence: []string{d("d")}}},
		Controls: []modelvet.Control{{ID: "said"}, {ID: "excluded"}, {ID: "silent"}, {ID: "ruled", Rules: []string{"a.b"}}},
		Unbound:  []modelvet.Unbound{{Control: modelvet.Control{ID: "unbound"}, Reason: "it binds the deployer"}},
		Attestations: []modelvet.Attestation{{Kind: "fria", Path: "fria.yaml", File: d("b"), Role: "dpo", Subject: d("a"), Controls: []string{"said", "ruled"},
			Excluded: []modelvet.Exclusion{{Control: "excluded", Reason: "no such use"}, {Control: "said", Reason: "not both"}}, At: at, Expires: at.AddDate(1, 0, 0),
			Signer: modelvet.Signer{KeyID: "ab", Name: "Ann", Roles: []string{"dpo"}}, Digest: d("e")}},
	}
}

func stateOf(d modelvet.Decision, id string) modelvet.ControlResult {
	i := slices.IndexFunc(d.Controls, func(c modelvet.ControlResult) bool { return c.ID == id })
	return d.Controls[i]
}

func TestAPersonAnswersWhereNoRuleSpeaks(t *testing.T) {
	d := modelvet.Decide(attested())
	for id, want := range map[string][2]string{
		"said": {modelvet.Attested, "by Ann as dpo"}, "excluded": {modelvet.NotDemanded, "no such use"}, "silent": {modelvet.NotAssessed, "nobody attested"},
		"ruled": {modelvet.Supported, ""}, "unbound": {modelvet.NotDemanded, "it binds the deployer"},
	} {
		if got := stateOf(d, id); got.State != want[0] || !strings.Contains(got.Reason, want[1]) {
			t.Errorf("%s is %s (%s)", id, got.State, got.Reason)
		}
	}
	if !d.Expires.Equal(attested().Attestations[0].Expires) {
		t.Errorf("the decision outlives what it rests on: %s", d.Expires)
	}
	failing := attested()
	failing.Results[0].Outcome = modelvet.Fail
	if got := stateOf(modelvet.Decide(failing), "ruled"); got.State != modelvet.NotSupported {
		t.Errorf("a person's word hides a failure: %s", got.State)
	}
}

// Anything that is not exactly what was signed makes the word void.
func TestAnAttestationThatDoesNotCount(t *testing.T) {
	for name, spoil := range map[string]func(*modelvet.Case, *modelvet.Attestation){
		"unsigned":         func(_ *modelvet.Case, a *modelvet.Attestation) { a.Signer.KeyID = "" },
		"another role":     func(_ *modelvet.Case, a *modelvet.Attestation) { a.Signer.Roles = []string{"producer"} },
		"role not allowed": func(c *modelvet.Case, _ *modelvet.Attestation) { c.Attesters = map[string][]string{"fria": {"ceo"}} },
		"another artifact": func(_ *modelvet.Case, a *modelvet.Attestation) { a.Subject = "sha256:0" },
		"other bytes":      func(_ *modelvet.Case, a *modelvet.Attestation) { a.File = "sha256:0" },
		"no such file":     func(c *modelvet.Case, _ *modelvet.Attestation) { c.Subject.Files = nil },
		"not declared":     func(c *modelvet.Case, _ *modelvet.Attestation) { c.System.Documents = nil },
		"another kind":     func(_ *modelvet.Case, a *modelvet.Attestation) { a.Kind = "soa" },
		"no system":        func(c *modelvet.Case, _ *modelvet.Attestation) { c.System = nil },
		"future":           func(c *modelvet.Case, a *modelvet.Attestation) { a.At = c.Now.Add(time.Hour) },
		"no end":           func(_ *modelvet.Case, a *modelvet.Attestation) { a.Expires = time.Time{} },
		"expired":          func(c *modelvet.Case, a *modelvet.Attestation) { a.Expires = c.Now },
		"not verified":     func(_ *modelvet.Case, a *modelvet.Attestation) { a.Reason = "invalid: its signature does not hold" },
	} {
		c := attested()
		spoil(&c, &c.Attestations[0])
		d := modelvet.Decide(c)
		if a := d.Attestations[0]; a.Valid || a.Reason == "" {
			t.Errorf("%s: it counts", name)
		}
		if got := stateOf(d, "said"); got.State != modelvet.NotAssessed {
			t.Errorf("%s: said is %s", name, got.State)
		}
	}
}

func TestAClassThatIsTooLowDenies(t *testing.T) {
	c := attested()
	c.Classification = &modelvet.Classification{Declared: "minimal", Derived: "high", Class: "high", Mismatch: "minimal is declared, and it is high"}
	if d := modelvet.Decide(c); d.Outcome != modelvet.Denied || !strings.Contains(strings.Join(d.Reasons, "\n"), "classification: minimal") {
		t.Errorf("%s: %v", d.Outcome, d.Reasons)
	}
	c.Classification.AcceptBy = "said"
	if d := modelvet.Decide(c); d.Outcome != modelvet.Allowed {
		t.Errorf("a person's assessment settles it: %s: %v", d.Outcome, d.Reasons)
	}
	c.Attestations[0].File = "sha256:0"
	if d := modelvet.Decide(c); d.Outcome != modelvet.Denied {
		t.Errorf("a void one does not: %s", d.Outcome)
	}
}

// To answer for a document is no authorship of evidence; it is evidence all the same.
func TestWhoAttestsMayApprove(t *testing.T) {
	c := attested()
	signer := modelvet.Signer{KeyID: "ab", Roles: []string{"dpo"}}
	c.Evidence = []modelvet.Evidence{{Digest: "sha256:1", PredicateType: modelvet.PredicateDocument, Status: modelvet.Verified, Signer: signer}}
	c.Required = []modelvet.Requirement{{Role: "dpo"}}
	root := modelvet.EvidenceRoot(c.Evidence)
	if root == modelvet.EvidenceRoot(nil) {
		t.Error("an attested document is no part of the evidence")
	}
	c.Approvals = []modelvet.Approval{{Role: "dpo", Stage: c.Stage, Subject: c.Subject.Digest, EvidenceRoot: root, Policy: c.Policy.Digest, At: c.Now, Signer: signer}}
	if d := modelvet.Decide(c); d.Outcome != modelvet.Allowed {
		t.Errorf("%s: %v", d.Outcome, d.Reasons)
	}
	c.Evidence[0].PredicateType = modelvet.PredicateScan
	if d := modelvet.Decide(c); d.Outcome != modelvet.Pending {
		t.Errorf("who signed a scan approved: %s", d.Outcome)
	}
}
