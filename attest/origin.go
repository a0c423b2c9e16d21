// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"github.com/modelvet/modelvet"
)

// origin is what the certificate of a pipeline says of the source it ran for:
// the platform said so in the identity token, and Fulcio wrote it down
// (sigstore/fulcio, docs/oid-info.md, 1.3.6.1.4.1.57264.1.12 and .13).
type origin struct{ repository, commit string }

func originOf(x certificate.Extensions) origin {
	return origin{repository: x.SourceRepositoryURI, commit: x.SourceRepositoryDigest}
}

// agrees holds a provenance (SLSA v1) against the certificate of its signer. What
// a pipeline says of its own source is not believed against what its platform
// said of it: whoever runs in a pipeline writes the statement, and not the certificate.
func (o origin) agrees(predicateType string, predicate json.RawMessage) error {
	if predicateType != modelvet.PredicateProvenance || o.commit == "" {
		return nil
	}
	var p struct {
		BuildDefinition struct {
			ResolvedDependencies []Descriptor `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
	}
	if err := json.Unmarshal(predicate, &p); err != nil {
		return fmt.Errorf("predicate: %w", err)
	}
	var named []string
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		for _, algorithm := range []string{"gitCommit", "sha1"} {
			switch got := d.Digest[algorithm]; {
			case got == "":
			case got == o.commit && o.repository != "" && d.URI != "" && repositoryIn(d.URI) != repositoryIn(o.repository):
				return fmt.Errorf("the certificate of its signer names the repository %s, and the provenance %s", printable(clip(o.repository)), printable(clip(d.URI)))
			case got == o.commit:
				return nil
			default:
				named = append(named, printable(clip(got)))
			}
		}
	}
	if len(named) == 0 {
		return errors.New("the certificate of its signer names the commit " + printable(clip(o.commit)) + ", and the provenance none")
	}
	return fmt.Errorf("the certificate of its signer names the commit %s, and the provenance %s", printable(clip(o.commit)), strings.Join(named, ", "))
}

// repositoryIn is a repository's address without what differs between the
// ways to write it: "git+", a reference, ".git", a slash, capitals.
func repositoryIn(uri string) string {
	uri = strings.TrimPrefix(strings.ToLower(uri), "git+")
	if scheme, rest, ok := strings.Cut(uri, "://"); ok {
		if at := strings.LastIndex(rest, "@"); at > strings.Index(rest, "/") {
			rest = rest[:at]
		}
		uri = scheme + "://" + rest
	}
	return strings.TrimSuffix(strings.TrimSuffix(uri, "/"), ".git")
}
