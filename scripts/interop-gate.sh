#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What the gate leaves, in the hands of others: cosign and model_signing verify
# it, and two real registries (one with the referrers API, one without) carry it,
# so that a decision taken from them is the same. Uses the peers that
# interop-artifact.sh and interop-attest.sh install.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
bin="$cache/bin"
for peer in "$bin/cosign" "$bin/olareg" "$bin/registry" "$cache/model-signing/bin/model_signing"; do
  [ -x "$peer" ] || { echo "interop-gate: $peer is missing; run scripts/interop-artifact.sh and scripts/interop-attest.sh first" >&2; exit 1; }
done
[ -x bin/modelvet ] || make build
work=$(mktemp -d)
pids=()
trap 'for p in ${pids[@]+"${pids[@]}"}; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
scan=https://github.com/modelvet/modelvet/predicates/scan/v1

code() { # code N COMMAND...
  local want=$1 got=0
  shift
  "$@" >"$work/log" 2>&1 || got=$?
  [ "$got" = "$want" ] || { cat "$work/log"; echo "interop-gate: '$*' ended with $got, expected $want" >&2; exit 1; }
  echo "ok   ($got) $*" | sed "s#$work#WORK#g; s#$cache#CACHE#g"
}

bin/modelvet keygen --out "$work/pipeline" >/dev/null 2>&1
bin/modelvet keygen --out "$work/officer" >/dev/null 2>&1
scripts/policy.sh "$work/pipeline.pub" "$work/officer.pub" >"$work/policy.yaml"
mkdir "$work/credit"
cp -r testdata/credit/{modelvet.yaml,model,data,docs} "$work/credit/"
code 4 bin/modelvet gate "$work/credit" --policy "$work/policy.yaml" --key "$work/pipeline.key" --out "$work/out"

# cosign reads the layout, and believes the right key only.
verify=("$bin/cosign" verify-attestation --insecure-ignore-tlog --local-image "$work/out/layout" --type "$scan")
code 0 "${verify[@]}" --key "$work/pipeline.pub"
code 1 "${verify[@]}" --key "$work/officer.pub"

# model_signing verifies the signature over the files themselves.
python3 - "$work" <<'PY'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
blobs = work / "out/layout/blobs/sha256"
for b in blobs.iterdir():
    try:
        m = json.loads(b.read_bytes())
    except ValueError:
        continue
    note = m.get("annotations") or {} if isinstance(m, dict) else {}
    if note.get("dev.sigstore.bundle.predicateType") == "https://model_signing/signature/v1.0":
        digest = m["layers"][0]["digest"].split(":")[1]
        (work / "model.sig").write_bytes((blobs / digest).read_bytes())
PY
sig=("$cache/model-signing/bin/model_signing" verify key --signature "$work/model.sig" --public_key "$work/pipeline.pub")
code 0 "${sig[@]}" "$work/credit"
echo >>"$work/credit/docs/model_card.md"
code 1 "${sig[@]}" "$work/credit"

# Two registries carry the artifact, its evidence and, later, an approval.
"$bin/olareg" serve --dir "$work/olareg" --addr 127.0.0.1 --port 5907 >/dev/null 2>&1 & pids+=($!)
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/distribution}}\nhttp: {addr: "127.0.0.1:5908"}\n' "$work" >"$work/registry.yml"
"$bin/registry" serve "$work/registry.yml" >/dev/null 2>&1 & pids+=($!)
for port in 5907 5908; do
  for _ in $(seq 50); do (echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done
  ref=127.0.0.1:$port/models/credit:v1
  code 0 bin/modelvet push "$work/out" "$ref"
  code 4 bin/modelvet judge "$ref" --policy "$work/policy.yaml"
  code 0 bin/modelvet approve "$ref" --role model-risk-officer --policy "$work/policy.yaml" --key "$work/officer.key"
  code 0 bin/modelvet judge "$ref" --policy "$work/policy.yaml"
  code 0 bin/modelvet pull "$ref" "oci:$work/pulled-$port"
  code 0 bin/modelvet judge "oci:$work/pulled-$port" --policy "$work/policy.yaml"
done
echo "interop-gate: cosign, model_signing, olareg and distribution agree"
