#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs fairlearn, AIF360, Aequitas, scikit-learn, SciPy, evidently, mlcroissant,
# Great Expectations and pyarrow into the cache and checks the tables and their
# scanners against them, on the German credit and the Adult data, as docs/tables.md says. MODELVET_DATA
# may name another folder with german-credit.csv and adult.csv.
set -eu
cd "$(dirname "$0")/.."
venv="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/tables-venv"
if [ -z "${MODELVET_DATA:-}" ]; then
	MODELVET_DATA="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/tables-data"
	mkdir -p "$MODELVET_DATA"
	cp testdata/data/german-credit.csv "$MODELVET_DATA/"
	gzip -dc scanners/fairness/testdata/adult.csv.gz >"$MODELVET_DATA/adult.csv"
fi
export MODELVET_DATA
if [ ! -x "$venv/bin/python" ]; then
	python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check \
	fairlearn==0.12.0 scikit-learn==1.7.2 pandas==2.3.3 scipy==1.15.3 aif360==0.6.1 aequitas==1.1.0 pyarrow==26.0.1 \
	mlcroissant==1.1.1 great_expectations==1.24.1
drift="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/tables-drift-venv" # evidently wants other versions
if [ ! -x "$drift/bin/python" ]; then
	python3 -m venv "$drift"
fi
"$drift/bin/pip" install --quiet --disable-pip-version-check evidently==0.7.23 pandas==2.3.3 pyarrow==26.0.1
go test -count=1 -tags interop -run Interop ./dataset ./scanners/fairness ./scanners/performance ./scanners/drift ./scanners/quality
