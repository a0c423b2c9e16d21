#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs cosign and model_signing into the cache and runs the interoperability
# tests of the room attest against them. Needs Go, Python 3 and, the first time,
# the package registries; compiling cosign takes some minutes.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
mkdir -p "$cache/bin"

if [ ! -x "$cache/bin/cosign" ]; then
	GOBIN="$cache/bin" go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
fi
if [ ! -x "$cache/model-signing/bin/model_signing" ]; then
	python3 -m venv "$cache/model-signing"
fi
# model-signing 1.1.1 imports OpenSSL and does not say so.
"$cache/model-signing/bin/python" -c 'import model_signing' 2>/dev/null ||
	"$cache/model-signing/bin/pip" install --quiet --disable-pip-version-check 'model-signing==1.1.1' pyopenssl

cd "$(dirname "$0")/.."
exec go test -count=1 -tags interop -run Interop ./attest/... "$@"
