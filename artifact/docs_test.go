// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that docs/artifacts.md names is there.
func TestEveryPromiseHasItsTest(t *testing.T) {
	page, err := os.ReadFile("../docs/artifacts.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, pattern := range []string{"*_test.go", "../attest/*_test.go", "../cmd/modelvet/*_test.go"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	found := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(string(page), -1)
	if len(found) < 40 {
		t.Errorf("the page names %d tests only", len(found))
	}
	for _, m := range found {
		if !strings.Contains(all.String(), "\nfunc "+m[1]+"(t *testing.T)") {
			t.Errorf("there is no %s", m[1])
		}
	}
}
