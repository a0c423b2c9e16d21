// SPDX-License-Identifier: Apache-2.0

package pades

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// Field is a place for a signature.
type Field struct {
	Name   string
	Object int
	Value  int // number of the signature's object; 0: nobody signed
}

// Signature is what a signed field turned out to be.
type Signature struct {
	Field       string
	Reason      string
	Claimed     time.Time // as the signer says
	Stamped     time.Time // as a time-stamping authority says; zero: there is no valid stamp
	Authority   string    // its name
	Level       string    // "PAdES B-B", "PAdES B-T", or "no PAdES"
	Certificate *x509.Certificate
	Covers      int   // bytes from the beginning of the file
	Err         error // why it is not valid; nil: it is
	Trust       error // why its signer is not trusted; [ErrNoRoots] when nobody was asked
}

// ErrNoRoots says that no list of trusted certificates was given.
var ErrNoRoots = fmt.Errorf("not checked: no trusted certificates were given")

// Fields are the signature fields of a revision.
func (f *File) Fields(revision int) ([]Field, error) {
	root, err := Dict(f.Object(f.Revisions[revision].Root, revision))
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	if root["AcroForm"] == "" {
		return nil, nil
	}
	form, err := Dict([]byte(root["AcroForm"]))
	if err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	refs, err := Array(form["Fields"])
	if err != nil {
		return nil, fmt.Errorf("reading the form's fields: %w", err)
	}
	var out []Field
	for _, r := range refs {
		d, err := Dict(f.Object(Ref(r), revision))
		if err != nil {
			return nil, fmt.Errorf("reading field %s: %w", r, err)
		}
		if d["FT"] == "/Sig" {
			out = append(out, Field{Name: plain(d["T"]), Object: Ref(r), Value: Ref(d["V"])})
		}
	}
	return out, nil
}

// Signatures checks every signed field, oldest first. Roots say whom to
// trust; without them only the mathematics is checked. A certificate is held
// to the time of a valid stamp by a trusted authority, or else to now.
func (f *File) Signatures(roots *x509.CertPool, now time.Time) ([]Signature, error) {
	fields, err := f.Fields(f.Last())
	if err != nil {
		return nil, err
	}
	var out []Signature
	for _, x := range fields {
		if x.Value == 0 {
			continue
		}
		s := Signature{Field: x.Name, Level: "no PAdES", Trust: ErrNoRoots}
		s.Err = f.read(&s, x.Value, roots, now)
		out = append(out, s)
	}
	return out, nil
}

func (f *File) read(s *Signature, object int, roots *x509.CertPool, now time.Time) error {
	d, err := Dict(f.Object(object, f.Last()))
	if err != nil {
		return fmt.Errorf("reading the signature: %w", err)
	}
	s.Reason = plain(d["Reason"])
	s.Claimed, _ = time.Parse("(D:20060102150405+00'00')", d["M"]) // as a claim it may be missing
	data, der, covers, err := f.covered(object, d)
	if err != nil {
		return err
	}
	s.Covers = covers
	p, err := parseCMS(der)
	if err != nil {
		return err
	}
	p.Content = data
	if s.Certificate = p.GetOnlySigner(); s.Certificate == nil {
		return fmt.Errorf("reading the signature: it names no certificate, or more than one signer")
	}
	if err := check(p, d["SubFilter"]); err != nil {
		return err
	}
	if d["SubFilter"] == "/ETSI.CAdES.detached" {
		s.Level = "PAdES B-B"
	}
	stampTrusted, err := s.stamp(p, roots)
	if err != nil {
		return err
	}
	if roots != nil {
		at := now
		if stampTrusted {
			at = s.Stamped
		}
		s.Trust = trusted(s.Certificate, p.Certificates, roots, at, x509.ExtKeyUsageAny)
	}
	return nil
}

// covered is what a signature's range covers. It must be the whole file up to
// the end of a revision, but for the signature's own place in its own object.
func (f *File) covered(object int, d map[string]string) (data, der []byte, end int, err error) {
	r, err := Array(d["ByteRange"])
	if err != nil || len(r) != 4 || r[0] != "0" {
		return nil, nil, 0, fmt.Errorf("reading the signature: its range %.60q does not begin with the file", d["ByteRange"])
	}
	a, b, c := atoi([]byte(r[1])), atoi([]byte(r[2])), atoi([]byte(r[3]))
	if a < 0 || b <= a || c < 0 || c > len(f.Raw)-b {
		return nil, nil, 0, fmt.Errorf("reading the signature: its range %.60q is no part of the file", d["ByteRange"])
	}
	gap := string(f.Raw[a:b])
	for _, v := range f.Revisions {
		at, here := v.Objects[object]
		if !here || v.End != b+c {
			continue
		}
		if at > a || b > v.xref || gap != d["Contents"] {
			return nil, nil, 0, fmt.Errorf("reading the signature: its range leaves out more than the signature")
		}
		der, err := hex.DecodeString(strings.Trim(gap, "<>"))
		if err != nil {
			return nil, nil, 0, fmt.Errorf("reading the signature: %w", err)
		}
		return append(bytes.Clone(f.Raw[:a]), f.Raw[b:b+c]...), der, b + c, nil
	}
	return nil, nil, 0, fmt.Errorf("reading the signature: its range ends at byte %d, where no revision with it ends", b+c)
}

