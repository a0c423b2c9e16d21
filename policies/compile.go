// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/modelvet/modelvet/schemas"
)

// compile checks every module against the schema of the input, and then that
// each rule names as its needs what it reads.
func (e *Engine) compile(sources []source) error {
	schema, err := decodeInputSchema()
	if err != nil {
		return err
	}
	nameScans(schema, e.rules)
	types := ast.NewSchemaSet()
	types.Put(ast.SchemaRootRef, schema)
	e.compiler = ast.NewCompiler().WithStrict(true).WithCapabilities(capabilities()).WithSchemas(types).WithUseTypeCheckAnnotations(false)
	modules := map[string]*ast.Module{}
	for _, s := range sources {
		if s.library {
			if err := doors(s); err != nil {
				return err
			}
		}
		modules[s.path] = s.module
	}
	if e.compiler.Compile(modules); e.compiler.Failed() {
		return plainErrors(e.compiler.Errors)
	}
	return e.reach(schema)
}

// plainErrors keeps a handful of errors, each with file and line.
func plainErrors(errs ast.Errors) error {
	var out []error
	for i, err := range errs {
		if i == 10 {
			out = append(out, fmt.Errorf("and %d more", len(errs)-i))
			break
		}
		out = append(out, err)
	}
	return errors.Join(out...)
}

func inputSchema() []byte {
	b, _ := schemas.Raw("input") // embedded: its absence is found by decodeInputSchema
	return b
}

func decodeInputSchema() (map[string]any, error) {
	var out map[string]any
	if err := json.Unmarshal(inputSchema(), &out); err != nil {
		return nil, fmt.Errorf("reading the schema of the input: %w", err)
	}
	return out, nil
}

// nameScans gives every scanner that a rule needs a place of its own in the
// schema. OPA leaves what stands under additionalProperties without a type:
// below an unnamed scanner a misspelt field would not be seen.
func nameScans(schema map[string]any, rules []rule) {
	properties, _ := schema["properties"].(map[string]any)
	scans, _ := properties["scans"].(map[string]any)
	named, _ := scans["properties"].(map[string]any)
	for _, r := range rules {
		for _, n := range r.Needs {
			if scanner, ok := strings.CutPrefix(n, "scan/"); ok && named != nil {
				named[scanner] = map[string]any{"$ref": "#/definitions/scan"}
			}
		}
	}
}

// allowedBuiltins is everything that a rule may call. Not among them: the
// clock, the network, randomness, cryptography, what makes long lists out of
// nothing (numbers.range) or out of a short text (replace), and whatever reaches into
// evidence by a name in a string (object.get, json.filter, walk), which the
// compiler could not check.
var allowedBuiltins = []string{
	"abs", "and", "array.concat", "array.flatten", "array.reverse", "array.slice", "assign", "ceil", "concat", "contains", "count",
	"div", "endswith", "eq", "equal", "floor", "format_int", "glob.match", "gt", "gte", "indexof", "indexof_n",
	"internal.member_2", "internal.member_3", "internal.template_string", "intersection",
	"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string",
	"lower", "lt", "lte", "max", "min", "minus", "mul", "neq", "or", "plus", "product",
	"regex.find_n", "regex.is_valid", "regex.match", "regex.split", "rem", "round",
	"semver.compare", "semver.is_valid", "sort", "split", "sprintf", "startswith", "strings.any_prefix_match", "strings.any_suffix_match",
	"strings.count", "strings.reverse", "substring", "sum",
	"time.add_date", "time.clock", "time.date", "time.diff", "time.format", "time.parse_duration_ns", "time.parse_ns", "time.parse_rfc3339_ns", "time.weekday",
	"to_number", "trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "type_name", "union", "units.parse", "units.parse_bytes", "upper",
}

func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return b.IsNondeterministic() || !isBuiltin(b.Name)
	})
	c.AllowNet = []string{}
	return c
}

// selfTest asks the engine itself three questions to which some releases of
// OPA gave a wrong answer: a set with a variable in it, `not` over something
// undefined, and a builtin that breaks.
func selfTest(ctx context.Context) error {
	const module = `package self
import future.keywords.not
member if input.x in {"a", input.y}
absent if not input.z == 1
broken if to_number(input.x) > 0`
	ask := func(query string) (rego.ResultSet, error) {
		return rego.New(rego.Module("self.rego", module), rego.Query(query), rego.Capabilities(capabilities()),
			rego.StrictBuiltinErrors(true), rego.Input(map[string]any{"x": "b", "y": "b"})).Eval(ctx)
	}
	if rs, err := ask("data.self.member; data.self.absent"); err != nil || len(rs) != 1 {
		return fmt.Errorf("the embedded OPA answers wrongly (%v); build modelvet with the version in go.mod", err)
	}
	if _, err := ask("data.self.broken"); err == nil {
		return errors.New("the embedded OPA hides broken builtins; build modelvet with the version in go.mod")
	}
	return nil
}
