#!/usr/bin/env bash
# Stops the stack and removes its containers; the data stays in its volume.
# usage: scripts/down.sh
#    ie: scripts/down.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

main() {
  LAB_AUTO_INSTALL=0 scripts/preflight.sh
  check_ownership
  scripts/secrets.sh # Compose wants to see the files, even to stop
  remove_helpers "$(project)"
  docker compose down --remove-orphans
  say down "the data stays; make up brings it back, make clean removes it"
}

main "$@"
