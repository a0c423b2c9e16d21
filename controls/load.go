// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed catalogues/*.yaml profiles/*.yaml
var builtin embed.FS

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
	for i, fsys := range more {
		if err := notEmpty(fsys); err != nil {
			return nil, fmt.Errorf("loading added folder %d: %w", i+1, err)
		}
	}
	return load(append([]fs.FS{builtin}, more...)...)
}

// notEmpty refuses a folder that adds nothing: it is the wrong folder.
func notEmpty(fsys fs.FS) error {
	for _, dir := range []string{"catalogues", "profiles"} {
		if names, err := fs.Glob(fsys, dir+"/*.y*ml"); err != nil || len(names) > 0 {
			return err
		}
	}
	return fmt.Errorf("it has neither catalogues/*.yaml nor profiles/*.yaml")
}

func load(sources ...fs.FS) (*Set, error) {
	s := newSet()
	for _, fsys := range sources {
		if err := s.readCatalogues(fsys); err != nil {
			return nil, fmt.Errorf("loading catalogues: %w", err)
		}
	}
	if err := s.checkReferences(); err != nil {
		return nil, fmt.Errorf("loading catalogues: %w", err)
	}
	for _, fsys := range sources {
		if err := s.readProfiles(fsys); err != nil {
			return nil, fmt.Errorf("loading profiles: %w", err)
		}
	}
	return s, nil
}

func newSet() *Set {
	return &Set{entries: map[string]Entry{}, order: map[string]int{}, profiles: map[string]Profile{}}
}

// document is one file as read.
type document struct {
	name string
	data []byte
}

// readCatalogues parses all files at once, for they are most of the work, and
// adds them in the order of their names.
func (s *Set) readCatalogues(fsys fs.FS) error {
	docs, err := readAll(fsys, "catalogues")
	if err != nil {
		return err
	}
	parsed, errs := make([]Catalogue, len(docs)), make([]error, len(docs))
	var wg sync.WaitGroup
	for i, d := range docs {
		wg.Go(func() { parsed[i], errs[i] = ParseCatalogue(d.name, d.data) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, d := range docs {
		if err := s.add(d.name, parsed[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) readProfiles(fsys fs.FS) error {
	docs, err := readAll(fsys, "profiles")
	if err != nil {
		return err
	}
	for _, d := range docs {
		if err := s.addProfile(d.name, d.data); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the YAML files of a folder, in the order of their names.
func readAll(fsys fs.FS, dir string) ([]document, error) {
	names, err := fs.Glob(fsys, dir+"/*.y*ml")
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	slices.Sort(names)
	if len(names) > maxFiles {
		return nil, fmt.Errorf("listing %s: %d files are more than the %d that are read", dir, len(names), maxFiles)
	}
	var out []document
	for _, name := range names {
		data, err := readBounded(fsys, name)
		if err != nil {
			return nil, err
		}
		out = append(out, document{name, data})
	}
	return out, nil
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

// With returns a new set that also has the catalogue c, read by the caller from
// another format and named after its source. Like a loaded one it cannot
// replace anything, and its references must lead somewhere.
func (s *Set) With(name string, c Catalogue) (*Set, error) {
	out := newSet()
	out.catalogues = slices.Clone(s.catalogues)
	maps.Copy(out.entries, s.entries)
	maps.Copy(out.order, s.order)
	maps.Copy(out.profiles, s.profiles)
	if err := out.add(name, c); err != nil {
		return nil, fmt.Errorf("adding catalogue: %w", err)
	}
	if err := out.checkReferences(); err != nil {
		return nil, fmt.Errorf("adding catalogue: %w", err)
	}
	return out, nil
}

// sortIDs puts ids in the order of their catalogues.
func (s *Set) sortIDs(ids []string) {
	slices.SortFunc(ids, func(a, b string) int { return s.order[a] - s.order[b] })
}

// base is a file's name without folder and ending: what a profile must be called.
func base(name string) string {
	return strings.TrimSuffix(path.Base(name), path.Ext(name))
}
