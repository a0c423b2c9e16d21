// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/schemas"
)

// Attest signs a document as a predicate about an artifact and attaches it. It
// returns how many statements it attached: a document of scans gives one each.
func (g *Gate) Attest(ctx context.Context, ref, predicateType string, document []byte) (int, error) {
	predicateType = attest.TypeOf(predicateType)
	switch {
	case isAct(predicateType):
		return 0, fmt.Errorf("%w: %s is made by approve, waive, judge or gate, never by attest", ErrInput, predicateType)
	case predicateType == modelvet.PredicateDocument:
		return 0, fmt.Errorf("%w: a document is attested by `modelvet document attest`, from the artifact's own copy of it", ErrInput)
	case predicateType == modelvet.PredicateModelSignature:
		return 0, fmt.Errorf("%w: the model signature is made by gate, from the files themselves", ErrInput)
	case !strings.Contains(predicateType, "://"):
		return 0, fmt.Errorf("%w: predicate type %q is no URI, and none of %s", ErrInput, predicateType, strings.Join(attest.Kinds(), ", "))
	}
	statements, err := statementsOf(predicateType, document)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInput, err)
	}
	a, err := artifact.Open(ctx, ref, artifact.Options{})
	if err != nil {
		return 0, fmt.Errorf("opening %s: %w", ref, err)
	}
	defer a.Close()
	return len(statements), g.attach(ctx, ref, a.Subject(), statements...)
}

func statementsOf(predicateType string, document []byte) ([]statement, error) {
	if _, err := schemas.Parse(document); err != nil {
		return nil, err
	}
	parts := []json.RawMessage{document}
	if predicateType == modelvet.PredicateScan {
		var many struct{ Scans []json.RawMessage }
		if err := json.Unmarshal(document, &many); err == nil && len(many.Scans) > 0 {
			parts = many.Scans
		}
	}
	var out []statement
	for _, p := range parts {
		if name, ours := contracts[predicateType]; ours {
			if err := schemas.Validate(name, p); err != nil {
				return nil, fmt.Errorf("the predicate breaks the schema %s: %w", name, err)
			}
		}
		out = append(out, statement{predicateType, p})
	}
	return out, nil
}

// AttachBundle attaches a statement that is signed already: by another tool, or
// about the files of a model, which are the same in both layouts. It proves
// nothing by that: verify says whether it holds.
func (g *Gate) AttachBundle(ctx context.Context, ref string, bundle []byte) (predicateType string, err error) {
	a, err := artifact.Open(ctx, ref, artifact.Options{})
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", ref, err)
	}
	defer a.Close()
	e := attest.Verify(ctx, bundle, attest.Trust{Now: g.Now}, a.Subject())
	if e.PredicateType == "" {
		return "", fmt.Errorf("%w: it is no signed statement that could be verified: %s", ErrInput, e.Reason)
	}
	return e.PredicateType, attachAll(ctx, ref, []artifact.Attachment{{PredicateType: e.PredicateType, Bundle: bundle}}, g.Now)
}
