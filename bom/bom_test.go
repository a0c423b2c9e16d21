// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/modelvet/modelvet"
)

var update = flag.Bool("update", false, "write the golden files anew")

func p(v float64) *float64 { return &v }

func sha(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func source() Source {
	return Source{
		Subject: modelvet.Subject{Name: "credit", Digest: sha("a"), Files: []modelvet.File{
			{Path: "model/model.json", Digest: sha("b"), Size: 7, Kind: "weight"}, {Path: "data/training.csv", Digest: sha("c"), Size: 9, Kind: "dataset"}, {Path: "README.md", Digest: sha("d"), Size: 1, Kind: "doc"}}},
		System: modelvet.System{Name: "credit-scoring", Version: "1.0.0", Purpose: "Estimates <risk> & says why.", Provider: modelvet.Party{Name: "Example Bank AG", Contact: "risk@bank.example", Country: "DE"},
			Role: "provider", RiskClass: "high", AnnexIII: "annex-iii-5.b", Licence: "Apache-2.0 OR MIT", Model: modelvet.ModelFiles{Format: "xgboost-json", Architecture: "gbtree", Task: "binary-classification"},
			Tables:      []modelvet.Table{{Name: "training", Kind: "training", Path: "data/training.csv", Protected: []string{"sex"}}, {Name: "predictions", Kind: "predictions", Path: "data/predictions.csv"}},
			Oversight:   &modelvet.Oversight{Owner: "head of credit", Measures: []string{"A person decides."}},
			Performance: map[string]float64{"performance/accuracy": 0.99}},
		Scans: []modelvet.Scan{
			{Scanner: "performance", Version: "2", Measurements: []modelvet.Measurement{{Metric: "performance/roc_auc", Value: 0.79, Low: p(0.75), High: p(0.83), N: 300}, {Metric: "performance/accuracy", Value: 0.76, N: 300}}},
			{Scanner: "fairness", Version: "1", Coverage: modelvet.Coverage{Skipped: []modelvet.Gap{{Path: "data/x.csv", Reason: "no protected column"}}}, Measurements: []modelvet.Measurement{
				{Metric: "fairness/demographic_parity_difference", Value: -0.15, Low: p(-0.25), High: p(-0.05), N: 300, Slice: map[string]string{"attribute": "age", "group": "<=25", "reference": ">25"}}}},
			{Scanner: "modelfile", Version: "1"}},
		Lineage: []modelvet.Lineage{{Source: "git", Inputs: []modelvet.LineageInput{{Kind: "code", Name: "repo", URI: "https://git.example/credit", Digest: "gitCommit:0123"}}},
			{Source: "files", Inputs: []modelvet.LineageInput{{Kind: "dataset", Name: "data/training.csv", URI: "https://doi.org/10.24432/C5NC77"}, {Kind: "base-model", Name: "tiny", URI: "oci://r.example/tiny", Digest: sha("e")}, {Kind: "document", Name: "card"}}}},
		At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Version: "1.0.0",
	}
}

func write(t *testing.T, format string, s Source) []byte {
	t.Helper()
	b, err := Write(format, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBillsAreAsTheyWere(t *testing.T) {
	for _, format := range Formats {
		got := write(t, format, source())
		file := filepath.Join("testdata", format+".json")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs; run with -update and look at the difference. Got:\n%s", file, got)
		}
		if again := write(t, format, source()); string(again) != string(got) {
			t.Errorf("%s: the same source gives other bytes", format)
		}
	}
}

// published finds the schemas of CycloneDX: in MODELVET_FIXTURES, or in
// shared/fixtures beside any folder above. CI has them.
func published(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir := os.Getenv("MODELVET_FIXTURES")
	for up := ".."; dir == "" && len(up) < 30; up = filepath.Join(up, "..") {
		if _, err := os.Stat(filepath.Join(up, "shared/fixtures/schemas")); err == nil {
			dir = filepath.Join(up, "shared/fixtures")
		}
	}
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft7
	for _, name := range []string{"bom-1.7.schema.json", "spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"} {
		f, err := os.Open(filepath.Join(dir, "schemas", name))
		if err != nil {
			if os.Getenv("CI") == "" {
				t.Skipf("the schemas of CycloneDX were not found (%v): set MODELVET_FIXTURES", err)
			}
			t.Fatal(err)
		}
		defer f.Close()
		if err := c.AddResource("http://cyclonedx.org/schema/"+name, f); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.7.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCycloneDXKeepsThePublishedSchema(t *testing.T) {
	schema := published(t)
	bare := Source{Subject: modelvet.Subject{Digest: sha("a")}, System: modelvet.System{Name: "x"}, At: source().At}
	hostile := source()
	hostile.System.Name, hostile.System.Provider.Contact, hostile.System.Licence = "<a> \u202e", "Ada <a@b>", "no SPDX expression, a sentence"
	hostile.Lineage[0].Inputs[0].URI = "https://x.example/a b"
	hostile.Lineage[1].Inputs = append(hostile.Lineage[1].Inputs, hostile.Lineage[1].Inputs...)
	for name, s := range map[string]Source{"whole": source(), "bare": bare, "hostile": hostile} {
		var v any
		if err := json.Unmarshal(write(t, FormatCycloneDX, s), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
		v.(map[string]any)["specVersion"] = 7
		if schema.Validate(v) == nil {
			t.Error("the schema refuses nothing")
		}
	}
}

// The provider says 0.99; 0.76 was measured.
func TestADeclaredFigureIsNeverAMeasuredOne(t *testing.T) {
	var b struct {
		Metadata struct {
			Component struct {
				ModelCard struct {
					QuantitativeAnalysis struct {
						PerformanceMetrics []struct{ Type, Value string }
					}
				}
				Properties []struct{ Name, Value string }
			}
		}
	}
	if err := json.Unmarshal(write(t, FormatCycloneDX, source()), &b); err != nil {
		t.Fatal(err)
	}
	metrics := b.Metadata.Component.ModelCard.QuantitativeAnalysis.PerformanceMetrics
	if len(metrics) != 3 {
		t.Errorf("%v", metrics)
	}
	for _, m := range metrics {
		if m.Value == "0.99" {
			t.Errorf("a declared figure among the measured: %v", m)
		}
	}
	if !slices.ContainsFunc(b.Metadata.Component.Properties, func(p struct{ Name, Value string }) bool {
		return p.Name == "modelvet:declared:performance/accuracy" && p.Value == "0.99"
	}) {
		t.Errorf("%v", b.Metadata.Component.Properties)
	}
	text := string(write(t, FormatSPDX, source()))
	for _, want := range []string{`"key": "declared: performance/accuracy"`, `"key": "measured: performance/accuracy"`} {
		if !strings.Contains(text, want) {
			t.Errorf("SPDX: no %s", want)
		}
	}
	undeclared := source()
	undeclared.Scans = nil
	if text := string(write(t, FormatCycloneDX, undeclared)); strings.Contains(text, "performanceMetrics") {
		t.Error("metrics that nobody measured")
	}
}

func TestEveryReferenceInSPDXIsDefined(t *testing.T) {
	var d struct {
		Graph []map[string]any `json:"@graph"`
	}
	if err := json.Unmarshal(write(t, FormatSPDX, source()), &d); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, n := range d.Graph {
		if id, ok := n["spdxId"].(string); ok {
			if ids[id] {
				t.Errorf("%s is there twice", id)
			}
			ids[id] = true
		}
	}
	for _, n := range d.Graph {
		for _, key := range []string{"from", "to", "suppliedBy", "rootElement", "element", "createdBy", "createdUsing"} {
			list, ok := n[key].([]any)
			if one, is := n[key].(string); is {
				list, ok = []any{one}, true
			}
			for _, id := range list {
				if !ids[id.(string)] {
					t.Errorf("%v: %s names %v, which is not there", n["type"], key, id)
				}
			}
			_ = ok
		}
	}
}

func TestABillNeedsAnArtifactANameAndATime(t *testing.T) {
	for want, change := range map[string]func(*Source){
		"digest": func(s *Source) { s.Subject.Digest = "" }, "name": func(s *Source) { s.System.Name = "" }, "time": func(s *Source) { s.At = time.Time{} },
	} {
		s := source()
		change(&s)
		if _, err := Write(FormatSPDX, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: expected %q", err, want)
		}
	}
	if _, err := Write("xml", source()); err == nil || !strings.Contains(err.Error(), "cyclonedx, spdx") {
		t.Errorf("%v", err)
	}
}
