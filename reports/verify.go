// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/reports/pades"
)

// maxReport is how large a report may be that is checked, in bytes.
const maxReport = 256 << 20

// Verified is what a report turned out to be.
type Verified struct {
	Decision   modelvet.Decision
	Record     string // digest of the attached decision.json
	Template   string // digest of the attached template; empty: there is none
	Pages      []PageFound
	Signatures []pades.Signature
	Signed     int     // bytes that people's signatures added to the rendering
	Problems   []error // why the report does not hold; none: it does
}

// Holds says that the pages are the rendering of the attached decision and
// that every signature is valid. Who made the decision is another question:
// compare it with the signed record, or ask who signed the report.
func (v Verified) Holds() bool { return len(v.Problems) == 0 && len(v.Pages) > 0 }

// VerifyPDF takes the attached decision out of a report, renders it again and
// compares: the bytes, every page, the signatures and what was appended with
// them. Roots say which certificates to trust; nil trusts nobody and says so.
// It fails when the file is not our report, cannot be followed, or holds a
// decision that contradicts itself or is of another schema; what differs is
// told in [Verified].
func VerifyPDF(raw []byte, roots *x509.CertPool, now time.Time) (Verified, error) {
	var v Verified
	if len(raw) > maxReport {
		return v, fmt.Errorf("verifying the report: it has %d bytes; %d are the most", len(raw), maxReport)
	}
	f, err := pades.Parse(raw)
	if err != nil {
		return v, fmt.Errorf("verifying the report: %w", err)
	}
	files, err := attachments(f)
	if err != nil {
		return v, fmt.Errorf("verifying the report: %w", err)
	}
	again, err := v.render(files)
	if err != nil {
		return v, err
	}
	v.compare(f, raw, again)
	if v.Signatures, err = f.Signatures(roots, now); err != nil {
		v.problem("reading the signatures: %w", err)
	}
	for _, s := range v.Signatures {
		if s.Err != nil {
			v.problem("signature in field %q: %w", s.Field, s.Err)
		} else if s.Trust != nil && roots != nil {
			v.problem("signature in field %q: its signer is not trusted: %w", s.Field, s.Trust)
		}
	}
	return v, nil
}

func (v *Verified) problem(format string, args ...any) {
	v.Problems = append(v.Problems, fmt.Errorf(format, args...))
}

// render makes the report again from what is attached.
func (v *Verified) render(files map[string][]byte) ([]byte, error) {
	record, ok := files[recordName]
	if !ok {
		return nil, fmt.Errorf("verifying the report: no %s is attached: it is not a report of modelvet", recordName)
	}
	v.Record = fmt.Sprintf("sha256:%x", sha256.Sum256(record))
	if err := decodeRecord(record, &v.Decision); err != nil {
		return nil, err
	}
	var t Template
	if raw, ok := files[templateName]; ok {
		v.Template = fmt.Sprintf("sha256:%x", sha256.Sum256(raw))
		var err error
		if t, err = ReadTemplate(raw, nil); err != nil {
			return nil, fmt.Errorf("verifying the report: %w", err)
		}
	}
	var again bytes.Buffer
	if err := t.PDF(&again, v.Decision); err != nil {
		return nil, fmt.Errorf("rendering the attached decision again: %w", err)
	}
	return again.Bytes(), nil
}

// decodeRecord reads a decision of this schema, and no field that it does not know.
func decodeRecord(record []byte, d *modelvet.Decision) error {
	var head struct {
		Schema string          `json:"schema"`
		Engine modelvet.Engine `json:"engine"`
	}
	if err := json.Unmarshal(record, &head); err != nil {
		return fmt.Errorf("reading the attached decision.json: %w", err)
	}
	if head.Schema != modelvet.DecisionSchema {
		return fmt.Errorf("reading the attached decision.json: schema %q, this version knows %q: use modelvet %s, which made the report", head.Schema, modelvet.DecisionSchema, or(head.Engine.Modelvet, "of the version"))
	}
	dec := json.NewDecoder(bytes.NewReader(record))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return fmt.Errorf("reading the attached decision.json: %w: use modelvet %s, which made the report", err, or(head.Engine.Modelvet, "of the version"))
	}
	return nil
}

// compare holds the file to the rendering: its bytes, then its pages.
func (v *Verified) compare(f *pades.File, raw, again []byte) {
	same := bytes.HasPrefix(raw, again)
	if !same {
		v.problem("the file is not the rendering of the attached decision: first difference at byte %d; it was changed, or made by another version of modelvet than %s", difference(raw, again), or(v.Decision.Engine.Modelvet, "(not named)"))
	}
	want, err := pades.Parse(again)
	if err != nil {
		v.problem("reading the rendering: %w", err)
		return
	}
	v.Pages = comparePages(f, want)
	for _, p := range v.Pages {
		if p.Difference != "" {
			v.problem("page %d: %s", p.Number, p.Difference)
		}
	}
	v.Problems = append(v.Problems, compareAttachments(f, want)...)
	if !same {
		return
	}
	v.Signed = len(raw) - len(again)
	if err := f.OnlySigned(len(again)); err != nil {
		v.problem("after the rendering: %w", err)
	}
}

func difference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// inflated reads a stream of at most limit bytes.
func inflated(r io.Reader, limit int64) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking a stream: %w", err)
	}
	if int64(len(out)) > limit {
		return nil, fmt.Errorf("unpacking a stream: more than %d bytes", limit)
	}
	return out, nil
}
