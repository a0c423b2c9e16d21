#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts a real Trino server from Maven Central with a catalogue in memory and
# checks that the table scanners measure the same there as in DuckDB. Trino 476
# needs Java 24 or newer.
set -euo pipefail
cd "$(dirname "$0")/.."
version=476
sum=cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/trino"
home=$cache/trino-server-$version

java=
for j in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} $(compgen -G '/usr/lib/jvm/*/bin/java' | sort -rV) $(command -v java || true); do
  major=$("$j" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
  if [ "${major:-0}" -ge 24 ]; then java=$j; break; fi
done
[ -n "$java" ] || { echo "interop-trino: a Java 24 or newer is needed: set JAVA_HOME" >&2; exit 1; }

if [ ! -e "$home/.complete" ]; then
  command -v mvn >/dev/null || { echo "interop-trino: mvn is needed to fetch Trino (Debian: maven)" >&2; exit 1; }
  mkdir -p "$cache"
  tarball=$cache/trino-server-$version.tar.gz
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=io.trino:trino-server:$version:tar.gz -DoutputDirectory="$cache" -Dmdep.useBaseVersion=true
  echo "$sum  $tarball" | sha256sum --check --quiet
  # the server and the one connector that is used, a seventh of the whole
  tar xzf "$tarball" -C "$cache" "trino-server-$version/lib" "trino-server-$version/plugin/memory"
  rm "$tarball"
  touch "$home/.complete"
fi

data=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$data"' EXIT
mkdir -p "$data/etc/catalog" "$data/plugin"
ln -s "$home/plugin/memory" "$data/plugin/memory"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$data/etc/config.properties" <<CONFIG
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port=$port
discovery.uri=http://127.0.0.1:$port
query.max-memory=512MB
query.max-memory-per-node=512MB
memory.heap-headroom-per-node=256MB
catalog.management=static
plugin.dir=$data/plugin
CONFIG
printf 'node.environment=test\nnode.data-dir=%s\n' "$data/var" >"$data/etc/node.properties"
printf 'connector.name=memory\nmemory.max-data-per-node=256MB\n' >"$data/etc/catalog/memory.properties"
printf 'io.trino=WARN\n' >"$data/etc/log.properties"
# From its own folder: the server writes var/log below the one it starts in.
(cd "$data" && exec "$java" -Xmx1500m -Djdk.attach.allowAttachSelf=true -Dconfig="$data/etc/config.properties" -Dnode.environment=test \
  -Dnode.data-dir="$data/var" -Dcatalog.config-dir="$data/etc/catalog" -Dlog.levels-file="$data/etc/log.properties" \
  --add-modules=jdk.incubator.vector -cp "$home/lib/*" io.trino.server.TrinoServer) >"$data/log" 2>&1 &
server=$!
for _ in $(seq 180); do
  if curl -fs "http://127.0.0.1:$port/v1/info" 2>/dev/null | grep -q '"starting":false'; then break; fi
  kill -0 "$server" 2>/dev/null || { tail -n 40 "$data/log" >&2; echo "interop-trino: the server ended" >&2; exit 1; }
  sleep 1
done
echo "Trino $version on Java $major answers"
MODELVET_TRINO=http://modelvet@127.0.0.1:$port go test -count=1 -tags interop -run InteropTrino -v ./scanners | grep -E '^(=== RUN|---|\s+---|ok|FAIL|PASS|panic|    )' 
