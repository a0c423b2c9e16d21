#!/usr/bin/env bash
# Times whole commands (hyperfine where it is installed) and runs the Go
# benchmarks. docs/benchmarks.md keeps the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME=$tmp/config
timed() {
  if command -v hyperfine >/dev/null; then
    hyperfine --warmup 2 --ignore-failure --shell=none "$1"
  else
    echo "$1"
    for _ in 1 2 3 4 5; do { TIMEFORMAT='  %R s'; time $1 >/dev/null 2>&1 || true; }; done
  fi
}
timed "bin/modelvet version"
timed "bin/modelvet gate testdata/credit --out $tmp/out"
if [ -x /usr/bin/time ]; then
  /usr/bin/time -f 'gate testdata/credit: %e s, %M KB at most' bin/modelvet gate testdata/credit --out "$tmp/out" >/dev/null 2>"$tmp/err" || true
  tail -n 1 "$tmp/err"
fi
go test ./... -run '^$' -bench . -benchmem -benchtime 1s | grep -E '^(Benchmark|pkg|ok)' || true
