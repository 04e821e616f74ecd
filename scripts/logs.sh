#!/usr/bin/env bash
# Follows the logs of both services.
# usage: scripts/logs.sh
#    ie: scripts/logs.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

main() {
  LAB_AUTO_INSTALL=0 bash scripts/preflight.sh
  own_project name
  exec docker compose logs --follow --tail 100
}

main "$@"
