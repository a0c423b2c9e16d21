// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// certificate PREFIX: makes a key and its certificate for signing reports.
func certificate(ts *testscript.TestScript, _ bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: args[0]}, NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
}

var pdfTrailer = regexp.MustCompile(`/Size (\d+) /Root (\d+) 0 R /Info (\d+) 0 R[^\n]*\nstartxref\n(\d+)`)

// tamper FILE WHAT OTHER: changes a report as an attacker would. WHAT is
// "update": a revision is appended that empties the first page; or
// "attachment": one that swaps decision.json for that of OTHER.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	object, body := 4, "<</Length 0>>\nstream\n\nendstream"
	if args[1] == "attachment" {
		other, err := os.ReadFile(ts.MkAbs(args[2]))
		ts.Check(err)
		object, _ = embedded(ts, raw)
		_, body = embedded(ts, other)
	}
	m := pdfTrailer.FindAllSubmatch(raw, -1)
	last := m[len(m)-1]
	var b bytes.Buffer
	b.Write(raw)
	at := b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", object, body)
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %s /Root %s 0 R /Info %s 0 R /Prev %s>>\nstartxref\n%d\n%%%%EOF\n", object, at, last[1], last[2], last[3], last[4], xref)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// embedded is the object of the attached decision.
func embedded(ts *testscript.TestScript, raw []byte) (int, string) {
	at := bytes.Index(raw, []byte("/Type /EmbeddedFile"))
	from := bytes.LastIndex(raw[:at], []byte("\nendobj\n")) + len("\nendobj\n")
	end := at + bytes.Index(raw[at:], []byte("\nendobj"))
	head, body, _ := bytes.Cut(raw[from:end], []byte(" 0 obj\n"))
	n, err := strconv.Atoi(string(head))
	ts.Check(err)
	return n, string(body)
}
