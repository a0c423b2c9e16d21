// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/gate"
	"github.com/modelvet/modelvet/webhook"
)

// clusterJudge lets the webhook ask the gate.
type clusterJudge struct {
	gate *gate.Gate            // verifies signed decisions
	full map[string]*gate.Gate // by stage: judges everything again; nil: never
}

func newClusterJudge(ctx context.Context, f *webhookFlags, t *terminal, c webhook.Config) (*clusterJudge, error) {
	g, err := f.judge.open(ctx, t)
	if err != nil {
		return nil, err
	}
	j := &clusterJudge{gate: g}
	for _, n := range c.Namespaces {
		if _, err := g.Policy.Stage(n.Stage); err != nil {
			return nil, usage("--config: %w", err)
		}
	}
	if f.how == "decision" {
		return j, nil
	}
	j.full = map[string]*gate.Gate{}
	for _, n := range c.Namespaces {
		if j.full[n.Stage] != nil {
			continue
		}
		flags := f.judge
		flags.stage = n.Stage
		if j.full[n.Stage], err = flags.open(ctx, t); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (j *clusterJudge) policy() string { return j.gate.Policy.Digest }

// Trust names the policy, which holds all that is believed.
func (j *clusterJudge) Trust() string { return j.gate.Policy.Digest }

// Facts reads the signed decisions, or judges for every stage.
func (j *clusterJudge) Facts(ctx context.Context, ref string) (webhook.Facts, error) {
	if strings.HasPrefix(ref, "oci:") { // a layout on this machine's disk is nobody's registry
		return webhook.Facts{}, webhook.Definitive(fmt.Errorf("%q names a folder, not a registry", ref))
	}
	if _, err := artifact.ParseReference(ref); err != nil {
		return webhook.Facts{}, webhook.Definitive(err)
	}
	s, err := j.gate.At(time.Now()).Standing(ctx, ref)
	if err != nil {
		return webhook.Facts{}, final(err)
	}
	facts := factsOf(s)
	if j.full != nil {
		facts.Decisions, err = j.again(ctx, ref)
	}
	return facts, final(err)
}

func (j *clusterJudge) again(ctx context.Context, ref string) ([]webhook.Decision, error) {
	var out []webhook.Decision
	for _, g := range j.full {
		d, err := g.At(time.Now()).Judge(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, essence(d, "", "judged by this webhook"))
	}
	return out, nil
}

// final marks what asking again does not cure.
func final(err error) error {
	if errors.Is(err, artifact.ErrNotFound) || errors.Is(err, artifact.ErrChanged) {
		return webhook.Definitive(err)
	}
	return err
}

// essence keeps of a decision what admission needs, so that memory stays bounded.
func essence(d modelvet.Decision, bundle, signer string) webhook.Decision {
	out := webhook.Decision{
		Digest: bundle, Signer: signer, Outcome: d.Outcome, Stage: d.Stage, At: d.At, Expires: d.Expires,
		Subject: d.Subject.Digest, Policy: d.Policy.Digest,
	}
	for _, r := range d.Reasons[:min(len(d.Reasons), 3)] {
		out.Reasons = append(out.Reasons, fmt.Sprintf("%.400s", r))
	}
	if d.Outcome == modelvet.Allowed {
		return out
	}
	for _, r := range d.Results {
		if r.Level != modelvet.Warn && (r.Outcome == modelvet.Fail || r.Outcome == modelvet.Unknown) && len(out.Failed) < 10 {
			out.Failed = append(out.Failed, webhook.Failed{Rule: r.ID, Controls: slices.Clone(r.Controls[:min(len(r.Controls), 5)])})
		}
	}
	return out
}

// typed tells an artifact, which containerd mounts as an empty folder, from an
// image: it unpacks layers of these types only (containerd images.IsLayerType).
func typed(manifest []byte) bool {
	var m struct {
		Layers []struct {
			MediaType string `json:"mediaType"`
		} `json:"layers"`
	}
	if json.Unmarshal(manifest, &m) != nil {
		return false
	}
	for _, l := range m.Layers {
		if !strings.HasPrefix(l.MediaType, "application/vnd.oci.image.layer.") && !strings.HasPrefix(l.MediaType, "application/vnd.docker.image.rootfs.") {
			return true
		}
	}
	return false
}
