#!/usr/bin/env bash
# The demo: three credit models go through the gate. One waits for a person,
# is approved and then allowed; two are denied, and say why. Every outcome is
# checked by its exit code. Usage: scripts/demo.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${MODELVET:-bin/modelvet}
out=${1:-dist/demo}
unset MODELVET_KEY MODELVET_POLICY MODELVET_PASSWORD
rm -rf "$out" && mkdir -p "$out"

say() { printf '\n\033[1m── %s\033[0m\n' "$*" | { [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && cat || sed 's/\x1b\[[0-9;]*m//g'; }; }

# expect CODE COMMAND...: runs it, shows it, and insists on its exit code.
expect() {
  local want=$1 got=0
  shift
  printf '$ modelvet'; printf ' %q' "$@"; printf '\n\n'
  "$bin" "$@" || got=$?
  if [ "$got" != "$want" ]; then
    printf '\ndemo: modelvet ended with %s, expected %s\n' "$got" "$want" >&2
    exit 1
  fi
}

say "Two keys: the pipeline signs evidence, the risk officer approves"
"$bin" keygen --out "$out/pipeline" >"$out/pipeline.pem" 2>/dev/null
"$bin" keygen --out "$out/officer" >"$out/officer.pem" 2>/dev/null
scripts/policy.sh "$out/pipeline.pub" "$out/officer.pub" >"$out/policy.yaml"
echo "The policy, with both public keys: $out/policy.yaml"

say "1. A model that is honestly good: pending, until a person approves"
expect 4 gate testdata/credit --policy "$out/policy.yaml" --key "$out/pipeline.key" --out "$out/credit"

say "   The risk officer has read the report and approves exactly this"
expect 0 approve "$out/credit" --role model-risk-officer --policy "$out/policy.yaml" --key "$out/officer.key" --comment "Report read; residual risk accepted"

say "   Judged again: allowed"
expect 0 judge "$out/credit" --policy "$out/policy.yaml" --key "$out/pipeline.key" --out "$out/credit-approved"

say "2. A model that treats the young unfairly: denied"
expect 3 gate testdata/credit-biased --policy "$out/policy.yaml" --key "$out/pipeline.key" --out "$out/credit-biased"

say "3. A model from a poisoned table, with a pickle that runs a command: denied"
expect 3 gate testdata/credit-tampered --policy "$out/policy.yaml" --key "$out/pipeline.key" --out "$out/credit-tampered"

say "The reports, one decision each"
ls "$out"/*/report.pdf
echo
echo "demo: 1 allowed after approval, 2 denied, as expected"
