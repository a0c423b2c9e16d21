// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"

	"github.com/modelvet/modelvet"
)

// piece is what one resource of a model signature covers: a file, or a part
// of one from start to end (not included).
type piece struct {
	name       string
	start, end int64
	whole      bool
}

// pieces says how a file is cut. most bounds their number: a tiny shard_size
// must not make a large file endless.
func (p modelPredicate) pieces(f modelvet.File, most int) ([]piece, error) {
	if p.Serialization.Method == methodFiles {
		return []piece{{f.Path, 0, f.Size, true}}, nil
	}
	size := int64(p.Serialization.ShardSize)
	if f.Size/size > int64(most) {
		return nil, fmt.Errorf("%q has more shards than are signed", f.Path)
	}
	var out []piece // none for an empty file, as the specification has it
	for start := int64(0); start < f.Size; start += size {
		end := min(start+size, f.Size)
		out = append(out, piece{fmt.Sprintf("%s:%d:%d", f.Path, start, end), start, end, end-start == f.Size})
	}
	return out, nil
}

// job is one piece of one file to be hashed.
type job struct {
	file modelvet.File
	piece
}

// compareFiles names the first few differences.
func compareFiles(ctx context.Context, p modelPredicate, files []modelvet.File, fsys fs.FS) error {
	signed := map[string]string{}
	for _, r := range p.Resources {
		signed[r.Name] = r.Digest
	}
	var diff []string
	var jobs []job
	var want []string
	for _, f := range files {
		cut, err := p.pieces(f, len(p.Resources))
		if err != nil && !p.allowUnsigned {
			diff = append(diff, err.Error())
		}
		for _, c := range cut {
			digest, ok := signed[c.name]
			delete(signed, c.name)
			switch {
			case ok:
				jobs, want = append(jobs, job{f, c}), append(want, digest)
			case !p.allowUnsigned:
				diff = append(diff, p.unsigned(f.Path, c.name))
			}
		}
	}
	got, err := p.hashAll(ctx, fsys, jobs, p.workers)
	if err != nil {
		return err
	}
	for i := range jobs {
		if got[i] != want[i] {
			diff = append(diff, fmt.Sprintf("%q changed since", jobs[i].name))
		}
	}
	for name := range signed {
		diff = append(diff, fmt.Sprintf("%q is missing", name))
	}
	return differences(diff)
}

// hashAll hashes pieces side by side, the large ones first, so that none is
// left over at the end.
func (p modelPredicate) hashAll(ctx context.Context, fsys fs.FS, jobs []job, workers int) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(jobs[b].end-jobs[b].start, jobs[a].end-jobs[a].start)
	})
	out := make([]string, len(jobs))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(workersOr(workers), len(jobs)) {
		wait.Go(func() {
			buffer := make([]byte, step)
			for n := next.Add(1) - 1; n < int64(len(order)) && ctx.Err() == nil; n = next.Add(1) - 1 {
				i := order[n]
				var err error
				if out[i], err = p.digest(ctx, jobs[i].file, jobs[i].piece, fsys, buffer); err != nil {
					cancel(err)
				}
			}
		})
	}
	wait.Wait()
	return out, context.Cause(ctx)
}

// step is how much of a file is in memory at a time.
const step = 1 << 20

func (p modelPredicate) unsigned(path, name string) string {
	if ignored(path, p.Serialization.IgnorePaths) {
		return fmt.Sprintf("%q is not signed (the signature ignores it)", name)
	}
	return fmt.Sprintf("%q is not signed, or there twice", name)
}

func differences(diff []string) error {
	if len(diff) == 0 {
		return nil
	}
	slices.Sort(diff)
	const most = 5
	if more := len(diff) - most; more > 0 {
		diff = append(diff[:most], fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(diff, "; "))
}

// digest is the digest of a piece: known already, or computed from its bytes.
func (p modelPredicate) digest(ctx context.Context, f modelvet.File, c piece, fsys fs.FS, buffer []byte) (string, error) {
	if c.whole && p.Serialization.HashType == hashSHA256 && f.Digest != "" {
		return strings.TrimPrefix(f.Digest, "sha256:"), nil
	}
	if fsys == nil {
		return "", unverified("it covers %q in a way that its SHA-256 does not show (%s, %s): the bytes are needed to check it",
			f.Path, p.Serialization.Method, p.Serialization.HashType)
	}
	h, err := newHash(p.Serialization.HashType)
	if err != nil {
		return "", err
	}
	if err := hashRange(ctx, h, fsys, f.Path, f.Size, c, buffer); err != nil {
		return "", unverified("reading %q: %w", f.Path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func newHash(kind string) (hash.Hash, error) {
	switch kind {
	case hashSHA256:
		return sha256.New(), nil
	case hashBLAKE2b:
		return blake2b.New512(nil)
	case hashBLAKE3:
		return blake3.New(), nil
	}
	return nil, fmt.Errorf("there is no hash %.40q", kind)
}

// hashRange hashes a piece of a file that is said to have size bytes, and has
// to end there.
func hashRange(ctx context.Context, h hash.Hash, fsys fs.FS, path string, size int64, c piece, buffer []byte) error {
	f, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := skip(f, c.start); err != nil {
		return err
	}
	left := c.end - c.start
	for left > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyBuffer(h, io.LimitReader(f, min(left, step)), buffer)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		left -= n
	}
	if c.end < size {
		return nil
	}
	if n, err := f.Read(buffer[:1]); n > 0 || !errors.Is(err, io.EOF) {
		return errors.Join(err, fmt.Errorf("it is longer than %d bytes", size))
	}
	return nil
}

func skip(f fs.File, n int64) error {
	if s, ok := f.(io.Seeker); ok {
		_, err := s.Seek(n, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, f, n)
	return err
}
