// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"go.yaml.in/yaml/v3"
)

// Source is what a draft is filled from.
type Source struct {
	System  modelvet.System
	Subject modelvet.Subject // empty: nothing was packed yet
	Scans   []modelvet.Scan
	Lineage []modelvet.Lineage
	At      time.Time
}

// Draft writes the form of a document, filled with what is known. What nobody
// knows says TODO, and counts as missing until somebody writes it.
func Draft(kind string, s Source) ([]byte, error) {
	k, ok := KindOf(kind)
	if !ok {
		return nil, fmt.Errorf("drafting %q: there is no such kind; there are %s", kind, names())
	}
	switch {
	case k.Kind == "statement":
		return nil, fmt.Errorf("drafting a statement: it has no items of its own; write items by the ids of controls (`modelvet controls list`)")
	case k.Form == "markdown":
		return draftCard(k, s), nil
	}
	return draftForm(k, s)
}

func draftForm(k Kind, s Source) ([]byte, error) {
	known := s.known(k.Kind)
	items := &yaml.Node{Kind: yaml.MappingNode}
	for _, it := range k.Items {
		key := text(it.ID)
		key.HeadComment = strings.TrimSuffix(it.Ref+": "+it.Title+". "+it.Asks, " ")
		items.Content = append(items.Content, key, draftItem(k, it, known[it.ID]))
	}
	root := &yaml.Node{Kind: yaml.MappingNode, HeadComment: k.Title + "\n" + k.Law + "\nWritten by `modelvet document draft`. Every TODO is missing until somebody writes it."}
	add := func(key string, v *yaml.Node) { root.Content = append(root.Content, text(key), v) }
	add("document", text(k.Kind))
	add("system", text(s.System.Name))
	add("version", text(s.System.Version))
	author := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{text("name"), text("TODO"), text("role"), text("TODO")}}
	add("author", author)
	add("date", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: s.At.UTC().Format(time.DateOnly)})
	add("items", items)
	if figures := s.figures(); len(figures.Content) > 0 && k.Kind != "soa" {
		add("figures", figures)
	}
	var b bytes.Buffer
	b.WriteString("# yaml-language-server: $schema=https://github.com/modelvet/modelvet/schemas/" + k.Kind + "/v1\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("drafting %s: %w", k.Kind, err)
	}
	return b.Bytes(), nil
}

func draftItem(k Kind, it Item, known string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	if k.Kind == "soa" {
		no := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}
		n.Content = []*yaml.Node{text("applicable"), no, text("justification"), text(cmp.Or(known, "TODO why it is, or is not, necessary; then its status")), text("status"), text("planned")}
		return n
	}
	value := text(cmp.Or(known, "TODO "+cmp.Or(it.Asks, it.Title)))
	if strings.Contains(value.Value, "\n") {
		value.Style = yaml.LiteralStyle
	}
	n.Content = []*yaml.Node{text("text"), value}
	return n
}

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// figures are the measurements of the whole, for the document to repeat.
func (s Source) figures() *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode}
	for _, scan := range s.Scans {
		for _, m := range scan.Measurements {
			if scan.Scanner != "performance" || len(m.Slice) > 0 {
				continue
			}
			value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: fmt.Sprintf("%.4f", m.Value)}
			out.Content = append(out.Content, &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{text("metric"), text(m.Metric), text("value"), value}})
		}
	}
	return out
}

// known is what the description, the lineage and the measurements say, by item.
func (s Source) known(kind string) map[string]string {
	sys := s.System
	out := map[string]string{}
	set := func(id string, lines ...string) {
		lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
		if len(lines) > 0 {
			out[id] = strings.Join(lines, "\n")
		}
	}
	switch kind {
	case "annex-iv":
		set("1.a", "Intended purpose: "+strings.TrimSpace(sys.Purpose), "Provider: "+sys.Provider.Name, "Version: "+sys.Version+". TODO how it relates to earlier versions.")
		set("1.d", s.supply())
		set("2.a", s.made()...)
		set("2.c", s.architecture())
		set("2.d", s.tables()...)
		set("2.e", s.oversight()...)
		set("2.g", s.tested()...)
		set("9", s.monitoring()...)
	case "annex-xi", "annex-xii":
		set("1.a", "Intended purpose: "+strings.TrimSpace(sys.Purpose), "TODO the kinds of systems it can be built into.")
		set("1.c", s.supply())
		set(map[string]string{"annex-xi": "1.d", "annex-xii": "1.f"}[kind], s.size()...)
		set(map[string]string{"annex-xi": "1.f", "annex-xii": "1.h"}[kind], sys.Licence)
		set("2.c", s.tables()...)
	case "fria":
		set("1.a", "Intended purpose: "+strings.TrimSpace(sys.Purpose), "TODO the processes of the deployer in which it is used.")
		set("1.c", s.groups()...)
		set("1.e", s.oversight()...)
	}
	return out
}

