// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

func TestVerifyPDF(t *testing.T) {
	for name, d := range map[string]modelvet.Decision{"denied": fixture(), "allowed": allowedFixture(), "hostile": randomDecision(4)} {
		got, err := VerifyPDF(render(t, "pdf", d))
		if err != nil || got.Decision.Outcome != d.Outcome || got.Appended != 0 {
			t.Errorf("%s: %v, outcome %q, %d bytes appended", name, err, got.Decision.Outcome, got.Appended)
		}
	}
}

// TestVerifyPDFNoticesOneByte changes single bytes all over the file.
func TestVerifyPDFNoticesOneByte(t *testing.T) {
	report := render(t, "pdf", allowedFixture())
	for at := 9; at < len(report); at += len(report) / 11 {
		changed := bytes.Clone(report)
		changed[at] ^= 0x04
		if _, err := VerifyPDF(changed); err == nil {
			t.Errorf("byte %d changed, and nobody noticed", at)
		}
	}
}

func TestVerifyPDFTellsWhatIsAppended(t *testing.T) {
	got, err := VerifyPDF(append(render(t, "pdf", fixture()), "a signature"...))
	if err != nil || got.Appended != len("a signature") {
		t.Errorf("%d bytes appended, %v", got.Appended, err)
	}
}

func TestVerifyPDFRefuses(t *testing.T) {
	newer := fixture()
	newer.Schema += "0"
	for what, raw := range map[string][]byte{
		"nothing": nil, "no PDF": []byte("hello"), "cut short": render(t, "pdf", fixture())[:90_000], "newer": render(t, "pdf", newer),
		"foreign": []byte("%PDF-1.7\nxref\n0 1\n\nstartxref\n9\n%%EOF\n"),
	} {
		if _, err := VerifyPDF(raw); err == nil {
			t.Errorf("%s: accepted", what)
		} else if what == "newer" && !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzVerifyPDF(f *testing.F) {
	var b bytes.Buffer
	if err := PDF(&b, allowedFixture()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("%PDF-1.7\n1 0 obj\n<</Kids [1 0 R]>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer /Root 1 0 R /Info 1 0 R\nstartxref\n41\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if v, err := VerifyPDF(raw); err == nil && v.Decision.Schema != modelvet.DecisionSchema {
			t.Error("a report of another schema was accepted")
		}
	})
}
