#!/usr/bin/env bash
# Checks all code without running it.
# usage: scripts/lint.sh
#    ie: scripts/lint.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

failed=""
check() {
  say lint "$1 ${2-}"
  "$@" || failed="$failed ${1##*/}"
}

main() {
  local file shell=()
  python3 scripts/record.py lint began
  trap 'python3 scripts/record.py lint $?' EXIT
  while IFS= read -r file; do shell+=("$file"); done < <(
    git ls-files --cached --others --exclude-standard -- '*.sh' .ci/run
  )
  PATH="$PWD/.venv/bin:$PATH"
  check ruff check --quiet .
  check ruff format --quiet --check .
  check mypy
  check shellcheck --external-sources "${shell[@]}"
  check shfmt --diff "${shell[@]}"
  bash scripts/secrets.sh
  for file in docker-compose.yml scripts/standins/compose.yml recovery_lab/compose.yml \
    tests/targets/inventory/compose.yml tests/versions/compose.yml; do
    check docker compose --project-name lint --file "$file" config --quiet
  done
  check docker compose --project-name lint --file docker-compose.yml --file tests/tls/compose.yml config --quiet
  [ -z "$failed" ] || die "lint failed:$failed" "make format mends ruff's and shfmt's layout"
}

main "$@"
