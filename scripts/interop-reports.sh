#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the tools that read our reports (veraPDF from Maven Central, axe-core
# from npm) into the cache, then runs the interop tests of reports/.
# Needs: mvn, java, qpdf, pdftotext, pdfdetach, pdfsig, node, npm, chromium and
# LibreOffice Writer; the last is installed from Debian when root asks.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
if ! command -v soffice >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-writer-nogui >/dev/null
fi
for tool in mvn java qpdf pdftotext pdfdetach pdfsig node npm chromium soffice; do
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
cd "$(dirname "$0")/.."
exec go test -tags interop -count=1 -run Interop "$@" ./reports/...
