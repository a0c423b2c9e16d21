#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Times the built-in rules beside `opa eval` and conftest on the same rules and
# the same input, as whole processes, and the engine alone as Go benchmarks
# (cold, warm, and with 1, 10 and 100 times the evidence). Uses the peers that
# interop-policies.sh installs. Usage: scripts/bench-policies.sh [RUNS]
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10}
bin="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/bin"
for peer in "$bin/opa" "$bin/conftest"; do
  [ -x "$peer" ] || { echo "bench-policies: $peer is missing; run scripts/interop-policies.sh first" >&2; exit 1; }
done
[ -x bin/modelvet ] || make build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work/config
bin/modelvet keygen --out "$work/pipeline" >/dev/null 2>&1
bin/modelvet keygen --out "$work/officer" >/dev/null 2>&1
scripts/policy.sh "$work/pipeline.pub" "$work/officer.pub" >"$work/policy.yaml"
mkdir "$work/credit"
cp -r testdata/credit/{modelvet.yaml,model,data,docs} "$work/credit/"
bin/modelvet gate "$work/credit" --policy "$work/policy.yaml" --key "$work/pipeline.key" --out "$work/out" >/dev/null 2>&1 || [ $? = 4 ]
bin/modelvet policy export "$work/out" --policy "$work/policy.yaml" --out "$work/pack" 2>/dev/null

timed() { # timed NAME COMMAND...: the median of the runs, in milliseconds
  local name=$1 start
  shift
  for _ in $(seq "$runs"); do
    start=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    echo $((($(date +%s%N) - start) / 1000000))
  done | sort -n | awk -v name="$name" '{v[NR]=$1} END {printf "%-52s %6d ms (of %d runs, %d to %d)\n", name, v[int((NR+1)/2)], NR, v[1], v[NR]}'
}
rules=$(grep -c '"needs"' "$work/pack/pack.rego")
echo "$rules rules, one model, whole processes:"
timed "modelvet judge (verifies, asks, decides)" bin/modelvet judge "$work/out" --policy "$work/policy.yaml"
timed "opa eval (asks)" "$bin/opa" eval --data "$work/pack" --input "$work/pack/input.json" data.modelvet.outcomes
timed "conftest test (asks)" "$bin/conftest" test --policy "$work/pack" --data "$work/pack/data.json" "$work/pack/input.json"
echo "All catalogues and profiles (add to the cold start), and what a model answers to under all of them (add to the warm one):"
go test ./controls -run '^$' -bench 'Load|ForSystem' -benchmem -benchtime 20x | grep ^Benchmark
echo "The engine alone:"
go test ./policies -run '^$' -bench 'New|Cold|Evaluate' -benchmem -benchtime 20x | grep ^Benchmark
