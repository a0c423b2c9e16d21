// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// chunk is how many bytes are in memory for one file at a time.
const chunk = 1 << 20

var (
	buffers = sync.Pool{New: func() any { b := make([]byte, chunk); return &b }}
	zeros   = make([]byte, chunk)
)

// errGrew is what a file says that was written to while it was read.
var errGrew = errors.New("the file changed while it was read; stop what writes to it and try again")

// copyFile copies the first size bytes of src into the empty file dst and
// returns their digest. Where the file system shares extents it clones, so
// that nothing is copied; elsewhere it reads once, hashing and writing each
// chunk. Holes stay holes. tell, when not nil, is told of the bytes done.
func copyFile(ctx context.Context, dst, src *os.File, size int64, tell func(int64)) (v1.Hash, error) {
	if clone(dst, src) {
		return hashFile(ctx, dst, size, tell)
	}
	if err := dst.Truncate(size); err != nil {
		return v1.Hash{}, explain(err)
	}
	return readSegments(ctx, src, size, dst, tell)
}

// hashFile returns the digest of the first size bytes of f.
func hashFile(ctx context.Context, f *os.File, size int64, tell func(int64)) (v1.Hash, error) {
	return readSegments(ctx, f, size, nil, tell)
}

// readSegments hashes f from its beginning to size, and writes what is not a
// hole to the same place of w. What was cut off meanwhile looks like a hole,
// so the size is asked for again at the end.
func readSegments(ctx context.Context, f *os.File, size int64, w io.WriterAt, tell func(int64)) (v1.Hash, error) {
	h := sha256.New()
	for at := int64(0); at < size; {
		from, to := segment(f, at, size)
		if err := hashZeros(ctx, h, from-at, tell); err != nil {
			return v1.Hash{}, err
		}
		if err := readSegment(ctx, h, f, from, to, w, tell); err != nil {
			return v1.Hash{}, err
		}
		at = to
	}
	if info, err := f.Stat(); err != nil || info.Size() != size {
		return v1.Hash{}, short(err)
	}
	return sum(h), nil
}

func hashZeros(ctx context.Context, h hash.Hash, n int64, tell func(int64)) error {
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := min(n, chunk)
		h.Write(zeros[:part])
		n -= part
		report(tell, part)
	}
	return nil
}

func readSegment(ctx context.Context, h hash.Hash, f *os.File, at, end int64, w io.WriterAt, tell func(int64)) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for at < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := (*buf)[:min(end-at, chunk)]
		if n, err := f.ReadAt(b, at); n < len(b) {
			return short(err)
		}
		if err := hashAndWrite(h, b, w, at); err != nil {
			return explain(err)
		}
		at += int64(len(b))
		report(tell, int64(len(b)))
	}
	return nil
}

// hashAndWrite does both at once, on two cores, and lets the disk begin while
// the next chunk is read: the flush at the end is then short.
func hashAndWrite(h hash.Hash, b []byte, w io.WriterAt, at int64) error {
	if w == nil {
		h.Write(b)
		return nil
	}
	var hashing sync.WaitGroup
	hashing.Go(func() { h.Write(b) })
	_, err := w.WriteAt(b, at)
	if f, ok := w.(*os.File); ok && err == nil {
		startWriteback(f, at, int64(len(b)))
	}
	hashing.Wait()
	return err
}

func short(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errGrew
	}
	return err
}

// explain adds what a person can do about a full disk.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: free some space, or choose another folder for the output", err)
	}
	return err
}

func report(tell func(int64), n int64) {
	if tell != nil {
		tell(n)
	}
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

// copyStream copies a stream that should be d to w, and fails when it is not:
// w then holds bytes that must be thrown away. When w is a file, whole chunks
// of zeros become holes.
//
// Each chunk is hashed on one core while another writes it and reads the next.
func copyStream(ctx context.Context, w io.Writer, r io.Reader, d v1.Descriptor, tell func(int64)) (int64, error) {
	return copyOn(ctx, w, r, d, sha256.New(), 0, tell)
}

// copyOn goes on after n bytes, which h has seen.
func copyOn(ctx context.Context, w io.Writer, r io.Reader, d v1.Descriptor, h hash.Hash, n int64, tell func(int64)) (int64, error) {
	this, other := buffers.Get().(*[]byte), buffers.Get().(*[]byte)
	var hashing sync.WaitGroup
	defer func() {
		hashing.Wait()
		buffers.Put(this)
		buffers.Put(other)
	}()
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := io.ReadFull(r, *this)
		if n += int64(k); n > d.Size {
			return n, fmt.Errorf("%w: more than the %d bytes that it is listed with", ErrChanged, d.Size)
		}
		b := (*this)[:k]
		hashing.Wait() // of the chunk before
		hashing.Go(func() { h.Write(b) })
		if werr := writeSparse(w, b); werr != nil {
			return n, explain(werr)
		}
		report(tell, int64(k))
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return n, err
		}
		this, other = other, this
	}
	hashing.Wait()
	return n, checkContent(sum(h), n, d)
}

func checkContent(h v1.Hash, n int64, d v1.Descriptor) error {
	if n != d.Size {
		return fmt.Errorf("%w: %d bytes, it is listed with %d", ErrChanged, n, d.Size)
	}
	if h != d.Digest {
		return fmt.Errorf("%w: it hashes to %s", ErrChanged, h)
	}
	return nil
}

func writeSparse(w io.Writer, b []byte) error {
	if f, ok := w.(*os.File); ok && len(b) == chunk && bytes.Equal(b, zeros) {
		at, err := f.Seek(chunk, io.SeekCurrent)
		if err != nil {
			return err
		}
		return f.Truncate(at)
	}
	_, err := w.Write(b)
	return err
}
