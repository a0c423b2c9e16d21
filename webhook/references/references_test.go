// SPDX-License-Identifier: Apache-2.0

package references

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const approved = "registry.example/models/credit@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

type example struct {
	Row, Uses string
	Checked   *bool
	Passes    bool
	Stub      bool
	Object    map[string]any
}

// examples are one object for each row, with a reference put in.
func examples(t *testing.T, ref string) []example {
	t.Helper()
	raw, err := os.ReadFile("testdata/rows.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(raw), "REF", ref)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func load(t *testing.T) Table {
	t.Helper()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func find(t *testing.T, object map[string]any) []Reference {
	t.Helper()
	b, err := json.Marshal(object) // as the webhook gets it
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	group, _, ok := strings.Cut(o["apiVersion"].(string), "/")
	if !ok {
		group = ""
	}
	found, err := load(t).Find(group, o["kind"].(string), o)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Every row of the table finds the model in an object of its kind, and says what it leads to.
func TestRows(t *testing.T) {
	covered := map[string]bool{}
	for _, x := range examples(t, approved) {
		covered[x.Row] = true
		want := x.Row
		if x.Uses != "" {
			want, covered[x.Uses] = x.Uses, true
		}
		found := find(t, x.Object)
		hit := false
		for _, r := range found {
			if r.Row != want {
				continue
			}
			hit = true
			switch {
			case x.Passes && !r.Object, x.Checked == nil && r.OCI != approved, x.Checked != nil && !x.Passes && r.Unresolved == "":
				t.Errorf("%s: found %+v", x.Row, r)
			}
		}
		if !hit {
			t.Errorf("%s: row %s finds nothing in its example; found %+v", x.Row, want, found)
		}
	}
	for _, r := range load(t).Rows {
		if !covered[r.ID] {
			t.Errorf("row %s has no example in testdata/rows.yaml", r.ID)
		}
	}
}

func pod(t *testing.T, text string) []Reference {
	t.Helper()
	var spec map[string]any
	if err := yaml.Unmarshal([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	return find(t, map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": spec})
}

// An ordinary pod names no model; a denial of it would turn people away.
func TestOrdinaryPodsNameNoModel(t *testing.T) {
	for _, text := range []string{
		`{containers: [{name: a, image: nginx:1.27, args: [nginx, -g, daemon off;]}]}`,
		`{containers: [{name: a, image: python, command: [python, -m, http.server]}]}`,
		`{containers: [{name: a, image: curl, args: ['https://example.test/x'], env: [{name: URL, value: 'http://a/b'}]}]}`,
		`{containers: [{name: a, image: grep, args: [grep, -r, --include, model, .]}]}`,
	} {
		if found := pod(t, text); len(found) > 0 {
			t.Errorf("%s: found %+v", text, found)
		}
	}
}

// A path is as good as what is mounted there.
func TestPathsAreTracedToTheirVolumes(t *testing.T) {
	const server = `containers: [{name: a, image: vllm, args: [--model, /mnt/models/x], volumeMounts: [{name: m, mountPath: /mnt/models}, {name: other, mountPath: /mnt}]}]`
	for _, c := range []struct{ volume, want string }{
		{`{name: m, image: {reference: ` + approved + `}}`, ""},
		{`{name: m, csi: {driver: model.csi.modelpack.org, volumeAttributes: {model.csi.modelpack.org/reference: ` + approved + `}}}`, ""},
		{`{name: m, persistentVolumeClaim: {claimName: c}}`, "volume claim"},
		{`{name: m, hostPath: {path: /models}}`, "neither an image"},
		{`{name: m, emptyDir: {}}`, "neither an image"},
		{`{name: other, emptyDir: {}}`, "not in the pod"},
	} {
		unresolved := ""
		for _, r := range pod(t, `{`+server+`, volumes: [`+c.volume+`]}`) {
			unresolved += r.Unresolved
		}
		if c.want == "" && unresolved != "" || !strings.Contains(unresolved, c.want) {
			t.Errorf("%s: unresolved %q, want %q", c.volume, unresolved, c.want)
		}
	}
}

func TestUserRows(t *testing.T) {
	table, err := Load([]byte(`rows: [{id: mine, group: acme.test, kind: Net, path: 'spec.weights[].at', reads: uri, confidence: declared}]`))
	if err != nil {
		t.Fatal(err)
	}
	found, err := table.Find("acme.test", "Net", map[string]any{"spec": map[string]any{"weights": []any{map[string]any{"at": "oci://" + approved}}}})
	if err != nil || len(found) != 1 || found[0].OCI != approved {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, bad := range []string{``, `rows: [{id: pod, kind: Pod, path: spec, reads: pod}]`, `rows: [{id: a, kind: B, path: 'a[', reads: uri, confidence: declared}]`, `rows: [{id: a, kind: B, path: a, reads: guess}]`, `row: []`} {
		if _, err := Load([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestTooDeepIsAnError(t *testing.T) {
	var v any = "x"
	for range MaxDepth + 2 {
		v = map[string]any{"a": v}
	}
	if _, err := load(t).Find("", "Pod", map[string]any{"spec": v}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
