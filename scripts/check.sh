#!/usr/bin/env bash
# Checks every setting, as exported or in .env, before anything is built.
# usage: scripts/check.sh
#    ie: DB_POOL_POLICY=naive scripts/check.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

main() {
  local name problems
  # The compose file sets these itself; what else a shell exports of them is for other programs.
  unset DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD_FILE DB_SSLMODE DB_SSLROOTCERT
  for name in $ALL_SETTINGS; do
    export "$name=$(setting "$name")"
  done
  problems="$(python_now -m dashboard.settings 2>&1)" ||
    die "$problems" "as exported, or in $PWD/.env; nothing was built or changed"
}

main "$@"
