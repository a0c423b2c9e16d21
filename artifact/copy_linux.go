// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// clone makes dst share the extents of src, where the file system can (btrfs,
// XFS, bcachefs, OverlayFS above them). It never links: writing to one file
// later leaves the other as it is.
func clone(dst, src *os.File) bool {
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil
}

// segment returns the next part of f at or after at, below size, that is not a
// hole. A file system that knows no holes has none.
func segment(f *os.File, at, size int64) (from, to int64) {
	from, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return size, size
	}
	if err != nil {
		return at, size
	}
	if from >= size {
		return size, size
	}
	to, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE)
	if err != nil || to > size || to <= from {
		to = size
	}
	return from, to
}

// startWriteback only asks; whether the bytes are on the disk is for Sync to say.
func startWriteback(f *os.File, at, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
}
