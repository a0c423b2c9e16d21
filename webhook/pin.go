// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	admission "k8s.io/api/admission/v1"
)

// Pin answers a mutating review: a tag that leads to an approved model now is
// replaced by its digest. It allows everything and verifies nothing for good:
// the validating review that follows sees what will run, and judges that. What
// cannot be verified, what is pinned, and what an update leaves as it was is
// not touched; in mode observe nothing is.
func (r *Reviewer) Pin(ctx context.Context, req *admission.AdmissionRequest) Review {
	c := r.current()
	demand, _ := c.demand(req.Namespace)
	v := Review{Response: admission.AdmissionResponse{UID: req.UID, Allowed: true}, Mode: demand.Mode, Verdict: "skipped"}
	if demand.Mode == Observe || req.Operation != admission.Create && req.Operation != admission.Update {
		return v
	}
	v.Findings = r.look(ctx, c, req.Namespace, req.Kind.Group, req.Kind.Kind, req.Object.Raw)
	if req.Operation == admission.Update {
		r.forgive(req, v.Findings)
	}
	var object any
	if json.Unmarshal(req.Object.Raw, &object) != nil {
		return v
	}
	var patch []operation
	var pinned []string
	for _, f := range v.Findings {
		if f.cause != Unpinned || f.action != "deny" || f.hint == "" {
			continue
		}
		pointer, ok := point(object, f.ref.Path, f.ref.Value)
		if !ok {
			continue // part of an argument, or of a document in a string
		}
		patch = append(patch, operation{"test", pointer, f.ref.Value}, operation{"replace", pointer, f.hint})
		pinned = append(pinned, clip(f.hint, 400))
		v.Response.Warnings = append(v.Response.Warnings, clip(fmt.Sprintf("modelvet: %s: pinned to %s", clip(f.ref.Path, 80), f.digest), mostWarning))
	}
	if len(patch) == 0 {
		return v
	}
	kind := admission.PatchTypeJSONPatch
	v.Response.PatchType = &kind
	v.Response.Patch, _ = json.Marshal(patch) // strings only
	v.Response.Warnings = v.Response.Warnings[:min(len(v.Response.Warnings), mostWarns)]
	v.Response.AuditAnnotations = map[string]string{"pinned": joinNotes(slices.Compact(slices.Sorted(slices.Values(pinned))))}
	v.Verdict = "pinned"
	return v
}

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// point turns the path of a reference into a JSON pointer (RFC 6901), if the
// very value stands there.
func point(object any, path, value string) (pointer string, ok bool) {
	at := object
	for _, step := range steps(path) {
		switch v := at.(type) {
		case map[string]any:
			at, ok = v[step]
			if !ok {
				return "", false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return "", false
			}
			at = v[i]
		default:
			return "", false
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	}
	s, isText := at.(string)
	return pointer, isText && s == value
}

// steps takes spec.volumes[0]."a.b" apart.
func steps(path string) (out []string) {
	for path != "" {
		path = strings.TrimPrefix(path, ".")
		switch {
		case strings.HasPrefix(path, `"`):
			key, rest, _ := strings.Cut(path[1:], `"`)
			out, path = append(out, key), rest
		case strings.HasPrefix(path, "["):
			index, rest, _ := strings.Cut(path[1:], "]")
			out, path = append(out, index), rest
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			out, path = append(out, path[:end]), path[end:]
		}
	}
	return out
}
