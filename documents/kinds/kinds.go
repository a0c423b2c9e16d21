// SPDX-License-Identifier: Apache-2.0

// Package kinds says what each kind of document must hold, after which law:
// the one list of items that `modelvet document draft`, the check of a
// document and the draft of `modelvet report --format annex-iv` all follow. It
// must never say whether a document is any good.
package kinds

import (
	"embed"
	"fmt"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

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

// All returns every kind, by name. It fails only when an embedded file is no
// kind, which a test excludes.
var All = sync.OnceValues(func() ([]Kind, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("listing the kinds of documents: %w", err)
	}
	var out []Kind
	for _, e := range entries {
		data, err := files.ReadFile(e.Name())
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
})

// Of finds a kind by its name or another name for it.
func Of(name string) (Kind, bool) {
	all, err := All()
	if err != nil {
		return Kind{}, false
	}
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Kind == name || slices.Contains(k.Aliases, name) })
	if i < 0 {
		return Kind{}, false
	}
	return all[i], true
}