// parseCMS keeps a foreign parser from taking the program down with it.
func parseCMS(der []byte) (p *pkcs7.PKCS7, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("reading the signature: it is no CMS (%v)", r)
		}
	}()
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, fmt.Errorf("reading the signature: it is no DER, or more than padding follows it: %v", err)
	}
	if p, err = pkcs7.Parse(v.FullBytes); err != nil {
		return nil, fmt.Errorf("reading the signature: %w", err)
	}
	return p, nil
}

func check(p *pkcs7.PKCS7, filter string) error {
	switch d := p.Signers[0].DigestAlgorithm.Algorithm; {
	case d.Equal(oidSHA256), d.Equal(oidSHA384), d.Equal(oidSHA512):
	default:
		return fmt.Errorf("checking the signature: its digest algorithm %s is not trusted any more", d)
	}
	if err := p.Verify(); err != nil {
		return fmt.Errorf("checking the signature: %w", err)
	}
	var id essSigningCert
	err := p.UnmarshalSignedAttribute(oidSigningCertV2, &id)
	if err != nil && filter != "/ETSI.CAdES.detached" {
		return nil // a plain PKCS #7 signature does not name its certificate
	}
	sum := sha256.Sum256(p.GetOnlySigner().Raw)
	if err != nil || len(id.Certs) == 0 || !bytes.Equal(id.Certs[0].Hash, sum[:]) {
		return fmt.Errorf("checking the signature: it does not name its certificate by SHA-256, as PAdES demands")
	}
	return nil
}

// stamp reads the time stamp, if there is one. A stamp that does not hold
// makes the signature invalid: somebody put it there to be believed.
func (s *Signature) stamp(p *pkcs7.PKCS7, roots *x509.CertPool) (trusting bool, err error) {
	for _, a := range p.Signers[0].UnauthenticatedAttributes {
		if !a.Type.Equal(oidTimeStamp) {
			continue
		}
		t, err := parseStamp(a.Value.Bytes)
		if err != nil {
			return false, fmt.Errorf("checking the time stamp: %w", err)
		}
		h := t.HashAlgorithm.New()
		h.Write(p.Signers[0].EncryptedDigest)
		if !bytes.Equal(h.Sum(nil), t.HashedMessage) {
			return false, fmt.Errorf("checking the time stamp: it is of another signature")
		}
		token, err := parseCMS(a.Value.Bytes)
		if err != nil || token.GetOnlySigner() == nil {
			return false, fmt.Errorf("checking the time stamp: it names no authority")
		}
		authority := token.GetOnlySigner()
		s.Stamped, s.Authority, s.Level = t.Time.UTC(), authority.Subject.CommonName, "PAdES B-T"
		if roots == nil {
			return false, nil
		}
		if err := trusted(authority, token.Certificates, roots, s.Stamped, x509.ExtKeyUsageTimeStamping); err != nil {
			return false, fmt.Errorf("checking the time stamp: its authority %s is not trusted: %w", s.Authority, err)
		}
		return true, nil
	}
	return false, nil
}

func parseStamp(der []byte) (t *timestamp.Timestamp, err error) {
	defer func() {
		if r := recover(); r != nil {
			t, err = nil, fmt.Errorf("it is no time stamp (%v)", r)
		}
	}()
	if t, err = timestamp.Parse(der); err != nil {
		return nil, err
	}
	if !t.HashAlgorithm.Available() || t.HashAlgorithm.Size() < 32 {
		return nil, fmt.Errorf("its digest algorithm %s is not trusted any more", t.HashAlgorithm)
	}
	return t, nil
}

func trusted(c *x509.Certificate, with []*x509.Certificate, roots *x509.CertPool, at time.Time, use x509.ExtKeyUsage) error {
	between := x509.NewCertPool()
	for _, x := range with {
		between.AddCert(x)
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	return err
}

// plain is a PDF text string as text.
func plain(v string) string {
	if strings.HasPrefix(v, "<") {
		b, err := hex.DecodeString(strings.Trim(v, "<>"))
		if err != nil || !bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
			return string(b)
		}
		var units []uint16
		for i := 2; i+1 < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(units))
	}
	return strings.TrimSuffix(strings.TrimPrefix(v, "("), ")")
}
