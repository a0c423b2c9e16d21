// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package artifact_test

import "errors"

func setFileUser(int) error { return errors.ErrUnsupported }
