// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/modelvet/modelvet"
)

// JSON writes the canonical decision.json: indented by two spaces, ended by a
// line feed. Reading it and writing it again gives the same bytes. It fails
// for numbers that JSON does not have (NaN, infinity).
func JSON(w io.Writer, d modelvet.Decision) error {
	out, err := record(d)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

func record(d modelvet.Decision) ([]byte, error) {
	out, err := encode(d)
	if err != nil || !bytes.Contains(out, []byte(`\ufffd`)) {
		return out, err
	}
	// A text that is no UTF-8: JSON holds it once as an escape, then as a
	// character. Only the second is stable.
	var again modelvet.Decision
	if err := json.Unmarshal(out, &again); err != nil {
		return nil, fmt.Errorf("reading the decision back: %w", err)
	}
	return encode(again)
}

func encode(d modelvet.Decision) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding the decision: %w", err)
	}
	return b.Bytes(), nil
}
