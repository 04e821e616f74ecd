#!/usr/bin/env bash
# Changes the pool policy for good: its line of .env, and the running dashboard.
# usage: NAME=policy scripts/policy.sh
#    ie: NAME=naive scripts/policy.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly LIMIT_S=60

wait_until_alive() {
  local until=$((SECONDS + LIMIT_S))
  until answers "$1/healthz"; do
    [ "$SECONDS" -lt "$until" ] || die "the dashboard did not answer within $LIMIT_S s" "make logs"
    sleep 0.2
  done
}

main() {
  if [ -z "${NAME-}" ]; then
    say policy "$(setting DB_POOL_POLICY adopted)"
    die "no policy named" "make policy NAME=naive"
  fi
  DB_POOL_POLICY="$NAME" scripts/check.sh
  LAB_AUTO_INSTALL=0 scripts/preflight.sh
  check_ownership
  unset DB_POOL_POLICY # what was exported would win over .env
  keep DB_POOL_POLICY "$NAME"
  if [ -n "$(docker compose ps --quiet dashboard 2>/dev/null)" ]; then
    docker compose --progress quiet up --detach --no-deps --no-build dashboard
    wait_until_alive "http://127.0.0.1:$(setting DASHBOARD_PORT 8501)"
    say policy "$NAME, kept in .env; the dashboard runs with it"
  else
    say policy "$NAME, kept in .env; make up starts with it"
  fi
}

main "$@"
