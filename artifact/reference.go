// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Reference names an artifact: in a layout on disk, or in a registry.
type Reference struct {
	Layout string // folder of an OCI image layout; empty: a registry
	Tag    string // of the layout; empty: "latest", or the only model in it
	Digest string // "sha256:<64 hex>" where the reference pins it

	remote name.Reference
	text   string
}

const defaultTag = "latest"

// tagForm is the grammar of a tag in the OCI distribution specification 1.1.
var tagForm = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)

// ParseReference reads oci:PATH[:TAG], oci:PATH@sha256:<hex>, HOST/REPOSITORY:TAG
// or HOST/REPOSITORY@sha256:<hex>. It looks at the text alone: a colon after
// the last slash of PATH begins a tag. A registry must be named with its host.
func ParseReference(s string) (Reference, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Reference{}, fmt.Errorf("reading reference %q: it holds a control character", s)
	}
	if rest, ok := strings.CutPrefix(s, "oci:"); ok {
		return parseLayoutReference(s, rest)
	}
	return parseRegistryReference(s)
}

func parseLayoutReference(s, rest string) (Reference, error) {
	r := Reference{text: s, Layout: rest}
	if path, digest, ok := cutLast(rest, "@"); ok && strings.HasPrefix(digest, "sha256:") {
		h, err := v1.NewHash(digest)
		if err != nil {
			return Reference{}, fmt.Errorf("reading reference %q: expected sha256:<64 hex digits> after @: %w", s, err)
		}
		r.Layout, r.Digest = path, h.String()
	} else if path, tag, ok := cutLast(rest, ":"); ok {
		if !tagForm.MatchString(tag) {
			return Reference{}, fmt.Errorf("reading reference %q: tag %q may hold letters, digits, '_', '.', '-' only, at most 128", s, tag)
		}
		r.Layout, r.Tag = path, tag
	}
	if r.Layout == "" {
		return Reference{}, fmt.Errorf("reading reference %q: expected oci:PATH[:TAG], the path is missing", s)
	}
	return r, nil
}

// cutLast cuts around the last sep, if that stands in the last path element
// and is not a drive letter's.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if sep == "@" {
		if j := strings.LastIndex(s, "@sha256:"); j >= 0 {
			i = j
		}
	}
	if i < 0 || strings.ContainsAny(s[i+len(sep):], `/`+string(filepath.Separator)) || filepath.VolumeName(s[:i+len(sep)]) == s[:i+len(sep)] {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func parseRegistryReference(s string) (Reference, error) {
	host, _, _ := strings.Cut(s, "/")
	if !strings.ContainsAny(host, ".:") && host != "localhost" || strings.HasPrefix(s, ".") {
		return Reference{}, fmt.Errorf("reading reference %q: expected oci:PATH[:TAG] or HOST/REPOSITORY:TAG; for a folder, pack it first: modelvet pack %s", s, s)
	}
	ref, err := name.ParseReference(s, name.StrictValidation)
	if err != nil {
		return Reference{}, fmt.Errorf("reading reference %q: expected HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:<hex>: %w", s, err)
	}
	r := Reference{text: s, remote: ref}
	if d, ok := ref.(name.Digest); ok {
		r.Digest = d.DigestStr()
	} else {
		r.Tag = ref.Identifier()
	}
	return r, nil
}

// String returns the reference as it was written.
func (r Reference) String() string { return r.text }

// base is a name for an artifact that says none.
func (r Reference) base() string {
	if r.remote != nil {
		repo := r.remote.Context().RepositoryStr()
		return repo[strings.LastIndex(repo, "/")+1:]
	}
	return filepath.Base(filepath.Clean(r.Layout))
}
