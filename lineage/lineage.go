// SPDX-License-Identifier: Apache-2.0

// Package lineage asks trackers, forges and folders what a model was made of.
// It returns claims, never measurements: a connector repeats what a source
// says and invents nothing where the source is silent.
package lineage

import (
	"context"
	"fmt"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/lineage/files"
	"github.com/modelvet/modelvet/lineage/git"
)

// Connector asks one source. A system that does not use the source is no
// error: the lineage then has no inputs and its facts say why.
type Connector interface {
	Name() string
	Trace(ctx context.Context, m modelvet.Model) (modelvet.Lineage, error)
}

// All is every connector. To add one: a folder, and a line here.
var All = []Connector{
	files.Connector{},
	git.Connector{},
}

// Run asks each connector in turn, and returns the claims of those that make one.
func Run(ctx context.Context, m modelvet.Model, connectors []Connector) ([]modelvet.Lineage, error) {
	var out []modelvet.Lineage
	for _, c := range connectors {
		l, err := c.Trace(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("tracing lineage from %s: %w", c.Name(), err)
		}
		if len(l.Inputs) > 0 { // a source that knows of nothing makes no claim
			out = append(out, l)
		}
	}
	return out, nil
}
