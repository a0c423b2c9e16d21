// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/reports/pades"
)

// signer is a certificate with its key, made for a test.
type signer struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func newSigner(t testing.TB, key crypto.Signer, name string, use ...x509.ExtKeyUsage) signer {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: fixtureNow.AddDate(0, -1, 0), NotAfter: fixtureNow.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: use, BasicConstraintsValid: true}
	if len(use) > 0 { // RFC 3161: critical
		ext, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
		if err != nil {
			t.Fatal(err)
		}
		template.ExtKeyUsage, template.ExtraExtensions = nil, []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: ext}}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, cert}
}

func ecSigner(t testing.TB, name string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newSigner(t, key, name)
}

func (s signer) options(field string) pades.Options {
	return pades.Options{Field: field, Reason: "read and approved", At: fixtureNow, Certificate: s.cert, Key: s.key}
}

func (s signer) sign(t testing.TB, raw []byte, field string) []byte {
	t.Helper()
	out, err := pades.Sign(raw, s.options(field))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// authority is a time-stamping authority in this process.
func authority(t *testing.T) (signer, *httptest.Server) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tsa := newSigner(t, key, "Test time", x509.ExtKeyUsageTimeStamping)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := timestamp.ParseRequest(body)
		if err != nil {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		stamp := timestamp.Timestamp{HashAlgorithm: req.HashAlgorithm, HashedMessage: req.HashedMessage, Time: fixtureNow.Add(time.Minute), Nonce: req.Nonce,
			Policy: asn1.ObjectIdentifier{2, 4, 5, 6}, AddTSACertificate: req.Certificates}
		answer, err := stamp.CreateResponseWithOpts(tsa.cert, tsa.key, crypto.SHA256)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(answer)
	}))
	t.Cleanup(server.Close)
	return tsa, server
}

func check(t testing.TB, raw []byte, roots *x509.CertPool) Verified {
	t.Helper()
	v, err := VerifyPDF(raw, roots, fixtureNow)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerifyPDF(t *testing.T) {
	for name, d := range map[string]modelvet.Decision{"denied": fixture(), "allowed": allowedFixture(), "hostile": randomDecision(4)} {
		got := check(t, render(t, "pdf", d), nil)
		if !got.Holds() || got.Decision.Outcome != d.Outcome || got.Signed != 0 {
			t.Errorf("%s: %v, outcome %q, %d bytes appended", name, got.Problems, got.Decision.Outcome, got.Signed)
		}
	}
}

func TestSignedReports(t *testing.T) {
	report := render(t, "pdf", allowedFixture())
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	owner, reviewer := ecSigner(t, "Ana López"), newSigner(t, rsaKey, "Tom Klein")
	once := owner.sign(t, report, "Owner of the model")
	twice := reviewer.sign(t, once, "Independent reviewer")
	if !bytes.Equal(twice, reviewer.sign(t, owner.sign(t, report, "Owner of the model"), "Independent reviewer")) {
		t.Error("the same signatures give other bytes")
	}
	v := check(t, twice, nil)
	if !v.Holds() || len(v.Signatures) != 2 || v.Signatures[0].Level != "PAdES B-B" || v.Signatures[0].Covers != len(once) || v.Signatures[1].Covers != len(twice) {
		t.Fatalf("problems %v, signatures %+v", v.Problems, v.Signatures)
	}
	if v.Signatures[0].Certificate.Subject.CommonName != "Ana López" || v.Signatures[1].Reason != "read and approved" || !v.Signatures[0].Claimed.Equal(fixtureNow) {
		t.Errorf("signature says %+v", v.Signatures[0])
	}
	roots := x509.NewCertPool()
	roots.AddCert(owner.cert)
	if v := check(t, once, roots); !v.Holds() || v.Signatures[0].Trust != nil {
		t.Errorf("trusted signer: %v", v.Problems)
	}
	if v := check(t, twice, roots); v.Holds() {
		t.Error("a signer whom nobody trusts was trusted")
	}
}

func TestTimeStamps(t *testing.T) {
	tsa, server := authority(t)
	s := ecSigner(t, "Seal")
	o := s.options("Seal of the organisation")
	o.Stamp = pades.Authority(t.Context(), server.Client(), server.URL)
	report := render(t, "pdf", fixture())
	signed, err := pades.Sign(report, o)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.cert)
	if v := check(t, signed, roots); v.Holds() {
		t.Error("the stamp of an authority that nobody trusts was believed")
	}
	roots.AddCert(tsa.cert)
	v := check(t, signed, roots)
	if !v.Holds() || v.Signatures[0].Level != "PAdES B-T" || !v.Signatures[0].Stamped.Equal(fixtureNow.Add(time.Minute)) || v.Signatures[0].Authority != "Test time" {
		t.Errorf("problems %v, signature %+v", v.Problems, v.Signatures)
	}
	o.Stamp = pades.Authority(t.Context(), http.DefaultClient, "http://127.0.0.1:1/")
	if _, err := pades.Sign(report, o); err == nil || !strings.Contains(err.Error(), "time-stamping authority") {
		t.Errorf("an authority that does not answer: %v", err)
	}
}

