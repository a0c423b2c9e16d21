// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/modelvet/modelvet"
)

// fixtureFile finds a published schema: in the folder that the environment
// names, or beside the repository.
func fixtureFile(t *testing.T, name string) string {
	t.Helper()
	if dir := os.Getenv("MODELVET_FIXTURES"); dir != "" {
		return filepath.Join(dir, name)
	}
	for up, _ := os.Getwd(); ; up = filepath.Dir(up) {
		path := filepath.Join(up, "..", "shared", "fixtures", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if up == filepath.Dir(up) {
			if os.Getenv("CI") != "" {
				t.Fatalf("no %s", name)
			}
			t.Skipf("no %s: set MODELVET_FIXTURES to the folder that holds it", name)
		}
	}
}

func TestSARIFFollowsItsSchema(t *testing.T) {
	followsSchema(t, "sarif", "schemas/sarif-schema-2.1.0.json")
}

func TestOSCALFollowsItsSchema(t *testing.T) {
	followsSchema(t, "oscal", "schemas/oscal_complete_schema-1-1-3.json")
}

func TestVEXFollowsItsSchema(t *testing.T) {
	followsSchema(t, "vex", "schemas/bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")
}

// TestGitLabFields: GitLab's own schema files are in no package registry; the
// lists of fields are derived by hand from its documentation.
func TestGitLabFields(t *testing.T) {
	for format, file := range map[string]string{"sast": "testdata/gitlab-sast-fields.schema.json", "codequality": "testdata/gitlab-code-quality-fields.schema.json"} {
		schema, err := jsonschema.Compile(file)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, format, schema, append(schemaCases(), hugeHostile(200)))
	}
}

// schemaCases are the decisions that are held to the schemas.
func schemaCases() []modelvet.Decision {
	cases := []modelvet.Decision{fixture(), allowedFixture(), {}}
	for seed := range uint64(15) {
		cases = append(cases, randomDecision(seed))
	}
	return cases
}

func holds(t *testing.T, format string, schema *jsonschema.Schema, cases []modelvet.Decision) {
	t.Helper()
	for i, d := range cases {
		var v any
		if err := json.Unmarshal(render(t, format, d), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s, decision %d: %v", format, i, err)
		}
	}
}

// followsSchema holds a format to a published schema; others are schemas
// beside it that it refers to.
func followsSchema(t *testing.T, format, file string, others ...string) {
	t.Helper()
	holds(t, format, published(t, fixtureFile(t, file), others...), schemaCases())
}

func published(t *testing.T, path string, others ...string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	for _, o := range others {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(path), o))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+o, bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFBoundsItsResults(t *testing.T) {
	d := fixture()
	d.Scans = []modelvet.Scan{{Scanner: "modelfile"}}
	for range sarifLimit + 5 {
		d.Scans[0].Findings = append(d.Scans[0].Findings, modelvet.Finding{ID: "x/y", Path: "a", What: "b", Severity: modelvet.SeverityInfo})
	}
	out := render(t, "sarif", d)
	if !bytes.Contains(out, []byte("more results in decision.json")) {
		t.Error("results beyond the limit are not counted")
	}
}
