// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/policies"
)

// baseline is what was measured of the model in use. The policy names where it
// lies, never the model's authors; its figures come from the newest decision
// that is attached there, signed by somebody whom the policy believes, about
// exactly that artifact, for this stage, and that allowed it.
func (g *Gate) baseline(ctx context.Context, stage Stage) policies.Given {
	if stage.Baseline == "" {
		return policies.Given{Value: map[string]any{"named": false}}
	}
	d, digest, err := g.inUse(ctx, g.Policy.resolve(stage.Baseline))
	if err != nil {
		return policies.Given{Gap: fmt.Sprintf("the model in use (stages.%s.baseline: %s) is not known: %v", g.Stage, stage.Baseline, err)}
	}
	value := map[string]any{"named": true, "subject": d.Subject.Digest, "at": stampOf(d.At)}
	for _, s := range d.Scans {
		if s.Scanner == "performance" || s.Scanner == "fairness" {
			value[s.Scanner] = s.Measurements
		}
	}
	return policies.Given{Value: value, Digests: []string{digest}}
}

// resolve finds an OCI layout beside the policy file; a registry is where it is.
func (p *Policy) resolve(ref string) string {
	if path, ok := strings.CutPrefix(ref, "oci:"); ok {
		return "oci:" + p.beside(path)
	}
	return ref
}

func (g *Gate) inUse(ctx context.Context, ref string) (modelvet.Decision, string, error) {
	var newest modelvet.Decision
	var digest string
	subject, evidence, err := g.Evidence(ctx, ref)
	if err != nil {
		return newest, "", err
	}
	for _, e := range evidence {
		var d modelvet.Decision
		if e.PredicateType != modelvet.PredicateDecision || e.Status != modelvet.Verified || json.Unmarshal(e.Predicate, &d) != nil {
			continue
		}
		if d.Subject.Digest == subject.Digest && d.Stage == g.Stage && d.Outcome == modelvet.Allowed && d.At.After(newest.At) && !d.At.After(g.Now.Add(clockSkew)) {
			newest, digest = d, e.Digest
		}
	}
	if digest == "" {
		return newest, "", errors.New("no verified decision there allowed it for this stage; for a first promotion, take baseline out of the policy")
	}
	return newest, digest, nil
}
