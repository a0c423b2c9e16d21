#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plays the Jenkinsfile: allowed, denied, pending, pending and approved, broken.
# Usage: jenkins.sh GROOVY.jar
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD groovy=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { cat "$work/log" >&2; echo "jenkins: $*" >&2; exit 1; }
bin/modelvet keygen --out "$work/pipeline" 2>/dev/null >/dev/null
bin/modelvet keygen --out "$work/officer" 2>/dev/null >/dev/null
scripts/policy.sh "$work/pipeline.pub" "$work/officer.pub" >"$work/policy.yaml"
sed '/^    approvals:/,/count: 1}/d' "$work/policy.yaml" >"$work/automatic.yaml"
printf '#!/bin/sh\necho "deployed $1" >"%s/deployed"\n' "$work" >"$work/deploy.sh"
chmod +x "$work/deploy.sh"

play() { # play CODE DEPLOYED MODEL POLICY [ON_INPUT]
  local got=0
  rm -rf "$work/run" "$work/deployed"
  cp -r "testdata/$3" "$work/run" 2>/dev/null || mkdir "$work/run"
  cp "$work/deploy.sh" "$work/run/"
  (cd "$work/run" && CREDENTIAL_modelvet_policy=$work/$4 CREDENTIAL_modelvet_signing_key=$work/pipeline.key CREDENTIAL_modelvet_password='' \
    WORKSPACE_TMP=$work/run@tmp BUILD_NUMBER=$((++build)) REGISTRY=oci:$work/store ON_INPUT=${5:-} PATH="$root/bin:$PATH" \
    java -cp "$groovy" groovy.ui.GroovyMain "$root/examples/interop/jenkins.groovy" "$root/examples/jenkins/Jenkinsfile") >"$work/log" 2>&1 || got=$?
  [ "$got" = "$1" ] || fail "it ends with $got, expected $1"
  [ "$([ -e "$work/deployed" ] && echo yes || echo no)" = "$2" ] || fail "deployed: expected $2"
}
build=0
says() { grep -qF -- "$1" "$work/log" || fail "the log does not say: $1"; }

play 0 yes credit automatic.yaml
says 'STAGE Approval skipped'
says 'RESULT success'
echo "ok   Jenkins, allowed: deployed"
play 1 no credit-biased policy.yaml
says 'the gate is closed (exit code 3)'
echo "ok   Jenkins, denied: failed"
play 1 no credit policy.yaml
says 'SH modelvet judge ends with 4'
echo "ok   Jenkins, pending, a click and no approval: failed"
play 0 yes credit policy.yaml "modelvet approve \"\$REGISTRY:\$BUILD_NUMBER\" --role model-risk-officer --policy $work/policy.yaml --key $work/officer.key"
says 'SH modelvet judge ends with 0'
echo "ok   Jenkins, pending, then approved: deployed"
play 1 no nowhere policy.yaml
says 'the gate is closed (exit code 2)'
echo "ok   Jenkins, broken: failed"
