// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"io"
	"strings"

	"github.com/modelvet/modelvet"
)

// ModelCard writes a draft of a model card in Markdown, in the sections of
// Mitchell et al., "Model Cards for Model Reporting" (2019).
func ModelCard(w io.Writer, d modelvet.Decision) error { return Template{}.ModelCard(w, d) }

// ModelCard is the same in the organisation's language.
func (t Template) ModelCard(w io.Writer, d modelvet.Decision) error {
	card, err := modelCard(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	return card.markdown(w)
}

// ModelCardDOCX is the same as a text document (ECMA-376).
func ModelCardDOCX(w io.Writer, d modelvet.Decision) error { return Template{}.ModelCardDOCX(w, d) }

// ModelCardDOCX is the same in the organisation's language.
func (t Template) ModelCardDOCX(w io.Writer, d modelvet.Decision) error {
	card, err := modelCard(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	return card.docx(w)
}

func modelCard(dec modelvet.Decision, in speech) (*draft, error) {
	d, err := newDraft(dec, in, "Model card (draft)")
	if err != nil {
		return nil, err
	}
	s := dec.System
	if s == nil {
		s = &modelvet.System{}
		d.need("No verified statement says what the system is: attach modelvet.yaml (scan system), then everything below that is declared can be filled.")
	}
	d.h1("Model details")
	d.fill("Provider", party(s.Provider), "the provider names itself in modelvet.yaml")
	d.fill("Version", s.Version, "the provider states it")
	d.fill("Licence", s.Licence, "the provider states it")
	d.fill("Kind", join(s.Model.Architecture, s.Model.Format, s.Model.Task), "the team says how the model is built")
	d.fill("Role and risk class", join(s.Role, strings.TrimSpace(s.RiskClass+" "+s.AnnexIII)), "the provider classifies the system")
	if c := d.Classified(); c != "" {
		d.add("p", c)
	}
	d.need("Paper, citation, date of training: the team adds them; no evidence holds them.")
	d.h1("Intended use")
	d.fill("Primary intended use (declared)", s.Purpose, "the provider states the intended purpose")
	d.need("Primary users, and uses that are out of scope: the team adds them.")
	d.h1("Factors")
	protected := map[string]bool{}
	for _, t := range s.Tables {
		for _, p := range t.Protected {
			protected[p] = true
		}
	}
	d.fill("Groups that were compared", joined(sortedKeys(protected)), "no protected attribute is declared")
	d.need("Instruments, environments, and groups that matter and were not compared: the team adds them.")
	d.h1("Metrics, measured")
	d.table(d.numbers("performance", false), "Performance: no scan of kind performance was attached.")
	d.h1("Evaluation data")
	d.table(d.dataSets("predictions", "test", "validation"), "No table of predictions, test or validation is declared.")
	d.h1("Training data")
	d.table(d.dataSets("training"), "No training table is declared.")
	d.lineageRows()
	d.h1("Quantitative analyses by group, measured")
	d.table(d.numbers("fairness", true), "No scan of kind fairness was attached.")
	d.h1("Ethical considerations")
	if s.Oversight != nil {
		d.fill("Human oversight (declared)", join(s.Oversight.Owner, strings.Join(s.Oversight.Measures, " ")), "nobody is named")
	} else {
		d.need("Human oversight: nobody is named in modelvet.yaml.")
	}
	d.need("Harms considered, and what remains of them: the team adds them.")
	d.h1("Caveats and recommendations")
	d.objections()
	return d.end(), nil
}

// lineageRows are the inputs that sources claim.
func (d *draft) lineageRows() {
	rows := [][]string{d.columns("Kind", "Name", "Source", "Digest")}
	for _, l := range d.Lineage {
		for _, in := range l.Inputs {
			rows = append(rows, []string{in.Kind, strings.TrimSpace(in.Name + " " + in.URI), l.Source, or(in.Digest, d.t("not pinned by the source"))})
		}
	}
	d.table(rows, "No verified statement says what the model was made of.")
}
