// SPDX-License-Identifier: Apache-2.0

package modelvet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/modelvet/modelvet"

// house says which room may name which room and which foreign library. A room
// that is not here may not exist; docs/architecture.md draws it.
var house = map[string][]string{
	"":             {},
	"schemas":      {"", "github.com/santhosh-tekuri/jsonschema/v5", "go.yaml.in/yaml/v3"},
	"artifact":     {"", "github.com/google/go-containerregistry", "github.com/klauspost/compress", "golang.org/x/sys", "golang.org/x/sync"},
	"dataset":      {"", "github.com/apache/arrow-go/v18", "github.com/duckdb/duckdb-go/v2", "github.com/trinodb/trino-go-client"},
	"scanners":     {"", "scanners/*"},
	"scanners/*":   {"", "dataset", "scanners/*/*", "gonum.org/v1/gonum"},
	"scanners/*/*": {"", "scanners/*/*", "gonum.org/v1/gonum"},
	"lineage":      {"", "lineage/*"},
	"lineage/*":    {""},
	"attest": {"", "schemas", "github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4", "github.com/in-toto/in-toto-golang", "github.com/in-toto/attestation",
		"github.com/secure-systems-lab/go-securesystemslib", "github.com/sigstore/protobuf-specs",
		"github.com/sigstore/sigstore", "github.com/sigstore/sigstore-go", "github.com/zeebo/blake3", "golang.org/x/crypto", "google.golang.org/protobuf"},
	"bom":         {"", "github.com/CycloneDX/cyclonedx-go"},
	"policies":    {"", "schemas", "github.com/open-policy-agent/opa"},
	"documents":   {"", "schemas", "documents/*", "go.yaml.in/yaml/v3"},
	"documents/*": {"go.yaml.in/yaml/v3"},
	"controls":    {"", "schemas", "controls/*", "go.yaml.in/yaml/v3"},
	"controls/*":  {"", "controls"},
	"gate":        {"", "schemas", "artifact", "scanners", "lineage", "attest", "bom", "policies", "controls", "documents", "golang.org/x/sys"},
	"reports": {"", "codeberg.org/go-fonts/dejavu", "codeberg.org/go-fonts/liberation", "github.com/boombuler/barcode", "github.com/jung-kurt/gofpdf",
		"github.com/klauspost/compress", "golang.org/x/image", "golang.org/x/text", "documents/*", "reports/*"},
	"reports/*": {"", "reports/*", "github.com/jung-kurt/gofpdf", "github.com/digitorus/pkcs7", "github.com/digitorus/timestamp"},
	"webhook":   {"", "webhook/*", "k8s.io/api", "k8s.io/apimachinery", "golang.org/x/sync"},
	"webhook/*": {"", "go.yaml.in/yaml/v3"},
	"charts":    {"go.yaml.in/yaml/v3"},
	"pipeline":  {""},
	"release":   {"github.com/CycloneDX/cyclonedx-go", "github.com/google/go-containerregistry", "golang.org/x/crypto"},
	"cmd/*":     {"", "schemas", "artifact", "scanners", "attest", "bom", "policies", "controls", "controls/*", "documents", "gate", "reports", "reports/*", "webhook", "webhook/*", "charts", "pipeline", "release", "github.com/spf13/cobra", "golang.org/x/term"},
}

func TestHouse(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		checkRoom(t, fields[0], fields[1:])
	}
}

func checkRoom(t *testing.T, pkg string, imports []string) {
	t.Helper()
	may, ok := house[room(pkg)]
	if !ok {
		t.Errorf("%s stands in no room of the house; give it one in house_test.go and docs/architecture.md", pkg)
	}
	for _, imp := range imports {
		if !strings.Contains(strings.Split(imp, "/")[0], ".") {
			continue // standard library
		}
		if !slices.ContainsFunc(may, func(m string) bool { return allows(m, imp) }) {
			t.Errorf("%s may not import %s", pkg, imp)
		}
	}
}

func allows(may, imp string) bool {
	if imp == module || strings.HasPrefix(imp, module+"/") {
		return room(imp) == may
	}
	return may != "" && (imp == may || strings.HasPrefix(imp, may+"/"))
}

// room names the room of a package: children of one room are all "room/*".
func room(pkg string) string {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/"), "/")
	for i := range parts[1:] {
		parts[i+1] = "*"
	}
	return strings.Join(parts, "/")
}

func TestHouseRefuses(t *testing.T) {
	for _, c := range [][2]string{
		{module + "/policies", module + "/scanners"}, {module, "github.com/spf13/cobra"},
		{module + "/scanners/fairness", module + "/scanners/poisoning"}, {module + "/artifact", module + "/gate"},
	} {
		if room(c[0]) == room(c[1]) {
			continue
		}
		if slices.ContainsFunc(house[room(c[0])], func(m string) bool { return allows(m, c[1]) }) {
			t.Errorf("%s could import %s", c[0], c[1])
		}
	}
}

// The house stays readable: a licence line in every Go file, no file over 400 lines.
func TestFiles(t *testing.T) {
	err := filepath.WalkDir(".", func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
			return err
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if !strings.Contains(strings.SplitN(string(src), "\n", 2)[0]+" ", "SPDX-License-Identifier: Apache-2.0") {
			t.Errorf("%s: the first line is not the licence", p)
		}
		if n := strings.Count(string(src), "\n"); n > 400 && !strings.HasSuffix(p, "_test.go") {
			t.Errorf("%s: %d lines; split it, 400 is the most", p, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
