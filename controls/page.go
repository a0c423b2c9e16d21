// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// Page is one generated page of documentation.
type Page struct {
	Name    string // "eu-ai-act.md"
	Content []byte
}

// Pages renders an index and one Markdown page for each catalogue, with the
// rules that speak to each control. The same input gives the same bytes.
func (s *Set) Pages(rules []modelvet.Rule) []Page {
	named := naming(rules)
	pages := []Page{{Name: "README.md", Content: s.index(rules)}}
	for _, c := range s.catalogues {
		pages = append(pages, Page{Name: c.ID + ".md", Content: c.page(named)})
	}
	return pages
}

func (s *Set) index(rules []modelvet.Rule) []byte {
	var b strings.Builder
	b.WriteString("# Controls\n\nGenerated from `controls/`; do not edit. Summaries and crosswalks are the project's own reading, not legal advice. " +
		"A rule that speaks to a control supplies evidence; it does not show that the control is met.\n\n" +
		"| catalogue | version | as of | controls in force | full | partial | none | by evidence | by a person | not assessed |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|\n")
	rows, _ := s.Coverage(nil, rules, time.Time{}) // without profiles it cannot fail
	for _, r := range rows {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %d | %d | %d | %d | %d | %d | %d |\n", cell(r.Title), r.Framework, cell(r.Version), r.AsOf,
			r.Total, r.Full, r.Partial, r.None, r.ByEvidence, r.ByPerson, r.NotAssessed)
	}
	b.WriteString("\n`full`: a machine can decide it from verified evidence. `partial`: a machine decides presence, signer, freshness and consistency, a person decides adequacy. " +
		"`none`: only a signed statement of a person counts.\n\n## Profiles\n\n| profile | controls | from | what it is |\n|---|--:|---|---|\n")
	for _, p := range s.Profiles() {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", p.ID, len(p.Controls), strings.Join(p.Frameworks, ", "), cell(p.Description))
	}
	return []byte(b.String())
}

func (c Catalogue) page(named map[string][]string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nGenerated from `controls/catalogues/`; do not edit. Version %s, last verified %s. Crosswalk: %s.\n\n", c.Title, c.Version, c.AsOf, c.Crosswalk)
	if c.Note != "" {
		b.WriteString(c.Note + "\n\n")
	}
	b.WriteString("| id | reference | title | applies from | automatable | rules | see also |\n|---|---|---|---|---|---|---|\n")
	for _, e := range c.Entries {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", e.ID, cell(e.Ref), cell(e.label()), e.From.text(), e.Automatable, code(named[e.ID]), code(e.SeeAlso))
	}
	b.WriteString("\nSources:\n\n")
	for _, url := range c.Sources {
		fmt.Fprintf(&b, "- <%s>\n", url)
	}
	return []byte(b.String())
}

func (e Entry) label() string {
	if e.Status == Active {
		return e.Title
	}
	return fmt.Sprintf("%s (**%s**)", e.Title, e.Status)
}

func (e Effective) text() string {
	switch {
	case e.On != "":
		return e.On
	case e.AnnexIII != "":
		return "Annex III " + e.AnnexIII + ", Annex I " + e.AnnexI
	case e.Existing != "":
		return e.New + ", existing " + e.Existing
	}
	return ""
}

func code(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "`" + strings.Join(list, "` `") + "`"
}

// cell keeps text inside one cell of a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(s)
}
