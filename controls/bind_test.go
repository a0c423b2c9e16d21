// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

var day = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func creditScoring() modelvet.System {
	return modelvet.System{Name: "credit", Version: "1", Purpose: "Scores the creditworthiness of applicants for consumer loans",
		Role: "provider", RiskClass: "high", AnnexIII: "annex-iii-5.b", Model: modelvet.ModelFiles{Task: "binary-classification"},
		Tables: []modelvet.Table{{Name: "training", Kind: "training"}}}
}

func sampleRules() []modelvet.Rule {
	return []modelvet.Rule{
		{ID: "safety.no_unsafe_pickle", Level: modelvet.Block, Controls: []string{"atlas-aml.m0011", "euaia-art-15.5", "airmf-measure-2.7"}},
		{ID: "fairness.within_bounds", Level: modelvet.Block, Controls: []string{"euaia-art-10.2.g", "airmf-measure-2.11"}},
		{ID: "docs.numbers_measured", Level: modelvet.Block, Controls: []string{"euaia-art-15.3"}},
		{ID: "privacy.basis", Level: modelvet.Warn, Controls: []string{"gdpr-art-6"}},
	}
}

func boundIDs(t *testing.T, sys modelvet.System, profiles ...string) map[string]modelvet.Control {
	t.Helper()
	got, err := mustLoad(t).ForSystem(profiles, sys, sampleRules(), day)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]modelvet.Control{}
	for _, c := range got {
		out[c.ID] = c
	}
	return out
}

func TestWhatBindsAHighRiskProvider(t *testing.T) {
	got := boundIDs(t, creditScoring(), "eu-high-risk", "eu-gpai", "eu-transparency")
	for _, id := range []string{"euaia-art-5.1.a", "euaia-art-10.2.g", "euaia-art-15.5", "euaia-art-49.1", "euaia-art-25.4", "euaia-anx-iv-2.d"} {
		if _, ok := got[id]; !ok {
			t.Errorf("%s does not bind", id)
		}
	}
	for id, why := range map[string]string{
		"euaia-art-26.1": "deployers", "euaia-art-23.1": "importers", "euaia-art-11.2": "Annex I", "euaia-art-12.3": "remote biometrics",
		"euaia-art-53.1.a": "GPAI", "euaia-art-50.2": "generated content", "euaia-art-10.5": "nobody: deleted"} {
		if _, ok := got[id]; ok {
			t.Errorf("%s binds, though it is for %s", id, why)
		}
	}
	c := got["euaia-art-15.5"]
	if c.Framework != "eu-ai-act" || c.From != "2027-12-02" || !slices.Equal(c.Rules, []string{"safety.no_unsafe_pickle"}) || c.Automatable != Full {
		t.Errorf("Art. 15(5): %+v", c)
	}
	if c := got["euaia-art-9.4"]; c.Rules == nil {
		t.Error("a control without rules must have an empty list, not null")
	}
}

func TestNobodyEscapesByDeclaringLess(t *testing.T) {
	honest := boundIDs(t, creditScoring(), "eu-high-risk")
	less := creditScoring()
	less.RiskClass = "minimal"
	if got := boundIDs(t, less, "eu-high-risk"); len(got) != len(honest) {
		t.Errorf("declared minimal: %d controls bind, declared high: %d", len(got), len(honest))
	}
	nothing := boundIDs(t, modelvet.System{}, "eu-high-risk", "eu-gpai", "eu-transparency", "nist-ai-600-1")
	for _, sys := range []modelvet.System{creditScoring(), less, {RiskClass: "gpai", Role: "provider"}, {RiskClass: "minimal", Role: "deployer"}, {RiskClass: "limited", Role: "importer"}} {
		for id := range boundIDs(t, sys, "eu-high-risk", "eu-gpai", "eu-transparency", "nist-ai-600-1") {
			if _, ok := nothing[id]; !ok && id != "euaia-art-8.2" && !strings.Contains(id, "43.3") {
				t.Errorf("%s binds %s %s, but not a system of which nothing is known", id, sys.RiskClass, sys.Role)
			}
		}
	}
	tuner := modelvet.System{RiskClass: "high", AnnexIII: "annex-iii-4.a", Role: "deployer", Lineage: []modelvet.Source{{Kind: "base-model"}}}
	got := boundIDs(t, tuner, "eu-high-risk")
	if _, ok := got["euaia-art-9.1"]; !ok {
		t.Error("a deployer who fine-tunes must see the provider's controls")
	}
	if _, ok := got["euaia-art-26.1"]; !ok {
		t.Error("a deployer who fine-tunes remains a deployer")
	}
}

