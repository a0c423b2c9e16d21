// SPDX-License-Identifier: Apache-2.0

package pades

import (
	"fmt"
	"maps"
	"slices"
)

// What a signature may change of an object that was there before it.
var (
	mayChangeCatalogue = []string{"AcroForm", "Perms", "DSS", "Extensions"}
	mayChangeField     = []string{"V", "AP", "M", "DA", "MK", "Lock"}
	mayChangeForm      = []string{"SigFlags"}
)

// OnlySigned fails when the revisions after the first n bytes do more than
// sign: change a page, an attachment or a text. This is what keeps a valid
// signature over the beginning of a file from vouching for its changed end.
func (f *File) OnlySigned(n int) error {
	base := slices.IndexFunc(f.Revisions, func(r Revision) bool { return r.End == n })
	if base != 0 {
		return fmt.Errorf("reading what was appended: the first revision does not end with the rendering")
	}
	fields, err := f.Fields(base)
	if err != nil {
		return err
	}
	for i := base + 1; i < len(f.Revisions); i++ {
		if f.Revisions[i].Root != f.Revisions[base].Root {
			return fmt.Errorf("reading revision %d: it has another catalogue", i+1)
		}
		signed := false
		for _, object := range slices.Sorted(maps.Keys(f.Revisions[i].Objects)) {
			if f.Object(object, i-1) == nil {
				continue // new; it can be seen only through something that is changed
			}
			what, err := f.change(object, i, fields)
			if err != nil {
				return fmt.Errorf("reading revision %d: %w", i+1, err)
			}
			signed = signed || what
		}
		if !signed {
			return fmt.Errorf("reading revision %d: it signs no field", i+1)
		}
	}
	return nil
}

// change holds one changed object to what signing may change.
func (f *File) change(object, revision int, fields []Field) (signs bool, err error) {
	may := mayChangeField
	isField := slices.ContainsFunc(fields, func(x Field) bool { return x.Object == object })
	switch {
	case object == f.Revisions[0].Root:
		may = mayChangeCatalogue
	case !isField:
		return false, fmt.Errorf("object %d was changed after the rendering", object)
	}
	before, err := Dict(f.Object(object, revision-1))
	if err != nil {
		return false, fmt.Errorf("object %d: %w", object, err)
	}
	after, err := Dict(f.Object(object, revision))
	if err != nil {
		return false, fmt.Errorf("object %d: %w", object, err)
	}
	if key, same := unchanged(before, after, may); !same {
		return false, fmt.Errorf("object %d: /%s was changed after the rendering", object, key)
	}
	if !isField {
		return false, sameForm(before["AcroForm"], after["AcroForm"])
	}
	if before["V"] != "" && before["V"] != after["V"] {
		return false, fmt.Errorf("object %d: a signature was replaced", object)
	}
	return before["V"] == "" && Ref(after["V"]) != 0, nil
}

func sameForm(before, after string) error {
	if before == after {
		return nil
	}
	a, err := Dict([]byte(before))
	if err != nil {
		return fmt.Errorf("the form: %w", err)
	}
	b, err := Dict([]byte(after))
	if err != nil {
		return fmt.Errorf("the form: %w", err)
	}
	if key, same := unchanged(a, b, mayChangeForm); !same {
		return fmt.Errorf("/%s of the form was changed after the rendering", key)
	}
	return nil
}

// unchanged compares two dictionaries but for some keys.
func unchanged(a, b map[string]string, but []string) (key string, same bool) {
	for _, m := range []map[string]string{a, b} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if a[k] != b[k] && !slices.Contains(but, k) {
				return k, false
			}
		}
	}
	return "", true
}
