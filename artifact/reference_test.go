// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"strings"
	"testing"

	"github.com/modelvet/modelvet/artifact"
)

func TestReferences(t *testing.T) {
	sha := "sha256:" + strings.Repeat("a", 64)
	for s, want := range map[string]artifact.Reference{
		"oci:layout":                     {Layout: "layout"},
		"oci:./a b/l:v1":                 {Layout: "./a b/l", Tag: "v1"},
		"oci:/x/y:z/l":                   {Layout: "/x/y:z/l"},
		"oci:/x@" + sha:                  {Layout: "/x", Digest: sha},
		"oci:/x@home/l:t":                {Layout: "/x@home/l", Tag: "t"},
		"registry.example/team/m:v1":     {Tag: "v1"},
		"localhost:5000/m:v1":            {Tag: "v1"},
		"127.0.0.1:5000/m@" + sha:        {Digest: sha},
		"registry.example/m:v1@" + sha:   {Digest: sha},
		"registry.example:443/a/b/c:1.0": {Tag: "1.0"},
	} {
		got, err := artifact.ParseReference(s)
		if err != nil || got.Layout != want.Layout || got.Tag != want.Tag || got.Digest != want.Digest || got.String() != s {
			t.Errorf("%q is %+v, %v; want %+v", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"oci:": "path is missing", "oci::v1": "path is missing", "oci:x:a b": "tag", "oci:x@sha256:12": "64 hex", "oci:x:": "tag",
		"model": "pack it first", "./model": "pack it first", "team/model:v1": "HOST/REPOSITORY", "": "HOST/REPOSITORY",
		"registry.example/m": "HOST/REPOSITORY:TAG", "registry.example/M:v1": "HOST/REPOSITORY:TAG", "oci:a\nb": "control", "registry.example/m@sha256:12": "sha256:<hex>",
	} {
		_, err := artifact.ParseReference(s)
		wantError(t, err, want)
	}
}

func FuzzReference(f *testing.F) {
	for _, s := range []string{"oci:l", "oci:l:t", "oci:l@sha256:" + strings.Repeat("0", 64), "h:1/r:t", "localhost/r@sha256:", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := artifact.ParseReference(s)
		if err == nil && r.String() != s {
			t.Errorf("%q became %q", s, r)
		}
		if err == nil && r.Layout == "" && r.Tag == "" && r.Digest == "" {
			t.Errorf("%q names nothing", s)
		}
	})
}
