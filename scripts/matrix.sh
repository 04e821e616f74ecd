#!/usr/bin/env bash
# Runs the matrix of faults and contenders, then judges and reports it; a run that broke off, too.
# usage: FAULTS=a,b POLICIES=a,b JOBS=a,b REPEATS=n HOLD=seconds SOLO=1 KEEP=1 RESUME=run SEED=n TARGET=file scripts/matrix.sh
#    ie: FAULTS=restart,freeze POLICIES=adopted,naive REPEATS=5 scripts/matrix.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_alone.sh

main() {
  alone matrix
  # A target in a folder of its own has no .env that names them.
  POSTGRES_IMAGE="$(setting POSTGRES_IMAGE)"
  PYTHON_IMAGE="$(setting PYTHON_IMAGE)"
  export POSTGRES_IMAGE PYTHON_IMAGE
  .venv/bin/recovery-lab run --target="${TARGET:-target.toml}" \
    --faults="${FAULTS:-all}" --contenders="${POLICIES:-all}" --repeats="${REPEATS:-1}" \
    ${JOBS:+--jobs="$JOBS"} ${HOLD:+--hold="$HOLD"} --solo="${SOLO:-0}" --keep="${KEEP:-0}" --resume="${RESUME-}" \
    ${SEED:+--seed="$SEED"}
}

main "$@"
