#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The examples against the types of those who read them (Tekton, Argo Workflows,
# Kubeflow Pipelines; their own Go modules and Python package), and what their
# steps say run on this host. The Jenkinsfile is compiled by the Groovy that
# Jenkins uses and played with stand-ins for Jenkins' steps; Jenkins itself, and
# its declarative linter, are not run, nor is any cluster.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
[ -x bin/modelvet ] || make build
if ! "$cache/kfp/bin/python" -c 'import kfp, sys; sys.exit(kfp.__version__ != "2.17.3")' 2>/dev/null; then
  rm -rf "$cache/kfp"
  python3 -m venv "$cache/kfp"
  "$cache/kfp/bin/pip" install --quiet --disable-pip-version-check kfp==2.17.3 kfp-kubernetes==2.17.3
fi
unset MODELVET_KEY MODELVET_POLICY
export MODELVET_PASSWORD=
(cd examples/interop && XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" go test -count=1 ./...)

groovy=$cache/groovy/groovy-all-2.4.21.jar
if [ ! -f "$groovy" ]; then
  for tool in mvn java; do command -v $tool >/dev/null || { echo "interop-examples: $tool is needed (Debian: maven, default-jre-headless)" >&2; exit 1; }; done
  mkdir -p "$cache/groovy"
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dartifact=org.codehaus.groovy:groovy-all:2.4.21 -DoutputDirectory="$cache/groovy"
fi
examples/interop/jenkins.sh "$groovy"
echo "interop-examples: what the examples say is what happens"
