// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"encoding/json"

	"github.com/modelvet/modelvet/webhook/auditlog"
)

// object is what an event shows of the object that was written: the answer, or
// else the request unless that is a patch. It holds nothing below the audit
// levels Request and RequestResponse.
func object(e *auditlog.Event) (group, kind string, raw []byte) {
	for _, b := range [][]byte{e.ResponseObject, e.RequestObject} {
		var meta struct {
			Kind     string
			Metadata struct{ Name, GenerateName string }
		}
		if len(b) == 0 || json.Unmarshal(b, &meta) != nil || meta.Kind == "" || meta.Kind == "Status" || meta.Kind == "Scale" {
			continue
		}
		return e.Object.Group, meta.Kind, b
	}
	return "", "", nil
}
