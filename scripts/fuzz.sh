#!/usr/bin/env bash
# Runs every fuzz target of the module for a while. Usage: scripts/fuzz.sh 20s
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s} n=0
while IFS=: read -r file name; do
  printf '\n%s %s\n' "$(dirname "$file")" "$name"
  go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
  n=$((n + 1))
done < <(grep -rHoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sed -E 's#^\./##; s/func //' | sort)
printf '\n%d fuzz targets ran %s each\n' "$n" "$time"
