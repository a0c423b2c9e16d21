// SPDX-License-Identifier: Apache-2.0

//go:build interop

package bom

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// spdxRead has the bindings of the SPDX project, generated from the model of
// 3.0.1, read a document and write it again: both check types and what is required.
const spdxRead = `
import io, sys
from spdx_python_model import v3_0_1 as spdx
s = spdx.SHACLObjectSet()
with open(sys.argv[1], "rb") as f:
    spdx.JSONLDDeserializer().read(f, s)
spdx.JSONLDSerializer().write(s, io.BytesIO())
assert len(list(s.foreach_type(spdx.ai_AIPackage))) == 2
`

func TestInteropSPDXIsReadByItsOwnBindings(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(cache, "modelvet", "spdx", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Fatalf("%v: run scripts/interop-attest.sh", err)
	}
	good := write(t, FormatSPDX, source())
	for name, c := range map[string]struct {
		document []byte
		ok       bool
	}{
		"whole":            {good, true},
		"another property": {bytes.Replace(good, []byte(`"ai_limitation"`), []byte(`"ai_limits"`), 1), false},
		"another purpose":  {bytes.Replace(good, []byte(`"software_primaryPurpose": "model"`), []byte(`"software_primaryPurpose": "weights"`), 1), false},
	} {
		file := filepath.Join(t.TempDir(), "model.spdx.json")
		if err := os.WriteFile(file, c.document, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(python, "-c", spdxRead, file).CombinedOutput(); (err == nil) != c.ok {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
