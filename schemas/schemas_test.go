// SPDX-License-Identifier: Apache-2.0

package schemas_test

import (
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

func TestEverySchemaCompiles(t *testing.T) {
	if len(schemas.Names()) == 0 {
		t.Fatal("no schemas")
	}
	for _, name := range schemas.Names() {
		if err := schemas.Validate(name, []byte(`"no object"`)); err == nil {
			t.Errorf("%s takes a string for an object", name)
		} else if _, ok := err.(*schemas.Invalid); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const good = `name: credit
version: 1.0.0
purpose: Scores applications for consumer credit
provider: {name: Example Bank}
role: provider
riskClass: high
model:
  files: ["model/*.json"]
`

func TestSystemIsRead(t *testing.T) {
	var s modelvet.System
	if err := schemas.DecodeYAML("system", "modelvet.yaml", []byte(good), &s); err != nil {
		t.Fatal(err)
	}
	if s.Name != "credit" || s.Model.Files[0] != "model/*.json" {
		t.Errorf("read %+v", s)
	}
}

// Every mistake is told with its file and line.
func TestMistakesNameTheirLine(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown field":  {good + "riskclass: high\n", "modelvet.yaml:9: the document: unknown field 'riskclass'"},
		"wrong type":     {strings.Replace(good, "version: 1.0.0", "version: 1", 1), "modelvet.yaml:2: version: expected string, but got number"},
		"not in list":    {strings.Replace(good, "riskClass: high", "riskClass: huge", 1), "modelvet.yaml:6: riskClass:"},
		"nested":         {strings.Replace(good, `["model/*.json"]`, "[\"a\", 7]", 1), "modelvet.yaml:8: model.files[1]: expected string"},
		"leaves folder":  {strings.Replace(good, `["model/*.json"]`, `["../x"]`, 1), "modelvet.yaml:8: model.files[0]: want a path below this folder"},
		"missing":        {strings.Replace(good, "role: provider\n", "", 1), "missing properties: 'role'"},
		"twice":          {good + "name: other\n", "modelvet.yaml:9: key \"name\" stands twice"},
		"alias":          {"a: &x 1\nb: *x\n", "modelvet.yaml:2: anchors and aliases are not read"},
		"empty":          {"", "modelvet.yaml: the file is empty"},
		"two documents":  {good + "---\na: 1\n", "there is a second"},
		"no yaml at all": {"a: [", "modelvet.yaml: line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			var s modelvet.System
			err := schemas.DecodeYAML("system", "modelvet.yaml", []byte(c.yaml), &s)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

func TestParseIsStrict(t *testing.T) {
	for _, bad := range []string{``, `{`, `{"a":1,"a":2}`, `{} {}`, `[1,]`, strings.Repeat("[", 200), `{"a":{"b":1,"b":1}}`, "{\"a\":1}x"} {
		if _, err := schemas.Parse([]byte(bad)); err == nil {
			t.Errorf("%.20q is read", bad)
		}
	}
}

func FuzzDecodeYAML(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("? {a: b}\n: c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s modelvet.System
		if schemas.DecodeYAML("system", "f", b, &s) == nil && (s.Name == "" || len(s.Model.Files) == 0) {
			t.Errorf("accepted without name or files: %q", b)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,null,"x"]}`))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = schemas.Parse(b) })
}
