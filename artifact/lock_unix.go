// SPDX-License-Identifier: Apache-2.0

//go:build unix

package artifact

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the writer's lock of an open folder. The system gives it back
// when the process ends, however it ends.
func tryLock(dir *os.File) (bool, error) {
	err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOSYS) {
		return true, nil // some network file systems have no locks
	}
	return err == nil, err
}
