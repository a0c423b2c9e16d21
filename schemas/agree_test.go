// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestRulesKnowWhatAModelTeamMayWrite holds that every field of modelvet.yaml
// is one that a rule may read: evidence with a field that the closed schema of
// the input does not know makes every rule unknown.
func TestRulesKnowWhatAModelTeamMayWrite(t *testing.T) {
	system, input := load(t, "system"), load(t, "input")
	agree(t, system, input, system, input["properties"].(map[string]any)["system"].(map[string]any), "system")
}

func load(t *testing.T, name string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// resolve follows a reference inside one schema.
func resolve(root, node map[string]any) map[string]any {
	for {
		ref, ok := node["$ref"].(string)
		if !ok {
			return node
		}
		node = root
		for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			node = node[step].(map[string]any)
		}
	}
}

func agree(t *testing.T, rootA, rootB, a, b map[string]any, at string) {
	t.Helper()
	a, b = resolve(rootA, a), resolve(rootB, b)
	known, _ := b["properties"].(map[string]any)
	fields, _ := a["properties"].(map[string]any)
	for name, field := range fields {
		other, ok := known[name].(map[string]any)
		switch {
		case ok:
			agree(t, rootA, rootB, field.(map[string]any), other, at+"."+name)
		case b["additionalProperties"] == false:
			t.Errorf("%s.%s may be written in modelvet.yaml, and input.schema.json does not know it", at, name)
		}
	}
	if item, ok := a["items"].(map[string]any); ok {
		if other, ok := b["items"].(map[string]any); ok {
			agree(t, rootA, rootB, item, other, at+"[]")
		}
	}
}
