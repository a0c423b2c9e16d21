// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"bytes"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/modelvet/modelvet"
)

// modelRef is how the bill names the model itself.
const modelRef = "model"

// cycloneDX writes CycloneDX 1.7 (ECMA-424), in JSON.
func cycloneDX(s Source) ([]byte, error) {
	b := cdx.NewBOM()
	b.SerialNumber = "urn:uuid:" + uuid(s.Subject.Digest, stamp(s.At), s.Version)
	model := s.model()
	b.Metadata = &cdx.Metadata{
		Timestamp: stamp(s.At),
		Tools:     &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "modelvet", Version: s.Version}}},
		Component: &model,
	}
	components, refs := s.parts()
	b.Components = &components
	b.Dependencies = &[]cdx.Dependency{{Ref: modelRef, Dependencies: &refs}}
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(b, cdx.SpecVersion1_7); err != nil {
		return nil, fmt.Errorf("writing CycloneDX: %w", err)
	}
	return out.Bytes(), nil
}

func (s Source) model() cdx.Component {
	c := cdx.Component{
		BOMRef: modelRef, Type: cdx.ComponentTypeMachineLearningModel, Name: s.System.Name, Version: s.System.Version,
		Description: s.System.Purpose, PackageURL: purl(s.Subject), Hashes: hashes(s.Subject.Digest),
		ModelCard: s.card(), Properties: s.properties(),
	}
	if s.System.Licence != "" {
		c.Licenses = &cdx.Licenses{{Expression: s.System.Licence}}
	}
	if p := s.System.Provider; p.Name != "" {
		c.Supplier = &cdx.OrganizationalEntity{Name: p.Name}
		if p.Country != "" {
			c.Supplier.Address = &cdx.PostalAddress{Country: p.Country}
		}
		if p.Contact != "" {
			c.Supplier.Contact = &[]cdx.OrganizationalContact{contact(p.Contact)}
		}
	}
	return c
}

func contact(text string) cdx.OrganizationalContact {
	if strings.Contains(text, "@") && !strings.ContainsAny(text, " <>") {
		return cdx.OrganizationalContact{Email: text}
	}
	return cdx.OrganizationalContact{Name: text}
}

func hashes(digest string) *[]cdx.Hash {
	if h, ok := hexOf(digest); ok {
		return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: h}}
	}
	return nil
}

// properties say what the format has no field for. Those that nobody measured say so.
func (s Source) properties() *[]cdx.Property {
	var out []cdx.Property
	add := func(name, value string) {
		if value != "" {
			out = append(out, cdx.Property{Name: "modelvet:" + name, Value: value})
		}
	}
	add("declared:riskClass", s.System.RiskClass)
	add("declared:annexIII", s.System.AnnexIII)
	add("declared:role", s.System.Role)
	add("declared:format", s.System.Model.Format)
	for _, name := range s.declared() {
		add("declared:"+name, number(s.System.Performance[name]))
	}
	for _, scan := range s.Scans {
		add("measured:scanner:"+scan.Scanner, scan.Version)
	}
	if len(out) == 0 {
		return nil
	}
	return &out
}

func (s Source) card() *cdx.MLModelCard {
	card := &cdx.MLModelCard{
		BOMRef: "model-card",
		ModelParameters: &cdx.MLModelParameters{
			Task: s.System.Model.Task, ArchitectureFamily: s.System.Model.Architecture, ModelArchitecture: s.System.Model.Architecture,
			Datasets: s.datasets(),
		},
		Considerations: s.considerations(),
	}
	if m := s.metrics(); len(m) > 0 {
		list := make([]cdx.MLPerformanceMetric, len(m))
		for i := range m {
			list[i] = metric(m[i])
		}
		card.QuantitativeAnalysis = &cdx.MLQuantitativeAnalysis{PerformanceMetrics: &list}
	}
	return card
}

func metric(m modelvet.Measurement) cdx.MLPerformanceMetric {
	out := cdx.MLPerformanceMetric{Type: m.Metric, Value: number(m.Value), Slice: sliceText(m.Slice)}
	if m.Low != nil && m.High != nil {
		out.ConfidenceInterval = &cdx.MLPerformanceMetricConfidenceInterval{LowerBound: number(*m.Low), UpperBound: number(*m.High)}
	}
	return out
}

