#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The GitHub Action in a real runner, act (nektos/act), and the GitLab component
# in another, gitlab-ci-local; both on this host, without Docker. Allowed,
# denied and pending; enforce and warn; a pull request from a fork; a bad input.
# The annotations, the summary, the outputs and the kept files are checked.
# actions/upload-artifact and codeql-action/upload-sarif are stand-ins that say
# what they were given: the real ones need GitHub.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cache="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet"
bin="$cache/bin"
mkdir -p "$bin"
[ -x "$bin/act" ] || (cd / && GOBIN="$bin" go install github.com/nektos/act@v0.2.89)
local="$cache/gitlab-ci-local"
[ -x "$local/node_modules/.bin/gitlab-ci-local" ] || npm install --silent --no-fund --no-audit --prefix "$local" gitlab-ci-local@4.65.1 >/dev/null
command -v rsync >/dev/null || { echo "interop-ci: rsync is needed (Debian: rsync)" >&2; exit 1; }
[ -x "$bin/actionlint" ] || (cd / && GOBIN="$bin" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.9)
zizmor=$cache/zizmor/bin/zizmor
[ "$("$zizmor" --version 2>/dev/null)" = "zizmor 1.16.3" ] || { python3 -m venv "$cache/zizmor" && "$cache/zizmor/bin/pip" install --quiet --disable-pip-version-check zizmor==1.16.3; }
[ -x bin/modelvet ] || make build
work=$(mktemp -d) issuer=
trap '[ -z "$issuer" ] || kill "$issuer" 2>/dev/null; rm -rf "$work"' EXIT
fail() { [ ! -f "$work/log" ] || tail -60 "$work/log"; echo "interop-ci: $*" >&2; exit 1; }

# The keys, the policy and an approved artifact are the governance team's, outside of the repository.
bin/modelvet keygen --out "$work/pipeline" >/dev/null 2>&1
bin/modelvet keygen --out "$work/officer" >/dev/null 2>&1
scripts/policy.sh "$work/pipeline.pub" "$work/officer.pub" >"$work/policy.yaml"
unset MODELVET_KEY MODELVET_POLICY MODELVET_PASSWORD
bin/modelvet gate testdata/credit --policy "$work/policy.yaml" --key "$work/pipeline.key" --out "$work/approved" >/dev/null 2>&1 || [ $? = 4 ]
bin/modelvet approve "$work/approved" --role model-risk-officer --policy "$work/policy.yaml" --key "$work/officer.key" 2>/dev/null

