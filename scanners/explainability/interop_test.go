// SPDX-License-Identifier: Apache-2.0

//go:build interop

package explainability

import (
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// python has XGBoost: MODELVET_PYTHON, or what scripts/interop-credit.sh made.
func python(t *testing.T) string {
	t.Helper()
	if p := os.Getenv("MODELVET_PYTHON"); p != "" {
		return p
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(cache, "modelvet", "credit", "bin", "python")
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("%v; run scripts/interop-credit.sh", err)
	}
	return p
}

// Training again gives the committed tables, cell by cell: nobody touched them.
func TestInteropTrainingAgainGivesTheCommittedTables(t *testing.T) {
	out := t.TempDir()
	cmd := exec.Command(python(t), "-B", "train.py", "data/german-credit.csv", "--out", out)
	cmd.Dir = "../../testdata"
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, model := range []string{"credit", "credit-biased", "credit-tampered"} {
		for _, table := range []string{"training", "predictions", "attributions"} {
			path := filepath.Join(model, "data", table+".csv")
			sameCells(t, path, cells(t, filepath.Join("../../testdata", path)), cells(t, filepath.Join(out, path)))
		}
	}
}

func cells(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// sameCells allows for another processor's rounding.
func sameCells(t *testing.T, path string, want, got [][]string) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d rows, training again gives %d", path, len(want), len(got))
	}
	for i := range want {
		for j, w := range want[i] {
			a, errA := strconv.ParseFloat(w, 64)
			b, errB := strconv.ParseFloat(got[i][j], 64)
			if w != got[i][j] && (errA != nil || errB != nil || math.Abs(a-b) > 1e-4) {
				t.Fatalf("%s, row %d, column %s: %s, training again gives %s", path, i, want[0][j], w, got[i][j])
			}
		}
	}
}
