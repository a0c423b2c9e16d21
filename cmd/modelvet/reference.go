// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
)

// reference accepts, beside oci:PATH and a registry reference, a result folder
// of the gate, or the model's folder with its result inside.
func reference(ref string) string {
	for _, layout := range []string{filepath.Join(ref, "layout"), filepath.Join(ref, ".modelvet", "layout"), ref} {
		if _, err := os.Stat(filepath.Join(layout, "oci-layout")); err == nil {
			return "oci:" + layout
		}
	}
	return ref
}