# The action as users name it, and the stand-in.
mkdir -p "$work/action" "$work/upload" "$work/codeql/upload-sarif"
cp -r action.yml scripts release "$work/action/"
cat >"$work/upload/action.yml" <<'YAML'
name: upload
description: stand-in
inputs: {name: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", PATHS: "${{ inputs.path }}"}
      run: 'while read -r p; do [ -z "$p" ] || for f in $p; do echo "KEPT $NAME $(basename "$f")"; done; done <<<"$PATHS"'
YAML
cat >"$work/codeql/upload-sarif/action.yml" <<'YAML'
name: upload-sarif
description: stand-in
inputs: {sarif_file: {required: true}, category: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: "${{ inputs.sarif_file }}", CATEGORY: "${{ inputs.category }}"}
      run: echo "SARIF $CATEGORY $(python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1]))["runs"]))' "$FILE")"
YAML
mkdir -p "$work/repo/.github/workflows"
cp -r testdata/credit testdata/credit-biased "$work/repo/"
upload=$(sed -n 's/.*uses: actions\/upload-artifact@\([0-9a-f]*\).*/\1/p' action.yml)
sarif=$(sed -n 's/.*uses: github\/codeql-action\/upload-sarif@\([0-9a-f]*\).*/\1/p' action.yml)

# What the linters of workflows say of the action, and of the workflow that init writes.
"$bin/actionlint" -shellcheck= -pyflakes= examples/github/modelvet.yml || fail "actionlint objects"
"$zizmor" --offline --no-progress --quiet --persona=pedantic action.yml examples/github/modelvet.yml >"$work/log" 2>&1 || fail "zizmor objects"
rm "$work/log"
echo "ok   zizmor (pedantic) and actionlint object to nothing"

workflow() { # workflow NAME: the inputs come on standard input, as YAML
  { cat <<'YAML'
on: [push, pull_request]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - id: vet
        uses: modelvet/modelvet@v1
        with:
YAML
    sed 's/^/          /'
    cat <<'YAML'
      - if: always()
        env: {OUTCOME: "${{ steps.vet.outputs.outcome }}", CODE: "${{ steps.vet.outputs.exit-code }}", FAILED: "${{ steps.vet.outputs.failed-rules }}", PDF: "${{ steps.vet.outputs.report-pdf }}"}
        run: |
          echo "OUT outcome=$OUTCOME code=$CODE failed=$FAILED pdf=$([ -s "$PDF" ] && echo yes || echo no)"
YAML
  } >"$work/repo/.github/workflows/gate.yml"
  commit
}
commit() {
  (cd "$work/repo" && rm -rf .git && git init -q -b main && git remote add origin https://github.com/acme/models.git && git add -A &&
    git -c user.name=x -c user.email=x@x.example commit -qm x)
}

setup=$(sed -n 's/.*uses: actions\/setup-go@\([0-9a-f]*\).*/\1/p' examples/github/modelvet.yml)
mkdir -p "$work/setup-go"
printf 'name: setup-go\ndescription: stand-in\ninputs: {go-version: {required: true}, cache: {required: false}}\nruns: {using: composite, steps: [{shell: bash, run: "true"}]}\n' >"$work/setup-go/action.yml"
env=()
run() { # run CODE EVENT [ARG...]
  local want=$1 got=0
  shift
  (cd "$work/repo" && "$bin/act" "$@" -P ubuntu-latest=-self-hosted --action-offline-mode \
    --env GITHUB_WORKFLOW_REF=acme/models/.github/workflows/gate.yml@refs/heads/main --env GITHUB_WORKFLOW_SHA="$(git rev-parse HEAD)" \
    --env GITHUB_REPOSITORY_ID=1 --env GITHUB_REPOSITORY_OWNER_ID=2 --env RUNNER_ENVIRONMENT=self-hosted \
    "${env[@]+"${env[@]}"}" --local-repository "actions/setup-go@$setup=$work/setup-go" --local-repository "modelvet/modelvet@main=$work/action" \
    --local-repository "github/codeql-action@$sarif=$work/codeql" --local-repository "modelvet/modelvet@v1=$work/action" --local-repository "actions/upload-artifact@$upload=$work/upload") >"$work/log" 2>&1 || got=$?
  [ "$got" = "$want" ] || fail "act $1 ended with $got, expected $want"
}
says() { grep -qF -- "$1" "$work/log" || fail "the log does not say: $1"; }
never() { ! grep -qF -- "$1" "$work/log" || fail "the log says: $1"; }
with() { printf 'policy: %s\nbinary: %s\n' "$work/policy.yaml" "$root/bin/modelvet"; cat; }

echo "key: $work/pipeline.key
upload-sarif: "true"
directory: credit-biased" | with | workflow
run 1 push
says 'SARIF modelvet-production 1'
says 'OUT outcome=denied code=3'
says 'fairness.demographic_parity_difference'
says 'pdf=yes'
says 'KEPT modelvet report.pdf'
grep -q 'Error.*credit-biased\|::error.*credit-scoring-biased' "$work/log" || fail "no annotation names the model"
echo "ok   denied, enforce: the job fails"

echo "key: $work/pipeline.key
directory: credit-biased
mode: warn" | with | workflow
run 0 push
says 'OUT outcome=denied code=3'
echo "ok   denied, warn: the job goes on, and says so"

echo "key: $work/pipeline.key
directory: credit" | with | workflow
run 1 push
says 'OUT outcome=pending code=4'
echo "ok   pending, enforce: the job waits"

echo "reference: $work/approved" | with | workflow
run 0 push
says 'OUT outcome=allowed code=0'
echo "ok   allowed after an approval, judged from what is attached"

printf 'directory: credit\n' | with | workflow
printf '{"number": 7, "pull_request": {"number": 7, "head": {"repo": {"full_name": "mallory/models"}}}}' >"$work/event.json"
run 1 pull_request -e "$work/event.json"
says 'No key and no identity'
says 'OUT outcome=denied'
# Of the 71 rules that now cannot be verified, GitHub would show ten: so many are printed.
[ "$(grep -c '::error' "$work/log")" -le 10 ] && [ "$(grep -c '::warning' "$work/log")" -le 10 ] || fail "more annotations than GitHub shows"
says 'more in the job summary'
echo "ok   a pull request from a fork signs nothing that counts; its annotations stay within the limit"

# The workflow that init writes, with the program of this checkout.
example() { # example KEY-LINE: the example as it is, but for where the program is
  sed "s#          stage: production#          stage: production\n          binary: $root/bin/modelvet\n          directory: credit${1:+\n          $1}#" examples/github/modelvet.yml >"$work/repo/.github/workflows/gate.yml"
  commit
}
example ''
run 1 pull_request -e "$work/event.json" --var "MODELVET_POLICY_YAML=$(cat "$work/policy.yaml")"
says 'No key and no identity'
example "key: $work/pipeline.key"
run 1 push --var "MODELVET_POLICY_YAML=$(cat "$work/policy.yaml")"
says 'PENDING'
says 'the provenance of the build is unverified'
echo "ok   the workflow of \`modelvet init\`: a fork is judged and promotes nothing, a push is pending, its provenance unverified without a token"

# With a token of the platform's issuer the provenance is what the token says.
python3 scripts/interop-issuer.py "$work/claims.json" "$work/port" & issuer=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
at=http://127.0.0.1:$(cat "$work/port")
head=$(cd "$work/repo" && git rev-parse HEAD)
claim() { # claim SHA: what GitHub's issuer says of the run that act plays
  printf '{"sub":"repo:acme/models:ref:refs/heads/main","repository":"acme/models","repository_id":"1","repository_owner_id":"2","ref":"refs/heads/main","sha":"%s","event_name":"push","run_id":"1","run_attempt":"1","runner_environment":"self-hosted","workflow_ref":"acme/models/.github/workflows/gate.yml@refs/heads/main","job_workflow_ref":"acme/models/.github/workflows/gate.yml@refs/heads/main"}' "$1" >"$work/claims.json"
}
vouched() { # vouched FOLDER: how far the identity in the provenance below it was checked
  python3 - "$1" <<'PY'
import base64, glob, json, sys
for f in glob.glob(sys.argv[1] + "/attestations/*.json"):
    bundle = json.load(open(f))
    s = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    if s["predicateType"] == "https://slsa.dev/provenance/v1":
        p = s["predicate"]
        i = p["buildDefinition"]["internalParameters"]["identity"]
        print(i["verification"], i.get("issuer", "-"), p["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"], ",".join(i["unverified"]) or "-")
PY
}
env=(--env "ACTIONS_ID_TOKEN_REQUEST_URL=$at/token?v=1" --env ACTIONS_ID_TOKEN_REQUEST_TOKEN=job --env "MODELVET_OIDC_ISSUER=$at")
example "key: $work/pipeline.key\n          out: $work/vouched"
head=$(cd "$work/repo" && git rev-parse HEAD)
claim "$head"
run 1 push --var "MODELVET_POLICY_YAML=$(cat "$work/policy.yaml")"
says 'PENDING'
never 'is unverified'
[ "$(vouched "$work/vouched")" = "verified $at $head -" ] || fail "the provenance says: $(vouched "$work/vouched")"
claim 0123456789abcdef0123456789abcdef01234567
rm -r "$work/vouched"
run 1 push --var "MODELVET_POLICY_YAML=$(cat "$work/policy.yaml")"
says "the environment says GITHUB_SHA=$head, the identity token of this run says 0123456789abcdef"
says 'Nothing was decided'
[ ! -e "$work/vouched/decision.json" ] || fail "a decision was left"
claim "$head"
env[1]="ACTIONS_ID_TOKEN_REQUEST_URL=$at/wrong?v=1"
run 1 push --var "MODELVET_POLICY_YAML=$(cat "$work/policy.yaml")"
says 'failed to verify signature'
env=()
echo "ok   GitHub's token: its claims are the provenance; another commit, or a changed token, closes the job"

printf 'directory: nowhere\nmode: observe\nkey: %s\n' "$work/pipeline.key" | with | workflow
run 1 push
says 'OUT outcome=broken'
never 'outcome=allowed'
echo "ok   a folder that is not there closes the job, in mode observe too"
# A push that lost its key is not judged for the laxer stage of pull requests.
printf 'directory: credit\nuntrusted-stage: lax\n' | with | workflow
run 1 push
says 'OUT outcome=denied'
never 'lax'
echo "ok   a push without a key keeps its stage"

# A download counts only with the checksum that stands beside the action.
os=$(uname -s | tr '[:upper:]' '[:lower:]') arch=$(go env GOARCH)
mkdir -p "$work/downloads/v9.9.9" "$work/runner"
tar -czf "$work/downloads/v9.9.9/modelvet_9.9.9_${os}_$arch.tar.gz" -C bin modelvet
get() { RUNNER_TEMP=$work/runner GITHUB_OUTPUT=$work/output VERSION=$1 MODELVET_DOWNLOADS=file://$work/downloads "$work/action/scripts/action-get.sh" >"$work/log" 2>&1; }
! get v9.9.9 || fail "a release without a checksum was taken"
says 'knows no checksum'
(cd "$work/downloads/v9.9.9" && sha256sum ./*.tar.gz | sed 's#\./##') >>"$work/action/release/checksums.txt"
get v9.9.9 || fail "the release was not taken"
echo x >>"$work/downloads/v9.9.9/modelvet_9.9.9_${os}_$arch.tar.gz"
! get v9.9.9 || fail "a changed release was taken"
says 'this action expects'
! get '../v9.9.9' || fail "a version that is a path was taken"
echo "ok   a release is taken with its checksum, and not without"

# GitLab.
lab=$work/lab
mkdir -p "$lab"
cp -r testdata/credit testdata/credit-biased templates "$lab/"
(cd "$lab" && git init -q && git remote add origin git@gitlab.com:acme/models.git)
pipeline() { # pipeline CODE INPUT...: runs the component, and a job after it
  local want=$1 got=0
  shift
  { printf 'include:\n  - local: templates/gate/template.yml\n    inputs:\n      policy: %s\n' "$work/policy.yaml"
    printf '      %s\n' "$@"
    printf 'after:\n  stage: deploy\n  needs: [modelvet]\n  script: [\047echo "AFTER $MODELVET_OUTCOME"\047]\n'
  } >"$lab/.gitlab-ci.yml"
  (cd "$lab" && git add -A && git -c user.name=x -c user.email=x@x.example commit -qm x &&
    PATH="$root/bin:$PATH" "$local/node_modules/.bin/gitlab-ci-local" --force-shell-executor --shell-isolation --no-color \
      --variable GITLAB_CI=false) >"$work/log" 2>&1 || got=$?
  [ "$got" = "$want" ] || fail "gitlab-ci-local ended with $got, expected $want"
}
kept() { (cd "$lab/.gitlab-ci-local/artifacts/modelvet" 2>/dev/null && ls -d "$@" >/dev/null) || fail "no artifact $*"; }
pipeline 1 "key: $work/pipeline.key" "directory: credit-biased"
says 'BLOCKED'
never 'AFTER'
kept modelvet-result/report.pdf modelvet-result/junit.xml
echo "ok   GitLab, denied, enforce: the job fails"
pipeline 0 "key: $work/pipeline.key" "directory: credit-biased" "mode: warn"
says 'AFTER denied'
echo "ok   GitLab, denied, warn: the next job knows"
pipeline 0 "reference: $work/approved"
says 'AFTER allowed'
echo "ok   GitLab, allowed after an approval"
echo "interop-ci: the component and the action do in a runner what they say"
