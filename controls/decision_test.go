// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

// systems are those of testdata, each as it is, in every role and in every class.
func systems(t *testing.T) []modelvet.System {
	t.Helper()
	files, err := filepath.Glob("../testdata/*/modelvet.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d systems in testdata: %v", len(files), err)
	}
	var out []modelvet.System
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var s modelvet.System
		if err := schemas.DecodeYAML("system", f, data, &s); err != nil {
			t.Fatal(err)
		}
		for _, role := range []string{"provider", "deployer", "importer", "distributor", ""} {
			for _, class := range []string{"high", "limited", "minimal", "gpai", "prohibited", ""} {
				v := s
				v.Role, v.RiskClass = role, class
				out = append(out, v)
			}
		}
		s.AnnexIII, s.RiskClass, s.Model.Task = "", "limited", "generation"
		out = append(out, s)
	}
	return append(out, modelvet.System{})
}

var allStates = []string{modelvet.Supported, modelvet.NotSupported, modelvet.CannotVerify, modelvet.ControlWaived, modelvet.Attested, modelvet.NotAssessed, modelvet.NotDemanded}

// generated is a decision from outcomes and attestations drawn at random.
func generated(t *testing.T, s *Set, sys modelvet.System, profiles []string, r *rand.Rand) modelvet.Decision {
	t.Helper()
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	digest := func(n int) string { return fmt.Sprintf("sha256:%064x", n) }
	doc := modelvet.Document{Kind: "statement", Path: "s.yaml"}
	sys.Documents = append(slices.Clone(sys.Documents), doc)
	c := modelvet.Case{Subject: modelvet.Subject{Digest: digest(1), Files: []modelvet.File{{Path: "s.yaml", Digest: digest(2)}}}, System: &sys,
		Stage: "production", Policy: modelvet.PolicyRef{Digest: digest(3)}, Now: at}
	var ids []string
	for _, id := range profiles {
		p, err := s.Profile(id)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.Controls...)
	}
	var rules []modelvet.Rule
	for i := range 40 {
		rule := modelvet.Rule{ID: fmt.Sprintf("x.r%02d", i), Level: modelvet.Block, Controls: []string{ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]}}
		rules = append(rules, rule)
		outcome := []modelvet.Outcome{modelvet.Pass, modelvet.Fail, modelvet.Unknown, modelvet.NotApplicable, "nonsense"}[r.IntN(5)]
		res := modelvet.Result{Rule: rule, Outcome: outcome, Evidence: []string{digest(10 + i)}, Reason: "because"}
		if r.IntN(8) > 0 { // some rules do not answer
			c.Results = append(c.Results, res)
		}
	}
	for i := range 3 {
		a := modelvet.Attestation{Kind: doc.Kind, Path: doc.Path, File: digest(2), Role: "dpo", Subject: digest(1), At: at, Expires: at.AddDate(1, 0, 0),
			Signer: modelvet.Signer{KeyID: "ab", Roles: []string{"dpo"}}, Digest: digest(100 + i)}
		for range 10 {
			a.Controls = append(a.Controls, ids[r.IntN(len(ids))])
		}
		a.Excluded = []modelvet.Exclusion{{Control: ids[r.IntN(len(ids))], Reason: "it says so"}}
		if i == 2 {
			a.File = digest(9) // of other bytes: it must not count
			a.Controls = ids
		}
		c.Attestations = append(c.Attestations, a)
	}
	var err error
	if c.Controls, err = s.ForSystem(profiles, sys, rules, at); err != nil {
		t.Fatal(err)
	}
	if c.Unbound, err = s.NotBinding(profiles, sys, rules, at); err != nil {
		t.Fatal(err)
	}
	return modelvet.Decide(c)
}

// No control is lost or told twice; each has one state; every state has what it
// rests on; an attestation never hides what a rule found.
func TestEveryControlHasOneState(t *testing.T) {
	s := mustLoad(t)
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]int{}
	choices := [][]string{}
	for _, p := range s.Profiles() {
		choices = append(choices, []string{p.ID})
	}
	choices = append(choices, []string{"eu-high-risk", "nist-ai-rmf", "iso-42001", "supply-chain", "gdpr"})
	for _, sys := range systems(t) {
		for _, profiles := range choices {
			d := generated(t, s, sys, profiles, r)
			checkStates(t, s, profiles, d, seen)
			if t.Failed() {
				t.Fatalf("profiles %v, role %q, class %q", profiles, sys.Role, sys.RiskClass)
			}
		}
	}
	for _, state := range allStates {
		if seen[state] == 0 && state != modelvet.ControlWaived {
			t.Errorf("no decision had a control that is %s: the test does not see it", state)
		}
	}
}

func checkStates(t *testing.T, s *Set, profiles []string, d modelvet.Decision, seen map[string]int) {
	t.Helper()
	want := map[string]bool{}
	for _, id := range profiles {
		p, _ := s.Profile(id)
		for _, c := range p.Controls {
			want[c] = true
		}
	}
	outcome := map[string]modelvet.Result{}
	for _, res := range d.Results {
		outcome[res.ID] = res
	}
	for _, c := range d.Controls {
		seen[c.State]++
		if !want[c.ID] {
			t.Errorf("%s is there twice, or not of the profiles", c.ID)
		}
		delete(want, c.ID)
		if !slices.Contains(allStates, c.State) {
			t.Errorf("%s: state %q", c.ID, c.State)
		}
		if (c.State == modelvet.Supported) != (c.Reason == "") {
			t.Errorf("%s is %s, reason %q", c.ID, c.State, c.Reason)
		}
		if (c.State == modelvet.Supported || c.State == modelvet.Attested || c.State == modelvet.NotSupported) && len(c.Evidence) == 0 {
			t.Errorf("%s is %s on no evidence", c.ID, c.State)
		}
		if slices.Contains(c.Evidence, fmt.Sprintf("sha256:%064x", 102)) {
			t.Errorf("%s rests on an attestation of other bytes", c.ID)
		}
		checkAgainstRules(t, c, outcome)
	}
	if len(want) > 0 {
		t.Errorf("%d controls were lost: %v", len(want), want)
	}
}

func checkAgainstRules(t *testing.T, c modelvet.ControlResult, outcome map[string]modelvet.Result) {
	t.Helper()
	if c.State == modelvet.NotDemanded && !strings.HasPrefix(c.Reason, "x.") && !strings.HasPrefix(c.Reason, "s.yaml") {
		return // it does not bind
	}
	for _, id := range c.Rules {
		switch o := outcome[id].Outcome; {
		case o == modelvet.Fail && c.State != modelvet.NotSupported:
			t.Errorf("%s fails, and %s is %s", id, c.ID, c.State)
		case o == modelvet.Unknown && c.State != modelvet.NotSupported && c.State != modelvet.CannotVerify:
			t.Errorf("%s is unknown, and %s is %s", id, c.ID, c.State)
		case o == modelvet.Pass && (c.State == modelvet.NotAssessed || c.State == modelvet.Attested):
			t.Errorf("%s passes, and %s is %s", id, c.ID, c.State)
		}
	}
}
