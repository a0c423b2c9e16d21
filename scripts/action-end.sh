#!/usr/bin/env bash
# The last step of action.yml. Only a decision can be forgiven by the mode: that
# something broke closes the job in every mode.
set -euo pipefail
case "$MODE/$CODE" in
  */0 | warn/3 | warn/4 | observe/3 | observe/4) exit 0 ;;
esac
exit "$CODE"
