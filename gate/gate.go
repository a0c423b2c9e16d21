// SPDX-License-Identifier: Apache-2.0

// Package gate carries a model from its files to a decision. Produce packs,
// scans, traces, signs and attaches; Judge reads back what is attached,
// verifies it, asks the rules and decides. Judge never sees anything that
// Produce did not write into the artifact, so that a pipeline, a cluster and a
// later re-check walk the same path.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/policies"
	"github.com/modelvet/modelvet/scanners"
)

// ErrInput marks what the caller has to correct: a flag, a file, a name.
var ErrInput = errors.New("bad input")

// Gate holds what does not change from one model to the next.
type Gate struct {
	Policy      *Policy
	Stage       string
	Signer      *attest.Signer // signs evidence and decisions; nil: nothing is signed, and Produce is impossible
	Roots       [][]byte       // trusted_root.json documents that count beside the policy's
	Authorities [][]byte       // PEM certificates of private authorities that do
	Local       *attest.Signer // this machine's development key, believed where a stage says so
	Scanners    []scanners.Scanner
	Now         time.Time
	Version     string             // of modelvet
	Env         map[string]string  // the pipeline's environment, for provenance
	Token       attest.TokenSource // of the run, to vouch for that environment; nil: there is none
	Issuer      string             // of the token; "": the platform's own
	Notes       []string           // what weakens whatever is decided here
	UserRules   []fs.FS            // folders of the governance team: rules, and with them catalogues and profiles, beside the built-in ones

	engine   *policies.Engine
	controls *controls.Set
}

// Open compiles the rules and reads the catalogues. It must be called once,
// before anything else.
func (g *Gate) Open(ctx context.Context) error {
	var err error
	if err := g.load(ctx); err != nil {
		return err
	}
	stage, err := g.Policy.Stage(g.Stage)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return g.checkStage(stage)
}

// checkStage refuses a policy that names what does not exist: a misspelt
// profile or rule would otherwise demand nothing.
func (g *Gate) checkStage(s Stage) error {
	for _, p := range s.Profiles {
		if _, err := g.controls.Profile(p); err != nil {
			return fmt.Errorf("%w: %s: stages.%s.profiles: %w", ErrInput, g.Policy.Origin, g.Stage, err)
		}
	}
	if _, err := g.levels(s); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInput, g.Policy.Origin, err)
	}
	known := map[string]bool{}
	for _, r := range g.engine.Rules() {
		known[r.ID] = true
	}
	thresholds := g.engine.Thresholds()
	for _, name := range slices.Sorted(maps.Keys(s.Thresholds)) {
		if _, ok := thresholds[name]; !ok {
			return fmt.Errorf("%w: %s: stages.%s.thresholds: there is no threshold %q; there are: %s", ErrInput, g.Policy.Origin, g.Stage, name, strings.Join(slices.Sorted(maps.Keys(thresholds)), ", "))
		}
	}
	for _, id := range s.Waivable {
		if !known[id] {
			return fmt.Errorf("%w: %s: stages.%s.waivable: there is no rule %q; docs/rules.md lists them", ErrInput, g.Policy.Origin, g.Stage, id)
		}
	}
	return nil
}

// Run is the main job: produce, judge, render, publish. Out is replaced as a
// whole or stays as it was. The render function writes the reports of the
// decision into the folder it is given.
func (g *Gate) Run(ctx context.Context, dir, out string, render func(dir string, d modelvet.Decision) error) (modelvet.Decision, error) {
	o, err := newOutput(out)
	if err != nil {
		return modelvet.Decision{}, fmt.Errorf("%w: %w", ErrInput, err)
	}
	defer o.close()
	if err := g.Produce(ctx, dir, o.layout(), out); err != nil {
		return modelvet.Decision{}, err
	}
	if err := carryActs(ctx, out, o, g.Now); err != nil {
		return modelvet.Decision{}, err
	}
	return g.judgeInto(ctx, o, render)
}

// Rejudge judges the layout of an earlier result again, with what was attached
// since, and replaces the result.
func (g *Gate) Rejudge(ctx context.Context, ref, out string, render func(dir string, d modelvet.Decision) error) (modelvet.Decision, error) {
	o, err := newOutput(out)
	if err != nil {
		return modelvet.Decision{}, fmt.Errorf("%w: %w", ErrInput, err)
	}
	defer o.close()
	if err := copyArtifact(ctx, ref, o.layout()); err != nil {
		return modelvet.Decision{}, err
	}
	return g.judgeInto(ctx, o, render)
}

func (g *Gate) judgeInto(ctx context.Context, o *output, render func(dir string, d modelvet.Decision) error) (modelvet.Decision, error) {
	d, err := g.Judge(ctx, "oci:"+o.layout())
	if err != nil {
		return d, err
	}
	if err := g.attachDecision(ctx, "oci:"+o.layout(), d); err != nil {
		return d, err
	}
	if err := render(o.next, d); err != nil {
		return d, fmt.Errorf("writing the reports: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return d, context.Cause(ctx)
	}
	return d, o.publish()
}
