#!/usr/bin/env bash
# Starts Prometheus beside the stack, and waits until it has scraped the dashboard.
# usage: scripts/observe.sh
#    ie: PROMETHEUS_PORT=9091 scripts/observe.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_stack.sh

readonly LIMIT_S=60

# scraped URL: whether it has asked the dashboard, and got an answer.
scraped() {
  python_now -IS -c 'import json, sys, urllib.request as r
ask = r.build_opener(r.ProxyHandler({})).open(sys.argv[1] + "/api/v1/query?query=up==1", timeout=2)
sys.exit(not json.load(ask)["data"]["result"])' "$1" 2>/dev/null
}

explain() {
  docker compose logs --no-color --tail 20 prometheus >&2
  die "$1" "read the log above; its files are in prometheus/"
}

main() {
  local url until
  bash scripts/preflight.sh
  bash scripts/check.sh
  own_project name
  check_port PROMETHEUS_PORT prometheus 9090 observe
  up_if_down
  bash scripts/images.sh prometheus
  unset PROMETHEUS_IMAGE # .env keeps the one that was chosen
  docker compose --progress quiet up --detach --no-deps --no-build prometheus || explain "docker compose up failed"
  url="http://127.0.0.1:$(setting PROMETHEUS_PORT 9090)"
  until=$((SECONDS + LIMIT_S))
  until scraped "$url"; do
    [ -z "$(docker compose ps --all --quiet --status exited prometheus)" ] || explain "Prometheus ended"
    [ "$SECONDS" -lt "$until" ] || explain "Prometheus has not scraped the dashboard within $LIMIT_S s"
    sleep 0.2
  done
  say observe "$url/alerts (rules: prometheus/alerts.yml; what each means: docs/monitoring.md)"
  say next "HOLD=150 make restart-db: DatabaseDown is pending from the loss on, fires after two minutes, is gone once it is back"
  say end "make down, or this alone: docker compose rm --stop --force prometheus"
}

main "$@"
