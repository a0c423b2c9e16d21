// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Branch is one expression of a rule, as its tests went through it: an
// expression that was never true leaves what follows it untried, and one that
// was never false (or undefined) might as well not be there.
type Branch struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
	// What the tests never saw: "true" or "false"; both for what was never reached.
	Missing []string `json:"missing"`
}

// expression is where an expression stands in the source. The compiler takes
// one apart into several, which all keep their place.
type expression struct {
	file     string
	row, col int
	text     string
}

func (e expression) branch(missing ...string) Branch {
	text, _, _ := strings.Cut(e.text, "\n")
	return Branch{e.file, e.row, text, missing}
}

// seen counts how often an expression was asked, and how often it had no answer.
type seen struct{ asked, failed int }

// recorder is a tracer that counts expressions.
type recorder map[*ast.Expr]*seen

func (recorder) Enabled() bool               { return true }
func (recorder) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (r recorder) TraceEvent(e topdown.Event) {
	expr, ok := e.Node.(*ast.Expr)
	if !ok || e.Op != topdown.EvalOp && e.Op != topdown.FailOp {
		return
	}
	if r[expr] == nil {
		r[expr] = &seen{}
	}
	if e.Op == topdown.EvalOp {
		r[expr].asked++
	} else {
		r[expr].failed++
	}
}

// branches runs every test once more, without the index and the early exits
// that skip expressions, and returns how many outcomes of expressions each
// file has, and which were never seen. Every expression of every body counts, those
// inside of comprehensions too, twice: true, and false or undefined. An
// assignment and a `some` declaration can be seen true only: they choose
// values, and decide nothing.
func branches(ctx context.Context, compiler *ast.Compiler, modules map[string]*ast.Module) (total map[string]int, missing []Branch, err error) {
	got := recorder{}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		for _, r := range modules[name].Rules {
			if !strings.HasPrefix(r.Head.Ref().String(), "test_") {
				continue
			}
			if err := record(ctx, compiler, modules[name].Package.Path.String()+"."+r.Head.Ref().String(), got); err != nil {
				return nil, nil, err
			}
		}
	}
	outcomes := map[expression][2]bool{} // seen true, seen false
	decides := map[expression]bool{}
	for path, m := range compiler.Modules {
		if !strings.HasSuffix(path, "_test.rego") {
			gatherBranches(m, modules[path], got, outcomes, decides)
		}
	}
	total = map[string]int{}
	for e, o := range outcomes {
		var lacks []string
		if total[e.file]++; !o[0] {
			lacks = append(lacks, "true")
		}
		if decides[e] {
			if total[e.file]++; !o[1] {
				lacks = append(lacks, "false")
			}
		}
		if len(lacks) > 0 {
			missing = append(missing, e.branch(lacks...))
		}
	}
	slices.SortFunc(missing, func(a, b Branch) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Text, b.Text))
	})
	return total, missing, nil
}

func record(ctx context.Context, compiler *ast.Compiler, test string, into recorder) error {
	q, err := rego.New(rego.Compiler(compiler), rego.Query(test), rego.Store(inmem.New()), rego.Capabilities(forTests())).PrepareForEval(ctx)
	if err != nil {
		return fmt.Errorf("preparing %s: %w", test, err)
	}
	_, err = q.Eval(ctx, rego.EvalQueryTracer(into), rego.EvalRuleIndexing(false), rego.EvalEarlyExit(false))
	if ctx.Err() != nil {
		return fmt.Errorf("running %s: %w", test, ctx.Err())
	}
	_ = err // a test that breaks has failed already; what it went through counts
	return nil
}

// gatherBranches finds the expressions of a module that a person wrote, and
// what the tests saw of each. An expression that was taken apart is true when
// all of its parts were, and false when one was.
func gatherBranches(m, written *ast.Module, got recorder, outcomes map[expression][2]bool, decides map[expression]bool) {
	place := func(e *ast.Expr) (expression, bool) {
		l := e.Loc()
		if l == nil || l.File == "" || len(l.Text) == 0 {
			return expression{}, false
		}
		return expression{l.File, l.Row, l.Col, string(l.Text)}, true
	}
	ast.WalkExprs(written, func(e *ast.Expr) bool {
		if at, ok := place(e); ok {
			_, declared := e.Terms.(*ast.SomeDecl)
			decides[at] = !declared && !e.IsAssignment() && !constant(e)
		}
		return false
	})
	negated := map[expression]bool{}
	ast.WalkExprs(m, func(e *ast.Expr) bool {
		at, ok := place(e)
		if _, wanted := decides[at]; !ok || !wanted || negated[at] {
			return false
		}
		negated[at] = e.IsNegated() // what it is taken apart into is true when it is false
		o, before := outcomes[at]
		if !before {
			o[0] = true
		}
		s := got[e]
		if s == nil {
			s = &seen{}
		}
		o[0] = o[0] && s.asked > s.failed
		o[1] = o[1] || s.failed > 0
		outcomes[at] = o
		return false
	})
}

// constant is the `true` that the parser writes as the body of a rule without one.
func constant(e *ast.Expr) bool {
	t, ok := e.Terms.(*ast.Term)
	return ok && t.Value.Compare(ast.Boolean(true)) == 0
}
