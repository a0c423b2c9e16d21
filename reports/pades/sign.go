// SPDX-License-Identifier: Apache-2.0

package pades

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// Options say who signs, where and when.
type Options struct {
	Field       string // one of [File.Fields]
	Reason      string // why, in words; may be empty
	At          time.Time
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // intermediates, so that a reader need not look for them
	Key         crypto.Signer       // of the certificate; it is asked for SHA-256 signatures
	Stamp       Stamper             // nil: no time stamp (B-B)
}

// hexRoom is the room for the signature in the file, in hexadecimal digits: a
// chain of certificates and a time stamp with its own.
const hexRoom = 48 << 10

// Sign appends a signature in an empty field. The first signature of a file
// certifies it: readers then warn of any change but further signatures
// (DocMDP, P 2). It fails for a field that is not there or is signed already,
// and for a certificate that is not the key's or not valid at o.At.
func Sign(raw []byte, o Options) ([]byte, error) {
	f, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	fields, err := f.Fields(f.Last())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(fields, func(x Field) bool { return x.Name == o.Field })
	switch {
	case i < 0:
		return nil, fmt.Errorf("signing the report: no field %q; there are %s", o.Field, quoted(fields))
	case fields[i].Value != 0:
		return nil, fmt.Errorf("signing the report: field %q is signed already", o.Field)
	}
	first := !slices.ContainsFunc(fields, func(x Field) bool { return x.Value != 0 })
	return f.sign(fields[i].Object, first, o)
}

func (o Options) check() error {
	public, ok := o.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case o.Certificate == nil || !ok || !public.Equal(o.Certificate.PublicKey):
		return fmt.Errorf("signing the report: the certificate is not the key's")
	case o.At.Before(o.Certificate.NotBefore) || o.At.After(o.Certificate.NotAfter):
		return fmt.Errorf("signing the report: the certificate of %s is valid from %s to %s, and not on %s", o.Certificate.Subject.CommonName,
			o.Certificate.NotBefore.UTC().Format(time.DateOnly), o.Certificate.NotAfter.UTC().Format(time.DateOnly), o.At.UTC().Format(time.DateOnly))
	}
	return nil
}

func quoted(fields []Field) string {
	var out []string
	for _, f := range fields {
		out = append(out, fmt.Sprintf("%q", f.Name))
	}
	return strings.Join(out, ", ")
}

var sigFlags = regexp.MustCompile(`/SigFlags \d+`)

const rangePlace = "/ByteRange [0 0000000000 0000000000 0000000000]"

// sign appends a revision of three objects: the signature, its field, the catalogue.
func (f *File) sign(widget int, certify bool, o Options) ([]byte, error) {
	last := f.Revisions[f.Last()]
	field, catalogue := f.Object(widget, f.Last()), f.Object(last.Root, f.Last())
	if !bytes.HasSuffix(field, []byte(">>")) || !bytes.HasSuffix(catalogue, []byte(">>")) || !sigFlags.Match(catalogue) {
		return nil, fmt.Errorf("signing the report: field and catalogue are not as modelvet writes them")
	}
	n := last.Size
	catalogue = sigFlags.ReplaceAll(catalogue, []byte("/SigFlags 3"))
	reference := ""
	if certify {
		reference = " /Reference [<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P 2 /V /1.2>>>>]"
		catalogue = fmt.Appendf(bytes.Clone(catalogue[:len(catalogue)-2]), " /Perms <</DocMDP %d 0 R>>>>", n)
	}
	objects := map[int]string{
		n: fmt.Sprintf("<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Name %s /Reason %s /M (D:%s+00'00')%s %s /Contents <%s>>>",
			text(o.Certificate.Subject.CommonName), text(o.Reason), o.At.UTC().Format("20060102150405"), reference, rangePlace, strings.Repeat("0", hexRoom)),
		widget:    fmt.Sprintf("%s /V %d 0 R>>", field[:len(field)-2], n),
		last.Root: string(catalogue),
	}
	out := f.appended(objects, last, n+1)
	return fill(out, len(f.Raw), o)
}

// appended is the file with one more revision.
func (f *File) appended(objects map[int]string, last Revision, size int) []byte {
	var b bytes.Buffer
	b.Write(f.Raw)
	at := map[int]int{}
	for _, n := range slices.Sorted(maps.Keys(objects)) {
		at[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, objects[n])
	}
	xref := b.Len()
	b.WriteString("xref\n")
	for _, n := range slices.Sorted(maps.Keys(at)) {
		fmt.Fprintf(&b, "%d 1\n%010d 00000 n \n", n, at[n])
	}
	id := sha256.Sum256(f.Raw)
	first, _, _ := strings.Cut(strings.TrimPrefix(last.id, "[ "), " ")
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /Prev %d /ID [%s <%x>]>>\nstartxref\n%d\n%%%%EOF\n", size, last.Root, last.Info, last.xref, first, id[:16], xref)
	return b.Bytes()
}

// fill computes the signature over everything but its own place, and puts it there.
func fill(b []byte, from int, o Options) ([]byte, error) {
	open := from + bytes.Index(b[from:], []byte("/Contents <")) + len("/Contents ")
	end := open + hexRoom + 2
	covered := fmt.Sprintf("/ByteRange [0 %d %d %d]", open, end, len(b)-end)
	place := from + bytes.Index(b[from:], []byte(rangePlace))
	copy(b[place:], covered+strings.Repeat(" ", len(rangePlace)-len(covered)))
	sum := sha256.New()
	sum.Write(b[:open])
	sum.Write(b[end:])
	der, err := cms(sum.Sum(nil), o)
	if err != nil {
		return nil, fmt.Errorf("signing the report: %w", err)
	}
	if 2*len(der) > hexRoom {
		return nil, fmt.Errorf("signing the report: the signature has %d bytes, there is room for %d: give fewer certificates", len(der), hexRoom/2)
	}
	hex.Encode(b[open+1:], der)
	return b, nil
}

// text is a PDF text string.
func text(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}
