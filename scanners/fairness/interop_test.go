// SPDX-License-Identifier: Apache-2.0

//go:build interop

package fairness_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// python finds the peers; without them the test fails, since it would
// otherwise check nothing.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("MODELVET_TABLES_PYTHON")
	if p == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		p = filepath.Join(cache, "modelvet", "tables-venv", "bin", "python")
	}
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("no peers: run scripts/interop-tables.sh (%v)", err)
	}
	return p
}

// decisions makes a table of decisions from the real data: a rule of thumb
// decides.
func decisions(t *testing.T, dir, name string, make func(get func(string) string) []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("MODELVET_DATA"), name))
	if err != nil {
		t.Fatalf("MODELVET_DATA names no folder with the data: %v", err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("y,p,s,w,a,b\n")
	for _, r := range records[1:] {
		b.WriteString(strings.Join(make(func(column string) string {
			for i, c := range records[0] {
				if c == column {
					return r[i]
				}
			}
			t.Fatalf("no column %s", column)
			return ""
		}), ",") + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func german(get func(string) string) []string {
	age, _ := strconv.Atoi(get("age"))
	months, _ := strconv.Atoi(get("duration_months"))
	old, sex := "young", "male"
	if age > 25 {
		old = "old"
	}
	if c := get("personal_status_sex"); c == "A92" || c == "A95" {
		sex = "female"
	}
	return []string{bit(get("credit_risk") == "1"), bit(months < 24), fmt.Sprintf("%.4f", 1/(1+float64(months)/24)), strconv.Itoa(1 + age%4), old, sex}
}

func adult(get func(string) string) []string {
	years, _ := strconv.Atoi(get("education_num"))
	hours, _ := strconv.Atoi(get("hours_per_week"))
	return []string{bit(get("income") == ">50K"), bit(years >= 13 || hours > 50), fmt.Sprintf("%.4f", float64(years)/17), get("fnlwgt"), get("race"), get("sex")}
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// peers prints what fairlearn and AIF360 say, as metric|slice|value.
const peers = `
import sys, json, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
from fairlearn.metrics import *
from sklearn.metrics import accuracy_score, precision_score
d = pd.read_csv(sys.argv[1], dtype={"a": str, "b": str})
w = d.w if sys.argv[2] == "weighted" else None
kw = {} if w is None else {"sample_weight": w}
out = {}
for name, cols in {"a": ["a"], "b": ["b"], "a×b": ["a", "b"]}.items():
    g = d[cols].agg("×".join, axis=1)
    k = dict(sensitive_features=g, **kw)
    out[f"demographic_parity_difference|{name}||"] = demographic_parity_difference(d.y, d.p, **k)
    out[f"demographic_parity_ratio|{name}||"] = demographic_parity_ratio(d.y, d.p, **k)
    out[f"equalized_odds_difference|{name}||"] = equalized_odds_difference(d.y, d.p, **k)
    out[f"equal_opportunity_difference|{name}||"] = equal_opportunity_difference(d.y, d.p, **k)
    for metric, f in dict(selection_rate=selection_rate, true_positive_rate=true_positive_rate, false_positive_rate=false_positive_rate,
            true_negative_rate=true_negative_rate, false_negative_rate=false_negative_rate, accuracy=accuracy_score,
            positive_predictive_value=precision_score).items():
        for group in sorted(set(g)):
            at = g == group
            out[f"{metric}|{name}|{group}|"] = f(d.y[at], d.p[at], **({} if w is None else {"sample_weight": w[at]}))
    if len(cols) == 1:
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import ClassificationMetric
        names = g.value_counts().sort_index().sort_values(ascending=False, kind="stable").index
        codes = g.map({n: float(i) for i, n in enumerate(names)})
        frame = pd.DataFrame({"y": d.y, "g": codes, "w": 1.0 if w is None else w})
        make = lambda f: BinaryLabelDataset(df=f, label_names=["y"], protected_attribute_names=["g"], instance_weights_name="w", favorable_label=1, unfavorable_label=0)
        truth, guess = make(frame), make(frame.assign(y=d.p))
        for i, n in enumerate(names[1:], 1):
            m = ClassificationMetric(truth, guess, unprivileged_groups=[{"g": float(i)}], privileged_groups=[{"g": 0.0}])
            out[f"demographic_parity_difference|{name}|{n}|{names[0]}"] = m.statistical_parity_difference()
            out[f"demographic_parity_ratio|{name}|{n}|{names[0]}"] = m.disparate_impact()
            out[f"equal_opportunity_difference|{name}|{n}|{names[0]}"] = m.equal_opportunity_difference()
            out[f"average_odds_difference|{name}|{n}|{names[0]}"] = m.average_odds_difference()
        if w is None:
            out["theil_index|||"] = m.theil_index()
            out["generalized_entropy_index|||"] = m.generalized_entropy_index()
print(json.dumps({k: float(v) for k, v in out.items()}))
`

func TestInteropFairlearnAndAIF360(t *testing.T) {
	for name, f := range map[string]func(func(string) string) []string{"german-credit.csv": german, "adult.csv": adult} {
		dir := t.TempDir()
		decisions(t, dir, name, f)
		for _, weighted := range []string{"plain", "weighted"} {
			t.Run(name+" "+weighted, func(t *testing.T) { againstPeers(t, dir, weighted) })
		}
	}
}

func againstPeers(t *testing.T, dir, weighted string) {
	tab := modelvet.Table{Path: "p.csv", Label: "y", Prediction: "p", Score: "s", Protected: []string{"a", "b"}}
	if weighted == "weighted" {
		tab.Weight = "w"
	}
	s, err := scanTable(t, dir, tab, "binary-classification")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python(t), "-c", peers, filepath.Join(dir, "p.csv"), weighted)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]float64
	if err := json.Unmarshal(out[strings.Index(string(out), "{"):], &want); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	checked := 0
	for key, v := range want {
		at := strings.Split(key, "|")
		var slice []string
		for i, k := range []string{"attribute", "group", "reference"} {
			if at[i+1] != "" {
				slice = append(slice, k, at[i+1])
			}
		}
		near(t, key, find(t, s, at[0], slice...).Value, v, 1e-9)
		checked++
	}
	if checked < 60 {
		t.Errorf("only %d numbers were compared", checked)
	}
	t.Logf("%d numbers agree", checked)
}
