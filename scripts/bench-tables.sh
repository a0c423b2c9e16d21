#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tables beside their peers, in one run on one machine: fairness of ROWS rows and
# three protected attributes (and their pairs) from CSV and Parquet, beside
# fairlearn's MetricFrame without and with intervals; drift beside evidently; and
# ten times the rows under a set limit of memory.
#
#   ROWS=10000000 BOOT=10 LIMIT=1800 DRIFT_ROWS=5000000 DRIFT_COLUMNS=50 scripts/bench-tables.sh
#
# BOOT is how many bootstrap draws fairlearn makes; it recommends 100 and more.
# LIMIT is after how many seconds a peer is ended. Needs scripts/interop-tables.sh
# to have run (the peers) and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=${ROWS:-10000000} boot=${BOOT:-10} limit=${LIMIT:-1800} drows=${DRIFT_ROWS:-5000000} dcolumns=${DRIFT_COLUMNS:-50}
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
python=$cache/tables-venv/bin/python evidently=$cache/tables-drift-venv/bin/python
[ -x "$python" ] && [ -x "$evidently" ] || { echo "bench-tables: run scripts/interop-tables.sh first" >&2; exit 1; }
[ -x /usr/bin/time ] || { echo "bench-tables: GNU time is needed (Debian: time)" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go build -trimpath -o "$tmp/modelvet" ./cmd/modelvet
timed() { # timed NAME COMMAND...
  local name=$1
  shift
  if /usr/bin/time -f "%e s, %M KB at most" -o "$tmp/time" timeout "$limit" "$@" >"$tmp/out" 2>"$tmp/err"; then
    printf '%-46s %s\n' "$name" "$(tail -n 1 "$tmp/time")"
  else
    printf '%-46s ended with %d: %s; %s\n' "$name" $? "$(tail -n 1 "$tmp/time")" "$(tail -n 1 "$tmp/err")"
  fi
  grep '^  ' "$tmp/out" | grep -v '/' | tail -n 7 || true
}
ours() { timed "modelvet, $1" "$tmp/modelvet" scan --only fairness --table "$2" --label y --prediction p --score s --protected sex,age,race --output json; }
nproc | sed 's/$/ cores/'
echo "== fairness, $rows rows, 3 attributes and their pairs"
"$python" scripts/bench-tables.py make "$rows" "$tmp/p"
ls -l "$tmp"/p.* | awk '{print $9, $5, "bytes"}' | sed "s#$tmp/##"
for f in csv parquet; do
  ours "$f, every interval" "$tmp/p.$f"
  timed "fairlearn, $f, no intervals" "$python" scripts/bench-tables.py fairlearn "$tmp/p.$f" 0
  timed "fairlearn, $f, $boot bootstrap draws" "$python" scripts/bench-tables.py fairlearn "$tmp/p.$f" "$boot"
done
rm -f "$tmp"/p.*
echo "== fairness, $((rows * 10)) rows"
"$python" scripts/bench-tables.py make $((rows * 10)) "$tmp/p"
ours "parquet" "$tmp/p.parquet"
ours "csv" "$tmp/p.csv"
rm -f "$tmp"/p.*
echo "== drift, $drows rows, $dcolumns columns, parquet"
"$python" scripts/bench-tables.py drift-make "$drows" "$dcolumns" "$tmp"
cat >"$tmp/modelvet.yaml" <<YAML
name: bench
version: "1"
purpose: none
provider: {name: bench}
role: provider
riskClass: minimal
model: {files: ["none"]}
tables:
  - {name: reference, kind: reference, path: reference.parquet}
  - {name: production, kind: production, path: production.parquet}
YAML
touch "$tmp/none"
timed "modelvet, every metric" "$tmp/modelvet" scan --only drift "$tmp" --output json
timed "evidently, DataDriftPreset" "$evidently" scripts/bench-tables.py evidently "$tmp"
