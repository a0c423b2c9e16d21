// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package artifact_test

import (
	"errors"
	"testing"
)

func setFileUser(int) error { return errors.ErrUnsupported }

func onDisk(testing.TB, string) int64 { return 0 }
