// SPDX-License-Identifier: Apache-2.0

package policies

// bom is the part of a CycloneDX bill of materials that rules may read
// (cyclonedx.org/docs, 1.5 and later, which know machine-learning models and
// data sets): its components, nested ones too, with licences and SHA-256. What
// has the wrong shape is handed on as it is, for the schema to refuse.
func bom(p map[string]any) any {
	if p == nil || p["bomFormat"] != "CycloneDX" {
		return nil
	}
	list := []any{}
	m, ok := p["metadata"].(map[string]any)
	if _, said := p["metadata"]; said && !ok {
		return nil
	}
	if c, said := m["component"]; said {
		list = append(list, c)
	}
	if _, said := p["components"]; said {
		more, ok := p["components"].([]any)
		if !ok {
			return map[string]any{"components": p["components"]}
		}
		list = append(list, more...)
	}
	return map[string]any{"components": components(list, 0)}
}

// deepest is how far components may be nested in one another.
const deepest = 20

func components(list []any, depth int) []any {
	out := []any{}
	for _, v := range list {
		c, ok := v.(map[string]any)
		if !ok || depth > deepest {
			out = append(out, nil)
			continue
		}
		one := map[string]any{"licences": []any{}, "sha256": []any{}}
		if l, said := c["licenses"]; said {
			one["licences"] = licences(l)
		}
		if h, said := c["hashes"]; said {
			one["sha256"] = hashes(h)
		}
		take(one, c, "type", "name", "version", "purl")
		out = append(out, one)
		if nested, ok := c["components"].([]any); ok {
			out = append(out, components(nested, depth+1)...)
		} else if _, said := c["components"]; said {
			out = append(out, nil)
		}
	}
	return out
}

// licences are SPDX ids, expressions or names.
func licences(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := []any{}
	for _, l := range list {
		m, ok := l.(map[string]any)
		if !ok {
			return v
		}
		inner, ok := m["license"].(map[string]any)
		if m["license"] != nil && !ok {
			return v
		}
		for _, in := range []map[string]any{m, inner} {
			for _, word := range []string{"expression", "id", "name"} {
				if s, said := in[word]; said {
					out = append(out, s)
				}
			}
		}
		if s, said := m["license"]; said && s == nil {
			return v
		}
	}
	return out
}

func hashes(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := []any{}
	for _, h := range list {
		m, _ := h.(map[string]any)
		alg, ok := m["alg"].(string)
		if !ok {
			return v
		}
		if alg == "SHA-256" {
			out = append(out, m["content"])
		}
	}
	return out
}
