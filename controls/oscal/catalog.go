// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"fmt"
	"iter"
	"strconv"

	"github.com/modelvet/modelvet/controls"
)

// Catalog is a catalogue of controls.
type Catalog struct {
	UUID       string      `json:"uuid"`
	Metadata   Metadata    `json:"metadata"`
	Controls   []Control   `json:"controls,omitempty"`
	Groups     []Group     `json:"groups,omitempty"`
	BackMatter *BackMatter `json:"back-matter,omitempty"`
}

// Group gathers controls; modelvet reads groups and writes none.
type Group struct {
	ID       string    `json:"id,omitempty"`
	Title    string    `json:"title"`
	Controls []Control `json:"controls,omitempty"`
	Groups   []Group   `json:"groups,omitempty"`
}

// Control is one control.
type Control struct {
	ID       string    `json:"id"`
	Class    string    `json:"class,omitempty"`
	Title    string    `json:"title"`
	Props    []Prop    `json:"props,omitempty"`
	Links    []Link    `json:"links,omitempty"`
	Parts    []Part    `json:"parts,omitempty"`
	Controls []Control `json:"controls,omitempty"`
}

// Part is a piece of a control's text.
type Part struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Prose string `json:"prose,omitempty"`
	Parts []Part `json:"parts,omitempty"`
}

// FileName is the name under which a catalogue is written, and by which
// profiles and the mapping refer to it.
func FileName(catalogue string) string { return catalogue + "-catalog.json" }

// FromCatalogue writes a catalogue as OSCAL.
func FromCatalogue(c controls.Catalogue) Document {
	out := &Catalog{
		UUID: UUID("catalog", c.ID, c.Version, c.AsOf),
		Metadata: Metadata{
			Title: line(c.Title), LastModified: midnight(c.AsOf), Version: line(c.Version), OSCAL: Version,
			Props:   props(own("catalogue", c.ID), own("jurisdiction", c.Jurisdiction), own("binding", strconv.FormatBool(c.Binding)), own("crosswalk-basis", c.Crosswalk)),
			Remarks: c.Note,
		},
		BackMatter: &BackMatter{},
	}
	for _, e := range c.Entries {
		out.Controls = append(out.Controls, fromEntry(e))
	}
	for _, url := range c.Sources {
		out.BackMatter.Resources = append(out.BackMatter.Resources, Resource{UUID: UUID("source", c.ID, url), Title: "Source", RLinks: []RLink{{Href: url}}})
	}
	return Document{Catalog: out}
}

func fromEntry(e controls.Entry) Control {
	c := Control{ID: e.ID, Class: e.Framework, Title: line(e.Title), Props: props(
		Prop{Name: "label", Value: line(e.Ref)},
		own("automatable", e.Automatable), own("scope", e.Scope), own("status", e.Status), own("verified", e.Verified), own("source", e.Source),
		own("regime", e.Regime), own("kind", e.Kind), own("effective-from", e.From.On), own("effective-from-annex-iii", e.From.AnnexIII),
		own("effective-from-annex-i", e.From.AnnexI), own("effective-from-new", e.From.New), own("effective-from-existing", e.From.Existing),
		own("effective-from-formal", e.From.Formal), own("existing-before", e.From.ExistingBefore), own("effective-note", e.Note),
		own("enforcement-note", e.Enforcement), own("alias", e.Alias), own("confidence", e.Confidence))}
	for name, list := range many(&e) {
		for _, v := range *list {
			c.Props = append(c.Props, own(name, v))
		}
	}
	if e.Status == controls.Withdrawn || e.Status == controls.Deleted {
		c.Props = append(c.Props, Prop{Name: "status", Value: "withdrawn"}) // OSCAL's own word for it
	}
	for _, id := range e.SeeAlso {
		c.Links = append(c.Links, Link{Href: "#" + id, Rel: "related"})
	}
	c.Parts = []Part{{ID: Statement(e.ID), Name: "statement", Prose: e.Summary}, {ID: e.ID + "_gdn", Name: "guidance", Prose: e.Check}}
	return c
}

// many are the properties that a control can have more than once, in order.
func many(e *controls.Entry) iter.Seq2[string, *[]string] {
	return func(yield func(string, *[]string) bool) {
		_ = yield("evidence", &e.Evidence) && yield("risk-class", &e.AppliesTo.RiskClass) &&
			yield("role", &e.AppliesTo.Role) && yield("sector", &e.AppliesTo.Sector)
	}
}

// Statement is the id of the statement of a control, at which findings aim.
func Statement(control string) string { return control + "_smt" }

// Profile selects controls out of catalogues.
type Profile struct {
	UUID     string   `json:"uuid"`
	Metadata Metadata `json:"metadata"`
	Imports  []Import `json:"imports"`
	Merge    *Merge   `json:"merge,omitempty"`
}

// Import takes controls from one catalogue.
type Import struct {
	Href    string   `json:"href"`
	Include []Select `json:"include-controls"`
}

// Select names controls.
type Select struct {
	WithIDs []string `json:"with-ids"`
}

// Merge says how imports are put together.
type Merge struct {
	AsIs bool `json:"as-is"`
}

// FromProfile writes a profile as OSCAL, importing the catalogues by [FileName].
func FromProfile(s *controls.Set, p controls.Profile) (Document, error) {
	byFramework, newest := map[string][]string{}, ""
	for _, id := range p.Controls {
		e, ok := s.Control(id)
		if !ok {
			return Document{}, fmt.Errorf("writing profile %s: there is no control %q", p.ID, id)
		}
		byFramework[e.Framework] = append(byFramework[e.Framework], id)
		newest = max(newest, e.Verified)
	}
	out := &Profile{UUID: UUID("profile", p.ID, newest), Merge: &Merge{AsIs: true}, Metadata: Metadata{
		Title: line(p.Title), LastModified: midnight(newest), Version: newest, OSCAL: Version, Props: []Prop{own("profile", p.ID)}, Remarks: p.Description}}
	for _, framework := range p.Frameworks {
		out.Imports = append(out.Imports, Import{Href: FileName(framework), Include: []Select{{WithIDs: byFramework[framework]}}})
	}
	return Document{Profile: out}, nil
}
