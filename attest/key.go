// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// maxKeyFile bounds what is read as a key: 64 KiB.
const maxKeyFile = 64 << 10

const (
	pemPublic    = "PUBLIC KEY"
	pemPrivate   = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED SIGSTORE PRIVATE KEY"
)

// GenerateKey makes an ECDSA P-256 key pair: prefix.key (mode 0600) and
// prefix.pub (PEM SubjectPublicKeyInfo). The private key is in cosign's
// format (scrypt and NaCl secretbox over PKCS #8), because that is the only
// one that cosign reads; without a password it is sealed with the empty one,
// as cosign does, so that it protects nothing but the format. It never
// overwrites a file.
func GenerateKey(prefix string, password []byte) error {
	private, public, err := newKey(password, true)
	if err != nil {
		return fmt.Errorf("generating a key: %w", err)
	}
	if err := writeNew(prefix+".key", private, 0o600); err != nil {
		return fmt.Errorf("writing the private key: %w", err)
	}
	if err := writeNew(prefix+".pub", public, 0o644); err != nil {
		_ = os.Remove(prefix + ".key") // made a moment ago; useless without its public half
		return fmt.Errorf("writing the public key: %w", err)
	}
	return nil
}

// newKey returns a P-256 key as PEM, sealed in cosign's format or as plain PKCS #8.
func newKey(password []byte, sealed bool) (private, public []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if public, err = publicPEM(key.Public()); err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	if !sealed {
		return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}), public, nil
	}
	if der, err = encrypted.Encrypt(der, password); err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemEncrypted, Bytes: der}), public, nil
}

// writeNew writes a file that must not be there yet.
func writeNew(name string, data []byte, mode os.FileMode) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already and is not overwritten: choose another name or move it away", name)
	}
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(name) // half a key is worse than none
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// LoadPublicKey reads a public key: PEM text, or the name of a file that
// holds it. It returns the key as canonical PEM SubjectPublicKeyInfo and its
// id, the lower-case hex SHA-256 of that text (OpenSSF Model Signing v1.0,
// publicKey.hint).
func LoadPublicKey(ref string) (pemText []byte, keyID string, err error) {
	data := []byte(ref)
	if block, _ := pem.Decode(data); block == nil {
		if data, err = readSmall(ref); err != nil {
			return nil, "", fmt.Errorf("reading public key: %w", err)
		}
	}
	key, err := parsePublic(data)
	if err != nil {
		return nil, "", fmt.Errorf("reading public key: %w", err)
	}
	if pemText, err = publicPEM(key); err != nil {
		return nil, "", fmt.Errorf("reading public key: %w", err)
	}
	return pemText, keyID256(pemText), nil
}

// parsePublic accepts exactly one PEM block with a key that we can verify with.
func parsePublic(data []byte) (crypto.PublicKey, error) {
	block, rest := pem.Decode(data)
	switch {
	case block == nil:
		return nil, errors.New("it is not PEM: expected a block BEGIN PUBLIC KEY, as modelvet keygen and cosign write it")
	case block.Type != pemPublic:
		return nil, fmt.Errorf("it holds a block %.40q: expected PUBLIC KEY", block.Type)
	}
	if more, _ := pem.Decode(rest); more != nil {
		return nil, errors.New("it holds more than one PEM block: give one key a file")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parsing the PUBLIC KEY block: %w", err)
	}
	if _, err := hashFor(key); err != nil {
		return nil, err
	}
	return key, nil
}

// hashFor is the one algorithm choice in this package: a key signs with one
// hash, whatever a bundle says of itself. Ed25519 hashes on its own (0).
func hashFor(key crypto.PublicKey) (crypto.Hash, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return crypto.SHA256, nil
		case elliptic.P384():
			return crypto.SHA384, nil
		case elliptic.P521():
			return crypto.SHA512, nil
		}
	case ed25519.PublicKey:
		return crypto.Hash(0), nil
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 && k.N.BitLen() <= 8192 {
			return crypto.SHA256, nil
		}
	}
	return 0, fmt.Errorf("keys of type %T and this size are not supported: use ECDSA P-256, P-384, P-521, Ed25519 or RSA of 2048 to 8192 bits", key)
}

// publicPEM is the PEM SubjectPublicKeyInfo of a key.
func publicPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der}), nil
}

// keyID256 is the hint of OpenSSF Model Signing. cosign ignores hints, so one
// bundle satisfies both.
func keyID256(pemText []byte) string {
	sum := sha256.Sum256(pemText)
	return hex.EncodeToString(sum[:])
}

// readSmall reads a key file whole, and nothing that is too large for one.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("reading %s: larger than %d bytes, which no key is", name, maxKeyFile)
	}
	return data, nil
}

// derOf is the DER inside PEM text that publicPEM made.
func derOf(pemText []byte) []byte {
	block, _ := pem.Decode(pemText)
	if block == nil {
		return nil
	}
	return block.Bytes
}
