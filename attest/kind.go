// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// kinds are the short names of predicate types, as policies and tables write
// them. A scan's kind names its scanner too: scan/fairness.
var kinds = map[string]string{
	"system": modelvet.PredicateSystem, "scan": modelvet.PredicateScan, "lineage": modelvet.PredicateLineage,
	"provenance": modelvet.PredicateProvenance, "signature": modelvet.PredicateModelSignature, "bom": modelvet.PredicateMLBOM,
	"spdx": PredicateSPDX, "decision": modelvet.PredicateDecision, "vsa": modelvet.PredicateVSA, "test-result": modelvet.PredicateTestResult,
	"approval": modelvet.PredicateApproval, "waiver": modelvet.PredicateWaiver,
	"document": modelvet.PredicateDocument, "thresholds": modelvet.PredicateThresholds,
}

// PredicateSPDX is an SPDX 3 document (in-toto attestation framework, spec/predicates/spdx3.md).
const PredicateSPDX = "https://spdx.dev/Document/v3"

// Kinds lists the short names of predicate types.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// TypeOf is the predicate type of a kind; what is no kind is returned as it is.
func TypeOf(kind string) string {
	short, _, _ := strings.Cut(kind, "/")
	if full, ok := kinds[short]; ok && (short == kind || short == "scan") {
		return full
	}
	return kind
}

// KindOf is the short name of a predicate type, or the type itself. The
// predicate may be nil; with it, the kind of a scan names the scanner.
func KindOf(predicateType string, predicate json.RawMessage) string {
	for short, full := range kinds {
		if full != predicateType {
			continue
		}
		var s struct{ Scanner string }
		if full == modelvet.PredicateScan && json.Unmarshal(predicate, &s) == nil && s.Scanner != "" {
			return short + "/" + s.Scanner
		}
		return short
	}
	return predicateType
}

// covers tells whether an entry of a policy (a kind, or a predicate type) means a statement.
func covers(entry, predicateType string, predicate json.RawMessage) bool {
	kind := KindOf(predicateType, predicate)
	return entry == predicateType || entry == kind || entry == "scan" && predicateType == modelvet.PredicateScan
}

// knownKind tells whether an entry can mean anything at all.
func knownKind(entry string) bool {
	return strings.Contains(entry, "://") || TypeOf(entry) != entry
}
