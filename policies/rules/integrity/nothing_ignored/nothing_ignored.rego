# METADATA
# title: The model signature leaves nothing out
# description: |
#   The signature over the files ignores no path beyond version control and its own,
#   and follows no symbolic link. A path that a signature ignores is a path where
#   anybody may put a file.
# custom:
#   level: block
#   needs: [signature]
#   controls: [euaia-art-15.5, airmf-measure-2.7, iso42001-a.6.2.4, owasp-ml10-2023, atlas-aml.m0013]
#   remediation: Sign again without the ignored paths.
package policies.rules.integrity.nothing_ignored

import future.keywords.not

deny contains sprintf("the signature ignores %s", [path]) if {
	some path in input.signature.serialization.ignore_paths
	not _harmless(path)
}

deny contains "the signature allows symbolic links" if input.signature.serialization.allow_symlinks

_harmless(path) if regex.match(`(^|/)(\.git|\.gitignore|\.gitattributes|\.github|[^/]+\.sig|[^/]+\.sigstore\.json)$`, path)
