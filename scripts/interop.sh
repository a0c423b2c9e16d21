#!/usr/bin/env bash
# Runs the suites against real peers. Each scripts/interop-ROOM.sh installs the
# peers it needs into the user's cache folder; a missing peer is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
suites=(scripts/interop-*.sh)
failed=()
for s in "${suites[@]}"; do
  printf '\n== %s\n' "$s"
  start=$SECONDS
  bash "$s" || failed+=("$s")
  printf '== %s: %d s\n' "$s" $((SECONDS - start))
done
printf '\ninterop suites: %d passed, %d failed\n' $((${#suites[@]} - ${#failed[@]})) ${#failed[@]}
[ ${#failed[@]} -eq 0 ] || { printf '  failed: %s\n' "${failed[@]}"; exit 1; }
