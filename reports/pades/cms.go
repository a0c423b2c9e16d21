// SPDX-License-Identifier: Apache-2.0

package pades

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// The object identifiers of CMS (RFC 5652), ESS (RFC 5035) and RFC 3161.
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStamp     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidECDSASHA256   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

type algorithm struct {
	Algorithm  asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

type issuerSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type signerInfo struct {
	Version   int
	ID        issuerSerial
	Digest    algorithm
	Signed    asn1.RawValue // [0] IMPLICIT SET
	Algorithm algorithm
	Signature []byte
	Unsigned  []attribute `asn1:"set,optional,omitempty,tag:1"`
}

type signedData struct {
	Version int
	Digests []algorithm `asn1:"set"`
	Content struct{ Type asn1.ObjectIdentifier }
	Certs   asn1.RawValue // [0] IMPLICIT SET
	Signers []signerInfo  `asn1:"set"`
}

// Stamper turns the SHA-256 of a signature into an RFC 3161 time-stamp token.
type Stamper func(digest []byte) (token []byte, err error)

// cms makes the detached signature of a digest with the three attributes that
// PAdES demands, and no time of its own: that stands in the PDF, or in the
// time stamp. The signature is deterministic: RFC 6979 for ECDSA, PKCS #1
// v1.5 for RSA.
func cms(digest []byte, o Options) ([]byte, error) {
	how, err := signatureAlgorithm(o.Key.Public())
	if err != nil {
		return nil, err
	}
	signed, err := signedAttributes(digest, o.Certificate)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wrap(asn1.ClassUniversal, asn1.TagSet, signed))
	sig, err := o.Key.Sign(nil, sum[:], crypto.SHA256) // no randomness asked for
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	info := signerInfo{Version: 1, ID: issuerSerial{asn1.RawValue{FullBytes: o.Certificate.RawIssuer}, o.Certificate.SerialNumber},
		Digest: algorithm{Algorithm: oidSHA256}, Signed: asn1.RawValue{FullBytes: wrap(asn1.ClassContextSpecific, 0, signed)}, Algorithm: how, Signature: sig}
	if o.Stamp != nil {
		sum := sha256.Sum256(sig)
		token, err := o.Stamp(sum[:])
		if err != nil {
			return nil, fmt.Errorf("stamping the time: %w", err)
		}
		info.Unsigned = []attribute{{oidTimeStamp, []asn1.RawValue{{FullBytes: token}}}}
	}
	return envelope(info, o)
}

func envelope(info signerInfo, o Options) ([]byte, error) {
	data := signedData{Version: 1, Digests: []algorithm{{Algorithm: oidSHA256}}, Signers: []signerInfo{info}}
	data.Content.Type = oidData
	var certs []byte
	for _, c := range append([]*x509.Certificate{o.Certificate}, o.Chain...) {
		certs = append(certs, c.Raw...)
	}
	data.Certs = asn1.RawValue{FullBytes: wrap(asn1.ClassContextSpecific, 0, certs)}
	inner, err := asn1.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("writing the signature: %w", err)
	}
	return asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{oidSignedData, asn1.RawValue{FullBytes: wrap(asn1.ClassContextSpecific, 0, inner)}})
}

func signatureAlgorithm(public crypto.PublicKey) (algorithm, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return algorithm{Algorithm: oidECDSASHA256}, nil
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return algorithm{oidRSA, asn1.NullRawValue}, nil
		}
	}
	return algorithm{}, fmt.Errorf("choosing the algorithm: a key of type %T cannot sign a PDF that readers accept; use ECDSA, or RSA of 2,048 bits or more", public)
}

// signedAttributes are content type, message digest and the signer's
// certificate (signing-certificate-v2), in the order of DER.
func signedAttributes(digest []byte, cert *x509.Certificate) ([]byte, error) {
	sum := sha256.Sum256(cert.Raw)
	list := [][]byte{}
	for _, a := range []struct {
		id    asn1.ObjectIdentifier
		value any
	}{
		{oidContentType, oidData}, {oidMessageDigest, digest},
		{oidSigningCertV2, essSigningCert{[]essCertID{{Hash: sum[:], Issuer: essIssuer{
			Names:  []asn1.RawValue{{FullBytes: wrap(asn1.ClassContextSpecific, 4, cert.RawIssuer)}},
			Serial: cert.SerialNumber}}}}},
	} {
		v, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, fmt.Errorf("writing attribute %s: %w", a.id, err)
		}
		b, err := asn1.Marshal(attribute{a.id, []asn1.RawValue{{FullBytes: v}}})
		if err != nil {
			return nil, fmt.Errorf("writing attribute %s: %w", a.id, err)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, bytes.Compare)
	return bytes.Join(list, nil), nil
}

type essSigningCert struct{ Certs []essCertID }

type essCertID struct { // the hash algorithm is SHA-256, which is the default and must not be written
	Hash   []byte
	Issuer essIssuer `asn1:"optional"`
}

type essIssuer struct {
	Names  []asn1.RawValue
	Serial *big.Int
}

// wrap is a constructed DER value.
func wrap(class, tag int, content []byte) []byte {
	b, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: content})
	if err != nil {
		return nil
	}
	return b
}
