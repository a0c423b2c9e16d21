// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// hdf5 checks the superblock and searches the bytes for what is dangerous in
// a Keras file. It does not follow the object tree, and says so.
// Source: HDF5 File Format Specification 3.0, section II.
func (w *walk) hdf5(it item) {
	end, err := hdf5End(it)
	if err != nil {
		w.broken(it, "hdf5", err)
	} else if end > uint64(it.size) {
		w.broken(it, "hdf5", fmt.Errorf("truncated: %d bytes, %d announced", it.size, end))
	} else if end < uint64(it.size) {
		w.find(it, "hdf5/trailing-bytes", warn, "bytes behind the end of the file that the superblock names", int64(end))
	}
	w.gap(it.path, "HDF5 is searched, not parsed: links, filters and attributes are not followed; convert the weights to safetensors")
	w.searchHDF5(it)
}

// hdf5End is the end-of-file address of the superblock.
func hdf5End(it item) (uint64, error) {
	b, err := readAll(it, 0, min(it.size, 96))
	if err != nil || len(b) < 48 {
		return 0, errors.New("truncated superblock")
	}
	size, at := int(b[13]), 40
	switch b[8] {
	case 0:
	case 1:
		at = 44
	case 2, 3:
		size, at = int(b[9]), 28
	default:
		return 0, fmt.Errorf("superblock version %d is not known", b[8])
	}
	if size != 8 || len(b) < at+8 {
		return 0, fmt.Errorf("addresses of %d bytes are not supported", size)
	}
	return binary.LittleEndian.Uint64(b[at:]), nil
}

// hdf5Signs are the byte strings that give the dangerous parts away.
var hdf5Signs = []struct {
	text, id, severity, what string
	cwe, cve                 string
}{
	{`"class_name": "Lambda"`, "hdf5/unsafe-layer", block, "a Lambda layer", "CWE-502", "CVE-2025-9905"},
	{`"class_name":"Lambda"`, "hdf5/unsafe-layer", block, "a Lambda layer", "CWE-502", "CVE-2025-9905"},
	{`"TFOpLambda"`, "hdf5/unsafe-layer", block, "a TFOpLambda layer", "CWE-502", "CVE-2024-3660"},
	{`"TorchModuleWrapper"`, "hdf5/unsafe-layer", block, "a TorchModuleWrapper", "CWE-502", "CVE-2025-49655"},
	{`"TFSMLayer"`, "hdf5/unsafe-layer", block, "a TFSMLayer", "CWE-502", "CVE-2024-3660"},
	{`enable_unsafe_deserialization`, "hdf5/unsafe-deserialization", block, "enable_unsafe_deserialization", "CWE-502", "CVE-2025-9906"},
	{`/etc/passwd`, "hdf5/external-storage", warn, "the name of a system file", "CWE-73", "CVE-2026-1669"},
	{`/proc/self`, "hdf5/external-storage", warn, "the name of a system file", "CWE-73", "CVE-2026-1669"},
}

func (w *walk) searchHDF5(it item) {
	if it.size > w.budget.Text {
		w.gap(it.path, "over budget: not searched")
		return
	}
	scanChunks(it, 0, 256, func(b []byte, off int64) bool {
		for _, s := range hdf5Signs {
			if i := bytes.Index(b, []byte(s.text)); i >= 0 {
				w.find(it, s.id, s.severity, s.what, off+int64(i), s.cwe, s.cve)
			}
		}
		return w.ctx.Err() == nil
	})
}
