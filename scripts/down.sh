#!/usr/bin/env bash
# Stops the stack and removes its containers; the data stays in its volume.
# usage: scripts/down.sh
#    ie: scripts/down.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

main() {
  LAB_AUTO_INSTALL=0 bash scripts/preflight.sh
  own_project name
  bash scripts/secrets.sh # Compose wants to see the files, even to stop
  remove_helpers "$PROJECT"
  docker compose --profile observe down --remove-orphans
  say down "the data stays in the volume ${PROJECT}_data; make up brings it back"
}

main "$@"
