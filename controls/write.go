// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// WriteCatalogue writes a catalogue as the YAML file that [ParseCatalogue]
// reads. It reads its own work back: what it returns can be loaded.
func WriteCatalogue(c Catalogue) ([]byte, error) {
	entries := make([]*yaml.Node, 0, len(c.Entries))
	for _, e := range c.Entries {
		entries = append(entries, e.node(c.AsOf))
	}
	head := fields(
		"id", c.ID, "title", c.Title, "version", c.Version, "as_of", c.AsOf, "jurisdiction", c.Jurisdiction, "text_licence", c.TextLicence,
		"note", c.Note, "crosswalk_basis", c.Crosswalk, "source_urls", c.Sources)
	if c.Binding {
		head.Content = append(head.Content, quoted("binding"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
	root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
		quoted("catalogue"), head, quoted("controls"), {Kind: yaml.SequenceNode, Content: entries}}}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("writing catalogue %s: %w", c.ID, err)
	}
	if _, err := ParseCatalogue(c.ID+".yaml", b.Bytes()); err != nil {
		return nil, fmt.Errorf("writing catalogue %s: it could not be read back: %w", c.ID, err)
	}
	return b.Bytes(), nil
}

func (e Entry) node(asOf string) *yaml.Node {
	verified := e.Verified
	if verified == asOf {
		verified = ""
	}
	n := fields("id", e.ID, "ref", e.Ref, "alias", e.Alias, "title", e.Title, "summary", e.Summary, "effective_note", e.Note,
		"enforcement_note", e.Enforcement, "scope", e.Scope, "automatable", e.Automatable, "check", e.Check, "source", e.Source,
		"status", e.Status, "verified", verified, "confidence", e.Confidence, "regime", e.Regime, "kind", e.Kind, "see_also", e.SeeAlso)
	n.Content = append(n.Content, quoted("evidence"), list(e.Evidence))
	n.Content = append(n.Content, quoted("applies_to"), fields("risk_class", e.AppliesTo.RiskClass, "role", e.AppliesTo.Role, "sector", e.AppliesTo.Sector))
	switch f := e.From; {
	case f.On != "":
		n.Content = append(n.Content, quoted("effective_from"), quoted(f.On))
	case f.Earliest() != "":
		n.Content = append(n.Content, quoted("effective_from"), fields("formal", f.Formal, "annex_iii", f.AnnexIII, "annex_i", f.AnnexI, "new", f.New, "existing", f.Existing, "existing_before", f.ExistingBefore))
	}
	return n
}

// fields is a mapping of what is not empty, in the order given.
func fields(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for pair := range slices.Chunk(pairs, 2) {
		key, _ := pair[0].(string)
		switch v := pair[1].(type) {
		case string:
			if v != "" {
				n.Content = append(n.Content, quoted(key), quoted(v))
			}
		case []string:
			if len(v) > 0 {
				n.Content = append(n.Content, quoted(key), list(v))
			}
		}
	}
	return n
}

// quoted is a text, quoted where YAML would read a date or a boolean.
func quoted(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	n.Tag = "!!str"
	return n
}

func list(words []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, w := range words {
		n.Content = append(n.Content, quoted(w))
	}
	return n
}
