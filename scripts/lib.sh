# shellcheck shell=bash
# What every script shares: its messages, the settings, and whose stack this is.
# Sourced from the repository's root; it runs on bash 3.2 with BSD tools.

# shellcheck disable=SC2034 # for the scripts that source this file
{
  STAND_IN_BASE=recovery-lab/base:trixie
  STAND_IN_POSTGRES=recovery-lab/postgres:17-standin
  STAND_IN_PYTHON=recovery-lab/python:3.13-standin
  STAND_IN_PROMETHEUS=recovery-lab/prometheus:2.53-standin
  OFFICIAL_POSTGRES=postgres:17-trixie
  OFFICIAL_PYTHON=python:3.13-slim-trixie
  OFFICIAL_PROMETHEUS=prom/prometheus:v2.53.3
  DASHBOARD_IMAGE=recovery-lab/dashboard:local
  INSTRUMENT_IMAGE=recovery-lab/instrument:local
  BROWSER_IMAGE=recovery-lab/browser:local
  VERSIONS_IMAGE=recovery-lab/versions:local
  SECOND_IMAGE=recovery-lab/second-target:local
  BUILD_DIR=.lab/build
  KEPT_SETTINGS="DB_POOL_POLICY POSTGRES_IMAGE PYTHON_IMAGE PROMETHEUS_IMAGE"
  PROJECT="" # own_project says it
  IGNORED=""
  ALL_SETTINGS="$KEPT_SETTINGS HEALTH_INTERVAL_S DB_READ_DEADLINE_S DASHBOARD_PORT PROMETHEUS_PORT LAB_LIMIT_S"
}

# What a shell exports for other stacks must not change what a docker command means here.
while read -r kind name _; do
  [ "$kind" = ignored ] && [ -n "${!name+set}" ] || continue
  IGNORED="$IGNORED $name"
  unset "$name"
done <recovery_lab/surroundings.txt

say() { printf '%-9s %s\n' "$1" "$2"; }

# die WHAT REMEDY...: what went wrong, then a line for each remedy; nothing follows.
die() {
  printf 'error     %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  remedy  %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# python_now ...: .venv's Python where it is made, which starts at once; python3 may be a slow shim.
# For small programs of the standard library alone.
python_now() {
  if [ -x .venv/bin/python ]; then .venv/bin/python "$@"; else python3 "$@"; fi
}

# setting NAME [DEFAULT]: the exported value, else .env's last one, as Compose reads them.
setting() {
  local value="${!1-}"
  if [ -z "$value" ] && [ -f .env ]; then
    value="$(sed -n "s/^[[:space:]]*\(export \)\{0,1\}$1=//p" .env | tail -n 1 |
      sed -e 's/[[:space:]]#.*$//' -e 's/[[:space:]]*$//' -e "s/^\([\"']\)\(.*\)\1\$/\2/")"
  fi
  printf '%s\n' "${value:-${2-}}"
}

# keep NAME [VALUE]: writes NAME's own line of .env, or takes it out. Every other line stays,
# and a reader sees the old file or the new one, never half of one.
keep() {
  local fresh
  [ -f .env ] || : >.env
  fresh="$(mktemp .env.XXXXXX)"
  cp -p .env "$fresh" # for its mode
  awk -v name="$1" -v value="${2-}" '
    index($0, name "=") == 1 { if (value != "" && !done) print name "=" value; done = 1; next }
    { print }
    END { if (value != "" && !done) print name "=" value }' .env >"$fresh"
  if cmp -s "$fresh" .env; then rm "$fresh"; else mv -f "$fresh" .env; fi
}

# own_project name|mark: sets PROJECT, this folder's own, and keeps it in .env, where plain
# `docker compose` finds it; `mark` says so on the daemon, too. Stops where an exported name is another folder's.
own_project() {
  PROJECT="$(python_now scripts/folder.py "$1")" || exit 1
  [ -n "${COMPOSE_PROJECT_NAME-}" ] || keep COMPOSE_PROJECT_NAME "$PROJECT"
}

# remove_helpers PROJECT: what the lab started beside the stack would keep its network alive.
remove_helpers() {
  local id
  for id in $(docker ps --all --quiet --filter label=recovery-lab=1 --filter "label=recovery-lab.project=$1"); do
    docker rm --force "$id" >/dev/null
  done
}

context() { docker context inspect --format '{{ .Name }} ({{ .Endpoints.docker.Host }})'; }
