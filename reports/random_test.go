// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// The texts that break renderers, each marked so that it can be found again.
var hostile = []string{
	"\U0001F680 rocket", "bidi \u202Egnp.exe", "private \uE000\uF8FF", "<script>alert(1)</script>", "日本語と简体中文",
	"a|b `code` *star* _line_ [link](https://evil.example) @everyone #1", "=cmd|' /C calc'!A0", "zero\u200Bwidth\uFEFF", "null\x00bell\x07esc\x1b[31m",
	"broken \xff\xfe utf8", "\\(paren) ((( ]]> &amp; <!-- -->", "line\nfeed\ttab", "עברית العربية", "\u0301combining", "soft\u00adhyphen", "noncharacter \uFFFE", "]]>\"'>",
}

type maker struct {
	*rand.Rand
	n int
}

// word is a text that no other call gives.
func (m *maker) word() string {
	m.n++
	s := fmt.Sprintf("w%05d %s", m.n, hostile[m.IntN(len(hostile))])
	if m.IntN(40) == 0 {
		s += " " + strings.Repeat("long", 1<<m.IntN(14))
	}
	return s
}

func (m *maker) words(most int) []string {
	out := make([]string, m.IntN(most+1))
	for i := range out {
		out[i] = m.word()
	}
	return out
}

// randomDecision is a decision by the law over a random case.
func randomDecision(seed uint64) modelvet.Decision {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 7))}
	c := fixtureCase()
	c.Notes, c.Results, c.Controls, c.Waivers = m.words(3), nil, nil, nil
	for i := range 1 + m.IntN(14) {
		r := m.result(fmt.Sprintf("area%d.rule_%d", m.IntN(4), i))
		c.Results = append(c.Results, r)
		if m.IntN(3) == 0 {
			c.Waivers = append(c.Waivers, m.waiver(c, r.ID, i))
		}
		c.Controls = append(c.Controls, modelvet.Control{ID: fmt.Sprintf("control-%d", i), Framework: []string{"eu-ai-act", "own"}[m.IntN(2)], Ref: m.word(), Title: m.word(), Rules: []string{r.ID}})
	}
	if m.IntN(4) == 0 {
		c.Subject = modelvet.Subject{Name: m.word()}
	}
	if m.IntN(3) == 0 {
		c.System, c.Lineage = nil, nil
	}
	c.System = m.system(c.System)
	c.Attestations = nil
	for range m.IntN(4) {
		c.Attestations = append(c.Attestations, m.attestation(c))
	}
	if c.Classification = nil; m.IntN(2) == 0 {
		c.Classification = &modelvet.Classification{Declared: m.word(), Derived: m.word(), Class: m.word(), Mismatch: m.word(), Steps: []modelvet.Step{{Ref: m.word(), Finding: m.word(), By: m.word(), Class: m.word()}}}
	}
	c.Scans = append(c.Scans, m.scan())
	if m.IntN(6) == 0 {
		c.Now = time.Time{}
	}
	d := modelvet.Decide(c)
	if m.IntN(8) == 0 && d.Outcome == modelvet.Denied {
		d.Outcome = modelvet.Verdict([]string{"", "Allowed", "allowed ", "yes"}[m.IntN(4)])
	}
	return d
}

// hugeHostile is a random decision with n results and n findings of scanners.
func hugeHostile(n int) modelvet.Decision {
	m := &maker{Rand: rand.New(rand.NewPCG(99, 7))}
	c := fixtureCase()
	c.Results, c.Controls, c.Waivers, c.Attestations = nil, nil, nil, nil
	for i := range n {
		r := m.result(fmt.Sprintf("area%d.rule_%d", i%30, i))
		c.Results = append(c.Results, r)
		c.Controls = append(c.Controls, modelvet.Control{ID: fmt.Sprintf("control-%d", i), Framework: []string{"eu-ai-act", "own"}[i%2], Ref: m.word(), Title: m.word(), Rules: []string{r.ID}})
		s := m.scan()
		s.Findings[0].CVE, s.Findings[0].CWE, s.Findings[0].Line = []string{fmt.Sprintf("CVE-2026-%d", 1000+i)}, []string{"CWE-502", m.word()}, i
		c.Scans = append(c.Scans, s)
		if i%10 == 0 {
			c.Waivers, c.Attestations = append(c.Waivers, m.waiver(c, r.ID, i)), append(c.Attestations, m.attestation(c))
		}
	}
	return modelvet.Decide(c)
}

