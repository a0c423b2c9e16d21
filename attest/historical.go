// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/in-toto/in-toto-golang/in_toto"
)

// What model_signing wrote before version 1.0 is read, never written.

// withoutRawKey drops the public key that old bundles carry in place of a
// hint. It proves nothing, as anybody can put a key there, and the Sigstore
// bundle has no field for it. Without a hint every trusted key is tried.
func withoutRawKey(data []byte, top map[string]json.RawMessage) []byte {
	material, err := object(top["verificationMaterial"])
	if err != nil {
		return data
	}
	key, err := object(material["publicKey"])
	if err != nil || key["rawBytes"] == nil {
		return data
	}
	delete(key, "rawBytes")
	delete(key, "keyDetails")
	for _, step := range []struct {
		in    map[string]json.RawMessage
		name  string
		value any
	}{{material, "publicKey", key}, {top, "verificationMaterial", material}} {
		if step.in[step.name], err = json.Marshal(step.value); err != nil {
			return data
		}
	}
	out, err := json.Marshal(top)
	if err != nil {
		return data
	}
	return out
}

// oldPAE is what model_signing 0.2 signed: its encoding put the payload as
// Python prints bytes, and spelt the version in capitals. It is unambiguous
// all the same: the escaping can be undone.
func oldPAE(payload []byte) []byte {
	kind := in_toto.PayloadType
	return fmt.Appendf(nil, "DSSEV1 %d %s %d %s", len(kind), kind, len(payload), pythonBytes(payload))
}

// pythonBytes prints bytes as repr does in Python 3.
func pythonBytes(data []byte) string {
	quote := byte('\'')
	if strings.IndexByte(string(data), '\'') >= 0 && strings.IndexByte(string(data), '"') < 0 {
		quote = '"'
	}
	var b strings.Builder
	b.WriteByte('b')
	b.WriteByte(quote)
	for _, c := range data {
		switch {
		case c == quote || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(quote)
	return b.String()
}
