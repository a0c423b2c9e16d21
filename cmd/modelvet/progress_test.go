// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet/artifact"
)

func TestProgressLine(t *testing.T) {
	got := line(200, "sub/model.safetensors", 1_500_000_000, 3_000_000_000, 3*time.Second)
	want := "[##########..........]  50%  1.5 GB of 3.0 GB  500.0 MB/s  model.safetensors"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := line(30, "x", 1, 0, 0); len(got) > 29 {
		t.Errorf("%d columns", len(got))
	}
	if got := line(200, "\x1b[2J", 1, 2, time.Second); strings.Contains(got, "\x1b") {
		t.Error("a file name steers the terminal")
	}
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	p := (&terminal{err: &out}).progress()
	if o := p.watch(artifact.Options{}); o.Progress != nil || o.Begin != nil {
		t.Error("somebody is told")
	}
	p.end()
	if out.Len() > 0 {
		t.Errorf("%q", &out)
	}
}
