#!/usr/bin/env bash
# Kills PostgreSQL with SIGKILL, starts it, and tells whether the dashboard came back by itself.
# usage: [HOLD=seconds] [REPEAT=runs] [LAB_LIMIT_S=seconds] scripts/crash-db.sh
#    ie: HOLD=20 scripts/crash-db.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/watched.sh

watched kill 'crash (SIGKILL)' 'HOLD=20 make crash-db · make restart-db · make demo' crash-db
