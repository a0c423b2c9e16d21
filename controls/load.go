// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed catalogues/*.yaml profiles/*.yaml
var builtin embed.FS

// token is what OSCAL calls a token, in ASCII.
var token = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]*$`)

// Set is a checked collection of catalogues and profiles. It does not change,
// and what it returns must not be changed.
type Set struct {
	catalogues []Catalogue
	entries    map[string]Entry
	order      map[string]int // position of an entry in the whole
	profiles   map[string]Profile
}

// standard is the built-in set, read once: reading takes tens of milliseconds.
var standard = sync.OnceValues(func() (*Set, error) { return load(builtin) })

// Load reads the built-in catalogues and profiles, and those of more: each a
// folder with catalogues/*.yaml and profiles/*.yaml of its own. What is added
// cannot replace what is built in: an id that exists already is refused.
//
// Any flaw in any file is an error that names file and line; no set is better
// than half a one.
func Load(more ...fs.FS) (*Set, error) {
	if len(more) == 0 {
		return standard()
	}
	return load(append([]fs.FS{builtin}, more...)...)
}

func load(sources ...fs.FS) (*Set, error) {
	s := &Set{entries: map[string]Entry{}, order: map[string]int{}, profiles: map[string]Profile{}}
	for _, fsys := range sources {
		if err := s.readAll(fsys, "catalogues", s.addCatalogue); err != nil {
			return nil, fmt.Errorf("loading catalogues: %w", err)
		}
	}
	if err := s.checkReferences(); err != nil {
		return nil, fmt.Errorf("loading catalogues: %w", err)
	}
	for _, fsys := range sources {
		if err := s.readAll(fsys, "profiles", s.addProfile); err != nil {
			return nil, fmt.Errorf("loading profiles: %w", err)
		}
	}
	return s, nil
}

func (s *Set) readAll(fsys fs.FS, dir string, add func(name string, data []byte) error) error {
	names, err := fs.Glob(fsys, dir+"/*.y*ml")
	if err != nil {
		return fmt.Errorf("listing %s: %w", dir, err)
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := readBounded(fsys, name)
		if err != nil {
			return err
		}
		if err := add(name, data); err != nil {
			return err
		}
	}
	return nil
}

func readBounded(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return data, nil
}

func (s *Set) addCatalogue(name string, data []byte) error {
	c, err := ParseCatalogue(name, data)
	if err != nil {
		return err
	}
	return s.add(name, c)
}

func (s *Set) add(name string, c Catalogue) error {
	for _, have := range s.catalogues {
		if have.ID == c.ID {
			return fmt.Errorf("%s: there is a catalogue %q already: choose another id", name, c.ID)
		}
	}
	for _, e := range c.Entries {
		if have, ok := s.entries[e.ID]; ok {
			return fmt.Errorf("%s: control %q exists already (%s): an id may be used once", e.Where, e.ID, have.Where)
		}
		s.entries[e.ID], s.order[e.ID] = e, len(s.order)
	}
	s.catalogues = append(s.catalogues, c)
	return nil
}

// checkReferences refuses a see_also that leads nowhere.
func (s *Set) checkReferences() error {
	var errs []error
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			for _, id := range e.SeeAlso {
				if _, ok := s.entries[id]; !ok || id == e.ID {
					errs = append(errs, fmt.Errorf("%s: see_also of %s names %q, which is no other control", e.Where, e.ID, id))
				}
			}
		}
	}
	return errors.Join(errs...)
}

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

// Catalogues returns all catalogues, built-in ones first, each group by file name.
func (s *Set) Catalogues() []Catalogue { return slices.Clone(s.catalogues) }

// Control looks an entry up by its id.
func (s *Set) Control(id string) (Entry, bool) {
	e, ok := s.entries[id]
	return e, ok
}

// Versions maps each catalogue to its version and date, as a decision names
// them: "2023 (as of 2026-11-23)".
func (s *Set) Versions() map[string]string {
	out := map[string]string{}
	for _, c := range s.catalogues {
		out[c.ID] = fmt.Sprintf("%s (as of %s)", c.Version, c.AsOf)
	}
	return out
}

// sortIDs puts ids in the order of their catalogues.
func (s *Set) sortIDs(ids []string) {
	slices.SortFunc(ids, func(a, b string) int { return s.order[a] - s.order[b] })
}

// base is a file's name without folder and ending: what a profile must be called.
func base(name string) string {
	return strings.TrimSuffix(path.Base(name), path.Ext(name))
}
