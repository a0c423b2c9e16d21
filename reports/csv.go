// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// CSV writes one row for each objection, and one for each rule without any,
// after a row for the decision itself; then one for each attestation and each
// control. A cell that a spreadsheet would take
// for a formula is kept from being one by an apostrophe.
func CSV(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	rows := [][]string{{"rule", "title", "level", "outcome", "objection", "remediation", "waiver", "controls", "evidence", "artifact", "stage"},
		{"decision", v.Title, "", v.Stamp, join(append([]string{v.Sentence}, v.Causes...)...), v.Next, strings.Join(v.idleWaivers(), "; "), "", v.EvidenceRoot, v.Subject.Digest, v.Stage}}
	for _, r := range v.Results {
		lines := []string{r.Reason}
		if open(r) || r.Outcome == modelvet.Waived {
			lines = told(r)
		}
		for _, line := range lines {
			rows = append(rows, []string{r.ID, r.Title, levelWord(r.Level), outcomeWord(r.Outcome), line, r.Remediation, r.Waiver, joined(r.Controls), joined(r.Evidence), v.Subject.Digest, v.Stage})
		}
	}
	for i, a := range v.Vouched() {
		rows = append(rows, []string{"attestation", v.Attestations[i].Kind, "", map[bool]string{true: "COUNTS", false: "DOES NOT COUNT"}[v.Attestations[i].Valid], a, "", "", joined(v.Attestations[i].Controls), v.Attestations[i].Digest, v.Subject.Digest, v.Stage})
	}
	for _, f := range v.Frameworks {
		for _, c := range f.Controls {
			rows = append(rows, []string{"control", c.Title, "", stateWord(c.State), c.Reason, "", "", c.ID, joined(c.Evidence), v.Subject.Digest, v.Stage})
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = harmless(visible(row[i]))
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

// harmless keeps a cell from being a formula (CWE-1236).
func harmless(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0\u3000"))
	if strings.ContainsRune("=+-@|%＝＋－＠｜％", first) { // spreadsheets take wide signs for the same
		return "'" + s
	}
	return s
}
