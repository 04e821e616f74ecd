#!/usr/bin/env bash
# Starts the stack and waits until System Health says up and a fresh session works.
# usage: scripts/up.sh
#    ie: DB_POOL_POLICY=naive DASHBOARD_PORT=8600 scripts/up.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_stack.sh

readonly LIMIT_S=90 # a first start makes the data set

answers() {
  python_now -IS -c 'import sys, urllib.request as r
r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=2)' "$1" 2>/dev/null
}

# check_password TROUBLE: a volume keeps the passwords that it was made with. The server's own log
# tells a wrong one from a role that is missing, which no client is told.
check_password() {
  case "$1" in *"password authentication failed"*) ;; *) return 0 ;; esac
  case "$(docker compose logs --no-color --tail 20 postgres 2>&1)" in *"does not exist"*) return 0 ;; esac
  die "$(python3 scripts/folder.py data "$PROJECT") was made with other passwords than .secrets/ holds" \
    "make down, bring back the .secrets/ that it was made with, make up" \
    "or give its roles the passwords of .secrets/: docker compose exec -T postgres psql -U lab_owner -d lab <postgres/passwords.sql" \
    "or leave it as it is and begin beside it: make down, write COMPOSE_PROJECT_NAME=$PROJECT-2 into .env, make up"
}

explain() {
  docker compose ps --all >&2
  docker compose logs --no-color --tail 40 >&2
  die "$1" "read the log above; make logs shows all of it"
}

wait_until_up() {
  local until=$((SECONDS + LIMIT_S)) trouble
  until trouble="$(fresh_session)" && answers "$1/readyz"; do
    [ -z "$(docker compose ps --all --quiet --status exited)" ] || explain "a container ended"
    [ "$SECONDS" -lt "$until" ] ||
      explain "not up within $LIMIT_S s: ${trouble:-System Health does not say so}"
    heal_half_shut "$trouble"
    check_password "$trouble"
    sleep 0.2
  done
}

main() {
  local url
  bash scripts/preflight.sh
  bash scripts/check.sh
  own_project mark
  check_port DASHBOARD_PORT dashboard 8501 up
  bash scripts/secrets.sh
  bash scripts/images.sh
  keep DB_POOL_POLICY "$(setting DB_POOL_POLICY adopted)"
  # What the environment exports has just been kept; from here on .env alone speaks for it.
  unset POSTGRES_IMAGE PYTHON_IMAGE DB_POOL_POLICY
  bash scripts/first-start.sh "$PROJECT"
  docker compose --progress quiet up --detach --remove-orphans --no-build || explain "docker compose up failed"
  url="http://127.0.0.1:$(setting DASHBOARD_PORT 8501)"
  wait_until_up "$url"
  say up "$url"
  say policy "$(setting DB_POOL_POLICY) (kept in .env; another: make policy NAME=naive)"
  say images "$(setting POSTGRES_IMAGE) · $(setting PYTHON_IMAGE)"
  say context "$(context)"
  say next "make restart-db"
}

main "$@"
