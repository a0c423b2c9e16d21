// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"io"
	"strings"

	"github.com/modelvet/modelvet"
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

func annexIV(dec modelvet.Decision, in speech) (*draft, error) {
	d, err := newDraft(dec, in, "Technical documentation after Annex IV (draft)")
	if err != nil {
		return nil, err
	}
	s := dec.System
	if s == nil {
		s = &modelvet.System{}
	}
	d.h1("1. General description")
	d.fill("(a) Intended purpose, declared", s.Purpose, "the provider states it in modelvet.yaml")
	d.fill("(a) Provider", party(s.Provider), "the provider names itself")
	if c := d.Classified(); c != "" {
		d.add("p", c)
	}
	d.fill("(a) Name and version", strings.TrimSpace(s.Name+" "+s.Version), "the provider states them")
	d.need("(b) Interaction with hardware, software and other AI systems: the team describes it.")
	d.need("(c) Versions of software and firmware, and what updates require.")
	d.need("(d) Forms in which the system is placed on the market.")
	d.need("(e) Hardware on which it is to run.")
	d.need("(f), (g) Where it is a component: pictures; the user interface of the deployer.")
	d.fill("(h) Instructions for use", d.documentOf(s, "instructions-for-use"), "name the document in modelvet.yaml")
	d.h1("2. Elements and development")
	d.fill("(a), (c) How it was built", join(s.Model.Architecture, s.Model.Format, s.Model.Task), "the team describes architecture, third-party parts and computing")
	d.lineageRows()
	d.need("(b) Design choices, their reasons and assumptions; what is optimised.")
	d.h2("(d) Data sets, declared")
	d.table(d.dataSets("training", "validation", "test", "predictions", "reference"), "No table is declared.")
	d.fill("(d) Data sheet", d.documentOf(s, "data-card"), "name a data card in modelvet.yaml")
	d.oversight(s)
	d.need("(f) Changes that were determined beforehand.")
	d.h2("(g) Validation and testing, measured")
	d.table(d.numbers("performance", false), "No performance was measured.")
	d.table(d.numbers("fairness", true), "No differences between groups were measured.")
	d.h2("(h) Cybersecurity, measured")
	d.seen()
	d.h1("3. Monitoring, functioning and control")
	d.table(d.numbers("explainability", false), "Capabilities and limits: no explanation was measured.")
	d.need("Foreseeable unintended outcomes and sources of risk; specifications of input data.")
	d.h1("4. Appropriateness of the metrics")
	d.need("Why these metrics suit this system: the team gives its reasons; no evidence holds them.")
	d.h1("5. Risk management (Article 9)")
	d.fill("Document", d.documentOf(s, "risk-register"), "name a risk register in modelvet.yaml")
	d.h1("6. Changes through the lifecycle")
	d.fill("This version", or(dec.Subject.Digest, ""), "the artifact has no digest")
	d.need("Earlier versions and what changed: compare decisions (modelvet report diff).")
	d.h1("7. Harmonised standards")
	d.need("List of standards applied in full or in part, or other solutions adopted.")
	d.h1("8. EU declaration of conformity")
	d.need("A copy, once the provider has drawn it up and signed it. modelvet never draws one up.")
	d.h1("9. Post-market monitoring (Article 72)")
	d.fill("Plan", d.documentOf(s, "monitoring-plan"), "name a monitoring plan in modelvet.yaml")
	if m := s.Monitoring; m != nil {
		d.fill("Watched, declared", join(m.Owner, strings.Join(m.Metrics, ", "), d.t("logs kept for %d days", m.LogRetentionDays)), "nothing is declared")
	}
	d.h1("What the decision says of each point")
	rows := [][]string{d.columns("Point", "What it asks", "State", "Rules")}
	for _, c := range dec.Controls {
		if strings.HasPrefix(c.Ref, "Annex IV") {
			rows = append(rows, []string{c.Ref, c.Title, strings.ToLower(d.t(stateWord(c.State))), joined(c.Rules)})
		}
	}
	d.table(rows, "The profiles of this policy hold no point of Annex IV.")
	d.objections()
	return d.end(), nil
}

func (d *draft) oversight(s *modelvet.System) {
	if s.Oversight == nil {
		d.need("(e) Human oversight (Article 14): name an owner and measures in modelvet.yaml.")
		return
	}
	d.fill("(e) Human oversight, declared", join(s.Oversight.Owner, strings.Join(s.Oversight.Measures, " ")), "nobody is named")
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
