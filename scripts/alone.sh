#!/usr/bin/env bash
# Runs a command that measures, unless another one measures on this daemon already.
# usage: scripts/alone.sh VERB COMMAND...
#    ie: scripts/alone.sh demo .venv/bin/recovery-lab demo -- scripts/take-away.sh restart
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_alone.sh

main() {
  alone "$1"
  shift
  exec "$@"
}

main "$@"
