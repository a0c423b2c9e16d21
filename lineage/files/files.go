// SPDX-License-Identifier: Apache-2.0

// Package files pins the inputs that a system declares in modelvet.yaml by
// the digests of the files beside it. It never fetches what is not there.
package files

import (
	"context"
	"fmt"
	"slices"

	"github.com/modelvet/modelvet"
)

// Connector reads the declared sources and tables.
type Connector struct{}

// Name is how the lineage calls this source.
func (Connector) Name() string { return "files" }

// Trace lists every declared source but git, with the digest of its file where
// it has one. A declared path without a file is an error.
func (Connector) Trace(_ context.Context, m modelvet.Model) (modelvet.Lineage, error) {
	l := modelvet.Lineage{Source: "files", Inputs: []modelvet.LineageInput{}}
	for _, s := range m.System.Lineage {
		if s.Kind == "git" {
			continue
		}
		in := modelvet.LineageInput{Kind: s.Kind, Name: s.Path, URI: s.URI}
		if in.Name == "" {
			in.Name = s.URI
		}
		if s.Path != "" {
			f, err := find(m.Files, s.Path)
			if err != nil {
				return l, err
			}
			in.Digest = f.Digest
		}
		l.Inputs = append(l.Inputs, in)
	}
	return l, nil
}

func find(all []modelvet.File, path string) (modelvet.File, error) {
	i := slices.IndexFunc(all, func(f modelvet.File) bool { return f.Path == path })
	if i < 0 {
		return modelvet.File{}, fmt.Errorf("modelvet.yaml: lineage names %s, and there is no such file; correct the path or remove the entry", path)
	}
	return all[i], nil
}
