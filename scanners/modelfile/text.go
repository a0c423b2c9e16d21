// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// isText reads the whole item and tells whether it is UTF-8 text without
// control characters.
func (w *walk) isText(it item) (bool, error) {
	if it.size > w.budget.Text {
		return false, nil
	}
	buf := make([]byte, min(it.size, 256<<10)+utf8.UTFMax)
	r, kept := it.reader(), 0
	for {
		if err := w.ctx.Err(); err != nil {
			return false, err
		}
		n, err := io.ReadFull(r, buf[kept:])
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return false, fmt.Errorf("reading text: %w", err)
		}
		b := buf[:kept+n]
		used := wholeRunes(b, last)
		if !plain(b[:used]) {
			return false, nil
		}
		if last {
			return used == len(b), nil
		}
		kept = copy(buf, b[used:])
	}
}

// wholeRunes is the length of b without a rune that is cut at its end.
func wholeRunes(b []byte, last bool) int {
	if last {
		return len(b)
	}
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

func plain(b []byte) bool {
	for _, c := range [...]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31} {
		if c < 8 && bytes.IndexByte(b, c) >= 0 {
			return false
		}
	}
	return utf8.Valid(b)
}

var templateExtensions = map[string]bool{".jinja": true, ".jinja2": true, ".j2": true}

// template looks at a chat template in a file of its own.
func (w *walk) template(it item) {
	if ok, err := w.isText(it); err != nil || !ok || it.size > jsonKeep {
		w.gap(it.path, "parse error: no template of at most 1 MiB of text")
		w.hidden(it)
		return
	}
	b, err := readAll(it, 0, it.size)
	if err != nil {
		w.broken(it, "jinja", err)
		return
	}
	w.jinja(it, string(b), -1)
}

// yaml looks for tags with which a YAML reader makes Python objects, and for
// what Hydra would import.
func (w *walk) yaml(it item) {
	if ext := strings.ToLower(path.Ext(it.path)); ext != ".yaml" && ext != ".yml" {
		return
	}
	scanChunks(it, 0, 256, func(b []byte, off int64) bool {
		for _, tag := range []string{"!!python/", "tag:yaml.org,2002:python/"} {
			if i := bytes.Index(b, []byte(tag)); i >= 0 {
				w.find(it, "yaml/python-tag", block, tag, off+int64(i), "CWE-502")
			}
		}
		for rest, at := b, off; ; {
			i := bytes.Index(rest, []byte("_target_:"))
			if i < 0 {
				break
			}
			line, _, _ := bytes.Cut(rest[i+len("_target_:"):], []byte("\n"))
			w.hydra(it, strings.Trim(strings.TrimSpace(string(line)), `"'`), at+int64(i))
			rest, at = rest[i+9:], at+int64(i)+9
		}
		return w.ctx.Err() == nil
	})
}
