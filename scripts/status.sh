#!/usr/bin/env bash
# Shows the containers, and what System Health says.
# usage: scripts/status.sh
#    ie: scripts/status.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_stack.sh

main() {
  local url trouble
  LAB_AUTO_INSTALL=0 bash scripts/preflight.sh
  own_project name
  bash scripts/secrets.sh
  say context "$(context)"
  say project "$PROJECT"
  say policy "$(setting DB_POOL_POLICY adopted)"
  docker compose ps --all
  url="$(docker compose port dashboard 8501 2>/dev/null)" || url=""
  [ -n "$url" ] || die "the dashboard is not running" "make up"
  python3 -IS -c 'import json, sys, urllib.request as r
health = json.load(r.build_opener(r.ProxyHandler({})).open(sys.argv[1] + "/api/system-health", timeout=5))
print("health   ", health["status"], json.dumps(health["postgres"]), sep=" ")' "http://$url" ||
    die "the dashboard does not answer at http://$url" "make logs"
  trouble="$(fresh_session)" || die "new sessions do not work: $trouble" "make up"
  say sessions "new ones work"
}

main "$@"
