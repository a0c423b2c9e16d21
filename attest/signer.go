// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/modelvet/modelvet"
)

// Signer signs statements, with one key or without.
type Signer struct {
	public      crypto.PublicKey
	pem         []byte
	id          string
	development bool
	chain       []rawCert // leaf first; none: the bundle names the key
	keyless     *keyless  // nil: the key is the signer
	services    *instance // that see it sign; nil: none
	sign        func(ctx context.Context, message []byte) ([]byte, error)
}

// KeyID is the lower-case hex SHA-256 of the key's PEM SubjectPublicKeyInfo;
// empty for a signer without a key of its own.
func (s *Signer) KeyID() string { return s.id }

// PublicPEM is the public key, as cosign and model_signing read it.
func (s *Signer) PublicPEM() []byte { return bytes.Clone(s.pem) }

// Development says that the key was made on the spot and vouches for nobody.
func (s *Signer) Development() bool { return s.development }

// Signer is what evidence says of who signed it, before a policy names it.
func (s *Signer) Signer() modelvet.Signer {
	return modelvet.Signer{KeyID: s.id, Development: s.development}
}

// Trusted is the entry that makes a policy trust this key as the producer of evidence.
func (s *Signer) Trusted(name string) TrustedKey {
	return TrustedKey{Name: name, PEM: s.PublicPEM(), Producer: true, Development: s.development}
}

// LoadSigner opens a private key. ref is the name of a PEM file (PKCS #8, EC,
// RSA, or sealed by cosign or modelvet keygen), env://NAME for the same text
// in an environment variable, or the URI of a key-management service that
// sigstore knows or has a plug-in sigstore-kms-NAME for on PATH. password is
// asked only for a key that the empty password does not open; it may be nil.
func LoadSigner(ctx context.Context, ref string, password func() ([]byte, error)) (*Signer, error) {
	s, err := loadSigner(ctx, ref, password)
	if err != nil {
		return nil, fmt.Errorf("loading signing key %s: %w", ref, err)
	}
	return s, nil
}

func loadSigner(ctx context.Context, ref string, password func() ([]byte, error)) (*Signer, error) {
	if name, ok := strings.CutPrefix(ref, "env://"); ok {
		text := os.Getenv(name)
		if text == "" {
			return nil, fmt.Errorf("environment variable %q is empty: put the PEM text of the key into it", name)
		}
		return signerFromPEM([]byte(text), password)
	}
	if strings.Contains(ref, "://") {
		return kmsSigner(ctx, ref)
	}
	if ref == "" {
		return nil, errors.New("no key given: name a file, env://VARIABLE or a KMS URI")
	}
	data, err := readSmall(ref)
	if err != nil {
		return nil, err
	}
	return signerFromPEM(data, password)
}

func signerFromPEM(data []byte, password func() ([]byte, error)) (*Signer, error) {
	key, err := parsePrivate(data, password)
	if err != nil {
		return nil, err
	}
	return newSigner(key)
}

func parsePrivate(data []byte, password func() ([]byte, error)) (crypto.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("it is not PEM: expected a private key as modelvet keygen, cosign or openssl write it")
	}
	switch block.Type {
	case pemPublic:
		return nil, errors.New("it is a public key: the private half is needed to sign (the file that ends in .key)")
	case pemEncrypted, "ENCRYPTED COSIGN PRIVATE KEY":
		return openSealed(block.Bytes, password)
	}
	ask := func(bool) ([]byte, error) { return askFor(password) }
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(data, ask)
	if err != nil {
		return nil, fmt.Errorf("parsing the %.40q block: %w", block.Type, err)
	}
	return key, nil
}

// openSealed tries the empty password first, so that a key that has none is
// never asked for.
func openSealed(sealed []byte, password func() ([]byte, error)) (crypto.PrivateKey, error) {
	der, err := encrypted.Decrypt(sealed, []byte{})
	if err != nil {
		secret, asked := askFor(password)
		if asked != nil {
			return nil, asked
		}
		if der, err = encrypted.Decrypt(sealed, secret); err != nil {
			return nil, fmt.Errorf("wrong password, or the file is damaged (%w): give the one that was used with keygen", err)
		}
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("parsing the opened key: %w", err)
	}
	return key, nil
}

