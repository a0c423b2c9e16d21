// SPDX-License-Identifier: Apache-2.0

package controls

import "strings"

// words joins as a sentence does: "a, b or c".
func words(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
	return strings.Join(list, "")
}
