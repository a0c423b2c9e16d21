// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/policies"
	"github.com/modelvet/modelvet/schemas"
)

// Judge reads back what is attached to an artifact, believes what verifies,
// asks the rules of the stage's profiles, and decides. It writes nothing.
func (g *Gate) Judge(ctx context.Context, ref string) (modelvet.Decision, error) {
	stage, err := g.Policy.Stage(g.Stage)
	if err != nil {
		return modelvet.Decision{}, fmt.Errorf("%w: %w", ErrInput, err)
	}
	subject, evidence, err := g.Evidence(ctx, ref)
	if err != nil {
		return modelvet.Decision{}, err
	}
	c := modelvet.Case{
		Subject: subject, Stage: g.Stage, Evidence: evidence, Required: stage.Approvals,
		ValidFor: time.Duration(stage.ValidFor), Now: g.Now, Notes: slices.Clone(g.Notes),
		Engine: modelvet.Engine{Modelvet: g.Version, OPA: policies.EngineVersion()},
	}
	if err := g.fill(ctx, &c, stage); err != nil {
		return modelvet.Decision{}, err
	}
	return modelvet.Decide(c), nil
}

// fill adds what follows from the evidence: facts, rules, controls, acts.
func (g *Gate) fill(ctx context.Context, c *modelvet.Case, stage Stage) error {
	facts := gather(c.Evidence)
	c.System, c.Scans, c.Lineage = facts.system, facts.scans, facts.lineage
	c.Approvals, c.Waivers = acts(c.Evidence)
	c.Attestations, c.Attesters = attestations(c.Evidence), stage.Attesters
	c.Policy = modelvet.PolicyRef{Name: g.Policy.Name, Digest: g.Policy.Digest, Rules: g.engine.Digest(), Profiles: stage.Profiles, Catalogues: g.controls.Versions()}
	for _, b := range g.Policy.Bundles {
		c.Policy.Bundles = append(c.Policy.Bundles, b.Ref+"@"+b.Digest)
	}
	var sys modelvet.System
	if c.System != nil {
		sys = *c.System
	}
	rules := g.engine.Rules()
	c.Demanded = g.demanded(stage)
	var err error
	if c.Controls, err = g.controls.ForSystem(stage.Profiles, sys, rules, g.Now); err != nil {
		return fmt.Errorf("choosing the controls: %w", err)
	}
	if c.Unbound, err = g.controls.NotBinding(stage.Profiles, sys, rules, g.Now); err != nil {
		return fmt.Errorf("choosing the controls: %w", err)
	}
	if c.System != nil {
		c.Classification = classification(g.controls.Classify(sys, g.Now), sys)
	}
	if c.Results, err = g.ask(ctx, c, stage); err != nil {
		return fmt.Errorf("asking the rules: %w", err)
	}
	c.Notes = append(c.Notes, g.lowered(stage)...)
	c.Notes = append(c.Notes, g.weaknesses(c)...)
	return nil
}

func (g *Gate) ask(ctx context.Context, c *modelvet.Case, stage Stage) ([]modelvet.Result, error) {
	in, err := g.ruleInput(ctx, c, stage)
	if err != nil {
		return nil, err
	}
	return g.engine.Evaluate(ctx, in)
}

// ruleInput is the case as the rules are asked about it.
func (g *Gate) ruleInput(ctx context.Context, c *modelvet.Case, stage Stage) (policies.Input, error) {
	levels, err := g.levels(stage)
	if err != nil {
		return policies.Input{}, err
	}
	own, err := g.given(ctx, c, stage)
	if err != nil {
		return policies.Input{}, err
	}
	return policies.Input{
		Given:   own,
		Subject: c.Subject, Stage: c.Stage, At: g.Now, Evidence: c.Evidence, Thresholds: stage.Thresholds,
		Waivable: stage.Waivable, Levels: levels, Rules: c.Demanded,
	}, nil
}

// Evidence opens an artifact, checks every byte of it, and verifies every
// statement attached to it, as the stage of the policy has it. A statement that does not hold is returned with
// its reason; content that does not match its digest is an error.
func (g *Gate) Evidence(ctx context.Context, ref string) (modelvet.Subject, []modelvet.Evidence, error) {
	a, err := artifact.Open(ctx, ref, artifact.Options{})
	if err != nil {
		return modelvet.Subject{}, nil, fmt.Errorf("opening %s: %w", ref, err)
	}
	defer a.Close()
	if err := a.Verify(ctx); err != nil {
		return modelvet.Subject{}, nil, fmt.Errorf("checking %s: %w", ref, err)
	}
	referrers, err := a.Referrers(ctx)
	if err != nil {
		return modelvet.Subject{}, nil, fmt.Errorf("listing the evidence of %s: %w", ref, err)
	}
	trust, err := g.trust()
	if err != nil {
		return modelvet.Subject{}, nil, err
	}
	var out []modelvet.Evidence
	for _, r := range referrers {
		if r.Err != nil {
			return modelvet.Subject{}, nil, fmt.Errorf("reading the evidence of %s: %w", ref, r.Err)
		}
		e := attest.Verify(ctx, r.Bundle, trust, a.Subject())
		checkSchema(&e)
		age(&e, g.Now, g.maxAge())
		out = append(out, e)
	}
	return a.Subject(), out, nil
}

