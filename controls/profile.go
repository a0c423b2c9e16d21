// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"go.yaml.in/yaml/v3"
)

// Profile is a choice of controls for one purpose.
type Profile struct {
	ID          string                    `json:"id"`
	Title       string                    `json:"title"`
	Description string                    `json:"description"`
	Frameworks  []string                  `json:"frameworks"`       // the catalogues it draws from, sorted
	Controls    []string                  `json:"controls"`         // ids, in the order of their catalogues; only provisions that are or will be law
	Levels      map[string]modelvet.Level `json:"levels,omitempty"` // rule id to the level it has under this profile
	Where       string                    `json:"-"`
}

// selector picks entries of one catalogue; every given condition must hold.
type selector struct {
	framework                        string
	ids, not                         []string // globs
	riskClass, role, sector          []string
	regime, kind, scope, automatable []string
	line                             *yaml.Node
}

// ParseProfile reads one profile file and resolves its selectors against the
// catalogues of s. A selector that picks nothing is an error: it is misspelt.
func (s *Set) ParseProfile(name string, data []byte) (Profile, error) {
	f := &file{name: name}
	root, err := f.parse(data)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Where: fmt.Sprintf("%s:%d", name, root.Line)}
	var selectors []selector
	err = f.fields(root, map[string]func(*yaml.Node) error{
		"id":          f.id(&p.ID),
		"title":       f.text(&p.Title),
		"description": f.text(&p.Description),
		"controls":    f.list(func(n *yaml.Node) error { return f.selector(n, &selectors) }),
		"levels?":     func(n *yaml.Node) error { return f.levels(n, &p) },
	})
	if err != nil {
		return Profile{}, err
	}
	if p.ID != base(name) {
		return Profile{}, fmt.Errorf("%s: its id is %q: name the file %s.yaml", p.Where, p.ID, p.ID)
	}
	return p, s.resolve(f, &p, selectors)
}

func (f *file) selector(n *yaml.Node, into *[]selector) error {
	x := selector{line: n}
	err := f.fields(n, map[string]func(*yaml.Node) error{
		"framework":    f.id(&x.framework),
		"ids?":         f.globs(&x.ids),
		"not?":         f.globs(&x.not),
		"risk_class?":  f.words(&x.riskClass, riskClasses),
		"role?":        f.texts(&x.role),
		"sector?":      f.texts(&x.sector),
		"regime?":      f.texts(&x.regime),
		"kind?":        f.words(&x.kind, kinds),
		"scope?":       f.words(&x.scope, scopes),
		"automatable?": f.words(&x.automatable, automatables),
	})
	*into = append(*into, x)
	return err
}

func (f *file) globs(into *[]string) func(*yaml.Node) error {
	return f.list(func(n *yaml.Node) error {
		var g string
		if err := f.text(&g)(n); err != nil {
			return err
		}
		if _, err := path.Match(g, "x"); err != nil {
			return f.errorf(n, "%q is no glob: %w", g, err)
		}
		*into = append(*into, g)
		return nil
	})
}

func (f *file) levels(n *yaml.Node, p *Profile) error {
	if n.Kind != yaml.MappingNode {
		return f.errorf(n, "expected a mapping from rule to level")
	}
	p.Levels = map[string]modelvet.Level{}
	for i := 0; i < len(n.Content); i += 2 {
		var level string
		if err := f.oneOf(&level, []string{string(modelvet.Block), string(modelvet.Warn)})(n.Content[i+1]); err != nil {
			return err
		}
		p.Levels[n.Content[i].Value] = modelvet.Level(level)
	}
	return nil
}

func (s *Set) resolve(f *file, p *Profile, selectors []selector) error {
	chosen := map[string]bool{}
	frameworks := map[string]bool{}
	for _, x := range selectors {
		ids, err := s.pick(f, x)
		if err != nil {
			return err
		}
		frameworks[x.framework] = true
		for _, id := range ids {
			chosen[id] = true
		}
	}
	p.Frameworks = slices.Sorted(maps.Keys(frameworks))
	p.Controls = slices.Collect(maps.Keys(chosen))
	s.sortIDs(p.Controls)
	return nil
}

