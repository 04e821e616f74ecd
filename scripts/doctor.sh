#!/usr/bin/env bash
# Says what the lab would stumble over: first what stops it, then what is good to know.
# usage: scripts/doctor.sh
#    ie: scripts/doctor.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_stack.sh

# What this shell exports: named where it has an effect here, and where it has none.
tell_surroundings() {
  local kind name what own
  while read -r kind name what; do
    case "$kind $IGNORED " in
    "ignored "*" $name "*) say ignored "$name ($what): no effect here; on your own docker commands: unset $name" ;;
    "heeded "*) [ -z "${!name-}" ] || say heeded "$name ($what); without it: unset $name" ;;
    esac
  done <recovery_lab/surroundings.txt
  ! own="$(grep -Eo '^(export )?(COMPOSE_FILE|COMPOSE_PROFILES|COMPOSE_ENV_FILES|DOCKER_[A-Z_]*)=' .env 2>/dev/null)" ||
    say heeded "your own lines of .env, by Compose: $(tr '=\n' '  ' <<<"$own"); without them: take them out of .env"
  ! grep -qs '"proxies"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json" ||
    say heeded "proxies in Docker's config.json: builds and containers get them; the lab asks none for itself"
}

tell_stack() {
  local living trouble
  living="$(python_now scripts/alone.py living)" || say busy "$living"
  [ -n "$(docker compose ps --status running --quiet postgres 2>/dev/null)" ] || return 0
  trouble="$(fresh_session)" || say sessions "PostgreSQL takes no new ones: $trouble; make up heals what it can"
}

# Without a Python nothing of the settings can be told.
python_fits() { python_now -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

main() {
  local status=0 host=fits port=free
  export LAB_AUTO_INSTALL=0 # it says what is missing, and brings nothing
  bash scripts/preflight.sh --verbose || host=lacks status=1
  ! python_fits || bash scripts/check.sh || status=1
  if [ "$host" = fits ]; then
    if PROJECT="$(python_now scripts/folder.py name)"; then say project "$PROJECT"; else status=1; fi
  fi
  # They stop make up and make observe alone: the other verbs' stacks have ports of their own.
  ! python_fits || (COMPOSE_PROJECT_NAME="$PROJECT" check_port DASHBOARD_PORT dashboard 8501 up) || port=taken
  ! python_fits || (COMPOSE_PROJECT_NAME="$PROJECT" check_port PROMETHEUS_PORT prometheus 9090 observe) || port=taken
  [ -z "$PROJECT" ] || (COMPOSE_PROJECT_NAME="$PROJECT" tell_stack)
  tell_surroundings
  [ "$status $port" != "0 free" ] || say doctor "nothing stops the lab here"
  return "$status"
}

main "$@"