func (g *Gate) maxAge() time.Duration {
	stage, err := g.Policy.Stage(g.Stage)
	if err != nil {
		return 0 // trust has said so
	}
	return time.Duration(stage.MaxEvidenceAge)
}

// trust is the policy's, and this machine's own key where the stage believes it.
func (g *Gate) trust() (attest.Trust, error) {
	t := g.Policy.trust(g.Now)
	stage, err := g.Policy.Stage(g.Stage)
	if err != nil {
		return t, fmt.Errorf("%w: %w", ErrInput, err)
	}
	t.Roots, t.Authorities = append(t.Roots, g.Roots...), append(t.Authorities, g.Authorities...)
	t.Require = required(stage.Require)
	if g.Local != nil && stage.DevelopmentKeys {
		k := g.Local.Trusted("development key of this machine")
		k.Roles, k.Producer, k.Development = []string{RoleProducer}, true, true
		t.Keys = append(t.Keys, k)
	}
	return t, nil
}

// contracts says which predicates have a schema of ours.
var contracts = map[string]string{
	modelvet.PredicateSystem: "system", modelvet.PredicateScan: "scan", modelvet.PredicateLineage: "lineage",
	modelvet.PredicateApproval: "approval", modelvet.PredicateWaiver: "waiver",
	modelvet.PredicateDocument: "document",
}

// checkSchema lowers evidence that does not keep its contract.
func checkSchema(e *modelvet.Evidence) {
	name, ours := contracts[e.PredicateType]
	if !ours || e.Status != modelvet.Verified {
		return
	}
	if err := schemas.Validate(name, e.Predicate); err != nil {
		e.Status, e.Reason = modelvet.Invalid, "its content breaks the schema "+name+": "+err.Error()
	}
}

// clockSkew is how far two machines' clocks may differ.
const clockSkew = 5 * time.Minute

// age lowers evidence that is too old, or dated in the future.
func age(e *modelvet.Evidence, now time.Time, most time.Duration) {
	switch {
	case e.Status != modelvet.Verified || undated(e.PredicateType):
	case e.SignedAt.IsZero():
		if most > 0 {
			e.Status, e.Reason = modelvet.Stale, "nothing says when it was made, and the policy believes what is not too old: have it dated by a time-stamp authority"
		}
	case e.SignedAt.After(now.Add(clockSkew)):
		e.Status, e.Reason = modelvet.Invalid, "it is dated in the future: "+e.SignedAt.UTC().Format(time.RFC3339)
	case most > 0 && now.Sub(e.SignedAt) > most:
		e.Status, e.Reason = modelvet.Stale, fmt.Sprintf("it is %d days old; the policy believes %d days", int(now.Sub(e.SignedAt).Hours()/24), int(most.Hours()/24))
	}
}

// undated are the types whose age means nothing: a model signature is about
// digests alone, and summaries of an earlier decision prove nothing to a new one.
func undated(predicateType string) bool {
	return predicateType == modelvet.PredicateModelSignature || predicateType == modelvet.PredicateTestResult
}

// facts are the verified predicates, read.
type facts struct {
	system  *modelvet.System
	scans   []modelvet.Scan
	lineage []modelvet.Lineage
}

func gather(evidence []modelvet.Evidence) facts {
	var f facts
	for _, e := range evidence {
		if e.Status != modelvet.Verified {
			continue
		}
		switch e.PredicateType {
		case modelvet.PredicateSystem:
			f.system = read[modelvet.System](e)
		case modelvet.PredicateScan:
			f.scans = append(f.scans, *read[modelvet.Scan](e))
		case modelvet.PredicateLineage:
			f.lineage = append(f.lineage, *read[modelvet.Lineage](e))
		}
	}
	slices.SortStableFunc(f.scans, func(a, b modelvet.Scan) int { return compare(a.Scanner, b.Scanner) })
	slices.SortStableFunc(f.lineage, func(a, b modelvet.Lineage) int { return compare(a.Source, b.Source) })
	return f
}

// read unmarshals a predicate whose schema was checked.
func read[T any](e modelvet.Evidence) *T {
	v := new(T)
	_ = json.Unmarshal(e.Predicate, v) // cannot fail: the schema holds
	return v
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// weaknesses are what a reader of the decision must know, whatever its outcome.
func (g *Gate) weaknesses(c *modelvet.Case) []string {
	var out []string
	if slices.ContainsFunc(c.Evidence, func(e modelvet.Evidence) bool { return e.Status == modelvet.Verified && e.Signer.Development }) {
		out = append(out, "evidence is signed with a development key of this machine; it proves nothing to anybody else")
	}
	for _, e := range c.Evidence {
		if e.Status != modelvet.Verified {
			out = append(out, fmt.Sprintf("evidence %.19s is not believed (%s): %s", e.Digest, e.Status, e.Reason))
		}
		if note := unvouched(e); note != "" {
			out = append(out, note)
		}
	}
	if c.Classification != nil && c.Classification.Mismatch != "" {
		out = append(out, c.Classification.Mismatch)
	}
	return out
}
