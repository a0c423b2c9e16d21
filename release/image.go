// SPDX-License-Identifier: Apache-2.0

package release

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user is who runs in the image, as in distroless images: not root.
const user = "65532:65532"

// Image writes an OCI layout with one index over the Linux programs, and
// returns the digest of the index. The image holds the program, the root
// certificates of Mozilla, two accounts, a home and a /tmp; no shell, no
// packages, and no base image that would have to be trusted.
func (r Release) Image(dir string) (digest string, err error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	index, err := r.index()
	if err != nil {
		return "", fmt.Errorf("making the image: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the image: %w", err)
	}
	path, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": strings.TrimPrefix(r.Version, "v")}))
	}
	if err != nil {
		return "", fmt.Errorf("making the image: %w", err)
	}
	d, err := index.Digest()
	return d.String(), err
}

func (r Release) index() (v1.ImageIndex, error) {
	files, err := r.layer(r.ground)
	if err != nil {
		return nil, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	n := 0
	for _, p := range r.Programs {
		if p.OS != "linux" {
			continue
		}
		image, err := r.image(p, files)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Platform(), err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.OS, Architecture: p.Arch}}})
		n++
	}
	if n == 0 {
		return nil, errors.New("no program is for linux")
	}
	return mutate.Annotations(index, r.labels()).(v1.ImageIndex), nil
}

func (r Release) image(p Program, ground v1.Layer) (v1.Image, error) {
	program, err := r.layer(func(t *tar.Writer) error {
		if err := t.WriteHeader(r.header("usr/local/bin/", 0o755, 0)); err != nil {
			return err
		}
		for _, l := range p.Libraries { // where the loader looks, and the loader itself
			if err := r.addFile(t, "lib/"+filepath.Base(l), l); err != nil {
				return err
			}
		}
		return r.addFile(t, "usr/local/bin/modelvet", p.Path)
	})
	if err != nil {
		return nil, err
	}
	made := v1.Time{Time: r.At.UTC().Truncate(time.Second)}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: ground, History: v1.History{Created: made, CreatedBy: "accounts, /tmp, Mozilla's root certificates"}},
		mutate.Addendum{Layer: program, History: v1.History{Created: made, CreatedBy: "scripts/release.sh " + r.Version}})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = p.OS, p.Arch, made
	file.Config = v1.Config{
		User: user, WorkingDir: "/work", Entrypoint: []string{"/usr/local/bin/modelvet"}, Cmd: []string{"--help"},
		Env:    []string{"PATH=/usr/local/bin", "HOME=/home/nonroot", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		Labels: r.labels(),
	}
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return nil, err
	}
	return mutate.Annotations(image, r.labels()).(v1.Image), nil
}

func (r Release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title": "modelvet", "org.opencontainers.image.description": "The release gate for machine-learning models",
		"org.opencontainers.image.source": "https://github.com/modelvet/modelvet", "org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.version": strings.TrimPrefix(r.Version, "v"), "org.opencontainers.image.created": r.At.UTC().Format(time.RFC3339),
	}
}

// layer is compressed each time it is read, so that no program is in memory.
func (r Release) layer(fill func(*tar.Writer) error) (v1.Layer, error) {
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		read, write := io.Pipe()
		go func() {
			t := tar.NewWriter(write)
			err := fill(t)
			write.CloseWithError(errors.Join(err, t.Close()))
		}()
		return read, nil
	}, tarball.WithMediaType(types.OCILayer))
}

// ground is what every image of modelvet stands on.
func (r Release) ground(t *tar.Writer) error {
	roots, err := certificates()
	if err != nil {
		return err
	}
	for _, d := range []struct {
		name string
		mode int64
		uid  int
	}{{"etc/", 0o755, 0}, {"etc/ssl/", 0o755, 0}, {"etc/ssl/certs/", 0o755, 0}, {"home/", 0o755, 0}, {"home/nonroot/", 0o700, 65532}, {"tmp/", 0o1777, 0}, {"work/", 0o755, 65532}} {
		h := r.header(d.name, d.mode, 0)
		h.Uid, h.Gid = d.uid, d.uid
		if err := t.WriteHeader(h); err != nil {
			return err
		}
	}
	return errors.Join(
		r.addBytes(t, "etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")),
		r.addBytes(t, "etc/group", []byte("root:x:0:\nnonroot:x:65532:\n")),
		r.addBytes(t, "etc/nsswitch.conf", []byte("hosts: files dns\n")),
		r.addBytes(t, "etc/ssl/certs/ca-certificates.crt", roots),
		r.addBytes(t, "LICENSE", r.Licence), r.addBytes(t, "THIRD-PARTY-LICENSES", r.Others))
}

// certificates are Mozilla's, as golang.org/x/crypto has them. Those that
// Mozilla trusts with constraints only are left out: a PEM file cannot say so.
func certificates() ([]byte, error) {
	var out bytes.Buffer
	n := 0
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
		n++
	}
	if n < 50 {
		return nil, fmt.Errorf("%d root certificates: the bundle is not whole", n)
	}
	return out.Bytes(), nil
}