func askFor(password func() ([]byte, error)) ([]byte, error) {
	if password == nil {
		return nil, errors.New("it is encrypted and no password was given: set MODELVET_PASSWORD")
	}
	secret, err := password()
	if err != nil {
		return nil, fmt.Errorf("asking for the password: %w", err)
	}
	if len(secret) == 0 {
		return nil, errors.New("it is encrypted and the password given is empty: set MODELVET_PASSWORD")
	}
	return secret, nil
}

func newSigner(key crypto.PrivateKey) (*Signer, error) {
	private, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("keys of type %T cannot sign", key)
	}
	s, err := describe(private.Public())
	if err != nil {
		return nil, err
	}
	hash, err := hashFor(s.public)
	if err != nil {
		return nil, err
	}
	s.sign = func(_ context.Context, message []byte) ([]byte, error) { return signWith(private, hash, message) }
	return s, nil
}

func describe(public crypto.PublicKey) (*Signer, error) {
	if _, err := hashFor(public); err != nil {
		return nil, err
	}
	text, err := publicPEM(public)
	if err != nil {
		return nil, err
	}
	return &Signer{public: public, pem: text, id: keyID256(text)}, nil
}

// signWith gives crypto/ecdsa no randomness: it then signs as RFC 6979 says,
// so that the same statement has the same bundle, byte for byte.
func signWith(private crypto.Signer, hash crypto.Hash, message []byte) ([]byte, error) {
	switch key := private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, message), nil
	case *ecdsa.PrivateKey:
		return key.Sign(nil, digestOf(hash, message), hash)
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(nil, key, hash, digestOf(hash, message))
	}
	return nil, fmt.Errorf("keys of type %T cannot sign", private)
}

func digestOf(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}

func kmsSigner(ctx context.Context, uri string) (*Signer, error) {
	service, public, err := kmsKey(ctx, uri, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	// A service hashes as it is told, and only its key says with what: Ed25519 with nothing.
	if hash, err := hashFor(public); err == nil && hash != crypto.SHA256 {
		if service, public, err = kmsKey(ctx, uri, hash); err != nil {
			return nil, err
		}
	}
	s, err := describe(public)
	if err != nil {
		return nil, err
	}
	s.sign = func(ctx context.Context, message []byte) ([]byte, error) {
		return service.SignMessage(bytes.NewReader(message), options.WithContext(ctx))
	}
	return s, nil
}

func kmsKey(ctx context.Context, uri string, hash crypto.Hash) (kms.SignerVerifier, crypto.PublicKey, error) {
	service, err := kms.Get(ctx, uri, hash)
	if missing := (*kms.ProviderNotFoundError)(nil); errors.As(err, &missing) {
		name, _, _ := strings.Cut(uri, "://")
		return nil, nil, fmt.Errorf("no key service %q is built in and no plug-in sigstore-kms-%s is on PATH: install the plug-in or use a key file", name, name)
	}
	if err != nil {
		return nil, nil, err
	}
	public, err := service.PublicKey(options.WithContext(ctx))
	if err != nil {
		return nil, nil, fmt.Errorf("asking for its public key: %w", err)
	}
	return service, public, nil
}

// developmentKey is the file below the configuration folder.
const developmentKey = "development"

// DevelopmentKey opens the development key in dir, which it makes on first
// use. It is a plain PKCS #8 key that vouches for nobody: what it signs is
// marked, and a stage can refuse it.
func DevelopmentKey(dir string) (*Signer, error) {
	name := filepath.Join(dir, developmentKey+".key")
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		if err := makeDevelopmentKey(dir); err != nil {
			return nil, fmt.Errorf("making the development key: %w", err)
		}
	}
	s, err := LoadSigner(context.Background(), name, nil)
	if err != nil {
		return nil, err
	}
	s.development = true
	return s, nil
}

// makeDevelopmentKey puts a whole key in place at once: two first runs at the
// same time agree on one of them.
func makeDevelopmentKey(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	private, public, err := newKey(nil, false)
	if err != nil {
		return err
	}
	draft, err := os.MkdirTemp(dir, ".key-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft)
	part := filepath.Join(draft, developmentKey)
	if err := errors.Join(writeNew(part+".key", private, 0o600), writeNew(part+".pub", public, 0o644)); err != nil {
		return err
	}
	final := filepath.Join(dir, developmentKey)
	switch err := os.Link(part+".key", final+".key"); {
	case errors.Is(err, os.ErrExist):
		return nil // somebody else was first
	case err != nil: // a file system without links
		if err := writeNew(final+".key", private, 0o600); err != nil {
			return err
		}
	}
	return os.Rename(part+".pub", final+".pub")
}
