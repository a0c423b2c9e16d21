// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"syscall"
	"testing"
)

// setFileUser changes whose files this thread, and only it, may read.
func setFileUser(uid int) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(uid), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// onDisk is how many bytes a file takes, which is less than its size when it
// has holes.
func onDisk(t testing.TB, name string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}
