// SPDX-License-Identifier: Apache-2.0

package modelvet_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

var (
	now    = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	digest = "sha256:" + strings.Repeat("a", 64)
)

func rule(id string, o modelvet.Outcome, level modelvet.Level) modelvet.Result {
	return modelvet.Result{Rule: modelvet.Rule{ID: id, Title: id, Level: level, Waivable: true}, Outcome: o}
}

// open is a case that is allowed; each test spoils one thing.
func open() modelvet.Case {
	evidence := []modelvet.Evidence{{Digest: digest, PredicateType: modelvet.PredicateSystem, Status: modelvet.Verified, Signer: modelvet.Signer{KeyID: "builder"}}}
	c := modelvet.Case{
		Subject: modelvet.Subject{Name: "m", Digest: digest}, Stage: "production",
		Policy:   modelvet.PolicyRef{Digest: digest},
		Results:  []modelvet.Result{rule("a.one", modelvet.Pass, modelvet.Block), rule("a.two", modelvet.NotApplicable, modelvet.Block)},
		Demanded: []string{"a.one", "a.two"},
		Controls: []modelvet.Control{{ID: "c1", Rules: []string{"a.one"}}, {ID: "c2"}},
		Evidence: evidence, Required: []modelvet.Requirement{{Role: "officer", Count: 1}}, Now: now, ValidFor: time.Hour,
	}
	c.Approvals = []modelvet.Approval{{
		Role: "officer", Stage: "production", Subject: digest, Policy: digest, EvidenceRoot: modelvet.EvidenceRoot(evidence),
		At: now.Add(-time.Minute), Signer: modelvet.Signer{KeyID: "officer", Roles: []string{"officer"}},
	}}
	return c
}

func TestDecideAllows(t *testing.T) {
	d := modelvet.Decide(open())
	if d.Outcome != modelvet.Allowed || len(d.Reasons) != 0 {
		t.Fatalf("%s: %v", d.Outcome, d.Reasons)
	}
	if d.Controls[0].State != modelvet.Supported || d.Controls[1].State != modelvet.NotAssessed {
		t.Errorf("controls: %+v", d.Controls)
	}
	if !d.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("expires %s", d.Expires)
	}
}

func TestDecideCloses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*modelvet.Case)
		want  string
	}{
		"no rules":          {func(c *modelvet.Case) { c.Results, c.Demanded = nil, nil }, "no rules"},
		"no subject":        {func(c *modelvet.Case) { c.Subject = modelvet.Subject{} }, "no subject"},
		"no policy":         {func(c *modelvet.Case) { c.Policy.Digest = "" }, "no policy"},
		"no stage":          {func(c *modelvet.Case) { c.Stage = "" }, "no stage"},
		"no time":           {func(c *modelvet.Case) { c.Now = time.Time{} }, "no time"},
		"no controls":       {func(c *modelvet.Case) { c.Controls = nil }, "no controls"},
		"silent rule":       {func(c *modelvet.Case) { c.Demanded = append(c.Demanded, "a.three") }, "a.three did not answer"},
		"rule twice":        {func(c *modelvet.Case) { c.Results = append(c.Results, c.Results[0]) }, "answered 2 times"},
		"failing":           {func(c *modelvet.Case) { c.Results[0].Outcome = modelvet.Fail }, "a.one"},
		"unknown":           {func(c *modelvet.Case) { c.Results[0].Outcome = modelvet.Unknown }, "a.one cannot be verified"},
		"no outcome":        {func(c *modelvet.Case) { c.Results[0].Outcome = "" }, "a.one cannot be verified"},
		"invented":          {func(c *modelvet.Case) { c.Results[0].Outcome = "passed" }, "a.one cannot be verified"},
		"waived by nobody":  {func(c *modelvet.Case) { c.Results[0].Outcome, c.Results[0].Waiver = modelvet.Waived, "w1" }, "a.one cannot be verified"},
		"level left out":    {func(c *modelvet.Case) { c.Results[0].Outcome, c.Results[0].Level = modelvet.Fail, "" }, "a.one"},
		"expired waiver":    {failWith(func(w *modelvet.Waiver) { w.Expires = now }), "a.one"},
		"endless waiver":    {failWith(func(w *modelvet.Waiver) { w.Expires = time.Time{} }), "a.one"},
		"future waiver":     {failWith(func(w *modelvet.Waiver) { w.At = now.Add(time.Hour) }), "a.one"},
		"unsigned waiver":   {failWith(func(w *modelvet.Waiver) { w.Signer = modelvet.Signer{} }), "a.one"},
		"own waiver":        {failWith(func(w *modelvet.Waiver) { w.RequestedBy = "key:granter" }), "a.one"},
		"other's waiver":    {failWith(func(w *modelvet.Waiver) { w.Subject = "sha256:" + strings.Repeat("b", 64) }), "a.one"},
		"other stage":       {failWith(func(w *modelvet.Waiver) { w.Stage = "test" }), "a.one"},
		"unwaivable":        {func(c *modelvet.Case) { failWith(nil)(c); c.Results[0].Waivable = false }, "a.one"},
		"rejected upstream": {failWith(func(w *modelvet.Waiver) { w.Reject = "may not grant" }), "a.one"},
	} {
		t.Run(name, func(t *testing.T) {
			k := open()
			c.spoil(&k)
			d := modelvet.Decide(k)
			if d.Outcome != modelvet.Denied || !strings.Contains(strings.Join(d.Reasons, "\n"), c.want) {
				t.Errorf("%s: %v", d.Outcome, d.Reasons)
			}
		})
	}
}