func (m *maker) result(id string) modelvet.Result {
	r := modelvet.Result{Rule: modelvet.Rule{ID: id, Title: m.word(), Description: m.word(), Remediation: m.word(), Waivable: m.IntN(2) == 0,
		Level: []modelvet.Level{modelvet.Block, modelvet.Block, modelvet.Warn, ""}[m.IntN(4)], Controls: m.words(2)}}
	r.Outcome = []modelvet.Outcome{modelvet.Pass, modelvet.Pass, modelvet.Pass, modelvet.Fail, modelvet.Unknown, modelvet.NotApplicable, "", "PASS"}[m.IntN(8)]
	if r.Outcome == modelvet.Fail {
		r.Objections = append(m.words(6), m.word())
	} else if r.Outcome != modelvet.Pass {
		r.Reason = m.word()
	}
	return r
}

func (m *maker) waiver(c modelvet.Case, rule string, i int) modelvet.Waiver {
	w := modelvet.Waiver{ID: fmt.Sprintf("W-%d", i), Rule: rule, Subject: c.Subject.Digest, Stage: c.Stage, Reason: m.word(), RequestedBy: "asker", At: fixtureNow.AddDate(0, -1, 0), Expires: fixtureNow.AddDate(0, m.IntN(3)-1, 1),
		Signer: modelvet.Signer{Identity: m.word()}}
	return w
}

func (m *maker) attestation(c modelvet.Case) modelvet.Attestation {
	role := m.word()
	return modelvet.Attestation{Kind: m.word(), Path: m.word(), File: m.word(), Role: role, Subject: c.Subject.Digest, Comment: m.word(), Controls: m.words(2), Excluded: []modelvet.Exclusion{{Control: m.word(), Reason: m.word()}},
		At: fixtureNow.AddDate(0, 0, -1), Expires: fixtureNow.AddDate(0, m.IntN(3)-1, 0), Signer: modelvet.Signer{Identity: m.word(), Roles: []string{role}}}
}

func (m *maker) system(s *modelvet.System) *modelvet.System {
	if s == nil {
		return nil
	}
	out := *s
	out.Name, out.Purpose, out.Provider.Name = m.word(), m.word(), m.word()
	return &out
}

func (m *maker) scan() modelvet.Scan {
	s := modelvet.Scan{Scanner: m.word(), Coverage: modelvet.Coverage{Read: m.words(3), Skipped: []modelvet.Gap{{Path: m.word(), Reason: m.word()}}}}
	for range m.IntN(25) {
		v := []float64{0, 1, -0.25, 1e300, -1e-300, 12345.678, 0.5}[m.IntN(7)]
		x := modelvet.Measurement{Metric: "x/" + []string{"a_ratio", "b", "", "é"}[m.IntN(4)], Value: v, N: m.IntN(1000), Slice: map[string]string{"group": m.word()}, Method: m.word()}
		if m.IntN(2) == 0 {
			x.Low, x.High, x.P = ptr(v-0.1), ptr(v+0.1), ptr(0.0001)
		}
		s.Measurements = append(s.Measurements, x)
	}
	s.Findings = []modelvet.Finding{{ID: m.word(), Path: m.word(), What: m.word(), Severity: m.word()}}
	s.Series = []modelvet.Series{{Name: m.word(), X: []float64{0, 1, 1e300}, Y: []float64{1, 2, 3}}, {Name: m.word(), Labels: m.words(3), Y: []float64{1, 2}}, {Name: m.word(), X: []float64{3, 3}, Y: []float64{5, 5}}, {Name: m.word()}}
	return s
}
