// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reads is what a rule was seen to read, helpers and library included.
type reads struct {
	kinds      map[string]bool // of evidence
	thresholds map[string]bool
}

// reacher follows a rule into everything that it reads.
type reacher struct {
	schema  map[string]any
	library map[string][]*ast.Rule // by name
	home    string                 // package of the rule being followed
	builtin bool
	reads   reads
	seen    map[string]bool // names in the library
	known   map[string]Threshold
}

// reach demands that every rule names as needs exactly the evidence that it
// reads. What it reads without naming it would be undefined when absent, and
// the rule silent; so would data that nobody writes.
func (e *Engine) reach(schema map[string]any) error {
	library := map[string][]*ast.Rule{}
	for path, m := range e.compiler.Modules {
		if strings.HasPrefix(path, "lib/") {
			for _, r := range m.Rules {
				name := r.Head.Ref()[0].Value.String()
				library[name] = append(library[name], r)
			}
		}
	}
	for i := range e.rules {
		r := &e.rules[i]
		f := &reacher{schema: schema, library: library, builtin: r.builtin, seen: map[string]bool{}, known: e.thresholds,
			home: "data.policies.rules." + r.ID, reads: reads{map[string]bool{}, map[string]bool{}}}
		for _, body := range e.compiler.Modules[r.file].Rules {
			if err := f.follow(body); err != nil {
				return err
			}
		}
		if err := matches(r, f.reads); err != nil {
			return fmt.Errorf("%s:%d: %w", r.file, lineOf(r.text, r.at, "needs:"), err)
		}
		r.thresholds = slices.Sorted(maps.Keys(f.reads.thresholds))
	}
	return nil
}

func matches(r *rule, got reads) error {
	for _, kind := range slices.Sorted(maps.Keys(got.kinds)) {
		if !slices.Contains(r.Needs, kind) {
			return fmt.Errorf("it reads %s, which its METADATA do not name; add it to custom.needs, so that the rule is unknown without it", kind)
		}
	}
	for _, n := range r.Needs {
		if !got.kinds[n] {
			return fmt.Errorf("custom.needs names %s, which the rule never reads; remove it or read it", n)
		}
	}
	return nil
}

func (f *reacher) follow(r *ast.Rule) error {
	var found error
	words := wordsInVariables(r)
	ast.WalkRefs(r, func(ref ast.Ref) bool {
		var err error
		switch ref[0].Value {
		case ast.Var("input"):
			err = f.input(ref)
		case ast.Var("data"):
			err = f.data(ref)
		}
		for _, t := range ref[1:] {
			if v, ok := t.Value.(ast.Var); ok && words[v] != "" {
				err = fmt.Errorf("a field named by a variable (%s): write .%s, so that the compiler can check the name", words[v], words[v])
			}
		}
		if err != nil && found == nil {
			found = fmt.Errorf("%s:%d: %w", ref[0].Loc().File, ref[0].Loc().Row, err)
		}
		return false
	})
	return found
}

// wordsInVariables finds the variables that only hold a word: k := "name".
func wordsInVariables(r *ast.Rule) map[ast.Var]string {
	out := map[ast.Var]string{}
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		if !e.IsEquality() && !e.IsAssignment() {
			return false
		}
		for _, pair := range [][2]*ast.Term{{e.Operand(0), e.Operand(1)}, {e.Operand(1), e.Operand(0)}} {
			v, isVar := pair[0].Value.(ast.Var)
			if word, isWord := pair[1].Value.(ast.String); isVar && isWord {
				out[v] = string(word)
			}
		}
		return false
	})
	return out
}

// input notes which evidence a reference reads.
func (f *reacher) input(ref ast.Ref) error {
	if len(ref) < 2 {
		return fmt.Errorf("input: name the evidence that is read: input.system, input.scans.NAME, ...")
	}
	first, ok := ref[1].Value.(ast.String)
	if !ok {
		return fmt.Errorf("%s: name the evidence that is read: input.system, input.scans.NAME, ...", ref)
	}
	switch first {
	case "system", "lineage", "provenance", "signature", "bom", "baseline", "thresholds":
		f.reads.kinds[string(first)] = true
	case "scans":
		if len(ref) < 3 {
			return fmt.Errorf("input.scans: name the scan that is read: input.scans.NAME")
		}
		name, ok := ref[2].Value.(ast.String)
		if !ok {
			return fmt.Errorf("%s: name the scan that is read: input.scans.NAME", ref)
		}
		f.reads.kinds["scan/"+string(name)] = true
	}
	return f.closed(ref)
}

// closed refuses a variable where the schema lists the fields: a name that is
// computed is a name that nobody checked.
func (f *reacher) closed(ref ast.Ref) error {
	node := f.schema
	for _, t := range ref[1:] {
		if to, ok := node["$ref"].(string); ok {
			definitions, _ := f.schema["definitions"].(map[string]any)
			node, _ = definitions[strings.TrimPrefix(to, "#/definitions/")].(map[string]any)
		}
		switch properties, isObject := node["properties"].(map[string]any); {
		case !isObject:
			node, _ = node["items"].(map[string]any)
		default:
			name, isName := t.Value.(ast.String)
			rest, open := node["additionalProperties"].(map[string]any)
			switch {
			case isName && properties[string(name)] != nil:
				node, _ = properties[string(name)].(map[string]any)
			case !isName && open:
				node = rest
			default:
				return fmt.Errorf("%s: write the field's name; a computed one could not be checked", ref)
			}
		}
	}
	return nil
}

// data allows what somebody writes: thresholds, the rule's own helpers, and
// for built-in rules the library.
func (f *reacher) data(ref ast.Ref) error {
	path := ref.String()
	switch {
	case strings.HasPrefix(path, "data.config.thresholds."):
		return f.threshold(ref)
	case strings.HasPrefix(path, "data.policies.lib.") && f.builtin:
		return f.word(ref)
	case strings.HasPrefix(path+".", f.home+"."):
		return nil
	case strings.HasPrefix(path, "data.policies.lib"):
		return fmt.Errorf("%s: the library belongs to the built-in rules and may change with any version; write a helper of your own", path)
	}
	return fmt.Errorf("%s: nobody writes this; a rule may read input, data.config.thresholds.AREA.NAME and its own helpers", path)
}

func (f *reacher) threshold(ref ast.Ref) error {
	if len(ref) != 5 || !ref.IsGround() {
		return fmt.Errorf("%s: want data.config.thresholds.AREA.NAME", ref)
	}
	area, _ := ref[3].Value.(ast.String)
	short, _ := ref[4].Value.(ast.String)
	name := string(area) + "." + string(short)
	if _, ok := f.known[name]; !ok {
		return fmt.Errorf("threshold %s is not known; there are %s", name, strings.Join(slices.Sorted(maps.Keys(f.known)), ", "))
	}
	f.reads.thresholds[name] = true
	return nil
}

// word follows a name of the library, once.
func (f *reacher) word(ref ast.Ref) error {
	name := strings.Trim(ref[3].Value.String(), `"`)
	if f.seen[name] {
		return nil
	}
	f.seen[name] = true
	if f.library[name] == nil {
		return fmt.Errorf("%s: the library has no such word", ref)
	}
	for _, r := range f.library[name] {
		if err := f.follow(r); err != nil {
			return fmt.Errorf("lib.%s: %w", name, err)
		}
	}
	return nil
}
