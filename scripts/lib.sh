# shellcheck shell=bash
# What every script shares: its messages, the settings, and whose stack this is.
# Sourced from the repository's root; it runs on bash 3.2 with BSD tools.

# shellcheck disable=SC2034 # for the scripts that source this file
{
  STAND_IN_BASE=recovery-lab/base:trixie
  STAND_IN_POSTGRES=recovery-lab/postgres:17-standin
  STAND_IN_PYTHON=recovery-lab/python:3.13-standin
  OFFICIAL_POSTGRES=postgres:17-trixie
  OFFICIAL_PYTHON=python:3.13-slim-trixie
  DASHBOARD_IMAGE=recovery-lab/dashboard:local
  INSTRUMENT_IMAGE=recovery-lab/instrument:local
  BROWSER_IMAGE=recovery-lab/browser:local
  SECOND_IMAGE=recovery-lab/second-target:local
  BUILD_DIR=.lab/build
  KEPT_SETTINGS="DB_POOL_POLICY POSTGRES_IMAGE PYTHON_IMAGE"
  ALL_SETTINGS="$KEPT_SETTINGS HEALTH_INTERVAL_S DB_READ_DEADLINE_S DASHBOARD_PORT LAB_LIMIT_S"
}

say() { printf '%-9s %s\n' "$1" "$2"; }

# die WHAT REMEDY...: what went wrong, then a line for each remedy; nothing follows.
die() {
  printf 'error     %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  remedy  %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

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

project() { docker compose config | sed -n 's/^name: //p'; }

# other_folder: the folder whose stack has this project's name, where it is not this one.
# Compose itself would adopt its containers, and `down -v` would delete its data.
other_folder() {
  docker ps --all --filter "label=com.docker.compose.project=$(project)" \
    --format '{{ .Label "com.docker.compose.project.working_dir" }}' | sort -u |
    while IFS= read -r folder; do
      [ -z "$folder" ] || [ "$folder" -ef "$PWD" ] || printf '%s\n' "$folder"
    done | head -n 1
}

check_ownership() {
  local folder
  folder="$(other_folder)"
  [ -z "$folder" ] || die "the Compose project $(project) belongs to another folder: $folder" \
    "run \`make down\` in that folder first" \
    "or give this one a name of its own: export COMPOSE_PROJECT_NAME=$(project)-2"
}

# remove_helpers PROJECT: what the lab started beside the stack would keep its network alive.
remove_helpers() {
  local id
  for id in $(docker ps --all --quiet --filter label=recovery-lab=1 --filter "label=recovery-lab.project=$1"); do
    docker rm --force "$id" >/dev/null
  done
}

context() {
  docker context inspect --format '{{ .Name }} ({{ .Endpoints.docker.Host }})'
}
