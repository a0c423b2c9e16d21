// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/modelvet/modelvet"
)

// JSON writes the canonical decision.json: indented by two spaces, ended by a
// line feed. It fails for numbers that JSON does not have (NaN, infinity).
func JSON(w io.Writer, d modelvet.Decision) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("encoding the decision: %w", err)
	}
	return nil
}
