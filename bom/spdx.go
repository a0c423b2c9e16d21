// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"encoding/json"
	"fmt"
	"strings"
)

// spdx writes an SPDX 3.0.1 document of the AI profile, in JSON-LD. The names
// are those of the published context, https://spdx.org/rdf/3.0.1/spdx-context.jsonld.
func spdx(s Source) ([]byte, error) {
	g := &graph{source: s}
	g.write()
	out, err := json.MarshalIndent(map[string]any{
		"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
		"@graph":   g.nodes,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing SPDX: %w", err)
	}
	return append(out, '\n'), nil
}

const creation = "_:creation"

// graph collects the elements of a document.
type graph struct {
	source Source
	nodes  []map[string]any
	ids    []string
}

// id names an element of this document, and of no other.
func (g *graph) id(part string) string {
	return "urn:uuid:" + uuid(g.source.Subject.Digest, stamp(g.source.At), g.source.Version, part)
}

// add puts an element into the document. Empty values are left out.
func (g *graph) add(kind, part string, fields map[string]any) string {
	node := map[string]any{"type": kind, "spdxId": g.id(part), "creationInfo": creation}
	for k, v := range fields {
		if text, ok := v.(string); ok && text == "" || v == nil {
			continue
		}
		node[k] = v
	}
	g.nodes, g.ids = append(g.nodes, node), append(g.ids, g.id(part))
	return g.id(part)
}

func (g *graph) write() {
	s := g.source
	tool := g.add("Tool", "tool", map[string]any{"name": strings.TrimSpace("modelvet " + s.Version)})
	author := g.add("Organization", "provider", map[string]any{"name": orUnknown(s.System.Provider.Name)})
	g.nodes = append(g.nodes, map[string]any{"type": "CreationInfo", "@id": creation, "specVersion": "3.0.1",
		"created": stamp(s.At), "createdBy": []string{author}, "createdUsing": []string{tool}})
	model := g.add("ai_AIPackage", "model", g.model(author))
	var files []string
	for _, f := range s.Subject.Files {
		files = append(files, g.add("software_File", "file:"+f.Path, map[string]any{
			"name": f.Path, "software_primaryPurpose": purposeOf(f.Kind), "verifiedUsing": verified(f.Digest)}))
	}
	g.relate(model, "contains", "complete", files...)
	g.inputs(model)
	if s.System.Licence != "" {
		licence := g.add("simplelicensing_LicenseExpression", "licence", map[string]any{"simplelicensing_licenseExpression": s.System.Licence})
		g.relate(model, "hasDeclaredLicense", "", licence)
	}
	elements := append([]string{}, g.ids...)
	g.add("SpdxDocument", "document", map[string]any{
		"name": s.System.Name, "rootElement": []string{model}, "element": elements,
		"profileConformance": []string{"core", "software", "simpleLicensing", "ai"},
	})
}

func (g *graph) model(supplier string) map[string]any {
	s := g.source
	m := map[string]any{
		"name": s.System.Name, "software_packageVersion": orUnknown(s.System.Version), "description": s.System.Purpose,
		"suppliedBy": supplier, "releaseTime": stamp(s.At), "software_primaryPurpose": "model",
		"software_packageUrl": purl(s.Subject), "software_downloadLocation": purl(s.Subject),
		"verifiedUsing": verified(s.Subject.Digest), "ai_informationAboutApplication": s.System.Purpose,
		"ai_limitation": strings.Join(s.gaps(), "; "), "ai_safetyRiskAssessment": riskOf(s.System.RiskClass),
	}
	if a := s.System.Model.Architecture; a != "" {
		m["ai_typeOfModel"] = []string{a}
	}
	if t := s.System.Model.Task; t != "" {
		m["ai_domain"] = []string{t}
	}
	if metrics := s.dictionary(); len(metrics) > 0 {
		m["ai_metric"] = metrics
	}
	return m
}

// dictionary holds every measured number, with its interval, and the declared
// ones, which say so.
func (s Source) dictionary() []map[string]any {
	var out []map[string]any
	entry := func(key, value string) {
		out = append(out, map[string]any{"type": "DictionaryEntry", "key": key, "value": value})
	}
	for _, m := range s.metrics() {
		key, value := "measured: "+m.Metric, number(m.Value)
		if len(m.Slice) > 0 {
			key += " (" + sliceText(m.Slice) + ")"
		}
		if m.Low != nil && m.High != nil {
			value += fmt.Sprintf(" [%s, %s]", number(*m.Low), number(*m.High))
		}
		entry(key, value)
	}
	for _, name := range s.declared() {
		entry("declared: "+name, number(s.System.Performance[name]))
	}
	return out
}

// inputs says what the model was made from, and how.
func (g *graph) inputs(model string) {
	related := map[string][]string{}
	for _, in := range g.source.inputs() {
		fields := map[string]any{"name": in.name, "verifiedUsing": verified(in.digest)}
		if strings.Contains(in.uri, "://") {
			fields["software_downloadLocation"] = in.uri
		}
		kind, relation := "software_Package", "dependsOn"
		switch in.kind {
		case "dataset":
			kind, relation = "dataset_DatasetPackage", relationOf(in)
			fields["dataset_datasetType"], fields["software_primaryPurpose"] = []string{datasetType(in)}, "data"
		case "base-model", "model":
			kind, relation = "ai_AIPackage", "descendantOf"
			fields["software_primaryPurpose"] = "model"
		}
		related[relation] = append(related[relation], g.add(kind, "input:"+in.kind+":"+in.name, fields))
	}
	for _, relation := range []string{"trainedOn", "testedOn", "hasEvidence", "descendantOf", "dependsOn"} {
		g.relate(model, relation, "", related[relation]...)
	}
}

func relationOf(in input) string {
	if in.table == nil {
		return "trainedOn"
	}
	switch in.table.Kind {
	case "training":
		return "trainedOn"
	case "test", "validation":
		return "testedOn"
	}
	return "hasEvidence" // predictions, attributions, production data: what it did
}

func datasetType(in input) string {
	if in.table != nil {
		return "structured"
	}
	return "noAssertion"
}

func (g *graph) relate(from, kind, completeness string, to ...string) {
	if len(to) == 0 {
		return
	}
	g.add("Relationship", "relationship:"+kind, map[string]any{"from": from, "to": to, "relationshipType": kind, "completeness": completeness})
}

func verified(digest string) any {
	if h, ok := hexOf(digest); ok {
		return []map[string]any{{"type": "Hash", "algorithm": "sha256", "hashValue": h}}
	}
	return nil
}

func purposeOf(kind string) string {
	switch kind {
	case "weight":
		return "model"
	case "config":
		return "configuration"
	case "doc":
		return "documentation"
	case "code":
		return "source"
	case "dataset":
		return "data"
	}
	return "other"
}

// riskOf maps the classes of the EU AI Act to the levels of SPDX, which are
// those of the General Risk Assessment Methodology of the EU.
func riskOf(class string) string {
	return map[string]string{"prohibited": "serious", "high": "high", "limited": "medium", "minimal": "low"}[class]
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
