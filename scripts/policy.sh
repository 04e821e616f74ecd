#!/usr/bin/env bash
# Changes the pool policy for good: its line of .env, and the running dashboard.
# usage: NAME=policy scripts/policy.sh
#    ie: NAME=naive scripts/policy.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_stack.sh

readonly LIMIT_S=60

runs_with() {
  python3 -IS -c 'import json, sys, urllib.request as r
ask = r.build_opener(r.ProxyHandler({})).open(sys.argv[1] + "/api/system-health", timeout=2)
sys.exit(json.load(ask)["pool"]["policy"] != sys.argv[2])' "$1" "$2" 2>/dev/null
}

recreate() {
  local until=$((SECONDS + LIMIT_S)) url
  url="http://127.0.0.1:$(setting DASHBOARD_PORT 8501)"
  docker compose --progress quiet up --detach --no-deps --no-build dashboard ||
    die "the dashboard was not recreated; the policy $1 is kept in .env" "make up"
  until runs_with "$url" "$1"; do
    [ "$SECONDS" -lt "$until" ] ||
      die "the dashboard does not say that it runs with $1 after $LIMIT_S s" "make logs"
    sleep 0.2
  done
}

main() {
  local trouble
  if [ -z "${NAME-}" ]; then
    say policy "$(setting DB_POOL_POLICY adopted)"
    die "no policy named" "make policy NAME=naive"
  fi
  LAB_AUTO_INSTALL=0 bash scripts/preflight.sh
  DB_POOL_POLICY="$NAME" bash scripts/check.sh
  own_project name
  unset DB_POOL_POLICY # what was exported would win over .env
  keep DB_POOL_POLICY "$NAME"
  if [ -n "$(docker compose ps --quiet dashboard 2>/dev/null)" ]; then
    recreate "$NAME"
    say policy "$NAME, kept in .env; the dashboard runs with it"
    trouble="$(fresh_session)" || say note "PostgreSQL takes no new sessions: $trouble; make up heals it"
  else
    say policy "$NAME, kept in .env; make up starts with it"
  fi
}

main "$@"
