#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The rule pack in the hands of others: plain `opa eval` and conftest give the
# engine's answers on good evidence, on none, and on evidence that each rule
# objects to. Both peers are built from the Go module proxy into the user's
# cache folder, at pinned versions.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/bin"
mkdir -p "$bin"
install() { # install NAME PACKAGE VERSION
  if [ -x "$bin/$1" ] && go version -m "$bin/$1" | grep -q "mod.*${2%%@*}.*$3"; then return; fi
  echo "interop-policies: building $1 $3"
  (cd / && GOBIN="$bin" GOFLAGS=-trimpath go install "$2@$3")
}
install opa github.com/open-policy-agent/opa v1.22.2
install conftest github.com/open-policy-agent/conftest v0.71.1
go test -tags interop -count=1 -run Interop ./policies/...
