// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/policies"
)

// LevelChange is what a policy file says about the level of one rule.
type LevelChange struct {
	Level  modelvet.Level `json:"level"`
	Reason string         `json:"reason"` // demanded when the level is lowered; it stands in every decision
}

// load reads the catalogues and compiles the rules, built-in ones and added ones.
func (g *Gate) load(ctx context.Context) error {
	return g.withBundles(ctx, func(more []fs.FS) error {
		return g.compile(ctx, append(slices.Clone(g.UserRules), more...))
	})
}

func (g *Gate) compile(ctx context.Context, folders []fs.FS) error {
	var books []fs.FS
	for _, fsys := range folders {
		if adds(fsys) {
			books = append(books, fsys)
		}
	}
	var err error
	if g.controls, err = controls.Load(books...); err != nil {
		return fmt.Errorf("%w: reading the catalogues: %w", ErrInput, err)
	}
	if g.engine, err = policies.New(ctx, folders...); err != nil {
		return fmt.Errorf("%w: reading the rules: %w", ErrInput, err)
	}
	if err := g.engine.CheckControls(known(g.controls)); err != nil {
		return fmt.Errorf("%w: reading the rules: %w", ErrInput, err)
	}
	return nil
}

// adds says whether a folder of rules brings catalogues or profiles along.
func adds(fsys fs.FS) bool {
	for _, dir := range []string{"catalogues", "profiles"} {
		if names, err := fs.Glob(fsys, dir+"/*.y*ml"); err == nil && len(names) > 0 {
			return true
		}
	}
	return false
}

// demanded are the rules that must answer: those that the stage's profiles ask
// for, and every rule that the governance team added. A rule that somebody
// wrote and nobody asks would be a gate that stands open unseen.
func (g *Gate) demanded(stage Stage) []string {
	out := append(g.controls.RulesFor(stage.Profiles, g.engine.Rules()), g.engine.Added()...)
	slices.Sort(out)
	return slices.Compact(out)
}

// levels says which rules have another level than their own. A profile may
// only raise: a profile that is silent means the rule's own level, and nobody
// else's profile may soften that. The policy file may raise, and lower with a
// written reason.
func (g *Gate) levels(stage Stage) (map[string]modelvet.Level, error) {
	own := map[string]modelvet.Level{}
	for _, r := range g.engine.Rules() {
		own[r.ID] = r.Level
	}
	out := map[string]modelvet.Level{}
	for _, id := range stage.Profiles {
		p, err := g.controls.Profile(id)
		if err != nil {
			return nil, fmt.Errorf("stages.%s.profiles: %w", g.Stage, err)
		}
		for rule, level := range p.Levels {
			if own[rule] == modelvet.Block && level == modelvet.Warn {
				return nil, fmt.Errorf("profile %s (%s) lowers rule %s to warn: a profile may only raise a rule; lower it under stages.%s.levels, with a reason", id, p.Where, rule, g.Stage)
			}
			out[rule] = level
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(stage.Levels)) {
		c := stage.Levels[rule]
		before, ok := own[rule]
		switch {
		case !ok:
			return nil, fmt.Errorf("stages.%s.levels: there is no rule %q; docs/rules.md lists them", g.Stage, rule)
		case c.Level == modelvet.Warn && (before == modelvet.Block || out[rule] == modelvet.Block) && c.Reason == "":
			return nil, fmt.Errorf("stages.%s.levels.%s: it is lowered to warn without a reason; write one, it will stand in every decision", g.Stage, rule)
		}
		out[rule] = c.Level
	}
	return out, nil
}

// lowered are the rules that the policy file softened, told in the decision.
func (g *Gate) lowered(stage Stage) []string {
	var out []string
	for _, rule := range slices.Sorted(maps.Keys(stage.Levels)) {
		if c := stage.Levels[rule]; c.Level == modelvet.Warn && c.Reason != "" {
			out = append(out, fmt.Sprintf("the policy lowers rule %s to warn: %s", rule, c.Reason))
		}
	}
	return out
}

// Export is the rules as a pack for `opa eval` and conftest.
func (g *Gate) Export() map[string][]byte { return g.engine.Export() }

// Document is what the rules see of an artifact, and the data beside it, after
// everything that is attached was verified: the input of the pack.
func (g *Gate) Document(ctx context.Context, ref string) (input, data map[string]any, err error) {
	stage, err := g.Policy.Stage(g.Stage)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	subject, evidence, err := g.Evidence(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	for i := range evidence {
		age(&evidence[i], g.Now, time.Duration(stage.MaxEvidenceAge))
	}
	c := &modelvet.Case{Subject: subject, Stage: g.Stage, Evidence: evidence}
	in, err := g.ruleInput(ctx, c, stage)
	if err != nil {
		return nil, nil, err
	}
	return g.engine.Document(in)
}
