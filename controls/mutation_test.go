// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modelvet/modelvet"
)

// mutated are the built-in files with one of them edited.
func mutated(t *testing.T, name, pattern, replacement string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, glob := range []string{"catalogues/*.yaml", "profiles/*.yaml"} {
		names, err := fs.Glob(builtin, glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			data, err := builtin.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			if n == name {
				after := regexp.MustCompile("(?s)"+pattern).ReplaceAllString(string(data), replacement)
				if after == string(data) {
					t.Fatalf("%s: nothing matches %s", name, pattern)
				}
				data = []byte(after)
			}
			out[n] = &fstest.MapFile{Data: data}
		}
	}
	return out
}

// The real catalogues, broken in one place, do not load, or the linter says so.
func TestABrokenCatalogueIsNoticed(t *testing.T) {
	const act, sector, gate = "catalogues/eu-ai-act.yaml", "catalogues/sector.yaml", "profiles/supply-chain.yaml"
	rule := func(level modelvet.Level, ids ...string) []modelvet.Rule {
		return []modelvet.Rule{{ID: "a.b", Level: level, Controls: ids}}
	}
	for name, c := range map[string]struct {
		file, pattern, replacement string
		rules                      []modelvet.Rule
		want                       string
	}{
		"dangling see_also":   {act, `see_also: \[iso42001-a.5.2`, `see_also: [iso42001-a.5.22`, nil, "iso42001-a.5.22"},
		"id twice":            {act, `- id: euaia-art-11.2\n`, "- id: euaia-art-11.1\n", nil, "exists already"},
		"entry lost":          {act, `- id: euaia-art-11.2\n.*?\n- id: `, "- id: ", nil, "should have 238 entries and has 237"},
		"no such day":         {act, `annex_iii: '2027-12-02'`, `annex_iii: '2027-02-30'`, nil, "2027-02-30"},
		"half of a date pair": {act, "\n    annex_i: '2028-08-02'", "", nil, "go together"},
		"unquoted boolean":    {act, `automatable: partial`, `automatable: yes`, nil, "is not one of full"},
		"no source":           {sector, `\n  source: SR 26-2\n`, "\n", nil, "source"},
		"profile of nothing":  {gate, `owasp-ml02-2023`, `owasp-ml99-2023`, nil, "owasp-ml99-2023"},
		"deleted since":       {act, `(- id: euaia-art-15.5\n)`, "$1  status: deleted\n", rule(modelvet.Block, "euaia-art-15.5"), ""},
		"withdrawn":           {"catalogues/gdpr.yaml", `nothing-changes|(as_of: )`, "$1", rule(modelvet.Block, "sr11-7"), "withdrawn"},
		"proposed, enforced":  {"catalogues/gdpr.yaml", `(version: )`, "$1", rule(modelvet.Block, "hipaa-nprm-2025"), "only proposed"},
		"demanded by nobody":  {gate, `(id: supply-chain)`, "$1", []modelvet.Rule{{ID: "a.b", Level: modelvet.Block}}, "no control demands it"},
		"cites a ghost":       {gate, `(id: supply-chain)`, "$1", rule(modelvet.Block, "euaia-art-10.5"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasSuffix(c.replacement, "$1") || c.replacement == "$1" { // the rule is what is broken, not the file
				c.pattern, c.replacement = `\z`, "\n"
			}
			s, err := load(mutated(t, c.file, c.pattern, c.replacement))
			said := ""
			if err != nil {
				said = err.Error()
			} else {
				for _, p := range Lint(s, c.rules) {
					said += p.String() + "\n"
				}
			}
			if said == "" || !strings.Contains(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}

// The six catalogues and sixteen profiles as they are have no flaw that a rule
// which cites a control in force would meet.
func TestEveryControlInForceMayBeCited(t *testing.T) {
	s := mustLoad(t)
	demanded := s.demanded()
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			problems := Lint(s, []modelvet.Rule{{ID: "a.b", Level: modelvet.Block, Controls: []string{e.ID}}})
			if clean := len(problems) == 0; clean != (e.InForce() && demanded[e.ID]) {
				t.Errorf("%s is %s, demanded %v: %v", e.ID, e.Status, demanded[e.ID], problems)
			}
		}
	}
}
