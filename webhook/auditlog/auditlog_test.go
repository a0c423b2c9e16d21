// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/modelvet/modelvet/webhook/auditlog"
)

func line(id string) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":%q,"stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ml/pods","verb":"create","user":{"username":"dev"},"objectRef":{"resource":"pods","namespace":"ml","name":"a","apiVersion":"v1"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-11-24T12:00:00.123456Z","stageTimestamp":"2026-11-24T12:00:00.223456Z","annotations":{"a/b":"c"}}`, id)
}

func read(t *testing.T, in io.Reader) (*auditlog.Reader, []string) {
	t.Helper()
	r, ids := &auditlog.Reader{}, []string{}
	if err := r.Read("audit.log", in, func(e *auditlog.Event) error { ids = append(ids, e.AuditID); return nil }); err != nil {
		t.Fatal(err)
	}
	return r, ids
}

func zip(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// Every line is an event, a gap that is named, or the line that is being written.
func TestNothingIsLostInSilence(t *testing.T) {
	two := line("a") + "\n" + line("b") + "\n"
	for name, c := range map[string]struct {
		in         string
		ids        string
		lost, open int
		what       string
	}{
		"plain":                 {two, "a b", 0, 0, ""},
		"no newline at the end": {strings.TrimSpace(two), "a b", 0, 0, ""},
		"Windows line ends":     {strings.ReplaceAll(two, "\n", "\r\n"), "a b", 0, 0, ""},
		"blank lines":           {"\n\n" + two + "\n", "a b", 0, 0, ""},
		"empty":                 {"", "", 0, 0, ""},
		"gzip":                  {zip(two), "a b", 0, 0, ""},
		"two gzip members":      {zip(line("a")+"\n") + zip(line("b")), "a b", 0, 0, ""},
		"the last line is cut":  {two + line("c")[:80], "a b", 0, 1, "read it again"},
		"a line in between":     {line("a") + "\n" + line("x")[:80] + "\n" + line("b"), "a b", 1, 0, "unexpected end"},
		"two on one line":       {line("a")[:80] + line("b") + "\n" + line("c"), "c", 1, 0, "invalid"},
		"no event":              {`{"kind":"Pod","apiVersion":"v1"}` + "\n" + line("a"), "a", 1, 0, `not "v1" "Pod"`},
		"old version":           {strings.Replace(two, "audit.k8s.io/v1", "audit.k8s.io/v1beta1", 1), "b", 1, 0, "v1beta1"},
		"no audit id":           {strings.Replace(two, `"auditID":"a"`, `"auditID":""`, 1), "b", 1, 0, "lacks"},
		"a time of no form":     {strings.Replace(two, "2026-11-24T12:00:00.223456Z", "noon", 1), "b", 1, 0, "noon"},
		"a list":                {`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + line("a") + "," + line("b") + "]}", "a b", 0, 0, ""},
		"a list with a pod":     {`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"kind":"Pod"},` + line("b") + "]}", "b", 1, 0, "Pod"},
		"a list in a list":      {`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"kind":"EventList","items":[` + line("a") + "]}]}", "", 1, 0, "EventList"},
		"gzip cut short":        {zip(two)[:len(zip(two))-12], "", 1, 0, "damaged"},
		"gzip and then noise":   {zip(two) + "noise", "a b", 1, 0, "damaged"},
		"gzip of nothing":       {"\x1f\x8bno", "", 1, 0, "none"},
		"a pickle":              {"\x80\x04\x95\n.", "", 1, 1, "invalid"},
		"a line of 40 MB":       {line("a") + "\n" + strings.Repeat("x", 40<<20) + "\n" + line("b"), "a b", 1, 0, "longer"},
		"40 MB and no end":      {line("a") + "\n" + strings.Repeat("x", 40<<20), "a", 1, 0, "longer"},
	} {
		r, ids := read(t, strings.NewReader(c.in))
		if got := strings.Join(ids, " "); name != "gzip cut short" && got != c.ids {
			t.Errorf("%s: events %q, want %q", name, got, c.ids)
		}
		if int(r.Lost) != c.lost || len(r.Open) != c.open || !strings.Contains(fmt.Sprint(r.Gaps, r.Open), c.what) {
			t.Errorf("%s: %d lost, gaps %v, open %v; want %d, %d, %q", name, r.Lost, r.Gaps, r.Open, c.lost, c.open, c.what)
		}
	}
}

func TestWhatAnEventSays(t *testing.T) {
	var got *auditlog.Event
	in := strings.Replace(line("a"), `"user":{"username":"dev"}`, `"user":{"username":"ops"},"impersonatedUser":{"username":"dev"}`, 1)
	in = strings.Replace(in, "/pods", "/pods?fieldManager=x&dryRun=All", 1)
	r := &auditlog.Reader{}
	if err := r.Read("f", strings.NewReader(in), func(e *auditlog.Event) error { got = e; return nil }); err != nil || got == nil {
		t.Fatal(err, r.Gaps)
	}
	if !got.DryRun() || got.Who() != "dev (by ops)" || got.Object.Namespace != "ml" || got.Response.Code != 201 || got.Annotations["a/b"] != "c" || got.At.Nanosecond() != 223456000 {
		t.Errorf("%+v", got)
	}
}

func TestReadErrorsAndVisitErrorsStop(t *testing.T) {
	r := &auditlog.Reader{}
	if err := r.Read("f", iotest.ErrReader(errors.New("disk")), func(*auditlog.Event) error { return nil }); err == nil {
		t.Error("a broken disk reads as an empty log")
	}
	if err := r.Read("f", strings.NewReader(line("a")), func(*auditlog.Event) error { return errors.New("stop") }); err == nil {
		t.Error("the visitor's error is gone")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(line("a") + "\n" + line("b")))
	f.Add([]byte(zip(line("a"))))
	f.Add([]byte(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + line("a") + `]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, n := &auditlog.Reader{}, int64(0)
		err := r.Read("f", bytes.NewReader(in), func(e *auditlog.Event) error {
			n++
			_, _ = e.DryRun(), e.Who()
			return nil
		})
		if err != nil || n != r.Events {
			t.Fatalf("%v, %d visits, %d events", err, n, r.Events)
		}
		if n == 0 && r.Lost == 0 && len(r.Open) == 0 && len(bytes.TrimSpace(in)) > 0 && !bytes.HasPrefix(in, []byte{0x1f, 0x8b}) && !bytes.Contains(in, []byte("EventList")) {
			t.Fatalf("%q: nothing was read, and nothing is missing", in)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	in := strings.Repeat(line("a")+"\n", 1000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		r := &auditlog.Reader{}
		_ = r.Read("f", strings.NewReader(in), func(*auditlog.Event) error { return nil })
	}
}