func (s Source) datasets() *[]cdx.MLDatasetChoice {
	var out []cdx.MLDatasetChoice
	for i, in := range s.inputs() {
		if in.kind == "dataset" {
			out = append(out, cdx.MLDatasetChoice{Ref: refOf(i, in)})
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

func (s Source) considerations() *cdx.MLModelCardConsiderations {
	c := &cdx.MLModelCardConsiderations{}
	if s.System.Purpose != "" {
		c.UseCases = &[]string{s.System.Purpose}
	}
	if gaps := s.gaps(); len(gaps) > 0 {
		c.TechnicalLimitations = &gaps
	}
	if o := s.System.Oversight; o != nil {
		c.EthicalConsiderations = &[]cdx.MLModelCardEthicalConsideration{{
			Name: "declared: human oversight by " + o.Owner, MitigationStrategy: strings.Join(o.Measures, " ")}}
	}
	var fair []cdx.MLModelCardFairnessAssessment
	for _, m := range s.metrics() {
		if m.Metric == "fairness/demographic_parity_difference" && m.Slice["group"] != "" && m.Value != 0 {
			fair = append(fair, assessment(m))
		}
	}
	if fair != nil {
		c.FairnessAssessments = &fair
	}
	return c
}

// assessment names the group that is selected less often, and by how much.
func assessment(m modelvet.Measurement) cdx.MLModelCardFairnessAssessment {
	worse, than := m.Slice["group"], m.Slice["reference"]
	if m.Value > 0 {
		worse, than = than, worse
	}
	text := fmt.Sprintf("measured: %s = %s for %s", m.Metric, number(m.Value), sliceText(m.Slice))
	if m.Low != nil && m.High != nil {
		text += fmt.Sprintf(", 95 %% interval %s to %s", number(*m.Low), number(*m.High))
	}
	return cdx.MLModelCardFairnessAssessment{
		GroupAtRisk: fmt.Sprintf("%s %s", m.Slice["attribute"], worse),
		Harms:       fmt.Sprintf("selected less often than %s; %s, n = %d", than, text, m.N),
	}
}

// parts are the files of the model and what it was made from, and their names
// as dependencies of the model.
func (s Source) parts() (components []cdx.Component, refs []string) {
	components, refs = []cdx.Component{}, []string{}
	for _, f := range s.Subject.Files {
		c := cdx.Component{BOMRef: "file:" + f.Path, Type: cdx.ComponentTypeFile, Name: f.Path, Hashes: hashes(f.Digest),
			Properties: &[]cdx.Property{{Name: "modelvet:kind", Value: f.Kind}, {Name: "modelvet:size", Value: fmt.Sprint(f.Size)}}}
		components, refs = append(components, c), append(refs, c.BOMRef)
	}
	for i, in := range s.inputs() {
		c := in.component(refOf(i, in))
		components, refs = append(components, c), append(refs, c.BOMRef)
	}
	return components, refs
}

func refOf(i int, in input) string { return fmt.Sprintf("input:%d:%s:%s", i, in.kind, in.name) }

func (in input) component(ref string) cdx.Component {
	c := cdx.Component{BOMRef: ref, Name: in.name, Hashes: hashes(in.digest), Type: cdx.ComponentTypeFile}
	switch in.kind {
	case "dataset":
		c.Type, c.Data = cdx.ComponentTypeData, &[]cdx.ComponentData{in.data()}
	case "base-model", "model":
		c.Type = cdx.ComponentTypeMachineLearningModel
	case "code":
		c.Type = cdx.ComponentTypeApplication
	}
	if in.licence != "" {
		c.Licenses = &cdx.Licenses{{Expression: in.licence}}
	}
	if _, ok := hexOf(in.digest); !ok && in.digest != "" {
		c.Version = in.digest
	}
	if strings.Contains(in.uri, "://") && !strings.ContainsAny(in.uri, " <>\"{}|\\^`") {
		c.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeDistribution, URL: in.uri}}
	}
	return c
}

func (in input) data() cdx.ComponentData {
	d := cdx.ComponentData{Type: cdx.ComponentDataTypeDataset, Name: in.name}
	if in.table == nil {
		return d
	}
	d.Description = "declared: " + in.table.Kind
	if len(in.table.Protected) > 0 {
		sensitive := make([]string, len(in.table.Protected))
		for i, p := range in.table.Protected {
			sensitive[i] = "declared: protected attribute " + p
		}
		d.SensitiveData = &sensitive
	}
	return d
}
