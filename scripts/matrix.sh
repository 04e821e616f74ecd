#!/usr/bin/env bash
# Runs the matrix of faults and contenders, then judges and reports it; a run that broke off, too.
# usage: FAULTS=a,b POLICIES=a,b REPEATS=n HOLD=seconds SOLO=1 KEEP=1 RESUME=run SEED=n scripts/matrix.sh
#    ie: FAULTS=restart,freeze POLICIES=adopted,naive REPEATS=5 scripts/matrix.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_alone.sh

main() {
  local before after status=0
  alone matrix
  before="$(readlink .lab/runs/latest || true)"
  .venv/bin/python -m pytest tests/matrix -p no:cacheprovider \
    --faults="${FAULTS:-all}" --policies="${POLICIES-}" --repeats="${REPEATS-}" \
    --hold="${HOLD-}" --solo="${SOLO-}" --keep="${KEEP-}" --resume="${RESUME-}" \
    --seed="${SEED-}" || status=$?
  after="$(readlink .lab/runs/latest || true)"
  [ "$status" -ne 4 ] || return 64 # a bad option, or another matrix: nothing was run
  # No run of this call's own, nothing to judge: its stack did not start.
  [ -n "${RESUME-}" ] || [ "$before" != "$after" ] || return 2
  .venv/bin/recovery-lab report latest || status=$?
  .venv/bin/recovery-lab judge latest || status=$?
  return "$status"
}

main "$@"
