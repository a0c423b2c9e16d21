// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/reports"
	"github.com/modelvet/modelvet/reports/pades"
)

// sealFlags say who signs a report.
type sealFlags struct{ key, cert, tsa, field, reason string }

func (f *sealFlags) add(cmd *cobra.Command, field string) {
	cmd.Flags().StringVar(&f.key, "sign-key", "", "sign the PDF (PAdES) with this private key: PEM, PKCS #8, ECDSA or RSA")
	cmd.Flags().StringVar(&f.cert, "sign-cert", "", "certificate of the key, and its chain, in PEM")
	cmd.Flags().StringVar(&f.tsa, "tsa", "", "URL of a time-stamping authority (RFC 3161): the signature becomes PAdES B-T")
	cmd.Flags().StringVar(&f.field, "sign-field", field, "the field to sign in")
	cmd.Flags().StringVar(&f.reason, "sign-reason", "", "why, in words")
}

func (f *sealFlags) asked() bool { return f.key != "" || f.cert != "" || f.tsa != "" }

// sign appends the signature; it must not leave an unsigned report for a signed one.
func (f *sealFlags) sign(ctx context.Context, raw []byte) ([]byte, error) {
	if f.key == "" || f.cert == "" {
		return nil, usage("signing needs both --sign-key and --sign-cert")
	}
	key, err := readKey(f.key)
	if err != nil {
		return nil, err
	}
	certs, err := readCertificates(f.cert)
	if err != nil {
		return nil, err
	}
	now, _, err := clock()
	if err != nil {
		return nil, err
	}
	o := pades.Options{Field: f.field, Reason: f.reason, At: now, Certificate: certs[0], Chain: certs[1:], Key: key}
	if f.tsa != "" {
		o.Stamp = pades.Authority(ctx, &http.Client{Timeout: time.Minute}, f.tsa)
	}
	return pades.Sign(raw, o)
}

func readKey(path string) (crypto.Signer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("--sign-key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, usage("--sign-key: %s holds no PEM", path)
	}
	var key any
	switch block.Type {
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, usage("--sign-key: %s: no private key that can be read (%v); want unencrypted PKCS #8", path, err)
	}
	return signer, nil
}

func readCertificates(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("--sign-cert: %w", err)
	}
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, usage("--sign-cert: %s: certificate %d: %w", path, len(out)+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, usage("--sign-cert: %s holds no certificate in PEM", path)
	}
	return out, nil
}

func reportSignVerb(_ *terminal) *cobra.Command {
	var f sealFlags
	var out string
	cmd := &cobra.Command{
		Use:   "sign FILE.pdf",
		Short: "Sign a report in one of its empty fields, after checking that it holds",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := readPDF(args[0])
			if err != nil {
				return err
			}
			v, err := reports.VerifyPDF(raw, nil, time.Now())
			if err != nil {
				return fmt.Errorf("%w; nothing was signed", err)
			}
			if !v.Holds() {
				return fmt.Errorf("the report does not hold: %w; nothing was signed", v.Problems[0])
			}
			signed, err := f.sign(cmd.Context(), raw)
			if err != nil {
				return err
			}
			if out == "" {
				out = args[0]
			}
			return writeFile(out, signed)
		},
	}
	f.add(cmd, "Owner of the model")
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: the report itself)")
	return cmd
}
