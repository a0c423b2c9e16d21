// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// Pickles that the libraries themselves write are read to their end, without
// anything that blocks.
func TestBenignPickles(t *testing.T) {
	for _, pattern := range []string{"*.pkl", "*.joblib"} {
		files, _ := filepath.Glob(filepath.Join("..", "testdata", "benign", pattern))
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			r := Scan(context.Background(), bytes.NewReader(b), int64(len(b)), Options{})
			if len(r.Gaps) > 0 || len(r.Findings) > 0 {
				t.Errorf("%s: gaps %v findings %v", f, r.Gaps, r.Findings)
			}
		}
	}
}
