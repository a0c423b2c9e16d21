#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the real peers of the room artifact from their Go modules, into
# $XDG_CACHE_HOME/modelvet/bin, and runs its tests against them on loopback.
# A peer that is there already is used as it is. It needs Go and, the first
# time, the Go module proxy.
set -eu

cd "$(dirname "$0")/.."
bin="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/bin"
mkdir -p "$bin"

# build NAME MODULE VERSION PACKAGE [GO BUILD FLAGS]: through a wrapper module,
# because "go install" needs version lists that the proxy does not always have.
build() {
	name=$1 module=$2 version=$3 package=$4
	shift 4
	if [ -x "$bin/$name" ]; then
		return
	fi
	echo "building $name $version" >&2
	work=$(mktemp -d)
	printf 'module peer\n\ngo 1.26.0\n\nrequire %s %s\n' "$module" "$version" >"$work/go.mod"
	(cd "$work" && CGO_ENABLED=0 GOFLAGS=-mod=mod go build -trimpath -ldflags=-s -o "$bin/$name" "$@" "$package")
	rm -rf "$work"
}

build oras oras.land/oras v1.3.6 oras.land/oras/cmd/oras
build crane github.com/google/go-containerregistry v0.22.1 github.com/google/go-containerregistry/cmd/crane
build olareg github.com/olareg/olareg v0.1.2 github.com/olareg/olareg/cmd/olareg
build registry github.com/distribution/distribution/v3 v3.1.2 github.com/distribution/distribution/v3/cmd/registry
build modctl github.com/modelpack/modctl v0.2.2 github.com/modelpack/modctl -tags disable_libgit2

PATH="$bin:$PATH" go test -count=1 -tags interop -run Interop ./artifact/...
