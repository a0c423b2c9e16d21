// SPDX-License-Identifier: Apache-2.0

package references

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed table.yaml
var builtin []byte

// Row says where one kind of object names a model.
type Row struct {
	ID         string     `yaml:"id"`
	Group      string     `yaml:"group"`
	Kind       string     `yaml:"kind"` // "Deployment|ReplicaSet"; PodSpec for what occurs in every pod
	Path       string     `yaml:"path"`
	Reads      string     `yaml:"reads"`
	Confidence Confidence `yaml:"confidence"`
	Note       string     `yaml:"note"`
	Unless     string     `yaml:"unless"` // a key beside it that makes the row void
	Flags      []string   `yaml:"flags"`
	Verbs      []string   `yaml:"verbs"`

	path []segment
}

// Table is where models are named.
type Table struct {
	Rows   []Row
	byKind map[string][]Row
}

// Load returns the built-in table with the user's rows after it. A row of the
// user's adds a place; it cannot take one away.
func Load(more ...[]byte) (Table, error) {
	t := Table{byKind: map[string][]Row{}}
	for i, doc := range append([][]byte{builtin}, more...) {
		var file struct {
			Rows []Row `yaml:"rows"`
		}
		d := yaml.NewDecoder(bytes.NewReader(doc))
		d.KnownFields(true)
		if err := d.Decode(&file); err != nil {
			return t, fmt.Errorf("reading the table of references (file %d): %w", i, err)
		}
		for _, r := range file.Rows {
			if err := t.put(r); err != nil {
				return t, fmt.Errorf("reading the table of references (file %d): row %q: %w", i, r.ID, err)
			}
		}
	}
	return t, nil
}

var readings = []string{"uri", "image", "repository", "hub", "name", "pod", "container", "arguments", "env", "env-hub", "pairs", "storage"}

func (t *Table) put(r Row) (err error) {
	switch {
	case r.ID == "" || r.Kind == "" || r.Path == "":
		return fmt.Errorf("id, kind and path are needed")
	case slices.ContainsFunc(t.Rows, func(o Row) bool { return o.ID == r.ID }):
		return fmt.Errorf("the id occurs twice")
	case !slices.Contains(readings, r.Reads):
		return fmt.Errorf("reads %q: expected one of %s", r.Reads, strings.Join(readings, ", "))
	case r.Reads != "pod" && r.Reads != "container" && r.Confidence != Declared && r.Confidence != Inferred:
		return fmt.Errorf("confidence %q: expected declared or inferred", r.Confidence)
	}
	if r.path, err = parsePath(r.Path); err != nil {
		return err
	}
	t.Rows = append(t.Rows, r)
	for kind := range strings.SplitSeq(r.Kind, "|") {
		t.byKind[kind] = append(t.byKind[kind], r)
	}
	return nil
}
