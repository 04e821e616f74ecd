#!/usr/bin/env bash
# Makes the cluster on the first start, runs the init scripts, then becomes the server.
# usage: docker-entrypoint.sh COMMAND [ARGUMENT...]
#    ie: docker-entrypoint.sh postgres -c log_connections=on
#
# No `set -u`: a sourced init script runs under these options, and the official image has none.
set -Eeo pipefail

fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# PID 1 has no default handler: without one a stop is lost, and 30 s later it is a kill. It is
# answered after the step under way.
stopped() {
  printf 'stopped before the server had started\n' >&2
  [ ! -s "$PGDATA/postmaster.pid" ] || pg_ctl -D "$PGDATA" -m fast -w stop
  exit 143
}

# take NAME [DEFAULT]: exports NAME as its value, the content of NAME_FILE's file, or the default.
# Empty is as good as unset.
take() {
  local name="$1" file="$1_FILE" value
  [ -z "${!name}" ] || [ -z "${!file}" ] || fail "both $name and $file are set (they exclude each other)"
  value="${!name:-$2}"
  [ -z "${!file}" ] || value="$(<"${!file}")"
  export "$name=$value"
  unset "$file"
}

settings() {
  take POSTGRES_USER postgres
  take POSTGRES_DB "$POSTGRES_USER"
  take POSTGRES_PASSWORD
  take POSTGRES_INITDB_ARGS
}

# ends_at_once ARGUMENT...: whether the server would only tell of itself.
ends_at_once() {
  local argument
  for argument; do
    case "$argument" in -\? | --help | --describe-config | -V | --version) return 0 ;; esac
  done
  return 1
}

# make_cluster SERVER-ARGUMENT...
make_cluster() {
  local initdb_args auth="$POSTGRES_HOST_AUTH_METHOD"
  [ -n "$POSTGRES_PASSWORD" ] || [ "$auth" = trust ] || fail \
    "the database is not initialised and no superuser password is given" \
    "set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE to a value that is not empty"
  # A folder that cannot be listed looks empty: better no database than one without its tables.
  ls /docker-entrypoint-initdb.d/ >/dev/null
  # The official image lets a shell split this variable as well.
  eval "initdb_args=($POSTGRES_INITDB_ARGS)"
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${initdb_args[@]}"
  auth="${auth:-$(postgres -C password_encryption "$@")}"
  printf '\nhost all all all %s\n' "$auth" >>"$PGDATA/pg_hba.conf"
}

# For init scripts; older ones, when sourced, call it by the array's name.
docker_process_sql() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"
}
# shellcheck disable=SC2034
psql=(docker_process_sql)

run_init_script() {
  printf 'running %s\n' "$1"
  # shellcheck disable=SC1090 # which script is known only here
  case "$1" in
  *.sh) if [ -x "$1" ]; then "$1"; else . "$1"; fi ;;
  *.sql) docker_process_sql -f "$1" ;;
  *.sql.gz) gunzip -c "$1" | docker_process_sql ;;
  esac
}

# fill_cluster SERVER-ARGUMENT...: without a TCP listener, so that nobody takes a half-made
# database for a ready one.
fill_cluster() {
  local file
  export PGPASSWORD="$POSTGRES_PASSWORD"
  PGUSER="$POSTGRES_USER" pg_ctl -D "$PGDATA" -w -o "$(printf '%q ' "$@" -c listen_addresses= -p 5432)" start
  docker_process_sql --dbname postgres --set db="$POSTGRES_DB" <<<"SELECT format('CREATE DATABASE %I', :'db')
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db') \gexec"
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
    *.sh | *.sql | *.sql.gz) run_init_script "$file" ;;
    *) printf 'ignoring %s\n' "$file" ;;
    esac
  done
  PGUSER="$POSTGRES_USER" pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
}

main() {
  trap stopped INT TERM
  case "$1" in
  -*) set -- postgres "$@" ;; # options alone are the server's
  esac
  if [ "$1" = postgres ] && ! ends_at_once "$@"; then
    settings
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA" || true # a volume may forbid it; the server judges for itself
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
      make_cluster "${@:2}"
      fill_cluster "${@:2}"
    fi
    unset POSTGRES_PASSWORD # the server has no need of it
  fi
  exec "$@"
}

main "$@"
