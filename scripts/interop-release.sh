#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A release built twice, in two folders, is the same to the byte; its programs
# run (the one for linux/arm64 in qemu), its image is what it says, its
# provenance is read by cosign, and the action takes it with its checksum.
# RELEASE_ALL=1 builds the two programs for macOS as well, and RELEASE_COLD=1
# compiles everything twice, each time into an empty cache: both take longer
# than a pipeline has.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
fail() { echo "interop-release: $*" >&2; exit 1; }
for tool in x86_64-linux-gnu-g++ aarch64-linux-gnu-g++ qemu-aarch64-static; do
  command -v $tool >/dev/null || fail "$tool is needed (Debian 12: apt-get install g++ g++-aarch64-linux-gnu qemu-user-static)"
done
cosign=$cache/bin/cosign
[ -x "$cosign" ] || (cd / && GOBIN="$cache/bin" go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3)
[ -x bin/modelvet ] || make build
targets="linux/amd64 linux/arm64"
[ -z "${RELEASE_ALL:-}" ] || targets+=" darwin/amd64 darwin/arm64"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=v0.0.1-interop base=modelvet_0.0.1-interop
bin/modelvet keygen --out "$work/release" >/dev/null 2>&1

# Twice, from two copies of the same commit, in folders of different names.
unset MODELVET_PASSWORD GITHUB_ACTIONS GITLAB_CI
export SOURCE_DATE_EPOCH=1795521600 RELEASE_COMMIT
RELEASE_COMMIT=$(git rev-parse HEAD)
for copy in one another/and/deeper; do
  mkdir -p "$work/$copy"
  git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$work/$copy"
  [ -z "${RELEASE_COLD:-}" ] || export GOCACHE=$work/cache-${copy%%/*}
  (cd "$work/$copy" && bash scripts/release.sh $version --targets "$targets" --key "$work/release.key" --out "$work/${copy%%/*}.out") >"$work/${copy%%/*}.sums"
done
unset GOCACHE
diff "$work/one.sums" "$work/another.sums" || fail "the two builds differ"
diff -r "$work/one.out" "$work/another.out" || fail "the two builds differ"
cat "$work/one.sums"
echo "ok   built twice in two folders: every file, the image and the signed provenance are the same"

out=$work/one.out
(cd "$out" && sha256sum --check --quiet checksums.txt) || fail "the checksums do not hold"
for arch in amd64 arm64; do
  mkdir "$work/$arch"
  tar -xzf "$out/${base}_linux_$arch.tar.gz" -C "$work/$arch"
  [ -s "$work/$arch/THIRD-PARTY-LICENSES" ] || fail "no licences in the archive for $arch"
done
! readelf -d "$work/amd64/modelvet" | grep NEEDED || fail "linux/amd64 needs libraries"
readelf -d "$work/arm64/modelvet" | grep NEEDED | grep -v 'lib[cm].so.6' && fail "linux/arm64 needs more than glibc"
[ "$(uname -m)" = x86_64 ] || fail "this suite expects an x86-64 machine"
"$work/amd64/modelvet" version | grep -q "modelvet $version linux/amd64" || fail "linux/amd64 does not run"
qemu-aarch64-static -L /usr/aarch64-linux-gnu "$work/arm64/modelvet" version | grep -q "modelvet $version linux/arm64" || fail "linux/arm64 does not run"

# The gate itself, DuckDB and all, on both; the decision is the same.
"$work/amd64/modelvet" keygen --out "$work/officer" >/dev/null 2>&1
"$work/one/scripts/policy.sh" "$work/release.pub" "$work/officer.pub" >"$work/policy.yaml"
for arch in amd64 arm64; do
  run=$work/$arch/modelvet code=0
  [ $arch = amd64 ] || { printf '#!/bin/sh\nexec qemu-aarch64-static -L /usr/aarch64-linux-gnu "%s" "$@"\n' "$run" >"$work/qemu"; chmod +x "$work/qemu"; run=$work/qemu; }
  "$run" gate "$work/one/testdata/credit" --policy "$work/policy.yaml" --key "$work/release.key" --out "$work/gate-$arch" >"$work/log" 2>&1 || code=$?
  [ $code = 4 ] || { cat "$work/log"; fail "the gate on linux/$arch ends with $code, not 4"; }
done
# Not to the byte: on arm64 Go fuses multiplications with additions, so that the last digits of
# some measurements differ. Each rule has to say the same.
rules() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["outcome"], d["subject"]["digest"], *sorted(r["rule"]+"="+r["outcome"] for r in d["results"]), sep="\n")' "$1/decision.json"; }
diff <(rules "$work/gate-amd64") <(rules "$work/gate-arm64") || fail "linux/amd64 and linux/arm64 decide differently"
echo "ok   linux/amd64 and linux/arm64 run (the latter in qemu; it needs glibc, the former nothing) and every rule says the same"

# The image: two platforms, nobody runs as root, nothing but modelvet to start.
python3 - "$out/image" <<'PY'
import json, sys
def blob(digest): return json.load(open(f"{sys.argv[1]}/blobs/sha256/{digest[7:]}"))
top = json.load(open(f"{sys.argv[1]}/index.json"))
index = blob(top["manifests"][0]["digest"])
seen = []
for m in index["manifests"]:
    config = blob(blob(m["digest"])["config"]["digest"])
    assert config["config"]["User"] == "65532:65532", config
    assert config["config"]["Entrypoint"] == ["/usr/local/bin/modelvet"], config
    assert config["architecture"] == m["platform"]["architecture"]
    seen.append(m["platform"]["os"] + "/" + m["platform"]["architecture"])
assert seen == ["linux/amd64", "linux/arm64"], seen
print("ok   the image", top["manifests"][0]["digest"], "is for", *seen, "and runs as 65532")
PY
[ -n "${RELEASE_ALL:-}" ] || echo "note the programs for macOS were not built here: RELEASE_ALL=1 does"

"$cosign" verify-blob-attestation --bundle "$out/$base.provenance.sigstore.json" --key "$work/release.pub" --insecure-ignore-tlog \
  --type slsaprovenance1 "$out/${base}_linux_amd64.tar.gz" 2>"$work/log" || { cat "$work/log"; fail "cosign does not believe the provenance"; }
cp "$out/${base}_linux_amd64.tar.gz" "$work/changed.tar.gz"
echo x >>"$work/changed.tar.gz"
! "$cosign" verify-blob-attestation --bundle "$out/$base.provenance.sigstore.json" --key "$work/release.pub" --insecure-ignore-tlog \
  --type slsaprovenance1 "$work/changed.tar.gz" 2>/dev/null || fail "cosign believes the provenance of a changed archive"
echo "ok   cosign verifies the provenance of an archive, and of no changed one"

# The action takes this release with its checksums, as it would a published one.
mkdir -p "$work/action/release" "$work/downloads/$version" "$work/runner"
cp -r scripts "$work/action/"
cp "$out/checksums.txt" "$work/action/release/"
cp "$out"/*.tar.gz "$work/downloads/$version/"
RUNNER_TEMP=$work/runner GITHUB_OUTPUT=$work/output VERSION=$version MODELVET_DOWNLOADS=file://$work/downloads "$work/action/scripts/action-get.sh" >/dev/null || fail "the action does not take the release"
grep -q "binary=$work/runner/modelvet-bin/modelvet" "$work/output" || fail "the action names no program"
echo "ok   the action takes the release by release/checksums.txt"
echo "interop-release: a release is the same whoever builds it"
