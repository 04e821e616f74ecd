#!/usr/bin/env bash
# Proves it all: the outages, and beside them, on a stack of their own, the pages and the code.
# usage: scripts/verify.sh
#    ie: scripts/verify.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly LOG=.lab/verify-pages.log

main() {
  local status=0 pages outages
  mkdir -p .lab
  # A job in the background ignores Ctrl-C; SIGTERM ends pytest with all its finalizers.
  .venv/bin/python -m pytest tests/browser tests/unit >"$LOG" 2>&1 &
  pages=$!
  .venv/bin/python -m pytest tests/integration tests/matrix &
  outages=$!
  trap 'kill "$pages" "$outages" 2>/dev/null || true; wait; exit 130' INT TERM
  wait "$outages" || status=$?
  wait "$pages" || status=$?
  cat "$LOG"
  return "$status"
}

main "$@"
