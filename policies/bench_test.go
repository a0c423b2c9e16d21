// SPDX-License-Identifier: Apache-2.0

package policies

import "testing"

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	e, in := engine(b), caseOf(b, good())
	for b.Loop() {
		if _, err := e.Evaluate(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluateOneRule(b *testing.B) {
	e, in := engine(b), caseOf(b, good())
	in.Rules = []string{"safety.no_unsafe_calls"}
	for b.Loop() {
		if _, err := e.Evaluate(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