func failWith(spoil func(*modelvet.Waiver)) func(*modelvet.Case) {
	return func(c *modelvet.Case) {
		w := modelvet.Waiver{ID: "w1", Rule: "a.one", Subject: digest, Stage: "production", Reason: "known", RequestedBy: "team",
			At: now.Add(-time.Hour), Expires: now.Add(time.Minute), Signer: modelvet.Signer{KeyID: "granter"}}
		if spoil != nil {
			spoil(&w)
		}
		c.Results[0].Outcome = modelvet.Fail
		c.Waivers = []modelvet.Waiver{w}
	}
}

func TestWaiverForgives(t *testing.T) {
	c := open()
	failWith(nil)(&c)
	d := modelvet.Decide(c)
	if d.Outcome != modelvet.Allowed || d.Results[0].Outcome != modelvet.Waived || d.Controls[0].State != modelvet.ControlWaived {
		t.Errorf("%s %v %+v", d.Outcome, d.Reasons, d.Results[0])
	}
	if !d.Expires.Equal(now.Add(time.Minute)) {
		t.Errorf("a decision outlives its waiver: %s", d.Expires)
	}
}

// An approval counts only for exactly what was seen.
func TestDecideWaitsForApproval(t *testing.T) {
	for name, spoil := range map[string]func(*modelvet.Approval){
		"none":             func(a *modelvet.Approval) { a.Role = "other" },
		"other artifact":   func(a *modelvet.Approval) { a.Subject = "sha256:" + strings.Repeat("b", 64) },
		"other stage":      func(a *modelvet.Approval) { a.Stage = "test" },
		"other policy":     func(a *modelvet.Approval) { a.Policy = "sha256:" + strings.Repeat("b", 64) },
		"other evidence":   func(a *modelvet.Approval) { a.EvidenceRoot = digest },
		"author approves":  func(a *modelvet.Approval) { a.Signer.KeyID = "builder" },
		"role not granted": func(a *modelvet.Approval) { a.Signer.Roles = nil },
		"unsigned":         func(a *modelvet.Approval) { a.Signer = modelvet.Signer{Roles: []string{"officer"}} },
		"expired":          func(a *modelvet.Approval) { a.Expires = now },
		"future":           func(a *modelvet.Approval) { a.At = now.Add(time.Second) },
		"undated":          func(a *modelvet.Approval) { a.At = time.Time{} },
		"rejected":         func(a *modelvet.Approval) { a.Reason = "signature does not hold" },
	} {
		t.Run(name, func(t *testing.T) {
			c := open()
			spoil(&c.Approvals[0])
			if d := modelvet.Decide(c); d.Outcome != modelvet.Pending {
				t.Errorf("%s: %+v", d.Outcome, d.Approvals)
			}
		})
	}
}

func TestOnePersonCountsOnce(t *testing.T) {
	c := open()
	c.Required = []modelvet.Requirement{{Role: "officer", Count: 2}}
	c.Approvals = append(c.Approvals, c.Approvals[0])
	if d := modelvet.Decide(c); d.Outcome != modelvet.Pending {
		t.Errorf("two signatures of one person are two persons: %s", d.Outcome)
	}
	c = open()
	c.Required = append(c.Required, modelvet.Requirement{Role: "dpo", Count: 1})
	second := c.Approvals[0]
	second.Role, second.Signer.Roles = "dpo", []string{"dpo"}
	c.Approvals = append(c.Approvals, second)
	if d := modelvet.Decide(c); d.Outcome != modelvet.Pending {
		t.Errorf("one person fills two roles: %s", d.Outcome)
	}
}

// Nothing that is added to what speaks against a case opens the gate.
func TestWorseNeverOpens(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	outcomes := []modelvet.Outcome{modelvet.Pass, modelvet.Fail, modelvet.Unknown, modelvet.NotApplicable, "", "x"}
	for range 2000 {
		c := open()
		for i := range rng.IntN(5) {
			c.Results = append(c.Results, rule("b."+string(rune('a'+i)), outcomes[rng.IntN(len(outcomes))], []modelvet.Level{modelvet.Block, modelvet.Warn}[rng.IntN(2)]))
		}
		before := modelvet.Decide(c)
		c.Results = append(c.Results, rule("z.z", []modelvet.Outcome{modelvet.Fail, modelvet.Unknown, "?"}[rng.IntN(3)], modelvet.Block))
		if after := modelvet.Decide(c); after.Outcome != modelvet.Denied {
			t.Fatalf("from %s to %s", before.Outcome, after.Outcome)
		}
	}
}

func TestEvidenceRootIgnoresOrderAndActs(t *testing.T) {
	a := modelvet.Evidence{Digest: "sha256:1", PredicateType: modelvet.PredicateScan, Status: modelvet.Verified}
	b := modelvet.Evidence{Digest: "sha256:2", PredicateType: modelvet.PredicateScan, Status: modelvet.Verified}
	act := modelvet.Evidence{Digest: "sha256:3", PredicateType: modelvet.PredicateApproval, Status: modelvet.Verified}
	bad := modelvet.Evidence{Digest: "sha256:4", PredicateType: modelvet.PredicateScan, Status: modelvet.Invalid}
	one := modelvet.EvidenceRoot([]modelvet.Evidence{a, b})
	if one != modelvet.EvidenceRoot([]modelvet.Evidence{b, act, a, bad}) {
		t.Error("order, acts or invalid evidence change the root")
	}
	if one == modelvet.EvidenceRoot([]modelvet.Evidence{a}) {
		t.Error("a piece of evidence can be taken away unnoticed")
	}
}
