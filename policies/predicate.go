// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"encoding/json"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

// parse tells the kind of a piece of evidence and the part of its predicate
// that rules may read. The kind is empty for what no rule can need; the value
// is nil for what is no JSON object. Shapes are checked later, by the schema:
// a field of the wrong type is handed on as it is.
func parse(e modelvet.Evidence) (kind string, value any) {
	p := object(e.Predicate)
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
	case modelvet.PredicateMLBOM:
		return "bom", bom(p)
	}
	return "", nil
}

// object decodes a predicate strictly: no key twice, nothing after it. Numbers
// become float64, so that one too large for arithmetic is refused here.
func object(b []byte) map[string]any {
	var p map[string]any
	if _, err := schemas.Parse(b); err != nil || json.Unmarshal(b, &p) != nil {
		return nil
	}
	return p
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
// (slsa.dev/spec/v1.0/provenance). The rest belongs to the builder. What has
// the wrong shape is handed on as it is, for the schema to refuse.
func provenance(p map[string]any) any {
	definition, ok1 := p["buildDefinition"].(map[string]any)
	run, ok2 := p["runDetails"].(map[string]any)
	if !ok1 || !ok2 {
		return nil
	}
	out := map[string]any{}
	take(out, definition, "buildType")
	take(out, definition, "resolvedDependencies")
	if builder, ok := run["builder"].(map[string]any); ok {
		out["builder"] = builder["id"]
	}
	if metadata, said := run["metadata"]; said {
		m, ok := metadata.(map[string]any)
		if !ok {
			return nil
		}
		take(out, m, "invocationId", "startedOn", "finishedOn")
	}
	if list, ok := out["resolvedDependencies"].([]any); ok {
		out["resolvedDependencies"] = dependencies(list)
	}
	return out
}

func dependencies(list []any) []any {
	out := []any{}
	for _, v := range list {
		d, ok := v.(map[string]any)
		if !ok {
			out = append(out, v)
			continue
		}
		dep := map[string]any{}
		take(dep, d, "name", "uri")
		if digest, said := d["digest"]; said {
			m, ok := digest.(map[string]any)
			if !ok {
				dep["sha256"] = nil // no digest set: the schema refuses it
			}
			take(dep, m, "sha256", "gitCommit")
		}
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

// take copies what is there, null included.
func take(out, from map[string]any, keys ...string) {
	for _, k := range keys {
		if v, said := from[k]; said {
			out[k] = v
		}
	}
}
