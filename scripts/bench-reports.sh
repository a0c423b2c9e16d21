#!/usr/bin/env bash
# How fast and how large reports are: 1,000 results, 200 findings, 60 charts.
# Prints the Go benchmarks, then whole commands with their time and largest
# resident memory. Bars: PDF 1 s, HTML 0.2 s, 200 MB, linear growth.
# Needs GNU time. Usage: scripts/bench-reports.sh
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x /usr/bin/time ] || { echo "bench-reports: /usr/bin/time is missing: install the package time" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go test ./reports -run '^$' -bench 'Big' -benchtime 3x | grep ^Benchmark
MODELVET_BIG_DECISION="$work/decision.json" go test ./reports -count=1 -run TestWriteBigDecision >/dev/null
go build -trimpath -o "$work/modelvet" ./cmd/modelvet
for format in pdf html markdown sarif text; do
  /usr/bin/time -f "modelvet report --format $format: %e s, %M KiB" "$work/modelvet" report "$work/decision.json" --format "$format" --out "$work/report.$format"
done
/usr/bin/time -f "modelvet report verify: %e s, %M KiB" "$work/modelvet" report verify "$work/report.pdf" | head -1
ls -l "$work" | awk '/report/{print $5, $9}'
