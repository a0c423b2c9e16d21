#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs XGBoost, as testdata/requirements.txt pins it, into the cache, trains
# the three credit models again and compares them with the committed ones, and
# compares the TreeSHAP of this project with XGBoost's own on random models.
# Needs Go, Python 3.11 or newer and, the first time, a Python package index.
set -eu

cd "$(dirname "$0")/.."
venv="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/credit"
if ! "$venv/bin/python" -c 'import sklearn, xgboost' 2>/dev/null; then
	python3 -m venv "$venv"
	"$venv/bin/python" -m pip install --quiet -r testdata/requirements.txt
fi

MODELVET_PYTHON="$venv/bin/python" go test -count=1 -timeout 30m -tags interop -run Interop ./scanners/explainability/...
