// SPDX-License-Identifier: Apache-2.0

//go:build interop

package performance_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/internal/peers"
)

// libraries prints what scikit-learn says of the same predictions, plain and
// weighted, and with "/low" and "/high" the 95 % percentile interval of a
// bootstrap that draws whole rows, weights and all.
const libraries = `
import sys, json
import numpy as np, pandas as pd
from sklearn.metrics import *
d = pd.read_csv(sys.argv[1]); draws = int(sys.argv[2]); out = {}

def ece(y, s, w):
    bins = np.minimum(np.floor(s * 15), 14).astype(int)
    return sum(abs(np.sum((w * (s - y))[bins == b])) for b in set(bins)) / np.sum(w)

classes = dict(accuracy=lambda y, p, s, **k: accuracy_score(y, p, **k), balanced_accuracy=lambda y, p, s, **k: balanced_accuracy_score(y, p, **k),
    precision=lambda y, p, s, **k: precision_score(y, p, **k), recall=lambda y, p, s, **k: recall_score(y, p, **k),
    specificity=lambda y, p, s, **k: recall_score(y, p, pos_label=0, **k), f1=lambda y, p, s, **k: f1_score(y, p, **k),
    roc_auc=lambda y, p, s, **k: roc_auc_score(y, s, **k), average_precision=lambda y, p, s, **k: average_precision_score(y, s, **k),
    log_loss=lambda y, p, s, **k: log_loss(y, s, **k), brier=lambda y, p, s, **k: brier_score_loss(y, s, **k))
numbers = dict(mae=lambda y, p, s, **k: mean_absolute_error(y, s, **k), rmse=lambda y, p, s, **k: root_mean_squared_error(y, s, **k),
    r2=lambda y, p, s, **k: r2_score(y, s, **k))
many = dict(macro_f1=lambda y, p, s, **k: f1_score(y, p, average="macro", **k))
own = dict(expected_calibration_error=lambda y, p, s, sample_weight: ece(y, s, sample_weight))

def ask(metrics, y, p, w):
    k = dict(sample_weight=w.to_numpy()) if w is not None else dict(sample_weight=np.ones(len(y)))
    y, p, s = y.to_numpy(), p.to_numpy(), d.s.to_numpy()
    o = {m: f(y, p, s, **k) for m, f in metrics.items()}
    r, seen = np.random.default_rng(1), {m: [] for m in metrics}
    for _ in range(draws):
        at = r.integers(0, len(y), len(y))
        for m, f in metrics.items():
            seen[m].append(f(y[at], p[at], s[at], sample_weight=k["sample_weight"][at]))
    for m, v in seen.items():
        if v:
            o[m + "/low"], o[m + "/high"] = np.quantile(v, [.025, .975])
    return o

for name, w in {"": None, "w": d.w}.items():
    for task, metrics, y, p in (("binary-classification", classes, d.y, d.p), ("multiclass", many, d.m, d.q), ("regression", numbers, d.y, d.s)):
        out["scikit-learn|" + task + "|" + name] = {k: float(v) for k, v in ask(metrics, y, p, w).items()}
    out["NumPy|binary-classification|" + name] = {k: float(v) for k, v in ask(own, d.y, d.p, w).items() if "/" not in k}
print(json.dumps(out))
`

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInteropScikitLearn(t *testing.T) {
	promises := peers.Read(t, "../../docs/tables.md", "performance")
	content := adult(t, 1)
	for key, numbers := range peers.Ask(t, "tables-venv", libraries, write(t, content), "0") {
		at := strings.Split(key, "|")
		s := must(t, content, role(at), at[1])
		for metric, v := range numbers {
			promises.Check(t, metric, at[0], key+" "+metric, find(t, s, metric).Value, v)
		}
	}
	promises.Kept(t)
}

// Our intervals are formulas. Against a bootstrap of whole rows, with their
// weights, each bound may differ by a fifth of the interval's width: 250 draws of
// the bootstrap alone move a bound by a tenth.
func TestInteropIntervalsAsTheBootstrap(t *testing.T) {
	content := adult(t, 8)
	compared := 0
	for key, numbers := range peers.Ask(t, "tables-venv", libraries, write(t, content), "250") {
		at := strings.Split(key, "|")
		s := must(t, content, role(at), at[1])
		for metric := range numbers {
			if strings.Contains(metric, "/") || at[0] != "scikit-learn" {
				continue
			}
			m, low, high := find(t, s, metric), numbers[metric+"/low"], numbers[metric+"/high"]
			t.Logf("%s %s: %.4f [%.4f, %.4f], bootstrap [%.4f, %.4f]", key, metric, m.Value, *m.Low, *m.High, low, high)
			near(t, key+" "+metric+" low", *m.Low, low, (high-low)/5)
			near(t, key+" "+metric+" high", *m.High, high, (high-low)/5)
			compared++
		}
	}
	if compared != 2*14 {
		t.Errorf("%d intervals were compared, want 28", compared)
	}
}

func role(at []string) modelvet.Table {
	tab := map[string]modelvet.Table{"binary-classification": {Label: "y", Prediction: "p", Score: "s"}, "multiclass": {Label: "m", Prediction: "q"},
		"regression": {Label: "y", Prediction: "s"}}[at[1]]
	if at[2] == "w" {
		tab.Weight = "w"
	}
	return tab
}

// adult is every so manieth row of the census data, with rules of thumb for models.
func adult(t *testing.T, every int) string {
	t.Helper()
	f, err := os.Open(peers.Data(t, "adult.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, c := range records[0] {
		at[c] = i
	}
	var b strings.Builder
	b.WriteString("y,p,s,w,m,q\n")
	for i, r := range records[1:] {
		if i%every != 0 {
			continue
		}
		years, _ := strconv.Atoi(r[at["education_num"]])
		hours, _ := strconv.Atoi(r[at["hours_per_week"]])
		s := float64(years*hours) / (17 * 100)
		fmt.Fprintf(&b, "%d,%d,%.6f,%s,%s,%s\n", bit(r[at["income"]] == ">50K"), bit(s > .3), s, r[at["fnlwgt"]],
			[]string{"short", "full", "long"}[min(2, hours/40+hours/41)], []string{"short", "full", "long"}[min(2, years/6)])
	}
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
