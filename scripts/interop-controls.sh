#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs compliance-trestle, the OSCAL tool of the OSCAL Compass project, into
# the cache and runs the interoperability tests of the room controls against it.
# Needs Go, Python 3 and, the first time, the package registry.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
mkdir -p "$cache"

if [ ! -x "$cache/trestle/bin/trestle" ]; then
	python3 -m venv "$cache/trestle"
	"$cache/trestle/bin/pip" install --quiet --disable-pip-version-check 'compliance-trestle==5.2.0'
fi

cd "$(dirname "$0")/.."
exec go test -count=1 -tags interop -run Interop ./controls/... "$@"
