#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds a release of modelvet, reproducibly, and packs it: archives, checksums,
# a bill of materials, an image (OCI layout, no container engine), and with
# --key or --keyless the signed SLSA provenance of them all. Publishes nothing.
#
#   scripts/release.sh v1.2.3 [--out DIR] [--targets "linux/amd64 ..."] [--key FILE | --keyless]
#
# The same commit and the same tools give the same bytes, in whatever folder.
# The tools: Go as below; for Linux the C++ compilers of Debian 12 (the program for
# amd64 is static and needs no library, the one for arm64 needs glibc); for macOS
# zig, which is fetched from PyPI and checked.
set -euo pipefail
cd "$(dirname "$0")/.."
go_want=go1.26.8 gcc_want=12.2.0
zig_want=0.15.2 zig_wheel_amd64=806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130 zig_wheel_arm64=edc0aa60ec964a4cf462d40f68d7de242ddf37fd9a80f2afaee6397059463230
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
version=${1:?the version, as v1.2.3}
shift
out=dist/release/$version targets="linux/amd64 linux/arm64 darwin/amd64 darwin/arm64" sign=()
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2; shift ;;
    --targets) targets=$2; shift ;;
    --key) sign=(--key "$2"); shift ;;
    --keyless) sign=(--keyless) ;;
    *) echo "release: there is no option $1" >&2; exit 2 ;;
  esac
  shift
done
fail() { echo "release: $*" >&2; exit 1; }
[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "the version is $version; want one like v1.2.3"
[ ! -e "$out" ] || fail "$out exists; name another folder with --out"
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=1 LC_ALL=C TZ=UTC
unset GOEXPERIMENT CGO_CFLAGS CGO_CXXFLAGS CGO_LDFLAGS CGO_CPPFLAGS
[ "$(go env GOVERSION)" = $go_want ] || fail "a release is built with $go_want; here is $(go env GOVERSION)"

# The commit that is built, and its date. A tree that is no checkout, as of `git archive`, names them.
if [ -e .git ]; then
  commit=$(git rev-parse HEAD) epoch=$(git log -1 --format=%ct)
  dirty=$([ -z "$(git status --porcelain)" ] && echo false || echo true)
else
  commit=${RELEASE_COMMIT:-} epoch=${SOURCE_DATE_EPOCH:?the date of the commit, where there is no .git} dirty=false
fi
join() { local IFS=,; echo "$*"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
programs=() statics=() needs=() tools=("{\"Kind\":\"tool\",\"Name\":\"$go_want\"}")

linux() { # linux ARCH: a static program, with Debian's compiler
  local arch=$1 triple gcc
  case $arch in amd64) triple=x86_64-linux-gnu ;; arm64) triple=aarch64-linux-gnu ;; esac
  command -v "$triple-g++" >/dev/null || fail "$triple-g++ is needed (Debian 12: apt-get install g++-${triple//_/-})"
  gcc=$("$triple-g++" -dumpfullversion)
  [ "$gcc" = $gcc_want ] || fail "a release is built with $triple-g++ $gcc_want of Debian 12; here is $gcc"
  local how=-static lib
  if [ "$arch" = arm64 ]; then
    # Not static: Debian's libc.a for arm64 is compiled with -fpic, whose table of
    # addresses is too small for DuckDB ("too many GOT entries for -fpic"). So this one
    # needs the glibc of Debian 12, or a later one; the image brings it along.
    mkdir -p "$work/static"
    ln -sf "$("$triple-g++" -print-file-name=libstdc++.a)" "$work/static/"
    how="-static-libgcc -L$work/static"
    for lib in ld-linux-aarch64.so.1 libc.so.6 libm.so.6; do
      needs+=("\"$(realpath -s "$("$triple-g++" -print-file-name=$lib)")\"")
    done
  fi
  GOOS=linux GOARCH=$arch CC=$triple-gcc CXX=$triple-g++ build linux "$arch" -tags netgo,osusergo "-linkmode=external -extldflags '$how -Wl,--build-id=none'"
  needs=()
  libraries "$arch" "$triple"
}

# libraries says what the linker took in, as Debian names it.
libraries() {
  local arch=$1 triple=$2 lib file package v
  for lib in libstdc++.a libc.a; do
    file=$(realpath "$("$triple-g++" -print-file-name=$lib)")
    package=$(dpkg-query -S "$file" 2>/dev/null | head -1 | sed 's/: .*//') || true
    [ -n "$package" ] || fail "no package of Debian holds $file"
    v=$(dpkg-query -W -f '${Version}' "$package")
    statics+=("{\"Name\":\"${lib%.a}\",\"Version\":\"$v\",\"PURL\":\"pkg:deb/debian/${package%%:*}@${v//+/%2B}?arch=$arch\",\"OS\":\"linux\",\"Arch\":\"$arch\"}")
    tools+=("{\"Kind\":\"tool\",\"Name\":\"${package%%:*} $v\"}")
  done
}

