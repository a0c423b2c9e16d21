#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares scanners/modelfile with picklescan, modelscan and fickling over the
# same files: the inert attacks that the tests make, and the benign fixtures.
# Static scans only: nothing is loaded by the library that it attacks.
#
# usage: scripts/interop-modelfile.sh [TABLE.md]
set -eu
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
venv="${MODELVET_MODELFILE_PEERS:-$cache/modelfile-venv}"
if [ ! -x "$venv/bin/picklescan" ] || [ ! -x "$venv/bin/modelscan" ] || [ ! -x "$venv/bin/fickling" ]; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet picklescan==1.0.5 modelscan==0.8.8 fickling==0.1.12 typing_extensions==4.16.0 numpy==2.4.6
fi
libs="${MODELVET_MODELFILE_LIBRARIES:-$cache/modelfile-libraries}"
if [ ! -x "$libs/bin/python" ]; then
	python3 -m venv "$libs"
	"$libs/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6 pandas==3.1.1 joblib==1.6.0 xgboost-cpu==3.2.0 \
		lightgbm==4.7.0 cloudpickle==3.1.3 skops==0.16.0
fi
weights="$cache/modelfile-weights-venv"
if [ ! -x "$weights/bin/gguf-dump" ]; then
	python3 -m venv "$weights"
	"$weights/bin/pip" install --quiet numpy==2.4.6 ml_dtypes==0.6.0 safetensors==0.8.0 onnx==1.23.2 gguf==0.19.0
fi
made="$cache/modelfile-weights"
rm -rf "$made"
mkdir -p "$made"
"$weights/bin/python" scanners/modelfile/testdata/parameters.py "$made" >"$made/expected.txt"
sweep="$cache/modelfile-sweep"
rm -rf "$sweep"
"$libs/bin/python" scanners/modelfile/testdata/sweep.py "$sweep" >/dev/null 2>&1
MODELVET_MODELFILE_WEIGHTS="$made" MODELVET_MODELFILE_SWEEP="$sweep" MODELVET_MODELFILE_PEERS="$venv" MODELVET_PEERS_TABLE="${1:-}" \
	go test -count=1 -tags interop -run 'TestPeers|TestSweep|TestParametersAreThoseOfTheLibraries' -v -timeout 60m ./scanners/modelfile/
