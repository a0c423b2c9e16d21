// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"net"
	"regexp"
)

// quirk is what a registry is known to refuse although the distribution
// specification allows it. A registry that is not listed is asked for what the
// specification says, and what it refuses is remembered for the run.
type quirk struct {
	host       *regexp.Regexp
	monolithic bool // takes a blob in one request only
	why        string
}

// quirks were read in the issues and the sources of KitOps, skopeo and
// containers/image, which found them out one by one.
var quirks = []quirk{
	{regexp.MustCompile(`(^|\.)ghcr\.io$`), true, "answers 416 to a PATCH of more than 4 MiB"},
	{regexp.MustCompile(`\.pkg\.dev$`), true, "Artifact Registry has no chunked upload"},
	{regexp.MustCompile(`(^|\.)gcr\.io$`), true, "has no chunked upload"},
	{regexp.MustCompile(`\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)$`), true, "answers 201 after the first chunk"},
	{regexp.MustCompile(`^public\.ecr\.aws$`), true, "answers 201 after the first chunk"},
}

func monolithic(registry string) bool {
	if host, _, err := net.SplitHostPort(registry); err == nil {
		registry = host
	}
	for _, q := range quirks {
		if q.host.MatchString(registry) {
			return q.monolithic
		}
	}
	return false
}
