// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// The tones of a word: a format gives each a colour, and always a shape or
// the word itself beside it.
const (
	good    = "good"
	warn    = "warn"
	bad     = "bad"
	neutral = "neutral"
)

// The words of the report for the outcome of a rule.
const (
	met          = "MET"
	notMet       = "NOT MET"
	cannotVerify = "CANNOT VERIFY"
	waived       = "WAIVED"
	notApplies   = "NOT APPLICABLE"
)

// The words for the state of a control, as the decision means them: a control
// is never met, evidence supports it or does not.
const (
	supported    = "SUPPORTED BY EVIDENCE"
	notSupported = "NOT SUPPORTED"
	notAssessed  = "NOT ASSESSED"
	attested     = "ATTESTED BY A PERSON"
)

// outcomeWord never turns something that it does not know into MET.
func outcomeWord(o modelvet.Outcome) string {
	switch o {
	case modelvet.Pass:
		return met
	case modelvet.Fail:
		return notMet
	case modelvet.Waived:
		return waived
	case modelvet.NotApplicable:
		return notApplies
	}
	return cannotVerify
}

func stateWord(state string) string {
	switch state {
	case modelvet.Supported:
		return supported
	case modelvet.NotSupported:
		return notSupported
	case modelvet.ControlWaived:
		return waived
	case modelvet.Attested:
		return attested
	case modelvet.NotAssessed:
		return notAssessed
	case modelvet.NotDemanded:
		return notApplies
	}
	return cannotVerify
}

// wordOrder is the order in which counts are told: worst first.
var wordOrder = []string{notMet, notSupported, cannotVerify, waived, met, supported, attested, notAssessed, notApplies}

func tone(word string) string {
	switch word {
	case met, supported, attested:
		return good
	case notMet, notSupported:
		return bad
	case cannotVerify, waived:
		return warn
	}
	return neutral
}

// number is the one way in which a measured number is written, everywhere.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return "∞"
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), "-", "−", 1)
	case math.Abs(v) < 0.0005 || math.Abs(v) >= 1e6:
		return strings.ReplaceAll(strconv.FormatFloat(v, 'e', 2, 64), "-", "−")
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', 3, 64), "-", "−", 1)
}

// interval writes the bounds of a measurement, or an empty word.
func interval(m modelvet.Measurement) string {
	switch {
	case m.Low == nil && m.High == nil:
		return ""
	case m.High == nil:
		return "≥ " + number(*m.Low)
	case m.Low == nil:
		return "≤ " + number(*m.High)
	}
	return fmt.Sprintf("[%s; %s]", number(*m.Low), number(*m.High))
}

func (v speech) date(t time.Time) string {
	if t.IsZero() {
		return v.t("not dated")
	}
	return t.UTC().Format(time.DateOnly)
}

func (v speech) moment(t time.Time) string {
	if t.IsZero() {
		return v.t("not dated")
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// short is a digest that a person can compare by eye.
func short(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) <= 12 {
		return digest
	}
	return algorithm + ":" + hex[:12] + "…"
}

// visible shows what a terminal, a browser or a PDF would swallow or obey:
// control characters, direction overrides, zero-width and private characters
// become their code point in brackets. Line feeds and tabs become spaces.
func visible(s string) string {
	if strings.IndexFunc(s, hidden) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "[0x%02X]", s[i])
		case hidden(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xad, r == 0x061c, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r >= 0xe000 && r <= 0xf8ff, r >= 0xfff0 && r <= 0xfffb, r >= 0xe0000:
		return true
	}
	return r&0xfffe == 0xfffe
}

// clip cuts a text after n runes and says how many are missing and where they
// are, in signs that need no translation: "… (+120: decision.json)".
func clip(s string, n int, where string) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return fmt.Sprintf("%s… (+%d: %s)", string(runes[:n]), len(runes)-n, where)
}

// frameworkNames are the names that people use for the catalogues.
var frameworkNames = map[string]string{
	"eu-ai-act":   "EU AI Act",
	"gdpr":        "GDPR",
	"iso-42001":   "ISO/IEC 42001",
	"nist-ai-rmf": "NIST AI RMF",
	"sector":      "Sector rules",
	"threats":     "Threat catalogues",
}

func frameworkName(id string) string {
	if name, ok := frameworkNames[id]; ok {
		return name
	}
	return or(id, "?")
}

// slice writes a measurement's slice, a group beside its reference: "sex: female", "age: <=25 / >25".
func slice(s map[string]string) string {
	var out []string
	attribute, group, reference := s["attribute"], s["group"], s["reference"]
	if attribute != "" && group != "" {
		out = append(out, attribute+": "+group)
	} else if attribute+group != "" {
		out = append(out, attribute+group)
	}
	for _, k := range sortedKeys(s) {
		if !slices.Contains([]string{"attribute", "group", "reference"}, k) {
			out = append(out, k+": "+s[k])
		}
	}
	word := strings.Join(out, ", ")
	if reference != "" {
		word += " vs " + reference
	}
	return word
}
