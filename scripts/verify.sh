#!/usr/bin/env bash
# Proves it all: the outages, and beside them, on stacks of their own, what needs none of them.
# usage: scripts/verify.sh [more]
#    ie: scripts/verify.sh more
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_alone.sh

readonly VERB="verify${1:+-$1}" LOG=.lab/verify-beside.log POOL=.lab/verify-pool.log
# Faults without readers: nothing of them is timed, so they need not wait for the outages' end.
readonly FAULTS=(tests/integration/test_faults.py tests/integration/test_moved_server.py)
readonly REPORTS=(.lab/verify-outages.xml .lab/verify-beside.xml .lab/verify-pool.xml)

main() {
  local status=0 beside="" outages="" pool="" which="not more"
  alone "$VERB"
  [ "${1-}" != more ] || which=""
  mkdir -p .lab
  rm -f "${REPORTS[@]}"
  python3 scripts/record.py "$VERB" began
  trap 'python3 scripts/record.py "$VERB" $? "${REPORTS[@]}"' EXIT
  # A job in the background ignores Ctrl-C; SIGTERM ends pytest with all its finalizers, which
  # a second Ctrl-C must not break off.
  trap 'trap "" INT TERM; kill $outages $beside $pool 2>/dev/null || true; wait; cat "$LOG"; exit 130' INT TERM
  .venv/bin/python -m pytest tests/browser tests/setup tests/unit tests/strangers "${FAULTS[@]}" \
    tests/more tests/wheel -m "$which" --junit-xml "${REPORTS[1]}" >"$LOG" 2>&1 &
  beside=$!
  .venv/bin/python -m pytest tests/integration tests/matrix tests/observe tests/second \
    "${FAULTS[@]/#/--ignore=}" -m "$which" --junit-xml "${REPORTS[0]}" &
  outages=$!
  # The package of its own has a pytest of its own; it is over in a minute.
  .venv/bin/python -m pytest steadypool/tests --junit-xml "${REPORTS[2]}" >"$POOL" 2>&1 &
  pool=$!
  wait "$outages" || status=$?
  wait "$pool" || status=$?
  wait "$beside" || status=$?
  cat "$POOL" "$LOG"
  return "$status"
}

main "$@"
