// SPDX-License-Identifier: Apache-2.0

package privacy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/privacy"
)

func scan(t *testing.T, content string, tab modelvet.Table) modelvet.Scan {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Name, tab.Kind, tab.Path = "train", "training", "a.csv"
	s, err := privacy.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{tab}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seen(s modelvet.Scan) map[string]bool {
	out := map[string]bool{}
	for _, m := range s.Measurements {
		if k := m.Slice["kind"]; k != "" {
			out[m.Slice["column"]+" "+k] = true
		}
	}
	return out
}

// Published test numbers of each kind, and the same with a digit changed.
func TestKinds(t *testing.T) {
	for _, c := range []struct{ column, value, kind string }{
		{"note", "please write to jane.doe+x@mail.example.org today", "email"},
		{"note", "4111 1111 1111 1111", "card"}, {"note", "378282246310005", "card"}, {"note", "4111 1111 1111 1112", ""},
		{"note", "DE89 3704 0044 0532 0130 00", "iban"}, {"note", "GB82WEST12345698765432", "iban"}, {"note", "DE88 3704 0044 0532 0130 00", ""},
		{"note", "00:1B:44:11:3A:B7", "mac"}, {"note", "12345678Z", "es-nif"}, {"note", "12345678A", ""}, {"note", "X1234567L", "es-nif"},
		{"client_ip", "from 192.168.4.17 again", "ip"}, {"ip", "2001:db8::8a2e:370:7334", "ip"}, {"version", "x 1.2.3", ""},
		{"ssn", "078-05-1120", "us-ssn"}, {"ssn", "666-05-1120", ""}, {"nhs_number", "943 476 5919", "uk-nhs"}, {"nhs_number", "943 476 5918", ""},
		{"steuer_id", "id 86095742719", "de-tax-id"}, {"phone", "+49 30 1234567", "phone"}, {"mobile", "(212) 555-0142", "phone"},
		{"relationship", "Married-civ-spouse", ""}, {"purpose", "A43", ""}, {"amount", "12345.67", ""},
	} {
		content := c.column + ",x\n" + strings.Repeat("plain,1\n", 5) + `"` + c.value + `",1` + "\n"
		s := scan(t, content, modelvet.Table{})
		got := seen(s)
		if c.kind == "" && len(got) != 0 || c.kind != "" && !got[c.column+" "+c.kind] {
			t.Errorf("%s %q: saw %v, want %q", c.column, c.value, got, c.kind)
		}
		if out, _ := json.Marshal(s); strings.Contains(string(out), c.value) {
			t.Errorf("%q is repeated", c.value)
		}
	}
}

func TestNumbersAreNotCardsByChance(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range 200 {
		fmt.Fprintf(&b, "%d,1\n", 4111111111111000+i)
	}
	if got := seen(scan(t, b.String(), modelvet.Table{})); len(got) != 0 {
		t.Errorf("random numbers are %v", got)
	}
	if got := seen(scan(t, "a,b\n4111111111111111,1\n5555555555554444,2\n", modelvet.Table{})); !got["a card"] {
		t.Errorf("cards without quotes: %v", got)
	}
}

func TestAnonymity(t *testing.T) {
	s := scan(t, "sex,age,y\nf,old,1\nf,old,1\nm,old,1\nm,old,0\nm,old,0\nm,old,0\nm,old,0\nm,old,1\n", modelvet.Table{Label: "y", Protected: []string{"sex", "age"}})
	want := map[string]float64{"privacy/k_anonymity": 2, "privacy/l_diversity": 1, "privacy/small_group_share": .25}
	for _, m := range s.Measurements {
		if v, ok := want[m.Metric]; ok && v == m.Value {
			delete(want, m.Metric)
		}
	}
	if len(want) != 0 {
		t.Errorf("missing %v in %+v", want, s.Measurements)
	}
}

func TestWhatCannotBeMeasuredIsNeverClean(t *testing.T) {
	s, err := privacy.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: t.TempDir()})
	if err != nil || len(s.Coverage.Skipped) != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add("a@b.cd 4111111111111111 DE89370400440532013000 078-05-1120 943 476 5919 X1234567L ::1 +49301234567")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\x00") {
			return
		}
		_ = privacy.Kinds(text) // must not panic on any text
	})
}
