// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/bom"
	"github.com/modelvet/modelvet/documents"
	"github.com/modelvet/modelvet/lineage"
	"github.com/modelvet/modelvet/scanners"
)

// Produce packs the folder into a layout, measures it, and attaches every
// piece of evidence, signed. The paths in exclude are no part of the model.
func (g *Gate) Produce(ctx context.Context, dir, layout string, exclude ...string) error {
	if g.Signer == nil {
		return fmt.Errorf("%w: evidence has to be signed; name a key with --key", ErrInput)
	}
	sys, err := LoadSystem(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	subject, err := artifact.Pack(ctx, dir, sys, layout, artifact.Options{Exclude: outputs(exclude)})
	if err != nil {
		return err
	}
	before, err := snapshot(dir, subject.Files)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	defer root.Close()
	m := modelvet.Model{Dir: dir, FS: root.FS(), Files: subject.Files, System: sys}
	bundles, err := g.measure(ctx, subject, m)
	if err != nil {
		return err
	}
	if err := unchanged(dir, subject.Files, before); err != nil {
		return err
	}
	return attachAll(ctx, "oci:"+layout, bundles, g.Now)
}

// outputs are the names under which a result folder may lie in the model's own.
func outputs(dirs []string) []string {
	var out []string
	for _, d := range dirs {
		if abs, err := filepath.Abs(d); err == nil {
			out = append(out, abs, abs+".next", abs+".lock", abs+".old")
		}
	}
	return out
}

// statement is one predicate to be signed.
type statement struct {
	predicateType string
	predicate     any
}

// measure scans and traces, and signs what comes of it.
func (g *Gate) measure(ctx context.Context, subject modelvet.Subject, m modelvet.Model) ([]artifact.Attachment, error) {
	scans, err := runScanners(ctx, m, g.scanners())
	if err != nil {
		return nil, err
	}
	papers, err := documents.Scan(ctx, m, scans)
	if err != nil {
		return nil, err
	}
	if len(m.System.Documents) > 0 {
		scans = append(scans, papers)
	}
	traces, err := lineage.Run(ctx, m, lineage.All)
	if err != nil {
		return nil, err
	}
	provenance, err := g.provenance(ctx, traces, m)
	if err != nil {
		return nil, err
	}
	parts := bom.Source{Subject: subject, System: m.System, Scans: scans, Lineage: traces, At: g.Now, Version: g.Version}
	bill, err := bom.Write(bom.FormatCycloneDX, parts)
	if err != nil {
		return nil, err
	}
	statements := []statement{{modelvet.PredicateSystem, m.System}, {modelvet.PredicateProvenance, provenance}, {modelvet.PredicateMLBOM, json.RawMessage(bill)}}
	for _, s := range scans {
		statements = append(statements, statement{modelvet.PredicateScan, s})
	}
	for _, l := range traces {
		statements = append(statements, statement{modelvet.PredicateLineage, l})
	}
	bundles, err := g.sign(ctx, subject, statements)
	if err != nil {
		return nil, err
	}
	signature, err := attest.SignModel(ctx, g.Signer, subject.Name, subject.Files, nil)
	if err != nil {
		return nil, fmt.Errorf("signing the model: %w", err)
	}
	return append(bundles, artifact.Attachment{PredicateType: modelvet.PredicateModelSignature, Bundle: signature}), nil
}

func (g *Gate) scanners() []scanners.Scanner {
	if g.Scanners == nil {
		return scanners.All
	}
	return g.Scanners
}

func (g *Gate) sign(ctx context.Context, subject modelvet.Subject, statements []statement) ([]artifact.Attachment, error) {
	var out []artifact.Attachment
	for _, s := range statements {
		b, err := attest.Sign(ctx, g.Signer, subject, s.predicateType, s.predicate, g.Now)
		if err != nil {
			return nil, fmt.Errorf("signing %s: %w", s.predicateType, err)
		}
		out = append(out, artifact.Attachment{PredicateType: s.predicateType, Bundle: b})
	}
	return out, nil
}

// stamp is what tells that a file was written to.
type stamp struct {
	size, mtime int64
}

func snapshot(dir string, files []modelvet.File) (map[string]stamp, error) {
	out := map[string]stamp{}
	for _, f := range files {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(f.Path)))
		if err != nil {
			return nil, fmt.Errorf("reading the model: %w", err)
		}
		if info.Size() != f.Size {
			return nil, fmt.Errorf("reading the model: %s changed while it was packed; run again when nothing writes there", f.Path)
		}
		out[f.Path] = stamp{info.Size(), info.ModTime().UnixNano()}
	}
	return out, nil
}

// unchanged makes sure that what was scanned is what was packed.
func unchanged(dir string, files []modelvet.File, before map[string]stamp) error {
	after, err := snapshot(dir, files)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		if before[f.Path] != after[f.Path] {
			errs = append(errs, fmt.Errorf("reading the model: %s changed while it was scanned; run again when nothing writes there", f.Path))
		}
	}
	return errors.Join(errs...)
}
