// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/documents/kinds"
)

// AnnexIV writes a draft of the technical documentation of Article 11 in the
// order of Annex IV of Regulation (EU) 2024/1689, in Markdown.
func AnnexIV(w io.Writer, d modelvet.Decision) error { return Template{}.AnnexIV(w, d) }

// AnnexIV is the same in the organisation's language.
func (t Template) AnnexIV(w io.Writer, d modelvet.Decision) error {
	doc, err := annexIV(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	return doc.markdown(w)
}

// AnnexIVDOCX is the same as a text document (ECMA-376).
func AnnexIVDOCX(w io.Writer, d modelvet.Decision) error { return Template{}.AnnexIVDOCX(w, d) }

// AnnexIVDOCX is the same in the organisation's language.
func (t Template) AnnexIVDOCX(w io.Writer, d modelvet.Decision) error {
	doc, err := annexIV(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	return doc.docx(w)
}

// annexIV follows the same list of items as the form that `modelvet document
// draft` writes and `modelvet gate` checks; what the evidence holds stands
// under its item, what it does not hold is marked with what the item asks.
func annexIV(dec modelvet.Decision, in speech) (*draft, error) {
	kind, ok := kinds.Of("annex-iv")
	if !ok {
		return nil, fmt.Errorf("drafting Annex IV: its list of items is not in this program; build it again")
	}
	d, err := newDraft(dec, in, "Technical documentation after Annex IV (draft)")
	if err != nil {
		return nil, err
	}
	d.add("note", kind.Law)
	s := dec.System
	if s == nil {
		s = &modelvet.System{}
		d.need("No verified statement says what the system is: attach modelvet.yaml (scan system), then everything below that is declared can be filled.")
	}
	known := d.annexIVKnown(s)
	group := ""
	for _, item := range kind.Items {
		if number, _, _ := strings.Cut(item.ID, "."); number != group {
			group = number
			d.add("h1", d.t(annexIVPoints[number]))
		}
		d.add("h2", item.Ref+" "+d.t(item.Title))
		if fill := known[item.ID]; fill != nil {
			fill()
		}
		if !annexIVWhole[item.ID] { // what only people can add
			d.need(or(item.Asks, item.Title))
		}
	}
	d.annexIVStates(dec)
	d.objections()
	return d.end(), nil
}

// annexIVPoints are the nine points of the annex.
var annexIVPoints = map[string]string{
	"1": "1. General description", "2": "2. Elements and development", "3": "3. Monitoring, functioning and control", "4": "4. Appropriateness of the metrics",
	"5": "5. Risk management (Article 9)", "6": "6. Changes through the lifecycle", "7": "7. Harmonised standards", "8": "8. EU declaration of conformity", "9": "9. Post-market monitoring (Article 72)",
}

// annexIVWhole are the items of which nothing is missing when the evidence
// fills them; its own gaps are marked by what fills it.
var annexIVWhole = map[string]bool{"1.a": true, "1.h": true, "2.h": true, "5": true}

// annexIVKnown writes what the evidence holds, by item.
func (d *draft) annexIVKnown(s *modelvet.System) map[string]func() {
	return map[string]func(){
		"1.a": func() {
			d.fill("Intended purpose, declared", s.Purpose, "the provider states it in modelvet.yaml")
			d.fill("Provider", party(s.Provider), "the provider names itself in modelvet.yaml")
			d.fill("Name and version", strings.TrimSpace(s.Name+" "+s.Version), "the provider states them")
			if c := d.Classified(); c != "" {
				d.add("p", c)
			}
		},
		"1.d": func() { d.fill("Artifact", d.Subject.Digest, "the artifact has no digest") },
		"1.h": func() {
			d.fill("Instructions for use", d.documentOf(s, "instructions-for-use"), "name the document in modelvet.yaml")
		},
		"2.a": func() { d.lineageRows() },
		"2.c": func() {
			d.fill("How it was built", join(s.Model.Architecture, s.Model.Format, s.Model.Task), "the team describes architecture, third-party parts and computing")
		},
		"2.d": func() {
			d.table(d.dataSets("training", "validation", "test", "predictions", "reference"), "No table is declared.")
			d.fill("Data sheet", d.documentOf(s, "data-card"), "name a data card in modelvet.yaml")
		},
		"2.e": func() { d.oversight(s) },
		"2.g": func() {
			d.table(d.numbers("performance", false), "No performance was measured.")
			d.table(d.numbers("fairness", true), "No differences between groups were measured.")
		},
		"2.h": func() { d.seen() },
		"3": func() {
			d.table(d.numbers("explainability", false), "Capabilities and limits: no explanation was measured.")
		},
		"5": func() { d.fill("Document", d.documentOf(s, "risk-register"), "name a risk register in modelvet.yaml") },
		"6": func() {
			d.fill("This version", d.Subject.Digest, "the artifact has no digest")
			d.need("Earlier versions and what changed: compare decisions (modelvet report diff).")
		},
		"8": func() {
			d.need("A copy, once the provider has drawn it up and signed it. modelvet never draws one up.")
		},
		"9": func() {
			d.fill("Plan", d.documentOf(s, "monitoring-plan"), "name a monitoring plan in modelvet.yaml")
			if m := s.Monitoring; m != nil {
				d.fill("Watched, declared", join(m.Owner, strings.Join(m.Metrics, ", "), d.t("logs kept for %d days", m.LogRetentionDays)), "nothing is declared")
			}
		},
	}
}

// annexIVStates is what the decision says of each point.
func (d *draft) annexIVStates(dec modelvet.Decision) {
	d.h1("What the decision says of each point")
	rows := [][]string{d.columns("Point", "What it asks", "State", "Rules")}
	for _, c := range dec.Controls {
		if strings.HasPrefix(c.Ref, "Annex IV") {
			rows = append(rows, []string{c.Ref, c.Title, strings.ToLower(d.t(stateWord(c.State))), joined(c.Rules)})
		}
	}
	d.table(rows, "The profiles of this policy hold no point of Annex IV.")
}

func (d *draft) oversight(s *modelvet.System) {
	if s.Oversight == nil {
		d.need("Human oversight: nobody is named in modelvet.yaml.")
		return
	}
	d.fill("Human oversight (declared)", join(s.Oversight.Owner, strings.Join(s.Oversight.Measures, " ")), "nobody is named")
}

// seen are the things that scanners saw in files and tables.
func (d *draft) seen() {
	rows := [][]string{d.columns("Where", "What was seen", "Kind", "Severity")}
	for _, s := range d.Scans {
		for _, f := range s.Findings {
			rows = append(rows, []string{f.Path + d.place(f), f.What, f.ID, f.Severity})
		}
	}
	if len(rows) == 1 && len(d.Scans) > 0 {
		d.add("p", d.t("The scanners that ran saw nothing of note in what they read."))
		return
	}
	d.table(rows, "No scan was attached.")
}

func (v speech) documentOf(s *modelvet.System, kind string) string {
	for _, d := range s.Documents {
		if d.Kind == kind {
			return v.t("%s (attached to the artifact)", d.Path)
		}
	}
	return ""
}
