// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

func (o *output) layout() string { return layoutIn(o.next) }

func layoutIn(dir string) string { return filepath.Join(dir, "layout") }

// attachDecision signs the decision, and its summaries in the field's own
// terms, and attaches them. Without a key the decision stays unsigned.
func (g *Gate) attachDecision(ctx context.Context, ref string, d modelvet.Decision) error {
	if g.Signer == nil {
		return nil
	}
	summary, err := attest.VSA(d, resourceURI(d.Subject), "")
	if err != nil {
		return fmt.Errorf("summing up the decision: %w", err)
	}
	return g.attach(ctx, ref, d.Subject,
		statement{modelvet.PredicateDecision, d},
		statement{modelvet.PredicateVSA, summary},
		statement{modelvet.PredicateTestResult, testResult(d)},
	)
}

// resourceURI is the name under which consumers ask for the artifact: a package
// URL of type oci, which is the same in every registry.
func resourceURI(s modelvet.Subject) string {
	return "pkg:oci/" + s.Name + "@" + s.Digest
}

// testResult is the in-toto test-result predicate v0.1 of the rules.
func testResult(d modelvet.Decision) map[string]any {
	passed, warned, failed := []string{}, []string{}, []string{}
	for _, r := range d.Results {
		switch {
		case r.Outcome == modelvet.Pass || r.Outcome == modelvet.NotApplicable:
			passed = append(passed, r.ID)
		case r.Outcome == modelvet.Waived || r.Level == modelvet.Warn:
			warned = append(warned, r.ID)
		default:
			failed = append(failed, r.ID)
		}
	}
	result := "FAILED"
	switch {
	case d.Outcome == modelvet.Denied || len(failed) > 0:
	case len(warned) > 0:
		result = "WARNED"
	default:
		result = "PASSED"
	}
	return map[string]any{
		"result": result, "passedTests": passed, "warnedTests": warned, "failedTests": failed,
		"configuration": []map[string]any{{"name": "policy", "digest": map[string]string{"sha256": hexOf(d.Policy.Digest)}}},
	}
}

// hexOf is the bare hex of "sha256:...".
func hexOf(digest string) string { return strings.TrimPrefix(digest, "sha256:") }
