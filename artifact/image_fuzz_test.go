// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Whatever the configuration of an image says, each file lies inside its layer
// and below the folder.
func FuzzImage(f *testing.F) {
	h := hashBytes(nil)
	f.Add([]byte(`{"rootfs":{"type":"layers","diff_ids":["` + h.String() + `"]},"io.github.modelvet.model":{"files":[{"path":"a/b","kind":"code","digest":"` + h.String() + `","size":3,"layer":0,"offset":512}]}}`))
	f.Add([]byte(`{"rootfs":{"diff_ids":["` + h.String() + `"]},"io.github.modelvet.model":{"files":[{"path":"../b","kind":"code","digest":"` + h.String() + `","size":9223372036854775807,"offset":9223372036854775296}]}}`))
	m := v1.Manifest{Layers: []v1.Descriptor{{MediaType: types.OCIUncompressedLayer, Digest: h, Size: 2048}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, layers, err := parseImage(raw, m)
		if err != nil {
			return
		}
		for _, l := range layers {
			if l.offset < 0 || l.Size < 0 || l.offset+l.Size > 2048 || checkName(l.Path) != nil {
				t.Errorf("%+v", l)
			}
		}
	})
}
