// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/json"
	"fmt"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

// Says is what a verified statement says, in a few words for a table.
func Says(e modelvet.Evidence) string {
	if e.Status != modelvet.Verified {
		return ""
	}
	var p struct {
		Outcome, VerificationResult, Result, Role, Rule, Stage string
		Findings                                               []modelvet.Finding
		Coverage                                               modelvet.Coverage
		VSAStage                                               string `json:"https://github.com/modelvet/modelvet/vsa/stage"`
	}
	if json.Unmarshal(e.Predicate, &p) != nil {
		return ""
	}
	switch e.PredicateType {
	case modelvet.PredicateDecision:
		return p.Outcome + " for " + p.Stage
	case modelvet.PredicateVSA:
		return p.VerificationResult + " for " + p.VSAStage
	case modelvet.PredicateTestResult:
		return p.Result
	case modelvet.PredicateApproval:
		return "yes, as " + p.Role
	case modelvet.PredicateWaiver:
		return "waives " + p.Rule
	case modelvet.PredicateScan:
		return fmt.Sprintf("%d findings, %d not read", len(p.Findings), len(p.Coverage.Skipped))
	}
	return ""
}

// Verdict is the newest verified decision about an artifact for a stage, or
// its summary where that is newer. ok is false when there is none. A signature
// on a verdict is no reason to believe that the verdict is yes.
//
// A decision names the evidence that it rests on, earlier decisions among it:
// what another one names is not the newest, whatever the clocks said.
func Verdict(evidence []modelvet.Evidence, stage string) (v modelvet.Verdict, of modelvet.Evidence, ok bool) {
	superseded := map[string]bool{}
	for _, e := range evidence {
		if _, is := verdictIn(e, stage); is {
			for _, d := range restsOn(e) {
				superseded[d] = true
			}
		}
	}
	for _, e := range evidence {
		outcome, is := verdictIn(e, stage)
		if !is || superseded[e.Digest] || ok && !newer(e, outcome, of, v) {
			continue
		}
		v, of, ok = outcome, e, true
	}
	return v, of, ok
}

// newer prefers the later, and of two of the same time the one that says no,
// and the decision, which tells pending from denied.
func newer(a modelvet.Evidence, av modelvet.Verdict, b modelvet.Evidence, bv modelvet.Verdict) bool {
	switch {
	case !a.SignedAt.Equal(b.SignedAt):
		return a.SignedAt.After(b.SignedAt)
	case (av == modelvet.Allowed) == (bv == modelvet.Allowed):
		return a.PredicateType == modelvet.PredicateDecision
	}
	return av != modelvet.Allowed
}

// restsOn lists the statements that a decision or its summary names.
func restsOn(e modelvet.Evidence) []string {
	var p struct {
		Evidence          []struct{ Digest string }
		InputAttestations []struct{ Digest map[string]string }
	}
	if json.Unmarshal(e.Predicate, &p) != nil {
		return nil
	}
	var out []string
	for _, x := range p.Evidence {
		out = append(out, x.Digest)
	}
	for _, x := range p.InputAttestations {
		out = append(out, "sha256:"+x.Digest["sha256"])
	}
	return out
}

func verdictIn(e modelvet.Evidence, stage string) (modelvet.Verdict, bool) {
	if e.Status != modelvet.Verified {
		return "", false
	}
	switch e.PredicateType {
	case modelvet.PredicateDecision:
		var d struct {
			Stage   string
			Outcome modelvet.Verdict
		}
		if json.Unmarshal(e.Predicate, &d) != nil || d.Stage != stage {
			return "", false
		}
		return d.Outcome, true
	case modelvet.PredicateVSA:
		v, err := attest.ReadVSA(e)
		if err != nil || v.Stage != stage {
			return modelvet.Denied, err != nil
		}
		if v.VerificationResult == attest.ResultPassed {
			return modelvet.Allowed, true
		}
		return modelvet.Denied, true
	}
	return "", false
}
