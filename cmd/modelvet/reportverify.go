// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/reports"
	"github.com/modelvet/modelvet/reports/pades"
)

func reportVerifyVerb(t *terminal) *cobra.Command {
	var trust []string
	var record, output string
	var signed bool
	cmd := &cobra.Command{
		Use:   "verify FILE.pdf",
		Short: "Check that a report says what its decision says, page by page, and who signed it",
		Long: "Takes decision.json out of the report, renders it again and compares the bytes and every page; checks\n" +
			"the signatures and what was appended with them. It ends with 3 when anything does not hold. That a\n" +
			"report renders its decision does not say who took that decision: give the record with --decision,\n" +
			"or a signed report and --trust.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			raw, err := readPDF(args[0])
			if err != nil {
				return err
			}
			roots, err := readRoots(trust)
			if err != nil {
				return err
			}
			v, err := reports.VerifyPDF(raw, roots, time.Now())
			if err != nil {
				v.Problems = append(v.Problems, err)
			}
			if err := againstRecord(&v, record); err != nil {
				return err
			}
			if signed && len(v.Signatures) == 0 {
				v.Problems = append(v.Problems, fmt.Errorf("nobody signed the report, and --signed demands a signature"))
			}
			if err := t.found(args[0], v, js); err != nil {
				return err
			}
			if !v.Holds() {
				return errDenied
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&trust, "trust", nil, "PEM file of certificates whose holders, or issuers, may sign; repeatable")
	cmd.Flags().StringVar(&record, "decision", "", "the decision.json that the report must render")
	cmd.Flags().BoolVar(&signed, "signed", false, "demand at least one signature")
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

func readPDF(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("%w", err)
	}
	if !bytes.HasPrefix(raw, []byte("%PDF-")) {
		return nil, usage("%s is no PDF; `report verify` reads the report.pdf that modelvet wrote", path)
	}
	return raw, nil
}

func readRoots(paths []string) (*x509.CertPool, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	roots := x509.NewCertPool()
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, usage("--trust: %w", err)
		}
		if !roots.AppendCertsFromPEM(b) {
			return nil, usage("--trust: %s holds no certificate in PEM", p)
		}
	}
	return roots, nil
}

// againstRecord compares the attached decision with the one that the reader has.
func againstRecord(v *reports.Verified, path string) error {
	if path == "" {
		return nil
	}
	d, err := readDecision(path)
	if err != nil {
		return err
	}
	var want, got bytes.Buffer
	if err := reports.JSON(&want, d); err != nil {
		return err
	}
	if err := reports.JSON(&got, v.Decision); err != nil || !bytes.Equal(want.Bytes(), got.Bytes()) {
		v.Problems = append(v.Problems, fmt.Errorf("the attached decision is another than %s", path))
	}
	return nil
}

// found prints what a report turned out to be.
func (t *terminal) found(path string, v reports.Verified, js bool) error {
	if js {
		return t.json(foundJSON(path, v))
	}
	word := "HOLDS"
	if !v.Holds() {
		word = "DOES NOT HOLD"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", word, printable(path))
	if v.Record != "" {
		fmt.Fprintf(&b, "Decision    %s, stage %s, %s\n", v.Decision.Outcome, printable(v.Decision.Stage), v.Record)
		fmt.Fprintf(&b, "Artifact    %s\n", printable(v.Decision.Subject.Digest))
	}
	bad := 0
	for _, p := range v.Pages {
		if p.Difference != "" {
			bad++
			fmt.Fprintf(&b, "Page %-6d %s\n", p.Number, printable(p.Difference))
		}
	}
	if len(v.Pages) > 0 {
		fmt.Fprintf(&b, "Pages       %d of %d are as the decision renders\n", len(v.Pages)-bad, len(v.Pages))
	}
	if len(v.Signatures) == 0 {
		b.WriteString("Signatures  none\n")
	}
	for _, s := range v.Signatures {
		fmt.Fprintf(&b, "Signature   %s\n", printable(signatureLine(s)))
	}
	for _, p := range v.Problems {
		fmt.Fprintf(&b, "Problem     %s\n", printable(p.Error()))
	}
	if v.Holds() && len(v.Signatures) == 0 {
		b.WriteString("Note        the pages render the attached decision; who took it, only the signed record or a signature tells\n")
	}
	_, err := fmt.Fprint(t.out, b.String())
	return err
}

func signatureLine(s pades.Signature) string {
	who := "nobody"
	if s.Certificate != nil {
		who = s.Certificate.Subject.String()
	}
	line := fmt.Sprintf("%s by %s in field %q, %s", s.Level, who, s.Field, claimedAt(s))
	switch {
	case s.Err != nil:
		return line + ": INVALID"
	case s.Trust == nil:
		return line + ": valid, trusted"
	}
	return fmt.Sprintf("%s: valid; signer %v", line, s.Trust)
}

func claimedAt(s pades.Signature) string {
	if !s.Stamped.IsZero() {
		return fmt.Sprintf("stamped %s by %s", s.Stamped.Format(time.RFC3339), s.Authority)
	}
	return fmt.Sprintf("says %s (no time stamp)", s.Claimed.Format(time.RFC3339))
}

func foundJSON(path string, v reports.Verified) map[string]any {
	problems, pages, signatures := []string{}, []map[string]any{}, []map[string]any{}
	for _, p := range v.Problems {
		problems = append(problems, p.Error())
	}
	for _, p := range v.Pages {
		pages = append(pages, map[string]any{"page": p.Number, "title": p.Title, "difference": p.Difference})
	}
	for _, s := range v.Signatures {
		row := map[string]any{"field": s.Field, "level": s.Level, "valid": s.Err == nil, "trusted": s.Trust == nil && s.Err == nil, "covers": s.Covers, "claimed": s.Claimed}
		if s.Certificate != nil {
			row["signer"] = s.Certificate.Subject.String()
		}
		if !s.Stamped.IsZero() {
			row["stamped"], row["authority"] = s.Stamped, s.Authority
		}
		signatures = append(signatures, row)
	}
	return map[string]any{"file": path, "holds": v.Holds(), "decision": v.Record, "outcome": v.Decision.Outcome, "pages": pages, "signatures": signatures, "problems": problems}
}
