// SPDX-License-Identifier: Apache-2.0

// Package documents reads what people write about a system: the technical
// documentation of Annex IV, a statement of applicability, a fundamental rights
// impact assessment, model cards and data cards. It says which item is missing,
// and whether each number that names a metric is the one that was measured.
//
// What stands in a document is declared. The package must never take it for
// measured, never repair a document, and never call one adequate: that is for a
// person to sign.
package documents

import (
	"strings"

	"github.com/modelvet/modelvet/documents/kinds"
)

// Kind is a sort of document, and Item one thing that it must say: package
// kinds holds them, for reports too.
type (
	Kind = kinds.Kind
	Item = kinds.Item
)

// Kinds returns every kind of document whose completeness can be told, by name.
func Kinds() ([]Kind, error) { return kinds.All() }

// KindOf finds a kind by its name or another name for it. A document of any
// other kind is read for its numbers only.
func KindOf(name string) (Kind, bool) { return kinds.Of(name) }

// names lists the kinds, for an error.
func names() string {
	all, _ := kinds.All() // a test reads them: this cannot fail in a tested binary
	var out []string
	for _, k := range all {
		out = append(out, k.Kind)
	}
	return strings.Join(out, ", ")
}
