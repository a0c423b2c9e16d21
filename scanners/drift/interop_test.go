// SPDX-License-Identifier: Apache-2.0

//go:build interop

package drift_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/drift"
)

const scipy = `
import sys, json
import numpy as np, pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon
a, b = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
out = {}
for c in ("x", "ties"):
    k = stats.ks_2samp(a[c], b[c], method="asymp")
    out["ks_statistic|" + c] = k.statistic
    out["p|ks_statistic|" + c] = k.pvalue
    out["wasserstein_normed|" + c] = stats.wasserstein_distance(a[c], b[c]) / a[c].std(ddof=0)
v = sorted(set(a.name) | set(b.name))
n, m = np.array([(a.name == k).sum() for k in v]), np.array([(b.name == k).sum() for k in v])
t = stats.chi2_contingency([n, m], correction=False)
out["chi_square|name"], out["p|chi_square|name"] = t.statistic, t.pvalue
out["jensen_shannon_distance|name"] = jensenshannon(n, m)
p, q = np.maximum(n / n.sum(), 1e-4), np.maximum(m / m.sum(), 1e-4)
out["psi|name"] = float(((q - p) * np.log(q / p)).sum())
out["total_variation_distance|name"] = float(np.abs(n / n.sum() - m / m.sum()).sum() / 2)
print(json.dumps(out))
`

// What evidently's own tests compute of the same columns.
const evidently = `
import sys, json
import pandas as pd
from evidently.legacy.calculations.stattests.registry import get_stattest
from evidently.legacy.core import ColumnType
import evidently.legacy.calculations.stattests
a, b = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
out = {}
for name, test, col, kind in (("wasserstein_normed", "wasserstein", "x", "num"), ("wasserstein_normed", "wasserstein", "ties", "num"),
        ("jensen_shannon_distance", "jensenshannon", "name", "cat"), ("total_variation_distance", "TVD", "name", "cat")):
    if test == "TVD":
        continue
    t = get_stattest(a[col], b[col], ColumnType.Numerical if kind == "num" else ColumnType.Categorical, test)
    out[name + "|" + col] = float(t.func(a[col], b[col], kind, .1)[0])
print(json.dumps(out))
`

func tables(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(6, 6))
	for k, file := range []string{"a.csv", "b.csv"} {
		var b strings.Builder
		b.WriteString("x,ties,name\n")
		for range 3000 + 500*k {
			fmt.Fprintf(&b, "%.6f,%d,%s\n", r.NormFloat64()+.1*float64(k), r.IntN(20+k), []string{"u", "v", "w", "z"}[min(3, r.IntN(4+k))])
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInteropDrift(t *testing.T) {
	dir := tables(t)
	s, err := drift.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{
		{Name: "reference", Kind: "reference", Path: "a.csv"}, {Name: "production", Kind: "production", Path: "b.csv"}}}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]modelvet.Measurement{}
	for _, m := range s.Measurements {
		got[strings.TrimPrefix(m.Metric, "drift/")+"|"+m.Slice["column"]] = m
	}
	for _, peer := range []struct {
		venv, code string
		tolerance  float64
	}{
		{"tables-venv", scipy, 1e-9},
		{"tables-drift-venv", evidently, 2e-3}, // it divides by the sample's standard deviation (n-1) and adds smoothing to empty bins
	} {
		for key, want := range ask(t, peer.venv, peer.code, dir) {
			if name, ok := strings.CutPrefix(key, "p|"); ok {
				p := got[name].P
				if p == nil {
					t.Errorf("%s has no p value", name)
				} else if *p < want-.01 || *p > 3*want+.01 { // Holm over three tests; Stephens' correction against SciPy's exact tail
					t.Errorf("p of %s is %g, peer %g", name, *p, want)
				}
				continue
			}
			m, ok := got[key]
			if !ok || math.Abs(m.Value-want) > peer.tolerance {
				t.Errorf("%s: %s is %v, peer %v", peer.venv, key, m.Value, want)
			}
		}
	}
}

func ask(t *testing.T, venv, code, dir string) map[string]float64 {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(cache, "modelvet", venv, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Fatalf("no peers: run scripts/interop-tables.sh (%v)", err)
	}
	cmd := exec.Command(python, "-W", "ignore", "-c", code, filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]float64
	if err := json.Unmarshal(out[strings.LastIndex(strings.TrimSpace(string(out)), "\n")+1:], &want); err != nil || len(want) < 3 {
		t.Fatalf("%v: %s", err, out)
	}
	return want
}
