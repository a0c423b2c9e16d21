#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench-webhook.sh [FOLDER]: latency of the admission webhook, warm and cold, beside the bare API server. Raw data (one line a call,
# microseconds) go to FOLDER. MODELVET_BENCH_RATE and MODELVET_BENCH_SECONDS change the load.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$(mktemp -d)}
mkdir -p "$out"
out=$(cd "$out" && pwd)
"$root/scripts/interop-webhook.sh" build
cd "$root"
MODELVET_BENCH="$out" go test -v -tags interop -count=1 -run '^TestBench$' -timeout 20m ./webhook
echo "raw data: $out"
