// SPDX-License-Identifier: Apache-2.0

// Package policies asks the Rego rules that stand beside it, and answers for
// every one of them. It is the only room that knows OPA.
//
// A rule sees nothing but verified evidence that fits a closed schema. What
// could make a rule silent (a missing annotation, a misspelt name, a broken
// builtin, evidence that is missing, stale, empty or of the wrong type) is
// refused when the rules are loaded, or makes the rule unknown. It never
// makes it pass. This package reads no clock and opens no connection.
package policies

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/modelvet/modelvet"
)

//go:embed lib rules thresholds.json
var builtin embed.FS

// Engine holds compiled rules. It may be used by many goroutines at once.
type Engine struct {
	rules      []rule // sorted by id
	thresholds map[string]Threshold
	compiler   *ast.Compiler
	digest     string
	sources    map[string][]byte
	limits     limits
	ready      ready
}

// rule is one compiled rule: what its annotations say, and what it was seen to read.
type rule struct {
	modelvet.Rule
	forbidWaiver bool
	judgesHollow bool     // a scan that read nothing is for the rule to judge
	answers      []string // deny, and where it has them unknown and not_applicable
	thresholds   []string // names of the thresholds that it reads
	file         string
	text         []byte
	at           int // the line of its METADATA
	builtin      bool
}

// New compiles the built-in rules and those of the given folders, each at
// rules/AREA/NAME/NAME.rego. It refuses rules that could not object, that read
// what they do not name as their need, or that stand in for a built-in one;
// the error names file and line.
func New(ctx context.Context, more ...fs.FS) (*Engine, error) {
	return load(ctx, builtin, more...)
}

func load(ctx context.Context, own fs.FS, more ...fs.FS) (*Engine, error) {
	var sources []source
	for i, fsys := range append([]fs.FS{own}, more...) {
		found, err := collect(fsys, i == 0)
		if err != nil {
			return nil, fmt.Errorf("loading rules: %w", err)
		}
		sources = append(sources, found...)
	}
	e := &Engine{digest: digest(sources), limits: standardLimits, sources: map[string][]byte{}}
	for _, s := range sources {
		e.sources[s.path] = s.text
	}
	var err error
	if e.thresholds, err = readThresholds(own); err != nil {
		return nil, err
	}
	if err := e.describe(sources); err != nil {
		return nil, fmt.Errorf("loading rules: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("loading rules: %w", err)
	}
	if err := e.limits.within(ctx, func(context.Context) error { return e.compile(sources) }); err != nil {
		return nil, fmt.Errorf("compiling rules: %w", err)
	}
	if err := selfTest(ctx); err != nil {
		return nil, fmt.Errorf("testing the rule engine: %w", err)
	}
	return e, nil
}

func (e *Engine) describe(sources []source) error {
	for _, s := range sources {
		if s.library {
			continue
		}
		r, err := describe(s)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(e.rules, func(o rule) bool { return o.ID == r.ID }); i >= 0 {
			return fmt.Errorf("%s: rule %s stands already at %s; give it another area or name", s.path, r.ID, e.rules[i].file)
		}
		e.rules = append(e.rules, r)
	}
	if len(e.rules) == 0 {
		return fmt.Errorf("no rules found: nothing would be judged")
	}
	slices.SortFunc(e.rules, func(a, b rule) int { return strings.Compare(a.ID, b.ID) })
	return nil
}

// Rules describes every rule, sorted by id.
func (e *Engine) Rules() []modelvet.Rule {
	out := make([]modelvet.Rule, len(e.rules))
	for i, r := range e.rules {
		out[i] = r.Rule
		out[i].Needs, out[i].Controls = slices.Clone(r.Needs), slices.Clone(r.Controls)
	}
	return out
}

// Added are the ids of the rules that are not built in, sorted. A judgement
// must ask them whatever the profiles say: nobody adds a rule not to be asked.
func (e *Engine) Added() []string {
	out := []string{}
	for _, r := range e.rules {
		if !r.builtin {
			out = append(out, r.ID)
		}
	}
	return out
}

// CheckControls refuses a rule that names a control that is not known; the
// error names file and line.
func (e *Engine) CheckControls(known func(id string) bool) error {
	for _, r := range e.rules {
		for _, c := range r.Controls {
			if !known(c) {
				return fmt.Errorf("%s:%d: custom.controls: %s is in no catalogue, or not in force; `modelvet controls list` names those that are", r.file, lineOf(r.text, r.at, c), c)
			}
		}
	}
	return nil
}

// Digest is the SHA-256 of everything that the rules are made of: their
// sources, the library, the thresholds' definitions and the schema of the input.
func (e *Engine) Digest() string { return e.digest }

func digest(sources []source) string {
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s %d\n", s.path, len(s.text))
		h.Write(s.text)
	}
	h.Write(inputSchema())
	if b, err := builtin.ReadFile(thresholdsFile); err == nil {
		h.Write(b)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func (e *Engine) find(id string) (int, bool) {
	return slices.BinarySearchFunc(e.rules, id, func(r rule, id string) int { return strings.Compare(r.ID, id) })
}
