// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"regexp"
	"strings"

	"github.com/modelvet/modelvet/webhook/references"
)

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// cutDigest splits HOST/REPOSITORY[:TAG]@sha256:... A tag beside a digest means
// nothing to a kubelet, and nothing here.
func cutDigest(ref string) (repository, digest string, pinned bool) {
	before, digest, ok := strings.Cut(ref, "@")
	if !ok || !digestForm.MatchString(digest) {
		return stripTag(ref), "", false
	}
	return stripTag(before), digest, true
}

func stripTag(ref string) string {
	if i := strings.LastIndex(ref, ":"); i > strings.LastIndex(ref, "/") {
		return ref[:i]
	}
	return ref
}

// within tells whether a repository is p or lies below it; "reg/a" does not hold "reg/ab".
func within(repository, p string) bool {
	p = strings.TrimSuffix(p, "/")
	return repository == p || strings.HasPrefix(repository, p+"/")
}

// pin is the reference as it should stand in the object.
func pin(ref references.Reference, repository, digest string) string {
	scheme := ""
	if i := strings.Index(ref.Value, "://"); i >= 0 {
		scheme = ref.Value[:i+3]
	}
	return scheme + repository + "@" + digest
}

// clip keeps one text short, and printable.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	s = s[:most-3]
	for len(s) > 0 && s[len(s)-1] >= 0x80 && s[len(s)-1] < 0xc0 { // do not cut a rune
		s = s[:len(s)-1]
	}
	return strings.TrimRight(s, "\xc2\xc3\xe2\xf0") + "..."
}
