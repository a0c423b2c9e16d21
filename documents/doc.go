// SPDX-License-Identifier: Apache-2.0

// Package documents reads what people write about a system: the technical
// documentation of Annex IV, a statement of applicability, a fundamental rights
// impact assessment, model cards and data cards. It says which item is missing,
// and whether each number that names a metric is the one that was measured.
//
// What stands in a document is declared. The package must never take it for
// measured, never repair a document, and never call one adequate: that is for a
// person to sign.
package documents

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed kinds/*.yaml
var kindFiles embed.FS

// Kind is a sort of document: what it must hold, and after which law.
type Kind struct {
	Kind    string   `yaml:"kind" json:"kind"`
	Title   string   `yaml:"title" json:"title"`
	Law     string   `yaml:"law" json:"law"`
	Form    string   `yaml:"form" json:"form"`       // yaml or markdown
	Aliases []string `yaml:"aliases" json:"aliases"` // other names in modelvet.yaml
	Attests []string `yaml:"attests" json:"attests"` // controls to which the document as a whole speaks
	Items   []Item   `yaml:"items" json:"items"`
}

// Item is one thing that a kind of document must say.
type Item struct {
	ID       string   `yaml:"id" json:"id"`   // "2.g"
	Ref      string   `yaml:"ref" json:"ref"` // "Annex IV(2)(g)"
	Title    string   `yaml:"title" json:"title"`
	Asks     string   `yaml:"asks" json:"asks,omitempty"`
	Control  string   `yaml:"control" json:"control,omitempty"` // the control that it answers
	Headings []string `yaml:"headings" json:"headings,omitempty"`
	Required bool     `yaml:"required" json:"required,omitempty"` // "not applicable" is no answer
}

var kinds = sync.OnceValues(readKinds)

func readKinds() ([]Kind, error) {
	entries, err := kindFiles.ReadDir("kinds")
	if err != nil {
		return nil, fmt.Errorf("listing the kinds of documents: %w", err)
	}
	var out []Kind
	for _, e := range entries {
		data, err := kindFiles.ReadFile(path.Join("kinds", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", e.Name(), err)
		}
		var k Kind
		if err := yaml.Unmarshal(data, &k); err != nil {
			return nil, fmt.Errorf("reading %s: %w", e.Name(), err)
		}
		out = append(out, k)
	}
	return out, nil
}

// Kinds returns every kind of document whose completeness can be told, by name.
func Kinds() ([]Kind, error) { return kinds() }

// KindOf finds a kind by its name or another name for it. A document of any
// other kind is read for its numbers only.
func KindOf(name string) (Kind, bool) {
	all, _ := kinds() // a test reads them: this cannot fail in a tested binary
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Kind == name || slices.Contains(k.Aliases, name) })
	if i < 0 {
		return Kind{}, false
	}
	return all[i], true
}

// names lists the kinds, for an error.
func names() string {
	all, _ := kinds()
	var out []string
	for _, k := range all {
		out = append(out, k.Kind)
	}
	return strings.Join(out, ", ")
}
