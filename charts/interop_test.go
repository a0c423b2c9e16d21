// SPDX-License-Identifier: Apache-2.0

//go:build interop

package charts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/charts"
)

func helm(t *testing.T, args ...string) []byte {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(cache, "modelvet", "bin", "helm"), args...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("helm %s: %v; scripts/interop-webhook.sh builds it\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// modelvet k8s render and helm template say the same, object by object.
func TestInteropHelm(t *testing.T) {
	helm(t, "lint", "modelvet")
	for _, settings := range [][]string{nil, {"certificates=cert-manager"}, {"certificates=files", "registryCredentials=pull", "replicas=2"}, {"digestPolicy=false", "failurePolicy=Ignore"}, {"audit=10m", "registryCredentials=pull"}, {"pin=true", "gatekeeperCA=x", "certificates=cert-manager"}, {"pin=true"}} {
		args := []string{"template", "modelvet", "modelvet", "--namespace", release.Namespace, "--kube-version", "1.37.2"}
		for _, s := range settings {
			args = append(args, "--set", s)
		}
		ours, err := charts.Render(release, settings)
		if err != nil {
			t.Fatal(err)
		}
		want, got := byName(documents(t, helm(t, args...))), byName(documents(t, ours))
		if len(want) != len(got) || len(want) < 10 {
			t.Errorf("%v: helm makes %d objects, we %d", settings, len(want), len(got))
		}
		for name, w := range want {
			if !reflect.DeepEqual(w, got[name]) {
				t.Errorf("%v: %s\nhelm: %v\nours: %v", settings, name, w, got[name])
			}
		}
	}
}

func byName(all []map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, d := range all {
		name, _ := d["metadata"].(map[string]any)["name"].(string)
		out[d["kind"].(string)+"/"+name] = d
	}
	return out
}
