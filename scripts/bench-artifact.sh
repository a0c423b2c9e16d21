#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Packs, pushes and pulls the same models with modelvet, modctl and oras, side by
# side in one run, against one registry on loopback, which is emptied before each
# push: once with its store and what is pulled on the disk of $TMPDIR, where the disk
# bounds everybody, and once in memory (/dev/shm; needs twice MEGABYTES there).
# Prints the median of the seconds, of the client's processor time and of the
# registry's, and the most memory (MB) of each.
#
#   scripts/bench-artifact.sh [MEGABYTES [FILES [RUNS]]]     (default 2000 5000 3)
#
# The peers are those that scripts/interop-artifact.sh builds; oras and modctl
# must be there. BIN names the modelvet to measure (default bin/modelvet).
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-2000} files=${2:-5000} runs=${3:-3}
peers="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/bin"
bin=$(realpath "${BIN:-bin/modelvet}")
for peer in oras modctl registry; do
  [ -x "$peers/$peer" ] || { echo "$peer is missing; run scripts/interop-artifact.sh" >&2; exit 1; }
done
tmp=$(mktemp -d)
memory=$(mktemp -d -p /dev/shm)
medium=$tmp
registry=
stop() { if [ -n "$registry" ]; then kill "$registry" 2>/dev/null || true; wait "$registry" 2>/dev/null || true; fi; registry=; }
trap 'stop; rm -rf "$tmp" "$memory"' EXIT
port=$((20000 + RANDOM % 20000))
host=127.0.0.1:$port
export XDG_CONFIG_HOME=$tmp/config HOME=$tmp/home TMPDIR=$tmp/tmp
mkdir -p "$HOME" "$TMPDIR"

fresh() { # an empty registry
  stop
  rm -rf "$medium/store"
  mkdir -p "$medium/store"
  printf 'version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: %s\n' "$medium/store" "$host" >"$tmp/registry.yml"
  "$peers/registry" serve "$tmp/registry.yml" >/dev/null 2>&1 &
  registry=$!
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return; sleep 0.05; done
  echo "the registry does not answer" >&2
  exit 1
}

# measure NAME PREPARE COMMAND...: prepare is run before each, untimed.
measure() {
  local name=$1 prepare=$2 times=() rss=0
  shift 2
  for _ in $(seq "$runs"); do
    $prepare
    local out seconds cpu memory served
    # shellcheck disable=SC2016
    out=$(REGISTRY=$registry python3 -c 'import os,resource,subprocess,sys,time
def served():
    try:
        with open("/proc/"+os.environ.get("REGISTRY","")+"/stat") as f: x=f.read().rsplit(")",1)[1].split()
        return (int(x[11])+int(x[12]))/os.sysconf("SC_CLK_TCK")
    except OSError: return 0.0
s=served()
t=time.monotonic()
r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.PIPE)
if r.returncode: sys.exit(r.stderr.decode()[-400:])
u=resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.monotonic()-t,u.ru_utime+u.ru_stime,u.ru_maxrss//1024,served()-s)' "$@") || { printf '  %-34s does not do it: %s\n' "$name" "$out"; return; }
    read -r seconds cpu memory served <<<"$out"
    times+=("$seconds $cpu $served")
    [ "$memory" -gt "$rss" ] && rss=$memory
  done
  printf '%s\n' "${times[@]}" | sort -n | awk -v n="$name" -v r="$rss" '{a[NR]=$1; c[NR]=$2; g[NR]=$3} END {m=int((NR+1)/2); printf "  %-34s %7.2f s  (%.2f to %.2f)  %6.2f s of CPU, the registry %6.2f  %4d MB\n", n, a[m], a[1], a[NR], c[m], g[m], r}'
}

emptied() { rm -rf "$medium/out" "$tmp/storage"; mkdir -p "$medium/out" "$tmp/storage"; rm -rf "$TMPDIR"; mkdir -p "$TMPDIR"; }
both() { fresh; emptied; }

model() { # FOLDER: a Modelfile for modctl, which has no wish to find files itself
  printf 'NAME bench\nARCH transformer\nFORMAT gguf\nMODEL *.gguf\n' >"$1/Modelfile"
  printf 'name: bench\nversion: 1.0.0\npurpose: It exists to be measured only.\nprovider: {name: Nobody}\nrole: provider\nriskClass: minimal\nmodel: {format: gguf, files: ["*.gguf"]}\n' >"$1/modelvet.yaml"
}

echo "making the models"
mkdir -p "$tmp/large" "$tmp/many"
openssl enc -aes-128-ctr -nosalt -pass pass:modelvet -pbkdf2 </dev/zero 2>/dev/null | head -c "$((megabytes * 1000000))" >"$tmp/large/model.gguf" || true
for i in $(seq "$files"); do echo "file $i" >"$tmp/many/$i.gguf"; done
model "$tmp/large"
model "$tmp/many"
printf 'Modelfile\nmodelvet.yaml\n' | tee "$tmp/large/.modelvetignore" >"$tmp/many/.modelvetignore"

for where in disk memory; do
medium=$tmp
[ "$where" = disk ] || medium=$memory
for kind in large many; do
  dir=$tmp/$kind
  echo
  echo "store in $where, $kind: $(du -sh --apparent-size "$dir" | cut -f1), $(find "$dir" -name '*.gguf' | wc -l) files"
  echo " pack and push"
  measure "modelvet push" both "$bin" push "$dir" "$host/bench/ours:v1"
  measure "modctl build --output-remote" both "$peers/modctl" --storage-dir "$tmp/storage" build --plain-http --output-remote --modelfile "$dir/Modelfile" -t "$host/bench/modctl:v1" "$dir"
  cd "$dir"
  find . -name '*.gguf' -printf '%P\n' | sort >"$tmp/list"
  measure "oras push" both xargs -a "$tmp/list" -x -s 2000000 -n 1000000 "$peers/oras" push --plain-http "$host/bench/oras:v1"
  cd - >/dev/null
  both
  "$bin" push "$dir" "$host/bench/ours:v1" >/dev/null 2>&1
  echo " pull into a folder"
  measure "modelvet pull" emptied "$bin" pull "$host/bench/ours:v1" "$medium/out"
  measure "modctl pull --extract-from-remote" emptied "$peers/modctl" --storage-dir "$tmp/storage" pull --plain-http --extract-from-remote --extract-dir "$medium/out" "$host/bench/ours:v1"
  measure "oras pull" emptied "$peers/oras" pull --plain-http -o "$medium/out" "$host/bench/ours:v1"
done
done
medium=$tmp

echo
echo "hashing one file"
measure "modelvet pack (hash and copy)" emptied "$bin" pack "$tmp/large" --out "$medium/out/l"
measure "sha256sum" emptied sha256sum "$tmp/large/model.gguf"
openssl speed -evp sha256 -bytes 1048576 -seconds 2 2>/dev/null | tail -1 | awk '{print "  openssl speed -evp sha256: " $2 " of 1000 bytes a second"}'
