// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// token is what OSCAL calls a token, in ASCII.
var token = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]*$`)

// ParseCatalogue reads one catalogue file. Unknown fields, ids that are no
// OSCAL token or given twice, bad dates, a missing source: an error that
// names file and line. It does not follow see_also, which may lead to other
// catalogues.
func ParseCatalogue(name string, data []byte) (Catalogue, error) {
	f := &file{name: name}
	root, err := f.parse(data)
	if err != nil {
		return Catalogue{}, err
	}
	var c Catalogue
	err = f.fields(root, map[string]func(*yaml.Node) error{
		"catalogue":        func(n *yaml.Node) error { return f.header(n, &c) },
		"annex_iii_areas?": f.list(func(n *yaml.Node) error { return f.area(n, &c) }),
		"transitions?":     f.list(func(n *yaml.Node) error { return f.transition(n, &c) }),
		"penalties?":       f.list(func(n *yaml.Node) error { return f.penalty(n, &c) }),
		"controls":         f.list(func(n *yaml.Node) error { return f.control(n, &c) }),
	})
	if err != nil {
		return Catalogue{}, err
	}
	if c.Count != 0 && c.Count != len(c.Entries) {
		return Catalogue{}, f.errorf(root, "it should have %d entries and has %d: it is cut short, or entries is out of date", c.Count, len(c.Entries))
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		e.Framework = c.ID
		if e.Verified == "" {
			e.Verified = c.AsOf
		}
	}
	return c, nil
}

func (f *file) header(n *yaml.Node, c *Catalogue) error {
	return f.fields(n, map[string]func(*yaml.Node) error{
		"id":                f.id(&c.ID),
		"title":             f.text(&c.Title),
		"version":           f.text(&c.Version),
		"as_of":             f.date(&c.AsOf),
		"entries?":          f.number(&c.Count),
		"crosswalk_basis":   f.text(&c.Crosswalk),
		"source_urls":       f.texts(&c.Sources),
		"text_licence?":     f.text(&c.TextLicence),
		"jurisdiction?":     f.text(&c.Jurisdiction),
		"binding?":          f.boolean(&c.Binding),
		"note?":             f.text(&c.Note),
		"not_legal_advice?": f.boolean(&c.NotAdvice),
	})
}

func (f *file) id(into *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := f.text(into)(n); err != nil {
			return err
		}
		if !token.MatchString(*into) {
			return f.errorf(n, "id %q must match %s", *into, token)
		}
		return nil
	}
}

func (f *file) area(n *yaml.Node, c *Catalogue) error {
	var a Area
	err := f.fields(n, map[string]func(*yaml.Node) error{"code": f.id(&a.Code), "label": f.text(&a.Label)})
	c.AnnexIIIAreas = append(c.AnnexIIIAreas, a)
	return err
}

func (f *file) transition(n *yaml.Node, c *Catalogue) error {
	var t Transition
	err := f.fields(n, map[string]func(*yaml.Node) error{
		"ref": f.text(&t.Ref), "date": f.date(&t.Date), "rule": f.text(&t.Rule)})
	c.Transitions = append(c.Transitions, t)
	return err
}

func (f *file) penalty(n *yaml.Node, c *Catalogue) error {
	var p Penalty
	err := f.fields(n, map[string]func(*yaml.Node) error{"ref": f.text(&p.Ref), "max": f.text(&p.Max)})
	c.Penalties = append(c.Penalties, p)
	return err
}

func (f *file) control(n *yaml.Node, c *Catalogue) error {
	e := Entry{Status: Active, Where: fmt.Sprintf("%s:%d", f.name, n.Line)}
	err := f.fields(n, map[string]func(*yaml.Node) error{
		"id": f.id(&e.ID), "ref": f.text(&e.Ref), "alias?": f.text(&e.Alias),
		"title": f.text(&e.Title), "summary": f.text(&e.Summary),
		"applies_to":        func(n *yaml.Node) error { return f.applies(n, &e.AppliesTo) },
		"effective_from?":   func(n *yaml.Node) error { return f.effective(n, &e.From) },
		"effective_note?":   f.text(&e.Note),
		"enforcement_note?": f.text(&e.Enforcement),
		"scope?":            f.oneOf(&e.Scope, scopes),
		"evidence":          f.texts(&e.Evidence),
		"automatable":       f.oneOf(&e.Automatable, automatables),
		"check":             f.text(&e.Check),
		"see_also?":         f.texts(&e.SeeAlso),
		"source":            f.text(&e.Source),
		"status?":           f.oneOf(&e.Status, statuses),
		"verified?":         f.date(&e.Verified),
		"confidence?":       f.oneOf(&e.Confidence, confidences),
		"regime?":           f.id(&e.Regime),
		"kind?":             f.oneOf(&e.Kind, kinds),
	})
	if err != nil {
		return err
	}
	if e.Status == Upcoming && e.From.Earliest() == "" {
		return f.errorf(n, "control %s is upcoming, but effective_from does not say when", e.ID)
	}
	c.Entries = append(c.Entries, e)
	return nil
}

func (f *file) applies(n *yaml.Node, a *Applies) error {
	err := f.fields(n, map[string]func(*yaml.Node) error{
		"risk_class?": f.words(&a.RiskClass, riskClasses), "role?": f.texts(&a.Role), "sector?": f.texts(&a.Sector)})
	if err == nil && len(a.RiskClass)+len(a.Sector) == 0 {
		return f.errorf(n, "applies_to names neither risk_class nor sector: it would bind nobody")
	}
	return err
}

func (f *file) effective(n *yaml.Node, e *Effective) error {
	if n.Kind == yaml.ScalarNode {
		return f.date(&e.On)(n)
	}
	err := f.fields(n, map[string]func(*yaml.Node) error{
		"formal?": f.date(&e.Formal), "annex_iii?": f.date(&e.AnnexIII), "annex_i?": f.date(&e.AnnexI),
		"new?": f.date(&e.New), "existing?": f.date(&e.Existing), "existing_before?": f.date(&e.ExistingBefore),
	})
	switch {
	case err != nil:
		return err
	case e.Earliest() == "":
		return f.errorf(n, "effective_from says for nobody from when")
	case (e.Existing == "") != (e.ExistingBefore == ""):
		return f.errorf(n, "existing and existing_before go together")
	case (e.AnnexIII == "") != (e.AnnexI == ""):
		return f.errorf(n, "annex_iii and annex_i go together")
	}
	return nil
}