// swap exchanges bytes of the same length, so that the file stays readable.
func swap(t testing.TB, raw []byte, from, to string) []byte {
	t.Helper()
	if len(from) != len(to) || !bytes.Contains(raw, []byte(from)) {
		t.Fatalf("cannot swap %q", from)
	}
	return bytes.Replace(raw, []byte(from), []byte(to), 1)
}

// appendTo appends a revision that changes one object, as an attacker would.
func appendTo(t testing.TB, raw []byte, object int, body string) []byte {
	t.Helper()
	f, err := pades.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	last := f.Revisions[f.Last()]
	var b bytes.Buffer
	b.Write(raw)
	at := b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", object, body)
	xref := b.Len()
	prev := raw[bytes.LastIndex(raw, []byte("startxref\n"))+10:]
	prev = prev[:bytes.IndexByte(prev, '\n')]
	fmt.Fprintf(&b, "xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d /Root %d 0 R /Info %d 0 R /Prev %s>>\nstartxref\n%d\n%%%%EOF\n", object, at, max(last.Size, object+1), last.Root, last.Info, prev, xref)
	return b.Bytes()
}

// contentOf is the object that holds a page's marks.
func contentOf(t testing.TB, raw []byte, page int) (object int, marks []byte) {
	t.Helper()
	f, err := pades.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	list, err := sheets(f)
	if err != nil {
		t.Fatal(err)
	}
	return pades.Ref(list[page].dict["Contents"]), list[page].marks
}

func packed(t testing.TB, dict string, data []byte) string {
	t.Helper()
	z, err := packStream(data)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("<</Filter /FlateDecode %s/Length %d>>\nstream\n%s\nendstream", dict, len(z), z)
}

// TestTamperedReports: whatever is changed after the rendering is noticed,
// also behind a signature that is still valid.
func TestTamperedReports(t *testing.T) {
	denied, allowed := render(t, "pdf", fixture()), render(t, "pdf", allowedFixture())
	signed := ecSigner(t, "Ana López").sign(t, denied, "Owner of the model")
	object, marks := contentOf(t, denied, 0)
	lie := packed(t, "", bytes.ReplaceAll(marks, utf16be("BLOCKED "), utf16be("ALLOW   ")))
	_, record := attachedObject(t, allowed)
	attachment, _ := attachedObject(t, denied)
	other := packed(t, "/Type /EmbeddedFile /Subtype /application#2Fjson ", record)
	widget, form := widgetOf(t, denied)
	for what, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"text changed by an update":           {appendTo(t, denied, object, lie), `it says "ALLOW" where the decision says "BLOCKED"`},
		"text changed behind a signature":     {appendTo(t, signed, object, lie), `it says "ALLOW" where the decision says "BLOCKED"`},
		"attachment swapped by an update":     {appendTo(t, denied, attachment, other), "attachment decision.json is another"},
		"attachment swapped behind signature": {appendTo(t, signed, attachment, other), "attachment decision.json is another"},
		"field moved over a page":             {appendTo(t, denied, widget, strings.Replace(form, "/Rect [", "/Rect [0 0 600 800] /Old [", 1)), "/Rect was changed after the rendering"},
		"unsigned signature value":            {appendTo(t, denied, widget, strings.TrimSuffix(form, ">>")+" /V 1 0 R>>"), "signature in field"},
		"signature flipped":                   {flipAt(signed, len(denied)+bytes.Index(signed[len(denied):], []byte("/Contents <"))+700), "signature"},
		"signed text flipped":                 {swap(t, signed, "/M (D:2026", "/M (D:2025"), "signature"},
	} {
		v, err := VerifyPDF(c.raw, nil, fixtureNow)
		text := fmt.Sprint(err)
		for _, p := range v.Problems {
			text += "\n" + p.Error()
		}
		if v.Holds() || !strings.Contains(text, c.want) {
			t.Errorf("%s: holds %v, want a problem with %q:\n%s", what, v.Holds(), c.want, text)
		}
	}
	d := fixture()
	d.Results[0].Title = "A kinder title"
	swapped := bytes.Replace(denied, section(t, denied), section(t, render(t, "pdf", d)), 1)
	if v, err := VerifyPDF(swapped, nil, fixtureNow); err == nil && v.Holds() {
		t.Error("another decision behind the same pages was not noticed")
	}
}

