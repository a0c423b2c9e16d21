// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet/controls"
)

// Limits of what is read. NIST SP 800-53 in OSCAL has 10 MB.
const (
	maxBytes    = 32 << 20
	maxControls = 20_000
	maxNesting  = 16
)

var token = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]*$`)

// ReadCatalogue reads an OSCAL catalogue (JSON, any 1.x) so that it can be
// added to a set with [controls.Set.With]. What modelvet wrote comes back with
// its properties. What others wrote says nothing of automation and dates, so
// its controls can be answered by a person only, until rules name them; links
// to controls of other catalogues are dropped.
//
// A control is refused when its id is no plain token or is given twice. The
// catalogue's id is its "catalogue" property or else id.
func ReadCatalogue(name, id string, r io.Reader) (controls.Catalogue, error) {
	c, err := read(name, id, r)
	if err != nil {
		return controls.Catalogue{}, fmt.Errorf("reading OSCAL catalogue %s: %w", name, err)
	}
	return c, nil
}

func read(name, id string, r io.Reader) (controls.Catalogue, error) {
	doc, err := decode(r)
	if err != nil {
		return controls.Catalogue{}, err
	}
	out, err := header(doc, id)
	if err != nil {
		return out, err
	}
	rd := reader{name: name, cat: &out, seen: map[string]bool{}}
	if err := rd.group(Group{Controls: doc.Controls, Groups: doc.Groups}, 0); err != nil {
		return out, err
	}
	if len(out.Entries) == 0 {
		return out, errors.New("it has no controls")
	}
	rd.dropForeignLinks()
	return out, nil
}

func decode(r io.Reader) (*Catalog, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("it has more than %d bytes", maxBytes)
	}
	var doc Document
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("parsing JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	switch {
	case doc.Catalog == nil:
		return nil, errors.New("it is no OSCAL catalogue: the field \"catalog\" is missing")
	case !strings.HasPrefix(doc.Catalog.Metadata.OSCAL, "1."):
		return nil, fmt.Errorf("oscal-version is %q: expected 1.x", doc.Catalog.Metadata.OSCAL)
	}
	return doc.Catalog, nil
}

func header(doc *Catalog, id string) (controls.Catalogue, error) {
	m := doc.Metadata
	out := controls.Catalogue{ID: id, Title: m.Title, Version: m.Version, Jurisdiction: value(m.Props, "jurisdiction"),
		Binding: value(m.Props, "binding") == "true", Crosswalk: value(m.Props, "crosswalk-basis"), Note: m.Remarks}
	if own := value(m.Props, "catalogue"); own != "" {
		out.ID = own
	}
	if out.Crosswalk == "" {
		out.Crosswalk = "as the catalogue says"
	}
	modified, err := time.Parse(time.RFC3339, m.LastModified)
	switch {
	case !token.MatchString(out.ID):
		return out, fmt.Errorf("catalogue id %q must match %s", out.ID, token)
	case m.Title == "" || m.Version == "":
		return out, errors.New("metadata has no title or no version")
	case err != nil:
		return out, fmt.Errorf("metadata.last-modified: %w", err)
	}
	out.AsOf = modified.UTC().Format(time.DateOnly)
	if doc.BackMatter != nil {
		for _, r := range doc.BackMatter.Resources {
			for _, l := range r.RLinks {
				out.Sources = append(out.Sources, l.Href)
			}
		}
	}
	return out, nil
}

type reader struct {
	name string
	cat  *controls.Catalogue
	seen map[string]bool
}

func (r *reader) group(g Group, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("groups are nested more than %d deep", maxNesting)
	}
	for _, c := range g.Controls {
		if err := r.control(c, depth); err != nil {
			return err
		}
	}
	for _, sub := range g.Groups {
		if err := r.group(sub, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) control(c Control, depth int) error {
	switch {
	case !token.MatchString(c.ID):
		return fmt.Errorf("control id %q must match %s", c.ID, token)
	case r.seen[c.ID]:
		return fmt.Errorf("control %s is given twice", c.ID)
	case c.Title == "":
		return fmt.Errorf("control %s has no title", c.ID)
	case len(r.cat.Entries) >= maxControls:
		return fmt.Errorf("it has more than %d controls", maxControls)
	}
	r.seen[c.ID] = true
	e, err := r.entry(c)
	if err != nil {
		return err
	}
	r.cat.Entries = append(r.cat.Entries, e)
	return r.group(Group{Controls: c.Controls}, depth+1)
}

func (r *reader) entry(c Control) (controls.Entry, error) {
	e := controls.Entry{ID: c.ID, Framework: r.cat.ID, Ref: c.ID, Title: c.Title, Scope: value(c.Props, "scope"), Regime: value(c.Props, "regime"), Kind: value(c.Props, "kind"),
		Automatable: value(c.Props, "automatable"), Source: value(c.Props, "source"), Verified: value(c.Props, "verified"), Status: value(c.Props, "status"),
		Alias: value(c.Props, "alias"), Confidence: value(c.Props, "confidence"), Note: value(c.Props, "effective-note"), Enforcement: value(c.Props, "enforcement-note"),
		Where: r.name + ": " + c.ID,
		From: controls.Effective{On: value(c.Props, "effective-from"), AnnexIII: value(c.Props, "effective-from-annex-iii"), AnnexI: value(c.Props, "effective-from-annex-i"),
			New: value(c.Props, "effective-from-new"), Existing: value(c.Props, "effective-from-existing"),
			Formal: value(c.Props, "effective-from-formal"), ExistingBefore: value(c.Props, "existing-before")}}
	for name, list := range many(&e) {
		*list = values(c.Props, name)
	}
	for _, p := range c.Props {
		switch {
		case p.NS == "" && p.Name == "label":
			e.Ref = p.Value
		case p.NS == "" && p.Name == "status" && strings.EqualFold(p.Value, "withdrawn") && e.Status == "":
			e.Status = controls.Withdrawn
		}
	}
	e.Summary, e.Check = prose(c.Parts, "statement"), prose(c.Parts, "guidance")
	for _, l := range c.Links {
		if id, ok := strings.CutPrefix(l.Href, "#"); ok && l.Rel == "related" && id != c.ID && !slices.Contains(e.SeeAlso, id) {
			e.SeeAlso = append(e.SeeAlso, id)
		}
	}
	fillIn(&e, *r.cat)
	return e, valid(e)
}

// fillIn sets what the source does not say, on the side of caution.
func fillIn(e *controls.Entry, c controls.Catalogue) {
	or := func(s *string, otherwise string) {
		if *s == "" {
			*s = otherwise
		}
	}
	or(&e.Automatable, controls.None)
	or(&e.Status, controls.Active)
	or(&e.Source, c.Title+", "+e.Ref)
	or(&e.Verified, c.AsOf)
	or(&e.Check, "A person says so.")
	if len(e.Evidence) == 0 {
		e.Evidence = []string{"attestation"}
	}
	if len(e.AppliesTo.RiskClass)+len(e.AppliesTo.Sector) == 0 {
		e.AppliesTo.RiskClass = []string{"any"}
	}
}

// valid checks what only modelvet's own properties can say wrongly.
func valid(e controls.Entry) error {
	if !slices.Contains([]string{controls.Full, controls.Partial, controls.None}, e.Automatable) {
		return fmt.Errorf("control %s: automatable %q is not full, partial or none", e.ID, e.Automatable)
	}
	if !slices.Contains([]string{controls.Active, controls.Upcoming, controls.Proposed, controls.Withdrawn, controls.Deleted}, e.Status) {
		return fmt.Errorf("control %s: status %q is unknown", e.ID, e.Status)
	}
	for _, day := range []string{e.Verified, e.From.On, e.From.AnnexIII, e.From.AnnexI, e.From.New, e.From.Existing, e.From.Formal, e.From.ExistingBefore} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return fmt.Errorf("control %s: %w", e.ID, err)
		}
	}
	return nil
}

func (r *reader) dropForeignLinks() {
	for i := range r.cat.Entries {
		e := &r.cat.Entries[i]
		e.SeeAlso = slices.DeleteFunc(e.SeeAlso, func(id string) bool { return !r.seen[id] })
	}
}

// values of all of modelvet's own properties of a name.
func values(props []Prop, name string) []string {
	var out []string
	for _, p := range props {
		if p.NS == Namespace && p.Name == name {
			out = append(out, p.Value)
		}
	}
	return out
}

// value of one of modelvet's own properties, or "".
func value(props []Prop, name string) string {
	for _, p := range props {
		if p.NS == Namespace && p.Name == name {
			return p.Value
		}
	}
	return ""
}

// prose joins the text of the parts of a name, with that of the parts in them.
func prose(parts []Part, name string) string {
	var out []string
	for _, p := range parts {
		if p.Name == name {
			out = append(out, text(p)...)
		}
	}
	return strings.Join(out, "\n")
}

func text(p Part) []string {
	var out []string
	if p.Prose != "" {
		out = append(out, p.Prose)
	}
	for _, sub := range p.Parts {
		out = append(out, text(sub)...)
	}
	return out
}
