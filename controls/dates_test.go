// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"regexp"
	"slices"
	"testing"
)

// The dates of application are those of Art. 113 and 111 of Regulation (EU)
// 2024/1689, as amended by Art. 1(39) and (40) of Regulation (EU) 2026/1744 (OJ L,
// 2026/1744, 24.7.2026); read in the Formex text of the Official Journal on
// 2026-11-25. Every entry of the catalogue falls under one line.
func TestDatesOfApplicationAreThoseOfArticle113(t *testing.T) {
	gpai := Effective{New: "2025-08-02", Existing: "2027-08-02", ExistingBefore: "2025-08-02"}
	deferred := Effective{AnnexIII: "2027-12-02", AnnexI: "2028-08-02"}
	formal := Effective{Formal: "2026-08-02", AnnexIII: "2027-12-02", AnnexI: "2028-08-02"}
	lines := []struct {
		refs string
		from Effective
	}{
		{`Art\. (4\(1\)|5\(1\)\([a-h]\))`, Effective{On: "2025-02-02"}},
		{`Art\. 4a\(\d\)`, Effective{On: "2026-07-27"}}, // inserted that day into a chapter that applied already
		{`Art\. 5\(1\)\(b[ab]\)`, Effective{On: "2026-12-02"}},
		{`(Art\. (6|8|9|1\d|2[0-7])\(|Annex IV\().*`, deferred},
		{`Art\. (4[23789]|7[235]|86)\(.*`, formal}, // they apply, and nobody is high-risk before Art. 6 does
		{`Art\. 50\([1345]\)`, Effective{On: "2026-08-02"}},
		{`Art\. 50\(2\)`, Effective{New: "2026-08-02", Existing: "2026-12-02", ExistingBefore: "2026-08-02"}},
		{`(Art\. 5[1-5]\(|Annex XII?[ (]).*`, gpai},
	}
	for i := range lines {
		lines[i].refs = "^" + lines[i].refs + "$"
	}
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range set.Catalogues() {
		if c.ID != "eu-ai-act" {
			continue
		}
		for _, e := range c.Entries {
			if !e.InForce() {
				continue
			}
			n++
			i := slices.IndexFunc(lines, func(l struct {
				refs string
				from Effective
			}) bool {
				return regexp.MustCompile(l.refs).MatchString(e.Ref)
			})
			if i < 0 || e.From != lines[i].from {
				t.Errorf("%s: %s applies from %+v: not what Art. 113 says", e.Where, e.Ref, e.From)
			}
		}
	}
	if n < 200 {
		t.Errorf("%d entries looked at", n)
	}
}
