// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// lightgbmFile reads LightGBM's text format: a header, trees of the announced
// lengths, parameters, and the categories of pandas.
type lightgbmFile struct {
	w      *walk
	it     item
	r      *bufio.Reader
	pos    int64
	sizes  []int64 // announced bytes of each tree
	leaves int
	trees  int
}

func (w *walk) lightgbm(it item) {
	if it.size > w.budget.Text {
		w.gap(it.path, "over budget: a text model of this size")
		return
	}
	f := &lightgbmFile{w: w, it: it, r: bufio.NewReaderSize(it.reader(), 1<<20)}
	if err := f.read(); err != nil {
		w.broken(it, "lightgbm", err)
		w.hidden(it)
	}
}

// line returns the next line without its end; ok is false at the end of the file.
func (f *lightgbmFile) line() (string, bool, error) {
	if err := f.w.ctx.Err(); err != nil {
		return "", false, err
	}
	var out []byte
	for {
		part, err := f.r.ReadSlice('\n')
		f.pos += int64(len(part))
		if len(out)+len(part) > 64<<20 {
			return "", false, fmt.Errorf("%w: a line of more than 64 MiB", errBudget)
		}
		out = append(out, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, err
		}
		return strings.TrimRight(string(out), "\r\n"), len(out) > 0, nil
	}
}

func (f *lightgbmFile) read() error {
	if err := f.header(); err != nil {
		return err
	}
	for i, size := range f.sizes {
		if err := f.tree(i, size); err != nil {
			return err
		}
	}
	return f.rest()
}

func (f *lightgbmFile) header() error {
	for {
		s, ok, err := f.line()
		if err != nil || !ok {
			return errors.Join(err, errors.New("truncated header"))
		}
		if !plain([]byte(s)) {
			return fmt.Errorf("bytes that are no text before offset %d", f.pos)
		}
		key, val, _ := strings.Cut(s, "=")
		if key == "tree_sizes" {
			return f.treeSizes(val)
		}
		if s == "end of trees" || strings.HasPrefix(s, "Tree=") {
			return errors.New("no tree_sizes in the header")
		}
	}
}

func (f *lightgbmFile) treeSizes(val string) error {
	var sum int64
	for _, s := range strings.Fields(val) {
		n, err := strconv.ParseInt(s, 10, 63)
		if err != nil || n <= 0 || n > f.it.size {
			return fmt.Errorf("a tree size of %q", clip(s))
		}
		if sum += n; sum > f.it.size || len(f.sizes) >= maxTrees {
			return fmt.Errorf("truncated: trees of %d bytes announced", sum)
		}
		f.sizes = append(f.sizes, n)
	}
	if s, _, err := f.line(); err != nil || s != "" {
		return errors.New("a blank line expected after the header")
	}
	return nil
}

// tree reads one tree of the announced length and checks its node indices.
func (f *lightgbmFile) tree(i int, size int64) error {
	end := f.pos + size
	var left, right []int32
	leaves := int64(-1)
	for f.pos < end {
		s, ok, err := f.line()
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("truncated in tree %d", i))
		}
		if !plain([]byte(s)) {
			return fmt.Errorf("bytes that are no text before offset %d", f.pos)
		}
		key, val, _ := strings.Cut(s, "=")
		switch key {
		case "Tree":
			if val != strconv.Itoa(i) {
				return fmt.Errorf("tree %q where %d is expected", clip(val), i)
			}
		case "num_leaves":
			leaves, _ = strconv.ParseInt(val, 10, 32)
		case "left_child":
			left, err = indices(val)
		case "right_child":
			right, err = indices(val)
		}
		if err != nil {
			return fmt.Errorf("tree %d: %s: %w", i, key, err)
		}
	}
	if f.pos != end {
		return fmt.Errorf("tree %d is not %d bytes long", i, size)
	}
	if what := badLeaves(left, right, leaves); what != "" {
		f.w.find(f.it, "lightgbm/bad-tree", warn, fmt.Sprintf("tree %d: %s", i, what), end-size, "CWE-129")
		return fmt.Errorf("tree %d: %s", i, what)
	}
	return nil
}

func indices(s string) ([]int32, error) {
	var out []int32
	for _, w := range strings.Fields(s) {
		n, err := strconv.ParseInt(w, 10, 32)
		if err != nil || len(out) >= maxTreeNodes {
			return nil, fmt.Errorf("an index of %q", clip(w))
		}
		out = append(out, int32(n))
	}
	return out, nil
}

// badLeaves walks a tree whose leaves are written as ^index.
func badLeaves(left, right []int32, leaves int64) string {
	if len(left) == 0 && len(right) == 0 && leaves == 1 {
		return ""
	}
	if len(left) != len(right) || int64(len(left)) != leaves-1 || leaves < 2 {
		return fmt.Sprintf("%d inner nodes for %d leaves", len(left), leaves)
	}
	clean := func(in []int32) []int32 {
		out := make([]int32, len(in))
		for i, c := range in {
			if out[i] = c; c < 0 && int64(^c) < leaves {
				out[i] = -1
			}
		}
		return out
	}
	return badTree(clean(left), clean(right))
}

func (f *lightgbmFile) rest() error {
	ended, params := false, false
	last := ""
	for {
		s, ok, err := f.line()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if !plain([]byte(s)) {
			return fmt.Errorf("bytes that are no text before offset %d", f.pos)
		}
		ended = ended || s == "end of trees"
		params = params || s == "end of parameters"
		if strings.HasPrefix(s, "Tree=") {
			return errors.New("a tree that the header does not announce")
		}
		if s != "" {
			last = s
		}
	}
	if !ended || !params {
		return errors.New("truncated: no end of parameters")
	}
	return f.categories(last)
}

func (f *lightgbmFile) categories(last string) error {
	val, ok := strings.CutPrefix(last, "pandas_categorical:")
	if !ok {
		f.w.find(f.it, "lightgbm/no-categories", info, "no line about pandas categories at the end", f.pos)
		if last != "end of parameters" {
			return fmt.Errorf("truncated, or an unknown last line %q", clip(last))
		}
		return nil
	}
	if !json.Valid([]byte(val)) {
		return errors.New("truncated: the categories of pandas are no JSON")
	}
	return nil
}