zig() { # fetches the compiler for macOS once
  local machine wheel
  case $(uname -m) in
    x86_64) machine=manylinux_2_12_x86_64 wheel=$zig_wheel_amd64 ;;
    aarch64) machine=manylinux_2_17_aarch64 wheel=$zig_wheel_arm64 ;;
    *) fail "no zig for $(uname -m)" ;;
  esac
  zig=$cache/zig/$zig_want/ziglang/zig
  if [ ! -x "$zig" ]; then
    mkdir -p "$cache/zig"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform $machine -d "$work/zig" ziglang==$zig_want
    echo "$wheel  $(echo "$work"/zig/*.whl)" | sha256sum --check --quiet || fail "the wheel of zig is another than expected"
    rm -rf "$cache/zig/$zig_want"
    python3 -m zipfile -e "$work"/zig/*.whl "$cache/zig/$zig_want.part"
    chmod +x "$cache/zig/$zig_want.part/ziglang/zig"
    mv "$cache/zig/$zig_want.part" "$cache/zig/$zig_want"
  fi
}

# stubs writes, for the libraries of macOS that Go's own packages name, the lists
# of their symbols that a linker wants. Which symbols, Go's sources say.
stubs() {
  local library name
  sources=$(grep -rhE '^//go:cgo_import_dynamic [a-z0-9A-Z_]+ [a-zA-Z0-9_]+ "/' "$(go env GOROOT)/src/crypto" "$(go env GOROOT)/src/net" "$(go env GOROOT)/src/internal/syscall/unix")
  for library in /System/Library/Frameworks/{CoreFoundation,Security}.framework/Versions/A/{CoreFoundation,Security} /usr/lib/libresolv.9.dylib; do
    case $library in
      */CoreFoundation.framework/*/CoreFoundation | */Security.framework/*/Security)
        name=${library##*/}
        mkdir -p "$work/sdk/$name.framework"
        name=$name.framework/$name ;;
      */libresolv.9.dylib) name=libresolv ;;
      *) continue ;;
    esac
    { printf -- "--- !tapi-tbd\ntbd-version: 4\ntargets: [ x86_64-macos, arm64-macos ]\ninstall-name: '%s'\nexports:\n  - targets: [ x86_64-macos, arm64-macos ]\n    symbols: [ " "$library"
      grep -F "\"$library\"" <<<"$sources" | awk '{print "_" $3}' | sort -u | paste -sd, | tr -d '\n'
      printf ' ]\n...\n'
    } >"$work/sdk/$name.tbd"
  done
}

darwin() { # darwin ARCH
  local arch=$1 machine
  case $arch in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; esac
  zig
  [ -d "$work/sdk" ] || { mkdir "$work/sdk"; stubs; }
  for language in cc c++; do # outside of $work, whose name is another each time: the name of the compiler is part of Go's cache key
    mkdir -p "$cache/zig/bin"
    printf '#!/bin/sh\nexec "%s" %s -target %s-macos.12.0 "$@"\n' "$zig" "$language" "$machine" >"$cache/zig/bin/$machine-$language.part"
    chmod +x "$cache/zig/bin/$machine-$language.part"
    mv "$cache/zig/bin/$machine-$language.part" "$cache/zig/bin/$machine-$language"
  done
  GOOS=darwin GOARCH=$arch CC=$cache/zig/bin/$machine-cc CXX=$cache/zig/bin/$machine-c++ \
    build darwin "$arch" -tags "" "-linkmode=external -extldflags '-F$work/sdk -L$work/sdk'"
  tools+=("{\"Kind\":\"tool\",\"Name\":\"ziglang $zig_want\"}")
}

build() { # build OS ARCH TAGS-FLAG TAGS LINK-FLAGS
  local path=$work/$1_$2
  go build -trimpath -buildvcs=false "$3" "$4" -ldflags "-s -w -buildid= -X main.release=$version $5" -o "$path" ./cmd/modelvet 2>"$work/log" ||
    { cat "$work/log" >&2; fail "building $1/$2 broke"; }
  programs+=("{\"OS\":\"$1\",\"Arch\":\"$2\",\"Path\":\"$path\",\"Libraries\":[$(join ${needs[@]+"${needs[@]}"})]}")
  echo "$(sha256sum <"$path" | cut -c1-64)  $1/$2 (the program)" >&2
}

for target in $targets; do
  case $target in
    linux/amd64 | linux/arm64) linux "${target#*/}" ;;
    darwin/amd64 | darwin/arm64) darwin "${target#*/}" ;;
    *) fail "there is no target $target" ;;
  esac
done

modules=$(go list -m -f '{{if .Dir}}{"Path":{{printf "%q" .Path}},"Version":{{printf "%q" .Version}},"Dir":{{printf "%q" .Dir}}},{{end}}' all)
cat >"$work/plan.json" <<PLAN
{"Version": "$version", "At": $epoch, "Licence": "LICENSE",
 "Programs": [$(join "${programs[@]}")], "Statics": [$(join ${statics[@]+"${statics[@]}"})],
 "Modules": [${modules%,}], "Tools": [$(join "${tools[@]}")],
 "Source": {"URI": "https://github.com/modelvet/modelvet", "Ref": "refs/tags/$version", "Commit": "$commit", "Dirty": $dirty}}
PLAN
mkdir -p "$out"
GOFLAGS=-mod=readonly go run ./cmd/release --plan "$work/plan.json" --out "$out" ${sign[@]+"${sign[@]}"}