func (s Source) supply() string {
	if s.Subject.Digest == "" {
		return ""
	}
	return "OCI artifact (CNCF ModelPack), " + s.Subject.Digest + "."
}

// size is the architecture and the number of parameters, as declared.
func (s Source) size() []string {
	m := s.System.Model
	if m.Architecture == "" || m.Parameters == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s, %d parameters, stored as %s.", m.Architecture, m.Parameters, cmp.Or(m.Precision, m.Format, "files"))}
}

func (s Source) made() []string {
	var out []string
	for _, l := range s.Lineage {
		for _, in := range l.Inputs {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", in.Kind, in.Name, in.URI, in.Digest)))
		}
	}
	if len(out) > 0 {
		out = append([]string{"Claimed by the lineage:"}, append(out, "TODO methods and steps of the development.")...)
	}
	return out
}

func (s Source) architecture() string {
	m := s.System.Model
	if m.Architecture == "" {
		return ""
	}
	return fmt.Sprintf("%s, stored as %s. TODO how the parts build on each other, and the compute used.", m.Architecture, cmp.Or(m.Format, "files"))
}

func (s Source) tables() []string {
	var out []string
	for _, t := range s.System.Tables {
		line := fmt.Sprintf("%s (%s): %s", t.Name, t.Kind, t.Path)
		if len(t.Protected) > 0 {
			line += "; protected: " + strings.Join(t.Protected, ", ")
		}
		out = append(out, line)
	}
	if len(out) > 0 {
		out = append(out, "TODO origin, scope, selection, labelling and cleaning.")
	}
	return out
}

func (s Source) oversight() []string {
	if s.System.Oversight == nil {
		return nil
	}
	return append([]string{"Owner: " + s.System.Oversight.Owner}, append(slices.Clone(s.System.Oversight.Measures), "TODO the assessment of these measures.")...)
}

func (s Source) tested() []string {
	var out []string
	for _, scan := range s.Scans {
		if scan.Scanner != Scanner {
			out = append(out, fmt.Sprintf("Scanner %s %s: %d measurements, %d findings, %d parts not read.", scan.Scanner, scan.Version, len(scan.Measurements), len(scan.Findings), len(scan.Coverage.Skipped)))
		}
	}
	if len(out) > 0 {
		out = append(out, "TODO why these data and metrics, and who is responsible for the tests.")
	}
	return out
}

func (s Source) monitoring() []string {
	m := s.System.Monitoring
	if m == nil {
		return nil
	}
	return []string{"Owner: " + m.Owner, "Watched: " + strings.Join(m.Metrics, ", "), fmt.Sprintf("Logs are kept %d days.", m.LogRetentionDays), "TODO the plan itself, Art. 72(3)."}
}

func (s Source) groups() []string {
	var out []string
	for _, t := range s.System.Tables {
		out = append(out, t.Protected...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) == 0 {
		return nil
	}
	return []string{"Measured by: " + strings.Join(out, ", "), "TODO the categories of persons affected in this use."}
}

// draftCard writes a Markdown card with one section an item.
func draftCard(k Kind, s Source) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "---\nlicense: %q\n---\n# %s: %s %s\n", cmp.Or(s.System.Licence, "TODO"), k.Title, s.System.Name, s.System.Version)
	for _, it := range k.Items {
		fmt.Fprintf(&b, "\n## %s\n\n<!-- %s. %s -->\n%s\n", strings.ToUpper(it.Headings[0][:1])+it.Headings[0][1:], it.Title, it.Ref, s.cardSection(it))
	}
	return []byte(b.String())
}

func (s Source) cardSection(it Item) string {
	switch {
	case it.ID == "purpose":
		return strings.TrimSpace(s.System.Purpose)
	case it.ID == "licence" && s.System.Licence != "":
		return s.System.Licence
	case it.ID == "details":
		return fmt.Sprintf("%s %s by %s. TODO what kind of model it is.", s.System.Name, s.System.Version, s.System.Provider.Name)
	case it.ID == "performance" && len(s.figures().Content) > 0:
		var b strings.Builder
		b.WriteString("| metric | value |\n|---|---|\n")
		for _, n := range s.figures().Content {
			fmt.Fprintf(&b, "| %s | %s |\n", n.Content[1].Value, n.Content[3].Value)
		}
		return b.String() + "\nTODO on which data, and what the figures mean for the use."
	}
	return "TODO " + it.Title
}
