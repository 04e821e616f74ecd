#!/usr/bin/env bash
# Restarts PostgreSQL, then the dashboard, as an operator without pre-ping must; says what it costs.
# usage: [HOLD=seconds] [REPEAT=runs] [LAB_LIMIT_S=seconds] scripts/by-hand.sh
#    ie: HOLD=3 REPEAT=5 scripts/by-hand.sh
#
# HOLD: how long the operator takes to notice. That the process goes is the point: it is waived.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/watched.sh

HOLD="${HOLD:-3}"
watched by-hand 'by-hand (both restarted)' 'make policy NAME=pinned' by-hand \
  --waive 'nothing restarts' --waive liveness
