#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Signs a 2 GB file and a folder of many small files with modelvet and with
# model_signing, on one core and on all, and prints time, rate and the largest
# resident memory of each, beside what `openssl speed` says of SHA-256 on the
# same core: one run prints all. MB per second of processor time is what others
# on the machine disturb least. Needs what scripts/interop-attest.sh installs,
# openssl and taskset. SIZE_MB, FILES and RUNS (default 3, the best counts) make
# it smaller; TMPDIR=/dev/shm keeps the disk out. Measure on a quiet machine.
set -euo pipefail

size="${SIZE_MB:-2048}" files="${FILES:-20000}"
export RUNS="${RUNS:-3}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
peer="$cache/model-signing/bin/model_signing"
[ -x "$peer" ] || { echo "no $peer: run scripts/interop-attest.sh first" >&2; exit 1; }
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/modelvet" ./cmd/modelvet
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$work/key.pem" 2>/dev/null
mkdir "$work/large" "$work/small"
head -c "${size}M" /dev/urandom > "$work/large/model.safetensors"
head -c "$((files * 4096))" /dev/urandom | split -a 5 -d -b 4096 - "$work/small/f"
cat "$work/large/model.safetensors" > /dev/null

measure() { # LABEL MEGABYTES COMMAND...
	local label=$1 mb=$2
	shift 2
	python3 - "$label" "$mb" "$@" <<'PY'
import os, subprocess, sys, time
label, mb, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
best, rss, cpu = None, 0, None
for _ in range(int(os.environ["RUNS"])):
    start = time.monotonic()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    took = time.monotonic() - start
    if status:
        sys.exit(f"{label}: {error.decode()}")
    used = usage.ru_utime + usage.ru_stime
    best, rss, cpu = min(best or took, took), max(rss, usage.ru_maxrss), min(cpu or used, used)
print(f"{label:48} {best:7.2f} s {mb / best:8.0f} MB/s {cpu:7.2f} s of CPU {mb / cpu:8.0f} MB/s of CPU {rss / 1024:7.0f} MB resident")
PY
}

small_mb=$((files * 4096 / 1048576))
for cores in 0 all; do
	pin=()
	[ "$cores" = all ] || pin=(taskset -c "$cores")
	echo "== cores: $cores"
	for model in large small; do
		mb=$size
		[ "$model" = large ] || mb=$small_mb
		measure "$model: modelvet sign-model" "$mb" "${pin[@]}" "$work/modelvet" sign-model "$work/$model" --key "$work/key.pem" --out "$work/ours.sig"
		measure "$model: model_signing sign" "$mb" "${pin[@]}" "$peer" sign key --private_key "$work/key.pem" --signature "$work/theirs.sig" "$work/$model"
	done
	measure "large: modelvet, shards of 256 MB" "$size" "${pin[@]}" "$work/modelvet" sign-model "$work/large" --shard-size 268435456 --key "$work/key.pem" --out "$work/ours.sig"
	measure "large: modelvet, BLAKE3" "$size" "${pin[@]}" "$work/modelvet" sign-model "$work/large" --hash blake3 --key "$work/key.pem" --out "$work/ours.sig"
done
# The same bytes hashed by modelvet, against what openssl makes of a buffer in the
# cache of the core: the difference is reading the file, and starting.
echo "== openssl speed -evp sha256, blocks of 1 MiB, one core"
speed=$(taskset -c 0 openssl speed -seconds 3 -bytes 1048576 -evp sha256 2>/dev/null | tail -1 | awk '{printf "%d", $2 * 1000 / 1048576}')
taken=$(python3 - "$work/modelvet" sign-model "$work/large" --key "$work/key.pem" --out "$work/ours.sig" <<'PY'
import resource, subprocess, sys
subprocess.run(["taskset", "-c", "0", *sys.argv[1:]], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime + resource.getrusage(resource.RUSAGE_CHILDREN).ru_stime)
PY
)
awk -v s="$speed" -v mb="$size" -v t="$taken" 'BEGIN {printf "%d MB/s; modelvet sign-model %.0f MB/s of CPU, %.0f %% of it\n", s, mb / t, 100 * mb / t / s}'
