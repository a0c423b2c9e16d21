// SPDX-License-Identifier: Apache-2.0

package attest

import "crypto"

// KeyIDOf returns the id of a PEM public key (see [modelvet.Signer]), or "" for what is none.
func KeyIDOf(pemText []byte) string {
	_, _, id, err := TrustedKey{PEM: pemText}.parse()
	if err != nil {
		return ""
	}
	return id
}

func keyIDOf(key crypto.PublicKey) string {
	text, err := publicPEM(key)
	if err != nil {
		return ""
	}
	return keyID256(text)
}
