// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/documents"
)

// attestations reads the documents for which persons answer. One that did not
// verify is kept, with the reason why it does not count.
func attestations(evidence []modelvet.Evidence) []modelvet.Attestation {
	var out []modelvet.Attestation
	for _, e := range evidence {
		if e.PredicateType == modelvet.PredicateDocument {
			a := read[modelvet.Attestation](e)
			a.Signer, a.Digest, a.Valid, a.Reason = e.Signer, e.Digest, false, disbelief(e)
			out = append(out, *a)
		}
	}
	slices.SortStableFunc(out, func(a, b modelvet.Attestation) int {
		return strings.Compare(a.Path+"\x00"+a.Digest, b.Path+"\x00"+b.Digest)
	})
	return out
}

func classification(c controls.Classification, sys modelvet.System) *modelvet.Classification {
	return &modelvet.Classification{Declared: sys.RiskClass, Derived: c.Derived, Class: c.Class, Mismatch: c.Mismatch, AcceptBy: c.AcceptBy, Steps: c.Reasons}
}

// AttestDocument signs that a person in a role answers for a document of the
// artifact, and attaches it. The document is read out of the artifact, so that
// what is signed is what is released. One that is not complete, or whose
// numbers are not the measured ones, is refused: nobody should sign that.
func (g *Gate) AttestDocument(ctx context.Context, ref, path, role, comment string, validFor time.Duration) (modelvet.Attestation, error) {
	d, err := g.Judge(ctx, ref)
	if err != nil {
		return modelvet.Attestation{}, err
	}
	kind, err := documentAt(d, path)
	if err != nil {
		return modelvet.Attestation{}, err
	}
	doc, err := readFromArtifact(ctx, ref, kind, path)
	if err != nil {
		return modelvet.Attestation{}, err
	}
	if err := fit(doc, d); err != nil {
		return modelvet.Attestation{}, err
	}
	if err := g.mayAct(ctx, d, role); err != nil {
		return modelvet.Attestation{}, err
	}
	a := modelvet.Attestation{Kind: kind, Path: path, File: doc.Digest, Role: role, Subject: d.Subject.Digest, Comment: comment, At: g.Now, Expires: g.Now.Add(validFor)}
	var excluded map[string]string
	a.Controls, excluded = doc.Controls()
	for _, id := range slices.Sorted(maps.Keys(excluded)) {
		a.Excluded = append(a.Excluded, modelvet.Exclusion{Control: id, Reason: excluded[id]})
	}
	for _, id := range a.Controls {
		if e, ok := g.controls.Control(id); !ok || !e.InForce() {
			return a, fmt.Errorf("%w: %s speaks to %q, which is no control that is or will be in force", ErrInput, path, id)
		}
	}
	return a, g.attach(ctx, ref, d.Subject, statement{modelvet.PredicateDocument, documentPredicate(a)})
}

// documentAt finds the kind of a document in the verified description.
func documentAt(d modelvet.Decision, path string) (string, error) {
	if d.System == nil {
		return "", fmt.Errorf("%w: no verified description of the system is attached; run `modelvet gate` first", ErrInput)
	}
	var have []string
	for _, doc := range d.System.Documents {
		if doc.Path == path {
			return doc.Kind, nil
		}
		have = append(have, doc.Path)
	}
	return "", fmt.Errorf("%w: modelvet.yaml names no document %s; it names: %s", ErrInput, path, strings.Join(have, ", "))
}

func readFromArtifact(ctx context.Context, ref, kind, path string) (documents.Document, error) {
	a, err := artifact.Open(ctx, ref, artifact.Options{})
	if err != nil {
		return documents.Document{}, fmt.Errorf("opening %s: %w", ref, err)
	}
	defer a.Close()
	doc, err := documents.Read(kind, path, func(p string) ([]byte, error) { return a.ReadFile(ctx, p, documents.MaxBytes) })
	if err != nil {
		return doc, fmt.Errorf("%w: %w", ErrInput, err)
	}
	return doc, nil
}

// fit refuses what nobody should sign.
func fit(doc documents.Document, d modelvet.Decision) error {
	var why []string
	for _, a := range doc.Gaps() {
		why = append(why, fmt.Sprintf("%s %s is %s (%s)", a.Ref, a.Title, a.State, a.Reason))
	}
	for _, c := range doc.Compare(d.Scans) {
		if c.State == documents.Differs {
			why = append(why, fmt.Sprintf("line %d: %s is declared as %s, %s", c.Line, c.Metric, c.Text, c.Reason))
		}
	}
	if doc.System != "" && doc.System != d.System.Name+" "+d.System.Version {
		why = append(why, fmt.Sprintf("it is about %s, not %s %s", doc.System, d.System.Name, d.System.Version))
	}
	if len(why) > 0 {
		return fmt.Errorf("%w: %s cannot be attested:\n  - %s", ErrInput, doc.Path, strings.Join(why, "\n  - "))
	}
	return nil
}

func documentPredicate(a modelvet.Attestation) map[string]any {
	p := map[string]any{"kind": a.Kind, "path": a.Path, "file": a.File, "role": a.Role, "subject": a.Subject, "controls": a.Controls, "at": stampOf(a.At), "expires": stampOf(a.Expires)}
	if a.Comment != "" {
		p["comment"] = a.Comment
	}
	if len(a.Excluded) > 0 {
		p["excluded"] = a.Excluded
	}
	return p
}
