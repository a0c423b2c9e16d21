// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

// Vouched says of every attestation who vouches for which document, and
// whether that counts: one sentence each.
func (v view) Vouched() []string {
	var out []string
	for _, a := range v.Attestations {
		s := v.t("%s: %s %s, attested by %s as %s on %s, until %s", v.counting(a.Valid, clip(a.Reason, 200, recordName)), brief(a.Kind), brief(a.Path), brief(signerName(a.Signer)), brief(a.Role), v.date(a.At), v.date(a.Expires))
		if len(a.Controls) > 0 {
			s += "; " + v.t("for %s", joined(a.Controls))
		}
		for _, x := range a.Excluded {
			s += "; " + v.t("not applicable: %s: %s", x.Control, x.Reason)
		}
		if a.Comment != "" {
			s += "; " + a.Comment
		}
		out = append(out, s)
	}
	return out
}

// brief bounds a name in a sentence; decision.json and the tables have it whole.
func brief(s string) string { return clip(s, 60, recordName) }

// idleAttestations are the attestations that do not count.
func (v view) idleAttestations() []string {
	var out []string
	for i, s := range v.Vouched() {
		if !v.Attestations[i].Valid {
			out = append(out, s)
		}
	}
	return out
}

// signerName is a short name for a sentence.
func signerName(s modelvet.Signer) string { return or(s.Name, or(s.ID(), "?")) }

func (v speech) counting(valid bool, why string) string {
	if valid {
		return v.t("counts")
	}
	return v.t("does not count: %s", or(why, v.t("no reason given")))
}

// Classified is the risk class in one sentence; empty when nothing was classified.
func (v view) Classified() string {
	c := v.Classification
	if c == nil {
		return ""
	}
	s := v.t("Risk class %s (declared %s, derived from the description %s).", or(c.Class, v.t("not named")), or(c.Declared, v.t("not named")), or(c.Derived, v.t("not named")))
	if c.Mismatch != "" {
		s += " " + v.t("Mismatch: %s", c.Mismatch)
	}
	return s
}

// StepBy says who decides a step of the classification.
func (v view) StepBy(s modelvet.Step) string {
	if s.By == "person" {
		return v.t("for a person to decide")
	}
	return v.t("from the description")
}

// BoundsKnown says what is known of when the thresholds were set.
func (v view) BoundsKnown() string {
	t := v.Thresholds
	switch {
	case t == nil:
		return ""
	case t.Proof == "timestamp":
		return v.t("Thresholds %s, set %s: a trusted time stamp says so.", short(t.Digest), v.moment(t.SetAt))
	case t.Proof == "signature" && t.Signer != nil:
		return v.t("Thresholds %s, set %s, as %s signed.", short(t.Digest), v.moment(t.SetAt), signerName(*t.Signer))
	}
	return v.t("Thresholds %s: nobody signed when they were set.", short(t.Digest))
}

// attestationLines are the attestations in a format for programs, in English.
func (v view) attestationLines() []string {
	var out []string
	for _, s := range v.Vouched() {
		out = append(out, "attestation: "+strings.TrimSpace(s))
	}
	return out
}

// ranges writes "R-01–R-03, R-07": runs of numbers are told by their ends.
func ranges(letter string, list []int) string {
	var out []string
	for i := 0; i < len(list); {
		end := i
		for end+1 < len(list) && list[end+1] == list[end]+1 {
			end++
		}
		switch {
		case end > i+1:
			out = append(out, fmt.Sprintf("%s-%02d–%02d", letter, list[i]+1, list[end]+1))
		default:
			end = i
			out = append(out, fmt.Sprintf("%s-%02d", letter, list[i]+1))
		}
		i = end + 1
	}
	return strings.Join(out, ", ")
}
