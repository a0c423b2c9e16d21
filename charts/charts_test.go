// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/modelvet/modelvet/charts"
	"github.com/modelvet/modelvet/webhook/references"
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
	for _, settings := range [][]string{nil, {"certificates=cert-manager"}, {"certificates=files"}, {"registryCredentials=pull", "digestPolicy=false", "replicas=1"}, {"audit=10m", "registryCredentials=pull"}, {"pin=true", "gatekeeperCA=x"}, {"pin=true", "certificates=cert-manager"}} {
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
	raw, err := charts.Render(release, []string{"pin=true"})
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

// The audit may list what can name a model and nothing else, and write what it says.
func TestAuditPrivilege(t *testing.T) {
	raw, err := charts.Render(release, []string{"audit=10m"})
	if err != nil {
		t.Fatal(err)
	}
	table, err := references.Load()
	if err != nil {
		t.Fatal(err)
	}
	may := map[string]bool{}
	for _, d := range documents(t, raw) {
		if d["kind"] != "ClusterRole" || d["metadata"].(map[string]any)["name"] != "modelvet-audit" {
			continue
		}
		for _, rule := range d["rules"].([]any) {
			r := rule.(map[string]any)
			for _, g := range r["apiGroups"].([]any) {
				for _, resource := range r["resources"].([]any) {
					for _, verb := range r["verbs"].([]any) {
						may[fmt.Sprint(verb, " ", resource, ".", g)] = true
					}
				}
			}
		}
	}
	want := map[string]bool{
		"list namespaces.": true, "create events.": true,
		"create policyreports.wgpolicyk8s.io": true, "patch policyreports.wgpolicyk8s.io": true,
		"create clusterpolicyreports.wgpolicyk8s.io": true, "patch clusterpolicyreports.wgpolicyk8s.io": true,
	}
	for _, row := range table.Rows {
		for kind := range strings.SplitSeq(row.Kind, "|") {
			if kind != "PodSpec" {
				want["list "+strings.ToLower(kind)+"s."+row.Group] = true
			}
		}
	}
	if !maps.Equal(may, want) {
		t.Errorf("the audit may\n%v\nwant\n%v", slices.Sorted(maps.Keys(may)), slices.Sorted(maps.Keys(want)))
	}
}

func TestSettings(t *testing.T) {
	for _, bad := range []string{"replicas", "nothing=1", "replicas=many", "replicas.x=1"} {
		if _, err := charts.Render(release, []string{bad}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	// The policy arrives byte for byte: decisions name it by its digest.
	for _, policy := range []string{"a: 1", "a: 1\n", "  a: 1\n\n\n", "a: \"\\\\ \t ü {{ x }} %s'\"\n# end \u2028"} {
		raw, err := charts.Render(release, []string{"image=reg/x@sha256:1", "policy=" + policy})
		if err != nil || !strings.Contains(string(raw), `image: "reg/x@sha256:1"`) {
			t.Fatalf("%v\n%s", err, raw)
		}
		for _, d := range documents(t, raw) {
			if data, ok := d["data"].(map[string]any); ok && d["kind"] == "ConfigMap" && data["policy.yaml"] != policy {
				t.Errorf("%q became %q", policy, data["policy.yaml"])
			}
		}
	}
}

func TestStatic(t *testing.T) {
	raw, err := charts.Static(release, []string{"failurePolicy=Fail"}, "https://127.0.0.1:8443/validate", []byte("pem"))
	if err != nil {
		t.Fatal(err)
	}
	all := documents(t, raw)
	if len(all) != 1 || all[0]["metadata"].(map[string]any)["name"] != "modelvet.static.k8s.io" {
		t.Fatalf("%s", raw)
	}
	for _, want := range []string{"url: https://127.0.0.1:8443/validate", "caBundle: cGVt", "failurePolicy: Fail", "name: models.modelvet.github.io"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s\nlacks %s", raw, want)
		}
	}
	if strings.Contains(string(raw), "service:") {
		t.Errorf("a service, which is not allowed there: %s", raw)
	}
}
