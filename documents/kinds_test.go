// SPDX-License-Identifier: Apache-2.0

package documents_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/documents"
	"github.com/modelvet/modelvet/schemas"
)

// Every item names a control of the catalogues that is not deleted; every form has a schema.
func TestEveryKindAnswersControls(t *testing.T) {
	exists := map[string]bool{}
	for _, name := range []string{"eu-ai-act", "iso-42001", "sector"} {
		data, err := os.ReadFile("../controls/catalogues/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Controls []struct{ ID, Status string }
		}
		if err := yaml.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Controls {
			exists[e.ID] = e.Status != "deleted" && e.Status != "withdrawn"
		}
	}
	all, err := documents.Kinds()
	if err != nil || len(all) != 9 {
		t.Fatalf("%d kinds: %v", len(all), err)
	}
	for _, k := range all {
		if _, err := schemas.Raw(k.Kind); err != nil {
			t.Errorf("%s: %v", k.Kind, err)
		}
		for _, id := range k.Attests {
			if !exists[id] {
				t.Errorf("%s attests %s, which is no control", k.Kind, id)
			}
		}
		for _, it := range k.Items {
			if it.Control != "" && !exists[it.Control] || it.Ref == "" || it.Title == "" || k.Form == "markdown" && len(it.Headings) == 0 {
				t.Errorf("%s: %+v", k.Kind, it)
			}
		}
	}
}

// A draft can be read, holds no invented word, and is incomplete until somebody writes it.
func TestADraftIsReadAndIncomplete(t *testing.T) {
	src := documents.Source{At: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		System: modelvet.System{Name: "x", Version: "1.0", Purpose: "Forecasts: spare parts # for \"machines\"\nevery week", Provider: modelvet.Party{Name: "Acme"}},
		Scans:  []modelvet.Scan{{Scanner: "performance", Measurements: []modelvet.Measurement{{Metric: "performance/accuracy", Value: 0.76041}}}}}
	for kind, items := range map[string]int{"annex-iv": 23, "fria": 8, "soa": 38, "model-card": 8, "data-card": 7, "annex-xi": 14, "annex-xii": 11, "change-plan": 6} {
		text, err := documents.Draft(kind, src)
		if err != nil {
			t.Fatal(err)
		}
		path := "d.yaml"
		if strings.HasSuffix(kind, "card") {
			path = "d.md"
		}
		d, err := documents.Read(kind, path, func(string) ([]byte, error) { return text, nil })
		if err != nil {
			t.Fatalf("%s: %v\n%s", kind, err, text)
		}
		if len(d.Answers) != items || len(d.Gaps()) == 0 {
			t.Errorf("%s: %d answers, %d gaps", kind, len(d.Answers), len(d.Gaps()))
		}
		for _, c := range d.Compare(src.Scans) {
			if c.State != documents.Agrees {
				t.Errorf("%s: the draft does not repeat what was measured: %+v", kind, c)
			}
		}
		again, _ := documents.Draft(kind, src)
		if string(again) != string(text) {
			t.Errorf("%s: two drafts differ", kind)
		}
	}
	for _, kind := range []string{"statement", "novel"} {
		if _, err := documents.Draft(kind, src); err == nil {
			t.Errorf("%s was drafted", kind)
		}
	}
}

// A statement of applicability answers, excludes or leaves open; "required" items cannot be excluded.
func TestFormsSayWhatIsMissing(t *testing.T) {
	head := func(kind string) string {
		return "document: " + kind + "\nsystem: x\nversion: '1'\nauthor: {name: A, role: dpo}\ndate: '2026-11-24'\nitems:\n"
	}
	for name, c := range map[string]struct{ kind, items, id, want string }{
		"implemented":        {"soa", "  A.2.2: {applicable: true, justification: we need it, status: implemented}", "A.2.2", documents.Filled},
		"planned":            {"soa", "  A.2.2: {applicable: true, justification: we need it, status: planned}", "A.2.2", documents.Missing},
		"no status":          {"soa", "  A.2.2: {applicable: true, justification: we need it}", "A.2.2", documents.Missing},
		"excluded":           {"soa", "  A.2.2: {applicable: false, justification: one person}", "A.2.2", documents.NotApplicable},
		"excluded by a TODO": {"soa", "  A.2.2: {applicable: false, justification: TODO}", "A.2.2", documents.Todo},
		"not there":          {"soa", "  A.2.3: {applicable: false, justification: one person}", "A.2.2", documents.Missing},
		"blank":              {"annex-iv", "  1.a: {text: '  '}", "1.a", documents.Missing},
		"does always apply":  {"annex-iv", "  1.a: {notApplicable: no}", "1.a", documents.Missing},
		"does not apply":     {"annex-iv", "  1.f: {notApplicable: it is no product}", "1.f", documents.NotApplicable},
		"both":               {"annex-iv", "  1.f: {text: x, notApplicable: it is no product}", "1.f", documents.Missing},
		"file is away":       {"annex-iv", "  1.h: {file: away.md}", "1.h", documents.Missing},
		"statement":          {"statement", "  euaia-art-5.1.a: {text: Looked at on 2026-11-20.}", "euaia-art-5.1.a", documents.Filled},
	} {
		d, err := documents.Read(c.kind, "d.yaml", func(p string) ([]byte, error) {
			if p != "d.yaml" {
				return nil, os.ErrNotExist
			}
			return []byte(head(c.kind) + strings.Replace(c.items, "notApplicable: no}", "notApplicable: 'no'}", 1) + "\n"), nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, a := range d.Answers {
			if a.ID == c.id && a.State != c.want {
				t.Errorf("%s: %s (%s), want %s", name, a.State, a.Reason, c.want)
			}
		}
	}
}
