// SPDX-License-Identifier: Apache-2.0

package documents_test

import (
	"math"
	"testing"

	"github.com/modelvet/modelvet/documents"
)

// Whatever the bytes: no panic, no figure that is no number, every item answered once.
func FuzzRead(f *testing.F) {
	f.Add("model-card", "d.md", []byte("---\nlicense: mit\nmodel-index:\n- name: x\n  results:\n  - metrics:\n    - {type: accuracy, value: 0.9}\n---\n# X\n| a | accuracy |\n|---|---|\n| b | 0.5 |\naccuracy 99 %"))
	f.Add("fria", "d.yaml", []byte("document: fria\nsystem: x\nversion: '1'\nauthor: {name: A, role: dpo}\ndate: '2026-11-24'\nitems: {'1.a': {text: accuracy 0.5}}\nfigures: [{metric: performance/accuracy, value: 1e-3}]\n"))
	f.Add("soa", "d.yaml", []byte("document: soa\nsystem: x\nversion: '1'\nauthor: {name: A, role: dpo}\ndate: '2026-11-24'\nitems: {A.2.2: {applicable: false, justification: none}}\n"))
	f.Fuzz(func(t *testing.T, kind, path string, data []byte) {
		d, err := documents.Read(kind, path, func(string) ([]byte, error) { return data, nil })
		if err != nil {
			return
		}
		for _, c := range d.Compare(nil) {
			if math.IsNaN(c.Value) || math.IsInf(c.Value, 0) || !(c.Tolerance >= 0) || c.State != documents.NotMeasured {
				t.Errorf("%+v", c)
			}
		}
		seen := map[string]bool{}
		for _, a := range d.Answers {
			if seen[a.ID] || a.State == "" || (a.State != documents.Filled && a.Reason == "") {
				t.Errorf("%+v", a)
			}
			seen[a.ID] = true
		}
	})
}