func (s *Set) pick(f *file, x selector) ([]string, error) {
	i := slices.IndexFunc(s.catalogues, func(c Catalogue) bool { return c.ID == x.framework })
	if i < 0 {
		return nil, f.errorf(x.line, "there is no catalogue %q", x.framework)
	}
	used := map[string]bool{}
	var out []string
	for _, e := range s.catalogues[i].Entries {
		if e.InForce() && x.matches(e, used) {
			out = append(out, e.ID)
		}
	}
	if len(out) == 0 {
		return nil, f.errorf(x.line, "the selector picks no control of %s that is or will be in force", x.framework)
	}
	for _, g := range slices.Concat(x.ids, x.not) {
		if !used[g] {
			return nil, f.errorf(x.line, "%q matches no control of %s that is or will be in force", g, x.framework)
		}
	}
	return out, nil
}

func (x selector) matches(e Entry, used map[string]bool) bool {
	in := len(x.ids) == 0 || glob(x.ids, e.ID, used)
	out := glob(x.not, e.ID, used)
	return in && !out &&
		meets(x.riskClass, e.AppliesTo.RiskClass...) && meets(x.role, e.AppliesTo.Role...) &&
		meets(x.sector, e.AppliesTo.Sector...) && meets(x.regime, e.Regime) && meets(x.kind, e.Kind) &&
		meets(x.scope, e.Scope) && meets(x.automatable, e.Automatable)
}

// glob reports whether any pattern matches, and notes every one that does.
func glob(patterns []string, id string, used map[string]bool) bool {
	hit := false
	for _, g := range patterns {
		if ok, err := path.Match(g, id); err == nil && ok {
			hit, used[g] = true, true
		}
	}
	return hit
}

// meets reports whether nothing is wanted or one of have is.
func meets(want []string, have ...string) bool {
	return len(want) == 0 || slices.ContainsFunc(have, func(h string) bool { return slices.Contains(want, h) })
}

func (s *Set) addProfile(name string, data []byte) error {
	p, err := s.ParseProfile(name, data)
	if err != nil {
		return err
	}
	if have, ok := s.profiles[p.ID]; ok {
		return fmt.Errorf("%s: there is a profile %q already (%s): choose another id", name, p.ID, have.Where)
	}
	s.profiles[p.ID] = p
	return nil
}

// Profiles returns all profiles by id.
func (s *Set) Profiles() []Profile {
	var out []Profile
	for _, id := range slices.Sorted(maps.Keys(s.profiles)) {
		out = append(out, s.profiles[id])
	}
	return out
}

// Profile looks a profile up; the error for an unknown one lists those that exist.
func (s *Set) Profile(id string) (Profile, error) {
	p, ok := s.profiles[id]
	if !ok {
		return Profile{}, fmt.Errorf("choosing profile: there is no %q: expected one of %s",
			id, strings.Join(slices.Sorted(maps.Keys(s.profiles)), ", "))
	}
	return p, nil
}

// chosen are the ids of all controls of the profiles, in catalogue order.
// Without any profile it is an error: nothing would be asked.
func (s *Set) chosen(profiles []string) ([]string, error) {
	if len(profiles) == 0 {
		return nil, fmt.Errorf("choosing controls: no profile is named: expected one of %s",
			strings.Join(slices.Sorted(maps.Keys(s.profiles)), ", "))
	}
	var out []string
	for _, id := range profiles {
		p, err := s.Profile(id)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Controls...)
	}
	s.sortIDs(out)
	return slices.Compact(out), nil
}

// Levels says which level rules have under the profiles, where these change
// it. Of two that disagree, block wins.
func (s *Set) Levels(profiles []string) (map[string]modelvet.Level, error) {
	out := map[string]modelvet.Level{}
	for _, id := range profiles {
		p, err := s.Profile(id)
		if err != nil {
			return nil, err
		}
		for rule, level := range p.Levels {
			if out[rule] != modelvet.Block {
				out[rule] = level
			}
		}
	}
	return out, nil
}
