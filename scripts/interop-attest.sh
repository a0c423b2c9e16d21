#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs cosign, model_signing and the programs of a private Sigstore (Fulcio,
# Rekor v2, a time-stamp authority) into the cache and runs the interoperability
# tests of the rooms attest and bom against them, on loopback. Needs Go, Python 3 and, the
# first time, the package registries; compiling cosign takes some minutes.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
mkdir -p "$cache/bin"

if [ ! -x "$cache/bin/cosign" ]; then
	GOBIN="$cache/bin" go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
fi
build() { # NAME PACKAGE@VERSION
	[ -x "$cache/bin/$1" ] && return
	built=$(mktemp -d)
	GOBIN="$built" go install "$2"
	mv "$built"/* "$cache/bin/$1"
	rmdir "$built"
}
build fulcio github.com/sigstore/fulcio@v1.8.8
build timestamp-server github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server@v2.1.3
build rekor-posix github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0
if [ ! -x "$cache/model-signing/bin/model_signing" ]; then
	python3 -m venv "$cache/model-signing"
fi
# model-signing 1.1.1 imports OpenSSL and does not say so.
"$cache/model-signing/bin/python" -c 'import model_signing' 2>/dev/null ||
	"$cache/model-signing/bin/pip" install --quiet --disable-pip-version-check 'model-signing==1.1.1' pyopenssl

# Its older releases, beside it: they sign, and run with what is installed already
# but for one package that they shared.
history="$cache/model-signing-history"
add() { # FOLDER PACKAGES...
	[ -d "$history/$1" ] && return
	into="$history/$1"
	shift
	"$cache/model-signing/bin/pip" install --quiet --disable-pip-version-check --target "$into.new" "$@"
	mv "$into.new" "$into"
}
add shared sigstore-protobuf-specs==0.3.2
for release in 0.3.1 1.0.0 1.0.1 1.1.0; do
	add "$release" --no-deps "model-signing==$release"
done

if [ ! -x "$cache/moto/bin/python" ]; then
	python3 -m venv "$cache/moto"
fi
"$cache/moto/bin/python" -c 'import moto.server, moto.kms, flask' 2>/dev/null ||
	"$cache/moto/bin/pip" install --quiet --disable-pip-version-check 'moto[kms,server]==5.2.5'

if [ ! -x "$cache/spdx/bin/python" ]; then
	python3 -m venv "$cache/spdx"
fi
"$cache/spdx/bin/python" -c 'import spdx_python_model' 2>/dev/null ||
	"$cache/spdx/bin/pip" install --quiet --disable-pip-version-check 'spdx-python-model==0.0.6'

cd "$(dirname "$0")/.."
exec go test -count=1 -tags interop -run Interop ./attest/... ./bom/... "$@"
