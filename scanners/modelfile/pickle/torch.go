// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/binary"
	"slices"
	"strings"
)

// storage is one tensor storage that a stream refers to.
type storage struct {
	Elements int64
	Bytes    int64 // of one element, 0 when the type is not known
}

var storageBytes = map[string]int64{
	"DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "LongStorage": 8, "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1,
	"ByteStorage": 1, "BoolStorage": 1, "BFloat16Storage": 2, "ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "QUInt8Storage": 1,
	"QInt8Storage": 1, "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}

// storageID reads ('storage', torch.FloatStorage, key, location, elements).
func (m *machine) storageID(id *value) bool {
	tag, typ, key, n := id.item(0), id.item(1), id.item(2), id.item(4)
	if id.kind != kTuple || tag.kind != kStr || tag.s != "storage" || typ.kind != kGlobal || key.kind != kStr {
		return m.legacyID(id)
	}
	root, _, _ := strings.Cut(typ.x.name.module, ".")
	if root != "torch" || typ.x.verdict == dangerous || n.kind != kInt {
		return false
	}
	if m.storage == nil {
		m.storage = map[string]storage{}
	}
	m.storage[key.s] = storage{n.n, storageBytes[typ.x.name.attr]}
	return true
}

// legacyID reads ('module', class, file, source): the legacy format wraps each
// torch.nn class so, only to compare the source.
func (m *machine) legacyID(id *value) bool {
	tag, typ := id.item(0), id.item(1)
	return m.torch && id.kind == kTuple && tag.kind == kStr && tag.s == "module" && typ.kind == kGlobal && typ.x.verdict != dangerous
}

// rawStorages walks the raw storages behind the streams of the legacy format:
// a count and the elements of each, in the order of the sorted keys. It
// returns where the walk ended and whether everything was as announced.
func rawStorages(c *cursor, all map[string]storage) (int64, bool) {
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b, err := c.next(8)
		if err != nil || int64(binary.LittleEndian.Uint64(b)) != all[k].Elements || all[k].Elements < 0 || all[k].Bytes == 0 {
			return c.pos, false
		}
		if all[k].Elements > c.size || c.skip(uint64(all[k].Elements*all[k].Bytes)) != nil {
			return c.pos, false
		}
	}
	return c.pos, true
}
