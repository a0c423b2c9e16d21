// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"fmt"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

// provenance says where and from what the artifact was built, as SLSA
// provenance of the pipeline that runs the gate. The commit and the inputs are
// those that the lineage found.
func (g *Gate) provenance(traces []modelvet.Lineage, m modelvet.Model) (attest.ProvenancePredicate, error) {
	b := attest.Build{
		Entry: "modelvet gate", Started: g.Now, Finished: g.Now, Modelvet: g.Version,
		Parameters: map[string]string{"name": m.System.Name, "version": m.System.Version},
	}
	for _, l := range traces {
		b.Inputs = append(b.Inputs, l.Inputs...)
		if l.Source == "git" {
			b.Git = attest.Git{URI: l.URI, Ref: l.Facts["branch"], Commit: l.Facts["commit"], Dirty: l.Facts["dirty"] == "true"}
		}
	}
	p, err := attest.Provenance(g.Env, b)
	if err != nil {
		return p, fmt.Errorf("describing the build: %w", err)
	}
	return p, nil
}
