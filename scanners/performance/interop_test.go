// SPDX-License-Identifier: Apache-2.0

//go:build interop

package performance_test

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

const peers = `
import sys, json
import numpy as np, pandas as pd
from sklearn.metrics import *
d = pd.read_csv(sys.argv[1]); out = {}
for name, w in {"": None, "w": d.w}.items():
    k = dict(sample_weight=w)
    out[name] = dict(accuracy=accuracy_score(d.y, d.p, **k), balanced_accuracy=balanced_accuracy_score(d.y, d.p, **k), precision=precision_score(d.y, d.p, **k),
        recall=recall_score(d.y, d.p, **k), f1=f1_score(d.y, d.p, **k), roc_auc=roc_auc_score(d.y, d.s, **k), average_precision=average_precision_score(d.y, d.s, **k),
        log_loss=log_loss(d.y, d.s, **k), brier=brier_score_loss(d.y, d.s, **k))
    out[name + "n"] = dict(mae=mean_absolute_error(d.y, d.s, **k), rmse=root_mean_squared_error(d.y, d.s, **k), r2=r2_score(d.y, d.s, **k))
print(json.dumps(out))
`

func TestInteropScikitLearn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.csv")
	content := adult(t)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python(t), "-c", peers, path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]float64
	if err := json.Unmarshal(out, &want); err != nil || len(want) != 4 {
		t.Fatalf("%v: %s", err, out)
	}
	for kind, metrics := range want {
		tab, task := modelvet.Table{Label: "y", Prediction: "p", Score: "s"}, "binary-classification"
		if strings.Contains(kind, "n") {
			tab, task = modelvet.Table{Label: "y", Prediction: "s"}, "regression"
		}
		if strings.Contains(kind, "w") {
			tab.Weight = "w"
		}
		s := must(t, content, tab, task)
		for metric, v := range metrics {
			near(t, kind+" "+metric, find(t, s, metric).Value, v, 1e-9)
		}
	}
}

// adult is the census data with a rule of thumb for a model.
func adult(t *testing.T) string {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("MODELVET_DATA"), "adult.csv"))
	if err != nil {
		t.Fatalf("MODELVET_DATA names no folder with the data: %v", err)
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
	b.WriteString("y,p,s,w\n")
	for _, r := range records[1:] {
		years, _ := strconv.Atoi(r[at["education_num"]])
		hours, _ := strconv.Atoi(r[at["hours_per_week"]])
		s := float64(years*hours) / (17 * 100)
		fmt.Fprintf(&b, "%d,%d,%.6f,%s\n", bit(r[at["income"]] == ">50K"), bit(s > .3), s, r[at["fnlwgt"]])
	}
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

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
