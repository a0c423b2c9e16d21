// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"archive/tar"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

func (w *walk) gzip(it item) {
	r, err := gzip.NewReader(it.reader())
	if err != nil {
		w.broken(it, "gzip", err)
		return
	}
	w.wrapped(it, "gzip", r, nil)
}

func (w *walk) bzip2(it item) { w.wrapped(it, "bzip2", bzip2.NewReader(it.reader()), nil) }

func (w *walk) zlib(it item) {
	src := &countingReader{r: it.reader()}
	r, err := zlib.NewReader(src)
	if err != nil {
		w.other(it)
		return
	}
	w.wrapped(it, "zlib", r, src)
}

// countingReader reads byte by byte for flate, so that what follows the
// compressed stream can be told.
type countingReader struct {
	r   *io.SectionReader
	buf [4096]byte
	i   int
	n   int
	pos int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	if c.i == c.n {
		n, err := c.r.Read(c.buf[:])
		if n == 0 {
			return 0, err
		}
		c.i, c.n = 0, n
	}
	n := copy(p, c.buf[c.i:c.n])
	c.i += n
	c.pos += int64(n)
	return n, nil
}

func (c *countingReader) ReadByte() (byte, error) {
	var b [1]byte
	_, err := c.Read(b[:])
	return b[0], err
}

// wrapped looks at what one compressed stream holds.
func (w *walk) wrapped(it item, name string, r io.Reader, src *countingReader) {
	sp, err := w.spool(r)
	defer sp.close()
	if err != nil && sp.size == 0 && name == "zlib" {
		w.other(it) // two bytes alone do not make it zlib
		return
	}
	inner := it
	inner.path, inner.r, inner.size, inner.depth = it.path+"!"+name, sp.r, sp.size, it.depth+1
	inner.weight, inner.torch, inner.storage, inner.again = true, false, 0, false
	w.bomb(it, sp.size, it.size)
	if err != nil {
		w.broken(it, name, fmt.Errorf("decompressing: %w", err))
	}
	w.inspect(inner)
	if src != nil && err == nil && src.pos < it.size {
		w.gap(it.path, fmt.Sprintf("%d bytes after the compressed data, from offset %d, are not understood", it.size-src.pos, src.pos))
		w.find(it, name+"/trailing-bytes", warn, "bytes after the compressed data", src.pos)
		w.hidden(it.section(it.path, src.pos, it.size-src.pos))
	}
}

func (w *walk) bomb(it item, full, packed int64) {
	if full > 10<<20 && packed > 0 && full/packed > 100 {
		w.find(it, "modelfile/compression-bomb", warn, fmt.Sprintf("%d bytes out of %d", full, packed), -1, "CWE-409")
	}
}

// tar looks at every member of a tar archive.
func (w *walk) tar(it item) {
	src := it.reader()
	r := tar.NewReader(src)
	seen := map[string]bool{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			w.tarRest(it, src)
			return
		}
		if err != nil {
			w.broken(it, "tar", err)
			w.hidden(it)
			return
		}
		if w.members--; w.members < 0 {
			w.gap(it.path, "over budget: too many members")
			return
		}
		w.tarMember(it, h, r, seen)
	}
}

// tarRest checks that the archive ended with its marker.
func (w *walk) tarRest(it item, src *io.SectionReader) {
	if pos, _ := src.Seek(0, io.SeekCurrent); it.size%512 != 0 || pos < 1024 {
		w.broken(it, "tar", fmt.Errorf("truncated: no end marker"))
	}
	end, err := readAll(it, max(0, it.size-1024), min(1024, it.size))
	if err != nil || strings.Trim(string(end), "\x00") != "" {
		w.broken(it, "tar", fmt.Errorf("truncated, or bytes behind the end marker"))
		w.hidden(it)
	}
}

func (w *walk) tarMember(it item, h *tar.Header, r io.Reader, seen map[string]bool) {
	m := it
	m.path, m.depth, m.weight, m.storage = it.path+"!"+clip(h.Name), it.depth+1, !textName(h.Name), 0
	w.memberName(m, h.Name)
	if seen[h.Name] {
		w.find(m, "tar/duplicate-member", warn, "two members of one name", -1, "CWE-694")
	}
	seen[h.Name] = true
	switch h.Typeflag {
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return
	case tar.TypeSymlink, tar.TypeLink:
		w.find(m, "tar/link", block, "a link to "+h.Linkname, -1, "CWE-59")
		return
	case tar.TypeReg:
	default:
		w.gap(m.path, fmt.Sprintf("unsupported: tar member of type %q", h.Typeflag))
		return
	}
	sp, err := w.spool(r)
	defer sp.close()
	if err != nil {
		w.broken(m, "tar", err)
	}
	m.r, m.size = sp.r, sp.size
	w.inspect(m)
}

// memberName checks that a member stays below the folder it is unpacked to.
func (w *walk) memberName(m item, name string) {
	slashed := strings.ReplaceAll(name, "\\", "/")
	drive := len(slashed) > 1 && slashed[1] == ':'
	clean := path.Clean(slashed)
	if strings.HasPrefix(slashed, "/") || drive || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(name, 0) {
		w.find(m, "modelfile/path-escape", block, name, -1, "CWE-22")
	}
}