func TestDatesFollowTheClass(t *testing.T) {
	for name, c := range map[string]struct {
		sys     modelvet.System
		control string
		want    string
	}{
		"Annex III":        {creditScoring(), "euaia-art-9.1", "2027-12-02"},
		"GPAI":             {modelvet.System{RiskClass: "gpai", Role: "provider"}, "euaia-art-53.1.a", "2025-08-02"},
		"post-market":      {creditScoring(), "euaia-art-72.1", "2027-12-02"},
		"prohibited":       {creditScoring(), "euaia-art-5.1.c", "2025-02-02"},
		"from next week":   {creditScoring(), "euaia-art-5.1.ba", "2026-12-02"},
		"voluntary":        {creditScoring(), "airmf-measure-2.11", ""},
		"unsaid: earliest": {modelvet.System{RiskClass: "high", Role: "provider"}, "euaia-art-9.1", "2027-12-02"},
	} {
		got, ok := boundIDs(t, c.sys, "eu-high-risk", "eu-gpai", "nist-ai-rmf")[c.control]
		if !ok || got.From != c.want {
			t.Errorf("%s: %s binds %v from %q, want %q", name, c.control, ok, got.From, c.want)
		}
	}
}

func TestTheListIsEverythingInForce(t *testing.T) {
	s := mustLoad(t)
	all, err := s.List(nil, sampleRules())
	if err != nil || len(all) != 580 {
		t.Fatalf("%d controls, want 580: %v", len(all), err)
	}
	data, err := json.Marshal(all[0])
	if err != nil || !strings.HasPrefix(string(data), `{"id":"euaia-art-4","framework":"eu-ai-act","ref":"Art. 4(1)","title":"AI literacy measures","automatable":"none"`) {
		t.Errorf("%s, %v", data, err)
	}
	if some, err := s.List([]string{"gdpr"}, nil); err != nil || len(some) != 26 || some[0].Rules == nil {
		t.Errorf("%d controls of gdpr: %v", len(some), err)
	}
}

func TestWhatIsLeftOutSaysWhy(t *testing.T) {
	s := mustLoad(t)
	in := boundIDs(t, creditScoring(), "eu-high-risk")
	out, err := s.NotBinding([]string{"eu-high-risk"}, creditScoring(), nil, day)
	p, _ := s.Profile("eu-high-risk")
	if err != nil || len(in)+len(out) != len(p.Controls) {
		t.Fatalf("%d bind and %d do not, of %d: %v", len(in), len(out), len(p.Controls), err)
	}
	for _, x := range out {
		if x.Reason == "" {
			t.Errorf("%s gives no reason", x.ID)
		}
	}
}

func TestTheOrderOfProfilesAndRulesDoesNotMatter(t *testing.T) {
	s := mustLoad(t)
	rules := sampleRules()
	a, _ := s.ForSystem([]string{"eu-high-risk", "supply-chain", "nist-ai-rmf"}, creditScoring(), rules, day)
	slices.Reverse(rules)
	b, _ := s.ForSystem([]string{"nist-ai-rmf", "supply-chain", "eu-high-risk", "supply-chain"}, creditScoring(), rules, day)
	if !slices.EqualFunc(a, b, func(x, y modelvet.Control) bool { return x.ID == y.ID && slices.Equal(x.Rules, y.Rules) }) {
		t.Error("the order of the profiles or of the rules changes the controls")
	}
}

func TestAMisspeltProfileClosesAndSaysSo(t *testing.T) {
	s := mustLoad(t)
	for _, profiles := range [][]string{nil, {"eu-high-risc"}, {"gdpr", "nist"}} {
		if _, err := s.ForSystem(profiles, creditScoring(), nil, day); err == nil || !strings.Contains(err.Error(), "eu-high-risk") {
			t.Errorf("%v: got %v, want an error that lists the profiles", profiles, err)
		}
		if got := s.RulesFor(profiles, sampleRules()); len(got) != len(sampleRules()) {
			t.Errorf("%v demands only %v", profiles, got)
		}
	}
	if _, err := s.ForSystem([]string{"gdpr"}, creditScoring(), nil, time.Time{}); err == nil {
		t.Error("no time was accepted")
	}
	if got := s.RulesFor([]string{"gdpr"}, sampleRules()); !slices.Equal(got, []string{"privacy.basis"}) {
		t.Errorf("gdpr demands %v", got)
	}
	if got := s.RulesFor([]string{"iso-42001"}, sampleRules()); got == nil || len(got) != 0 {
		t.Errorf("iso-42001 demands %v", got)
	}
}

func TestTheProfilesOfTheIssueExist(t *testing.T) {
	s := mustLoad(t)
	for id, n := range map[string]int{"eu-high-risk": 190, "eu-gpai": 37, "eu-transparency": 5, "nist-ai-rmf": 72, "nist-ai-600-1": 36, "iso-42001": 70, "gdpr": 24,
		"bank-sr26-2": 8, "fda-pccp": 13, "hiring-ll144": 3, "us-agency-m-25-21": 8, "supply-chain": 40} {
		p, err := s.Profile(id)
		if err != nil || len(p.Controls) < n {
			t.Errorf("%s has %d controls, want at least %d: %v", id, len(p.Controls), n, err)
		}
	}
}
