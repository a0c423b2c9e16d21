// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/modelvet/modelvet"
)

// Inspection is what an artifact says about itself, for a person to read.
// Nothing of it has been verified but the digests of manifest and configuration.
type Inspection struct {
	Reference   string            `json:"reference"`
	Subject     modelvet.Subject  `json:"subject"`
	MediaType   string            `json:"mediaType"`
	Type        string            `json:"artifactType,omitempty"`
	Size        int64             `json:"size"` // bytes of all layers
	Config      Config            `json:"config"`
	Annotations map[string]string `json:"annotations,omitempty"`
	LeftOut     map[string]int    `json:"leftOut,omitempty"` // annotations that files do not have, and how many
	Weights     []Weights         `json:"weights,omitempty"`
	Referrers   []InspectReferrer `json:"referrers,omitempty"`
}

// InspectReferrer is one line of the list of statements.
type InspectReferrer struct {
	Digest        string `json:"digest"`
	PredicateType string `json:"predicateType"`
	Problem       string `json:"problem,omitempty"`
}

// Inspect describes the artifact. It reads the headers of the weights, not the
// weights, and lists what is attached; problems with either are reported in the
// description.
func (a *Artifact) Inspect(ctx context.Context) (Inspection, error) {
	x := Inspection{
		Reference: a.ref.String(), Subject: a.Subject(), MediaType: string(a.root.MediaType), Type: a.root.ArtifactType,
		Size: a.size(), Config: a.config, Annotations: a.manifest.Annotations, LeftOut: a.LeftOut(),
	}
	for _, l := range a.layers {
		if l.Kind == KindWeight {
			x.Weights = append(x.Weights, a.weights(ctx, l))
		}
	}
	all, err := a.Referrers(ctx)
	if err != nil {
		return x, err
	}
	for _, r := range all {
		line := InspectReferrer{Digest: r.Digest, PredicateType: r.PredicateType}
		if r.Err != nil {
			line.Problem = r.Err.Error()
		}
		x.Referrers = append(x.Referrers, line)
	}
	return x, nil
}

func (a *Artifact) weights(ctx context.Context, l layer) Weights {
	rc, err := a.content(ctx, l)
	if err != nil {
		return Weights{Path: l.Path, Problem: err.Error()}
	}
	defer rc.Close()
	return readWeights(l.Path, l.Size, rc)
}

// described fills in from the files' headers what modelvet.yaml does not say
// about the model. Sharded weights are added up.
func described(root *os.Root, entries []entry, m modelvet.ModelFiles) (ConfigModel, error) {
	c := ConfigModel{Architecture: m.Architecture, Format: m.Format}
	var parameters int64
	for _, e := range entries {
		if e.Kind != KindWeight {
			continue
		}
		f, err := openRegular(root, e.Path)
		if err != nil {
			return c, fmt.Errorf("reading the header of %s: %w", e.Path, err)
		}
		w := readWeights(e.Path, e.Size, f)
		f.Close()
		c.Format = first(c.Format, w.Format)
		if w.Format != c.Format || w.Problem != "" {
			continue
		}
		c.Architecture = first(c.Architecture, w.Architecture)
		c.Precision = first(c.Precision, w.Precision)
		c.Quantization = first(c.Quantization, w.Quantization)
		if !strings.HasPrefix(w.Format, "xgboost") { // nodes are no parameters
			parameters += w.Parameters
		}
	}
	if parameters > 0 {
		c.ParamSize = paramSize(parameters)
	}
	c.Format = first(c.Format, "other")
	return c, nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
