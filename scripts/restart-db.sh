#!/usr/bin/env bash
# Restarts PostgreSQL as an operator would, and tells whether the dashboard came back by itself.
# usage: [HOLD=seconds] [REPEAT=runs] [LAB_LIMIT_S=seconds] scripts/restart-db.sh
#    ie: HOLD=20 REPEAT=10 scripts/restart-db.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/watched.sh

watched restart 'restart (fast)' 'HOLD=20 make restart-db · make crash-db · make demo' restart-db
