#!/usr/bin/env bash
# Finds, downloads or builds the program for action.yml. A download counts only
# when its SHA-256 stands in release/checksums.txt beside this action: who pins
# the action by its commit pins the program too.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
into=${RUNNER_TEMP:?}/modelvet-bin
mkdir -p "$into"
fail() { echo "::error title=modelvet::$1"; exit 1; }

if [ -n "${BINARY:-}" ]; then
  [ -x "$BINARY" ] || fail "the input binary names no program"
  program=$BINARY
elif [ -n "${VERSION:-}" ]; then
  [[ $VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "the input version is not like v1.2.3"
  os=$(uname -s | tr '[:upper:]' '[:lower:]') arch=$(uname -m)
  case $arch in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; esac
  name=modelvet_${VERSION#v}_${os}_${arch}.tar.gz
  want=$(awk -v n="$name" '$2 == n {print $1}' "$root/release/checksums.txt" 2>/dev/null || true)
  [[ $want =~ ^[0-9a-f]{64}$ ]] || fail "this action knows no checksum of $name; use a version that it lists in release/checksums.txt, or leave the input empty to build from source"
  base=${MODELVET_DOWNLOADS:-https://github.com/modelvet/modelvet/releases/download}
  curl -fsSL --proto '=https,file' --retry 3 -o "$into/$name" "$base/$VERSION/$name" || fail "downloading $name broke"
  if command -v sha256sum >/dev/null; then got=$(sha256sum "$into/$name"); else got=$(shasum -a 256 "$into/$name"); fi
  [ "${got%% *}" = "$want" ] || { rm -f "$into/$name"; fail "$name has the SHA-256 ${got%% *}; this action expects $want"; }
  tar -xzf "$into/$name" -C "$into" modelvet
  program=$into/modelvet
else
  command -v go >/dev/null || fail "building modelvet needs Go 1.26 (actions/setup-go); or name a version or a binary"
  (cd "$root" && go build -trimpath -ldflags "-s -w" -o "$into/modelvet" ./cmd/modelvet) || fail "building modelvet broke; it needs Go 1.26 and a C++ compiler"
  program=$into/modelvet
fi
"$program" version
echo "binary=$program" >>"$GITHUB_OUTPUT"
