// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// A pipeline cannot state another source than the one its platform certified.
func TestProvenanceAgreesWithTheCertificateOfItsSigner(t *testing.T) {
	here, there := strings.Repeat("a", 40), strings.Repeat("b", 40)
	certified := origin{repository: "https://github.com/Acme/model", commit: here}
	dependencies := func(list string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"buildDefinition":{"resolvedDependencies":[%s]}}`, list))
	}
	git := func(uri, commit string) string {
		return fmt.Sprintf(`{"uri":%q,"digest":{"gitCommit":%q}}`, uri, commit)
	}
	data := `{"name":"train.csv","digest":{"sha256":"` + strings.Repeat("c", 64) + `"}}`
	for what, c := range map[string]struct {
		origin    origin
		predicate json.RawMessage
		kind      string
		why       string
	}{
		"the same":               {certified, dependencies(data + "," + git("git+https://github.com/acme/model@refs/heads/main", here)), modelvet.PredicateProvenance, ""},
		"with .git":              {certified, dependencies(git("git+https://github.com/acme/model.git@v1", here)), modelvet.PredicateProvenance, ""},
		"as SHA-1":               {certified, dependencies(`{"uri":"git+https://github.com/acme/model","digest":{"sha1":"` + here + `"}}`), modelvet.PredicateProvenance, ""},
		"without an address":     {certified, dependencies(`{"digest":{"gitCommit":"` + here + `"}}`), modelvet.PredicateProvenance, ""},
		"beside a submodule":     {certified, dependencies(git("git+https://github.com/other/lib", there) + "," + git("git+https://github.com/acme/model@main", here)), modelvet.PredicateProvenance, ""},
		"another commit":         {certified, dependencies(git("git+https://github.com/acme/model", there)), modelvet.PredicateProvenance, "and the provenance " + there},
		"another repository":     {certified, dependencies(git("git+https://github.com/evil/model@main", here)), modelvet.PredicateProvenance, "names the repository"},
		"no source":              {certified, dependencies(data), modelvet.PredicateProvenance, "and the provenance none"},
		"no dependencies at all": {certified, json.RawMessage(`{}`), modelvet.PredicateProvenance, "and the provenance none"},
		"another predicate":      {certified, json.RawMessage(`{}`), modelvet.PredicateScan, ""},
		"a person's certificate": {origin{}, dependencies(data), modelvet.PredicateProvenance, ""},
	} {
		err := c.origin.agrees(c.kind, c.predicate)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, expected %q", what, err, c.why)
		}
	}
}
