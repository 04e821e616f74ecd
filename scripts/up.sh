#!/usr/bin/env bash
# Starts the stack and waits until System Health says that PostgreSQL is up.
# usage: scripts/up.sh
#    ie: DB_POOL_POLICY=naive DASHBOARD_PORT=8600 scripts/up.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly LIMIT_S=90 # a first start makes the data set

answers() {
  python3 -IS -c 'import sys, urllib.request as r
r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=2)' "$1" 2>/dev/null
}

check_port() {
  local port="$1"
  [ "$(docker compose port dashboard 8501 2>/dev/null)" != "127.0.0.1:$port" ] || return 0
  python3 -IS -c 'import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null ||
    die "DASHBOARD_PORT=$port is taken on 127.0.0.1" "DASHBOARD_PORT=$((port % 65535 + 1)) make up"
}

# A volume keeps the passwords that it was made with.
check_password() {
  case "$(docker compose logs --no-color --tail 20 postgres 2>&1)" in
  *"password authentication failed"*)
    die "the data volume was made with another password than .secrets/ holds" \
      "bring the old .secrets/ back, or make both anew (the data is lost): make clean && make up"
    ;;
  esac
}

explain() {
  check_password
  docker compose ps --all >&2
  docker compose logs --no-color --tail 40 >&2
  die "$1" "read the log above; make logs shows all of it"
}

wait_until_up() {
  local until=$((SECONDS + LIMIT_S))
  until answers "$1/readyz"; do
    [ -z "$(docker compose ps --all --quiet --status exited)" ] || explain "a container ended"
    [ "$SECONDS" -lt "$until" ] || explain "System Health did not say up within $LIMIT_S s"
    check_password
    sleep 0.2
  done
}

main() {
  local port url
  bash scripts/preflight.sh
  bash scripts/check.sh
  own_project --mark
  port="$(setting DASHBOARD_PORT 8501)"
  check_port "$port"
  bash scripts/secrets.sh
  bash scripts/images.sh
  keep DB_POOL_POLICY "$(setting DB_POOL_POLICY adopted)"
  # What the environment exports has just been kept; from here on .env alone speaks for it.
  unset POSTGRES_IMAGE PYTHON_IMAGE DB_POOL_POLICY
  docker compose --progress quiet up --detach --remove-orphans --no-build || explain "docker compose up failed"
  url="http://127.0.0.1:$port"
  wait_until_up "$url"
  say up "$url"
  say policy "$(setting DB_POOL_POLICY) (kept in .env; another: make policy NAME=naive)"
  say images "$(setting POSTGRES_IMAGE) · $(setting PYTHON_IMAGE)"
  say context "$(context)"
  say next "make restart-db"
}

main "$@"
