// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxRatio bounds how much more an archive may unpack to than it has; text
	// compresses to a tenth, a bomb to a thousandth.
	maxRatio = 200
	minBound = 64 << 20
	// maxWindow is the most that a zstd stream may make its reader hold: what
	// `zstd -19` asks for; that of --ultra and --long is refused.
	maxWindow = 8 << 20
)

// unpack extracts a layer that is an archive. The archive is stored and hashed
// before the first of its files appears.
func (a *Artifact) unpack(ctx context.Context, root *os.Root, l layer, tell func(int64)) error {
	name := ".partial-" + rand.Text()
	w, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return explain(err)
	}
	defer root.Remove(name)
	defer w.Close()
	if err := fill(ctx, w, l.desc, tell, fromSource(a.source, l.desc)); err != nil {
		return err
	}
	r := io.Reader(io.NewSectionReader(w, 0, l.Size))
	switch l.archive {
	case "tar":
	case "tar+gzip":
		if r, err = gzip.NewReader(r); err != nil {
			return err
		}
	case "tar+zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	default:
		return fmt.Errorf("%s archives are not unpacked; extract it with the tool that packed it", l.archive)
	}
	bound := max(l.Size*maxRatio, minBound)
	return untar(ctx, root, &bounded{r, bound}, bound)
}

var errBomb = errors.New("the archive unpacks to far more than it has; it is taken for a decompression bomb")

// bounded fails where an io.LimitReader would pretend that the stream ends.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errBomb
	}
	return n, err
}

func untar(ctx context.Context, root *os.Root, r io.Reader, bound int64) error {
	t := tar.NewReader(r)
	for range maxFiles {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		if bound -= h.Size; bound < 0 { // a sparse file claims what it does not hold
			return errBomb
		}
		if err := untarEntry(ctx, root, t, h); err != nil {
			return fmt.Errorf("unpacking %q: %w", h.Name, err)
		}
	}
	return fmt.Errorf("the archive holds more than %d files", maxFiles)
}

func untarEntry(ctx context.Context, root *os.Root, t *tar.Reader, h *tar.Header) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	p := path.Clean(h.Name)
	if p == "." && h.Typeflag == tar.TypeDir {
		return nil
	}
	if err := checkName(p); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(p, 0o755)
	case tar.TypeReg, tar.TypeGNUSparse:
		return untarFile(ctx, root, t, p, h)
	}
	return fmt.Errorf("entries of type %q are not unpacked: links and devices can lead out of the folder", h.Typeflag)
}

func untarFile(ctx context.Context, root *os.Root, t *tar.Reader, p string, h *tar.Header) error {
	if err := root.MkdirAll(path.Dir(p), 0o755); err != nil {
		return explain(err)
	}
	mode := os.FileMode(0o644)
	if h.Mode&0o111 != 0 {
		mode = 0o755
	}
	w, err := root.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return explain(err)
	}
	_, err = io.Copy(w, readerWith(ctx, t))
	if err = errors.Join(err, w.Close()); err != nil {
		root.Remove(p)
	}
	return explain(err)
}

// readerWith ends a copy when ctx does.
func readerWith(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
