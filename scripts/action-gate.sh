#!/usr/bin/env bash
# The main step of action.yml: runs the gate and tells GitHub what was decided.
# It ends with 0 once that is told; action-end.sh holds the job.
set -euo pipefail
out=${OUT:-${RUNNER_TEMP:?}/modelvet}
code=1
# A step that stops half-way leaves a code that closes the job.
trap 'echo "code=$code" >>"$GITHUB_OUTPUT"' EXIT

case $MODE in enforce | warn | observe) ;; *) code=2; echo "::error title=modelvet::the input mode has to be enforce, warn or observe"; exit 1 ;; esac

flags=(--policy "$POLICY")
sign=()
if [ -n "${KEY:-}" ]; then
  sign=(--key "$KEY")
elif [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
  sign=(--keyless)
  [ -z "${SIGNING_CONFIG:-}" ] || sign+=(--signing-config "$SIGNING_CONFIG")
  [ -z "${TRUSTED_ROOT:-}" ] || sign+=(--trusted-root "$TRUSTED_ROOT")
elif [ -z "${REFERENCE:-}" ]; then
  # Only a pull request may be judged for another stage: a push that lost its
  # secret must not find a laxer one.
  case ${GITHUB_EVENT_NAME:-} in pull_request | pull_request_target) STAGE=${UNTRUSTED_STAGE:-$STAGE} ;; esac
  echo "::notice title=modelvet::No key and no identity (a pull request from a fork has none): the evidence is signed with a key that this run threw away, and nothing here can be promoted."
fi
flags+=(--stage "$STAGE")
[ -z "${RULES:-}" ] || flags+=(--rules "$RULES")

# What the gate prints names files and texts of the judged repository: for as
# long as it runs, the log takes no commands.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
rm -rf "$out/decision.json"
echo "::stop-commands::$token"
code=0
if [ -n "${REFERENCE:-}" ]; then
  "$MODELVET" judge "$REFERENCE" "${flags[@]}" --out "$out" || code=$?
else
  "$MODELVET" gate "$DIRECTORY" "${flags[@]}" ${sign[@]+"${sign[@]}"} --out "$out" || code=$?
fi
echo "::$token::"
case $code in
  0 | 3 | 4) ;;
  *)
    echo "::error title=modelvet::modelvet ended with $code before it decided; the log says why. Nothing was decided: to be treated as closed."
    exit 0 ;; # action-end.sh closes the job
esac

tell=(--mode "$MODE")
[ "${COMMENT:-}" != true ] || tell+=(--comment)
if [ -n "${REFERENCE:-}" ]; then dir=; else dir=$(realpath --relative-to="${GITHUB_WORKSPACE:-.}" "$DIRECTORY" 2>/dev/null || echo .); fi
told=0
"$MODELVET" ci github "$out" "${tell[@]}" --model-dir "$dir" || told=$?
[ "$told" = 0 ] || { code=1; exit 1; }

if [ -n "${PUSH:-}" ] && { [ "$code" != 3 ] || [ "${PUSH_ONLY_ALLOWED:-true}" != true ]; }; then
  "$MODELVET" push "$out" "$PUSH" || { code=1; echo "::error title=modelvet::pushing the artifact broke"; exit 1; }
fi