// section is the attachment's stream as it stands in the file.
func section(t testing.TB, raw []byte) []byte {
	t.Helper()
	from := bytes.Index(raw, []byte("/Type /EmbeddedFile"))
	return raw[from : from+bytes.Index(raw[from:], []byte("endstream"))]
}

func utf16be(s string) []byte {
	var out []byte
	for _, r := range s {
		out = append(out, byte(r>>8), byte(r))
	}
	return out
}

func flipAt(raw []byte, at int) []byte {
	out := bytes.Clone(raw)
	out[at] ^= 1
	return out
}

func attachedObject(t testing.TB, raw []byte) (object int, content []byte) {
	t.Helper()
	f, err := pades.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := fileSpecs(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	files, err := attachments(f)
	if err != nil {
		t.Fatal(err)
	}
	return specs[recordName], files[recordName]
}

func widgetOf(t testing.TB, raw []byte) (object int, body string) {
	t.Helper()
	f, err := pades.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.Fields(0)
	if err != nil || len(fields) == 0 {
		t.Fatal(err)
	}
	return fields[0].Object, string(f.Object(fields[0].Object, 0))
}

// TestVerifyPDFNoticesOneByte changes single bytes all over the file.
func TestVerifyPDFNoticesOneByte(t *testing.T) {
	report := ecSigner(t, "Ana López").sign(t, render(t, "pdf", allowedFixture()), "Owner of the model")
	for at := 9; at < len(report); at += len(report) / 17 {
		if v, err := VerifyPDF(flipAt(report, at), nil, fixtureNow); err == nil && v.Holds() {
			t.Errorf("byte %d changed, and nobody noticed", at)
		}
	}
	if v, err := VerifyPDF(append(bytes.Clone(report), "more"...), nil, fixtureNow); err == nil && v.Holds() {
		t.Error("bytes after the end, and nobody noticed")
	}
}

func TestSignRefuses(t *testing.T) {
	report := render(t, "pdf", fixture())
	s := ecSigner(t, "Ana López")
	once := s.sign(t, report, "Owner of the model")
	expired := s.options("Owner of the model")
	expired.At = fixtureNow.AddDate(3, 0, 0)
	foreign := s.options("Owner of the model")
	foreign.Certificate = ecSigner(t, "Other").cert
	for what, c := range map[string]struct {
		raw []byte
		o   pades.Options
	}{"signed already": {once, s.options("Owner of the model")}, "no such field": {report, s.options("Nobody")}, "not valid": {report, expired}, "another's certificate": {report, foreign}, "no PDF": {[]byte("hello"), s.options("x")}} {
		if _, err := pades.Sign(c.raw, c.o); err == nil {
			t.Errorf("%s: signed", what)
		}
	}
}

func TestVerifyPDFRefuses(t *testing.T) {
	newer := bytes.Replace(render(t, "json", fixture()), []byte(modelvet.DecisionSchema), []byte(modelvet.DecisionSchema+"0"), 1)
	if err := decodeRecord(newer, new(modelvet.Decision)); err == nil || !strings.Contains(err.Error(), "schema") {
		t.Errorf("a record of a newer schema: %v", err)
	}
	for what, raw := range map[string][]byte{
		"nothing": nil, "no PDF": []byte("hello"), "cut short": render(t, "pdf", fixture())[:90_000],
		"foreign": []byte("%PDF-1.7\nxref\n0 1\n\nstartxref\n9\n%%EOF\n"),
	} {
		if _, err := VerifyPDF(raw, nil, fixtureNow); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

func FuzzVerifyPDF(f *testing.F) {
	report := render(f, "pdf", allowedFixture())
	f.Add(report)
	f.Add(ecSigner(f, "Ana López").sign(f, report, "Owner of the model"))
	f.Add([]byte("%PDF-1.7\n1 0 obj\n<</Kids [1 0 R]>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer <</Root 1 0 R /Info 1 0 R>>\nstartxref\n41\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if v, err := VerifyPDF(raw, nil, fixtureNow); err == nil && v.Holds() && v.Decision.Schema != modelvet.DecisionSchema {
			t.Error("a report of another schema was accepted")
		}
	})
}
