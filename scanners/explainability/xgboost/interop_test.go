// SPDX-License-Identifier: Apache-2.0

//go:build interop

package xgboost

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// Models never seen before, of every kind and depth, as XGBoost itself
// evaluates and attributes them.
func TestInteropAgreesWithXGBoost(t *testing.T) {
	exe := python(t)
	for seed := range 12 {
		depth := 1 + seed%7
		t.Run(fmt.Sprintf("seed %d depth %d", seed, depth), func(t *testing.T) {
			dir := t.TempDir()
			out, err := exec.Command(exe, "testdata/golden.py", dir, fmt.Sprint(100+seed), fmt.Sprint(depth)).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			agree(t, filepath.Join(dir, "*.golden.json"))
		})
	}
}
