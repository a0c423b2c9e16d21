// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/modelvet/modelvet/charts"
)

var release = charts.Release{Name: "modelvet", Namespace: "guard"}

func documents(t *testing.T, raw []byte) []map[string]any {
	t.Helper()
	var out []map[string]any
	d := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var m map[string]any
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, raw)
		}
		if m != nil {
			out = append(out, m)
		}
	}
}

func TestRendersInEveryVariant(t *testing.T) {
	for _, settings := range [][]string{nil, {"certificates=cert-manager"}, {"certificates=files"}, {"registryCredentials=pull", "digestPolicy=false", "replicas=1"}} {
		raw, err := charts.Render(release, settings)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range documents(t, raw) {
			if d["kind"] == nil || d["apiVersion"] == nil {
				t.Errorf("%v: a document without a kind: %v", settings, d)
			}
		}
	}
}

// What guards the cluster asks for as little as it can.
func TestLeastPrivilege(t *testing.T) {
	raw, err := charts.Render(release, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents(t, raw) {
		kind := d["kind"]
		if kind != "Role" && kind != "ClusterRole" {
			continue
		}
		for _, rule := range d["rules"].([]any) {
			r := rule.(map[string]any)
			if r["resourceNames"] == nil {
				t.Errorf("%s: a rule for every object of a kind: %v", kind, r)
			}
			for _, resource := range r["resources"].([]any) {
				if kind == "ClusterRole" && resource == "secrets" {
					t.Error("secrets of the whole cluster")
				}
			}
			for _, verb := range r["verbs"].([]any) {
				if verb != "get" && verb != "patch" {
					t.Errorf("%s may %s", kind, verb)
				}
			}
		}
	}
	for _, want := range []string{"runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "drop: [ALL]", "kind: NetworkPolicy", "kind: PodDisruptionBudget", "failurePolicy: Fail", "sideEffects: None"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the manifests do not say %q", want)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, bad := range []string{"replicas", "nothing=1", "replicas=many", "replicas.x=1"} {
		if _, err := charts.Render(release, []string{bad}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	raw, err := charts.Render(release, []string{"image=reg/x@sha256:1", "policy=name: \"p\"\ntrust: []\n"})
	if err != nil || !strings.Contains(string(raw), `image: "reg/x@sha256:1"`) || !strings.Contains(string(raw), "    name: \"p\"\n    trust: []") {
		t.Errorf("%v\n%s", err, raw)
	}
}
