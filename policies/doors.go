// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// doors refuses what is right in Rego and wrong at a gate: the ways of
// writing in which a mistake, or evidence that is not there, makes a rule
// silent instead of making it object.
func doors(s source) error {
	var found error
	refuse := func(loc *ast.Location, format string, args ...any) bool {
		if found == nil {
			found = fmt.Errorf("%s:%d: %s", s.path, loc.Row, fmt.Sprintf(format, args...))
		}
		return true
	}
	ast.WalkExprs(s.module, func(e *ast.Expr) bool {
		switch {
		case e.Negated:
			return refuse(e.Loc(), "not: without `import future.keywords.not`, a `not` over something undefined is undefined and the rule silent; add the import")
		case e.IsEvery():
			return refuse(e.Loc(), "every: it is true of an empty list; write the objection for one element: some x in list; not good(x)")
		case e.IsCall() && e.Operator().String() == "concat" && !literal(e.Operand(0)):
			return refuse(e.Loc(), longDelimiter)
		case len(e.With) > 0:
			return refuse(e.Loc(), "with: a rule judges the evidence as it is; only tests may replace it")
		}
		return false
	})
	ast.WalkTerms(s.module, func(t *ast.Term) bool {
		call, ok := t.Value.(ast.Call)
		return ok && len(call) > 1 && call[0].String() == "concat" && !literal(call[1]) && refuse(t.Loc(), longDelimiter)
	})
	for _, r := range s.module.Rules {
		if len(r.Head.Args) > 0 {
			functionFields(s, r, refuse)
		}
	}
	return found
}

// functionFields refuses field names inside functions. The arguments of a
// function have no type, so a misspelt field would be undefined and not an
// error. Functions take plain values; the fields of evidence are named in
// rules, where the compiler knows them.
func functionFields(s source, r *ast.Rule, refuse func(*ast.Location, string, ...any) bool) {
	imported := []ast.Var{"input", "data"}
	for _, i := range s.module.Imports {
		imported = append(imported, i.Name())
	}
	ast.WalkRefs(r, func(ref ast.Ref) bool {
		head, isVar := ref[0].Value.(ast.Var)
		if !isVar || len(ref) == 1 || slices.Contains(imported, head) || isBuiltin(ref.String()) {
			return false
		}
		for _, t := range ref[1:] {
			if name, isName := t.Value.(ast.String); isName {
				return refuse(t.Loc(), "%s: a function may not name fields (%s): its arguments have no type, so a misspelt one would go unseen; pass plain values", r.Head.Ref(), name)
			}
		}
		return false
	})
}

const longDelimiter = "concat: its first argument has to be a text that stands there: a long one between many would fill the memory in one step"

func literal(t *ast.Term) bool {
	if t == nil {
		return false
	}
	_, ok := t.Value.(ast.String)
	return ok
}

func isBuiltin(name string) bool { return slices.Contains(allowedBuiltins, name) }
