// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"io"
	"testing"
)

func BenchmarkPDF(b *testing.B) {
	d := fixture()
	for b.Loop() {
		if err := PDF(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	d := fixture()
	for b.Loop() {
		if err := HTML(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
