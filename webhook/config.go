// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"path"
	"slices"
	"strings"
	"time"
)

// Mode says what an objection does in a namespace.
type Mode string

const (
	Enforce Mode = "enforce" // the object is refused
	Warn    Mode = "warn"    // the user is warned
	Observe Mode = "observe" // it is written down only
)

// Config is what the cluster's governance team demands. It comes from a file
// of theirs, never from the objects that are judged.
type Config struct {
	// Namespaces are read from the top; the first that matches counts. An
	// object in no namespace matches "*" alone. Without a match: denied.
	Namespaces []Namespace `json:"namespaces"`
	// Exceptions are references that cannot be checked and are let through, visibly.
	Exceptions []Exception `json:"exceptions"`
	// Revoked are digests of models, of signed decisions or of policies that count no more.
	Revoked []Revocation `json:"revoked"`
	// Policies are digests of policies whose decisions count, beside the one that is loaded.
	Policies []string `json:"policies"`
	// ReportURL is where a person reads about a rule; %s is its id.
	ReportURL string `json:"reportUrl"`
}

// Namespace is what one set of namespaces demands.
type Namespace struct {
	Match        []string `json:"match"` // names, with * as in a shell
	Stage        string   `json:"stage"`
	Mode         Mode     `json:"mode"`
	Repositories []string `json:"repositories"` // prefixes HOST/PATH; empty: any
	Inferred     string   `json:"inferred"`     // deny (default), warn, allow: what only looks like a model and cannot be checked
	Unresolved   string   `json:"unresolved"`   // deny (default), warn, allow: a model that cannot be checked
}

// Exception lets one reference through until a day.
type Exception struct {
	Reference  string    `json:"reference"`  // exactly as it stands in the object, or a prefix that ends in *
	Namespaces []string  `json:"namespaces"` // empty: all
	Reason     string    `json:"reason"`
	Until      time.Time `json:"until"`
}

// Revocation takes back what was signed.
type Revocation struct {
	Digest string `json:"digest"`
	Reason string `json:"reason"`
}

// demand is what holds in a namespace; without a match, everything is refused.
func (c Config) demand(namespace string) (Namespace, bool) {
	for _, n := range c.Namespaces {
		if slices.ContainsFunc(n.Match, func(p string) bool { return glob(p, namespace) }) {
			return n, true
		}
	}
	return Namespace{Mode: Enforce}, false
}

func glob(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

func (c Config) exception(namespace, value string, now time.Time) (Exception, bool) {
	for _, e := range c.Exceptions {
		prefix, many := strings.CutSuffix(e.Reference, "*")
		named := value == e.Reference || many && prefix != "" && strings.HasPrefix(value, prefix)
		here := len(e.Namespaces) == 0 || slices.ContainsFunc(e.Namespaces, func(p string) bool { return glob(p, namespace) })
		if named && here && now.Before(e.Until) {
			return e, true
		}
	}
	return Exception{}, false
}

func (c Config) revoked(digest string) (string, bool) {
	for _, r := range c.Revoked {
		if r.Digest == digest {
			return r.Reason, true
		}
	}
	return "", false
}
