#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tables beside their peers, on one machine: fairness of ROWS rows and three
# protected attributes (and their pairs) from CSV and Parquet, beside fairlearn's
# MetricFrame without and with intervals; the same on ten times the rows, alone;
# drift of DRIFT_COLUMNS columns beside evidently; the embedding's discrepancy.
#
#   PARTS="fairness-10m fairness-100m drift embedding" ROWS=10000000 BOOT=10 LIMIT=300 scripts/bench-tables.sh
#
# PARTS says which parts are run; all by default. BOOT is how many bootstrap draws
# fairlearn makes; it recommends 100 and more. LIMIT is after how many seconds a
# peer is ended; what it had done until then is printed. DRIFT_ROWS, DRIFT_COLUMNS.
# Needs scripts/interop-tables.sh to have run (the peers), and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=${ROWS:-10000000} boot=${BOOT:-10} limit=${LIMIT:-300} drows=${DRIFT_ROWS:-5000000} dcolumns=${DRIFT_COLUMNS:-50}
parts=${PARTS:-fairness-10m fairness-100m drift embedding}
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
python=$cache/tables-venv/bin/python evidently=$cache/tables-drift-venv/bin/python
[ -x "$python" ] && [ -x "$evidently" ] || { echo "bench-tables: run scripts/interop-tables.sh first" >&2; exit 1; }
[ -x /usr/bin/time ] || { echo "bench-tables: GNU time is needed (Debian: time)" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go build -trimpath -o "$tmp/modelvet" ./cmd/modelvet
for part in $parts; do
  case $part in
  fairness-10m | fairness-100m | drift | embedding) ;;
  *) echo "bench-tables: PARTS names no part \"$part\"; there are fairness-10m, fairness-100m, drift, embedding" >&2; exit 2 ;;
  esac
done
timed() { # timed SECONDS NAME COMMAND...
  local most=$1 name=$2
  shift 2
  if /usr/bin/time -f "%e s, %U+%S s of processor time, %M KB at most" -o "$tmp/time" timeout "$most" "$@" >"$tmp/out" 2>"$tmp/err"; then
    printf '%-46s %s\n' "$name" "$(tail -n 1 "$tmp/time")"
  else
    printf '%-46s ended with %d (124: after %d s): %s; %s\n' "$name" $? "$most" "$(tail -n 1 "$tmp/time")" "$(tail -n 1 "$tmp/err")"
  fi
  grep -E '^  [A-Za-z]' "$tmp/out" | tail -n 7 || true
}
ours() { timed 3600 "modelvet, $1" "$tmp/modelvet" scan --only fairness --table "$2" --label y --prediction p --score s --protected sex,age,race --output json; }

fairness_10m() {
  echo "== fairness, $rows rows, 3 attributes and their pairs"
  "$python" scripts/bench-tables.py make "$rows" "$tmp/p"
  ls -l "$tmp"/p.* | awk '{print $9, $5, "bytes"}' | sed "s#$tmp/##"
  for f in csv parquet; do
    ours "$f, every interval" "$tmp/p.$f"
    timed "$limit" "fairlearn, $f, no intervals" "$python" scripts/bench-tables.py fairlearn "$tmp/p.$f" 0
    timed "$limit" "fairlearn, $f, $boot bootstrap draws" "$python" scripts/bench-tables.py fairlearn "$tmp/p.$f" "$boot"
  done
  rm -f "$tmp"/p.*
}

fairness_100m() {
  echo "== fairness, $((rows * 10)) rows"
  "$python" scripts/bench-tables.py make $((rows * 10)) "$tmp/p"
  ours "parquet" "$tmp/p.parquet"
  ours "csv" "$tmp/p.csv"
  rm -f "$tmp"/p.*
}

system() { # system ROLE...: a modelvet.yaml with a reference and a production table
  cat >"$tmp/modelvet.yaml" <<YAML
name: bench
version: "1"
purpose: a benchmark of drift, which is for nobody
provider: {name: bench}
role: provider
riskClass: minimal
model: {files: ["none"]}
tables:
  - {name: reference, kind: reference, path: reference.parquet$1}
  - {name: production, kind: production, path: production.parquet$1}
YAML
  touch "$tmp/none"
}

drift() {
  echo "== drift, $drows rows, $dcolumns columns (one in five of text), parquet"
  "$python" scripts/bench-tables.py drift-make "$drows" "$dcolumns" "$tmp"
  system ""
  timed 3600 "modelvet, every metric" "$tmp/modelvet" scan --only drift "$tmp" --output json
  timed "$limit" "evidently, DataDriftPreset" "$evidently" -W ignore scripts/bench-tables.py evidently "$tmp"
  rm -f "$tmp"/*.parquet
}

embedding() {
  echo "== drift of an embedding of 768 dimensions, 100,000 rows"
  "$python" scripts/bench-tables.py embedding-make 100000 768 "$tmp"
  system ", id: id, embedding: [v]"
  timed 3600 "modelvet, 1,000 rows of each, 499 permutations" "$tmp/modelvet" scan --only drift "$tmp" --output json
  rm -f "$tmp"/*.parquet
}

nproc | sed 's/$/ cores/'
for part in $parts; do
  "${part//-/_}"
done
