// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// containerd mounts what has other layers than those of images as an empty folder.
func TestTyped(t *testing.T) {
	for manifest, want := range map[string]bool{
		`{"layers":[{"mediaType":"application/vnd.cncf.model.weight.v1.raw"}]}`:                                                                      true,
		`{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar"},{"mediaType":"application/vnd.cncf.model.doc.v1.raw"}]}`:                  true,
		`{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"},{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip"}]}`: false,
		`{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar"}],"artifactType":"application/vnd.cncf.model.manifest.v1+json"}`:           false,
		`{"layers":[]}`: false, `no JSON`: false,
	} {
		if got := typed([]byte(manifest)); got != want {
			t.Errorf("%s: %v", manifest, got)
		}
	}
}
