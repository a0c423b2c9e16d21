// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"encoding/json"

	"github.com/modelvet/modelvet"
)

// parse tells the kind of a piece of evidence and the part of its predicate
// that rules may read. The kind is empty for what no rule can need; the value
// is nil for what is no JSON object. Shapes are checked later, by the schema:
// a field of the wrong type is handed on as it is.
func parse(e modelvet.Evidence) (kind string, value any) {
	var p map[string]any
	if json.Unmarshal(e.Predicate, &p) != nil {
		p = nil
	}
	switch e.PredicateType {
	case modelvet.PredicateSystem:
		return "system", orNil(p)
	case modelvet.PredicateLineage:
		return "lineage", orNil(p)
	case modelvet.PredicateProvenance:
		return "provenance", provenance(p)
	case modelvet.PredicateModelSignature:
		return "signature", signature(p, e.Signer)
	case modelvet.PredicateScan:
		return scan(p)
	}
	return "", nil
}

// orNil keeps a nil map from becoming an interface that is not nil.
func orNil(p map[string]any) any {
	if p == nil {
		return nil
	}
	return p
}

// scan leaves out the series: they are drawn and never judged. A scan that
// does not name its scanner can be nobody's evidence.
func scan(p map[string]any) (string, any) {
	name, _ := p["scanner"].(string)
	if !word(name) {
		return "", nil
	}
	out := map[string]any{}
	for k, v := range p {
		if k != "series" {
			out[k] = v
		}
	}
	return "scan/" + name, out
}

// provenance is the part of a SLSA provenance v1 that rules may read
// (slsa.dev/spec/v1.0/provenance). The rest belongs to the builder.
func provenance(p map[string]any) any {
	definition, ok1 := p["buildDefinition"].(map[string]any)
	run, ok2 := p["runDetails"].(map[string]any)
	if !ok1 || !ok2 {
		return nil
	}
	out := map[string]any{}
	take(out, "buildType", definition["buildType"])
	if builder, ok := run["builder"].(map[string]any); ok {
		take(out, "builder", builder["id"])
	}
	switch metadata := run["metadata"].(type) {
	case nil:
	case map[string]any:
		for _, k := range []string{"invocationId", "startedOn", "finishedOn"} {
			take(out, k, metadata[k])
		}
	default:
		return nil
	}
	switch list := definition["resolvedDependencies"].(type) {
	case nil:
	case []any:
		out["resolvedDependencies"] = dependencies(list)
	default:
		return nil
	}
	return out
}

func dependencies(list []any) []any {
	out := []any{}
	for _, v := range list {
		d, _ := v.(map[string]any)
		digest, _ := d["digest"].(map[string]any)
		dep := map[string]any{}
		take(dep, "name", d["name"])
		take(dep, "uri", d["uri"])
		take(dep, "sha256", digest["sha256"])
		take(dep, "gitCommit", digest["gitCommit"])
		out = append(out, dep)
	}
	return out
}

// signature is an OpenSSF model signature, with who made it.
func signature(p map[string]any, by modelvet.Signer) any {
	if p == nil {
		return nil
	}
	out := map[string]any{"signer": plain(by)}
	for k, v := range p {
		if k != "signer" {
			out[k] = v
		}
	}
	return out
}

func take(out map[string]any, key string, v any) {
	if v != nil {
		out[key] = v
	}
}
