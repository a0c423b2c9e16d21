#!/usr/bin/env bash
# Prints testdata/policy.yaml with two public keys under trust.
# Usage: scripts/policy.sh PIPELINE.pub OFFICER.pub
set -euo pipefail
cd "$(dirname "$0")/.."
key() { sed 's/^/      /' "$1"; }
while IFS= read -r line; do
  case $line in
    *@PIPELINE@*) key "$1" ;;
    *@OFFICER@*) key "$2" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <testdata/policy.yaml
