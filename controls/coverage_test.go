// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modelvet/modelvet"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs: run go test ./controls -update and read the difference (%v)", path, err)
	}
}

func goldenJSON(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name, append(got, '\n'))
}

func TestCoverage(t *testing.T) {
	s := mustLoad(t)
	all, err := s.Coverage(nil, sampleRules(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	goldenJSON(t, "coverage.json", all)
	some, err := s.Coverage([]string{"eu-high-risk", "supply-chain"}, sampleRules(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	goldenJSON(t, "coverage-eu-high-risk-supply-chain.json", some)
	for _, r := range slices.Concat(all, some) {
		if r.Full+r.Partial+r.None != r.Total || r.ByEvidence+r.ByPerson+r.NotAssessed != r.Total {
			t.Errorf("%s does not add up: %+v", r.Framework, r)
		}
	}
	if _, err := s.Coverage([]string{"gone"}, nil, time.Time{}); err == nil {
		t.Error("an unknown profile was accepted")
	}
}

func TestUpcomingDuties(t *testing.T) {
	s := mustLoad(t)
	got := s.Upcoming(day)
	goldenJSON(t, "upcoming.json", got)
	if !slices.IsSortedFunc(got, func(a, b Duty) int { return strings.Compare(a.Date, b.Date) }) {
		t.Error("not by date")
	}
	if got[0].Date != "2026-12-02" || got[0].Days != 8 {
		t.Errorf("first duty: %+v", got[0])
	}
	if left := s.Upcoming(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)); len(left) != 0 {
		t.Errorf("left in 2031: %+v", left)
	}
	// A duty is upcoming until the day on which it applies.
	on := s.Upcoming(time.Date(2027, 12, 2, 0, 0, 0, 0, time.UTC))
	if slices.ContainsFunc(on, func(d Duty) bool { return d.Date == "2027-12-02" }) {
		t.Error("a duty is still upcoming on its day")
	}
}

func TestGapsAreDecidableFirst(t *testing.T) {
	s := mustLoad(t)
	got, err := s.Gaps([]string{"eu-high-risk"}, sampleRules())
	if err != nil || len(got) == 0 || got[0].Automatable != Full || got[len(got)-1].Automatable != Partial {
		t.Fatalf("%d gaps: %v", len(got), err)
	}
	for _, e := range got {
		if e.ID == "euaia-art-15.5" || e.Automatable == None {
			t.Errorf("%s is no gap", e.ID)
		}
	}
}

func TestCrosswalkGoesBothWays(t *testing.T) {
	s := mustLoad(t)
	for _, c := range s.Catalogues() {
		for _, e := range c.Entries {
			links, err := s.Crosswalk(e.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range e.SeeAlso {
				if !slices.ContainsFunc(links, func(l Link) bool { return l.ID == id && l.Direction != "in" }) {
					t.Errorf("%s: the crosswalk leaves out %s", e.ID, id)
				}
			}
		}
	}
	if _, err := s.Crosswalk("gone"); err == nil {
		t.Error("an unknown control was accepted")
	}
}

func TestLint(t *testing.T) {
	s := mustLoad(t)
	if got := Lint(s, sampleRules()); got != nil {
		t.Errorf("clean rules: %v", got)
	}
	for name, c := range map[string]struct {
		rule modelvet.Rule
		want string
	}{
		"unknown":     {modelvet.Rule{Controls: []string{"euaia-art-99"}}, `cites "euaia-art-99", which no catalogue has: did you mean euaia-art-9.1?`},
		"far off":     {modelvet.Rule{Controls: []string{"fairness"}}, "see modelvet controls list"},
		"deleted":     {modelvet.Rule{Controls: []string{"euaia-art-10.5"}}, "cites Art. 10(5), which is deleted"},
		"withdrawn":   {modelvet.Rule{Controls: []string{"sr11-7"}}, "which is withdrawn"},
		"proposed":    {modelvet.Rule{Level: modelvet.Block, Controls: []string{"hipaa-nprm-2025"}}, "only proposed"},
		"no level":    {modelvet.Rule{Controls: []string{"hipaa-nprm-2025"}}, "only proposed"},
		"no controls": {modelvet.Rule{}, "no control demands it"},
		"twice":       {modelvet.Rule{Controls: []string{"gdpr-art-6", "gdpr-art-6"}}, "twice"},
		"no profile":  {modelvet.Rule{Level: modelvet.Warn, Controls: []string{"hipaa-nprm-2025"}}, "no profile demands"},
	} {
		c.rule.ID = "a.rule"
		got := Lint(s, append(sampleRules(), c.rule))
		if len(got) != 1 || !strings.Contains(got[0].String(), c.want) || got[0].Rule != "a.rule" {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
	own, err := Load(fstest.MapFS{"profiles/p.yaml": {Data: []byte("id: p\ntitle: T\ndescription: D\ncontrols:\n- framework: gdpr\nlevels: {a.gone: warn, privacy.basis: block}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := Lint(own, sampleRules()); len(got) != 1 || !strings.Contains(got[0].What, `"a.gone", which is no rule`) {
		t.Errorf("levels: %v", got)
	}
	if got, err := own.Levels([]string{"p", "gdpr"}); err != nil || got["privacy.basis"] != modelvet.Block {
		t.Errorf("levels: %v, %v", got, err)
	}
}

func TestProvisionsMustBeReadAgain(t *testing.T) {
	s := mustLoad(t)
	if got := s.Unverified(day); got != nil {
		t.Errorf("%d today, first %v", len(got), got[0])
	}
	// 585 less the five that are no law (deleted, withdrawn, proposed).
	if got := s.Unverified(day.AddDate(0, 0, 181)); len(got) != 580 {
		t.Errorf("%d after 181 days, want every provision in force", len(got))
	}
	if got := s.Unverified(day.AddDate(-1, 0, 0)); len(got) != 585 {
		t.Errorf("%d are verified after the day asked about", len(got))
	}
}

func TestPages(t *testing.T) {
	s := mustLoad(t)
	pages := s.Pages(sampleRules())
	if len(pages) != 7 {
		t.Fatalf("%d pages", len(pages))
	}
	for _, p := range pages {
		if p.Name == "README.md" || p.Name == "gdpr.md" {
			golden(t, "pages/"+p.Name, p.Content)
		}
		for _, line := range strings.Split(string(p.Content), "\n") {
			if strings.HasPrefix(line, "| `") && strings.Count(line, "|")-strings.Count(line, `\|`) < 5 {
				t.Errorf("%s: a broken row: %s", p.Name, line)
			}
		}
		for _, banned := range []string{"compliant", "certified", "guarantee"} {
			if strings.Contains(strings.ToLower(strings.ReplaceAll(string(p.Content), "non-compliant", "")), banned) && p.Name == "README.md" {
				t.Errorf("%s says %q", p.Name, banned)
			}
		}
	}
	if again := s.Pages(sampleRules()); !bytes.Equal(again[1].Content, pages[1].Content) {
		t.Error("not deterministic")
	}
}
