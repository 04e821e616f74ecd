#!/usr/bin/env bash
# Makes the cluster on the first start, runs the init scripts, then becomes the server.
# usage: docker-entrypoint.sh COMMAND [ARGUMENT...]
#    ie: docker-entrypoint.sh postgres -c log_connections=on
set -Eeuo pipefail

fail() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

# from_file NAME DEFAULT: NAME's value, or the content of the file that NAME_FILE names.
from_file() {
  local name="$1" file="$1_FILE"
  [ -z "${!name-}" ] || [ -z "${!file-}" ] || fail "both $name and $file are set (they exclude each other)"
  if [ -n "${!file-}" ]; then cat "${!file}"; else printf '%s' "${!name-$2}"; fi
}

make_cluster() {
  local initdb_args=()
  [ -n "$password" ] || [ "$auth" = trust ] || fail \
    "the database is not initialised and no superuser password is given" \
    "set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE to a value that is not empty"
  # The official image lets a shell split this variable as well.
  eval "initdb_args=(${POSTGRES_INITDB_ARGS-})"
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") ${initdb_args[@]+"${initdb_args[@]}"}
  printf '\nhost all all all %s\n' "${auth:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
}

# No TCP listener while the scripts run: nobody takes a half-made database for a ready one.
run_init_scripts() {
  local file query=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$user" --no-password)
  export PGPASSWORD="$password" PGHOST=''
  PGUSER="$user" pg_ctl -D "$PGDATA" -w -o "$(printf '%q ' "$@" -c listen_addresses= -p 5432)" start
  [ "$db" = postgres ] || printf 'CREATE DATABASE :"db";\n' | "${query[@]}" -d postgres -v db="$db"
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
    *.sh)
      printf 'running %s\n' "$file"
      # shellcheck disable=SC1090 # which script is known only here
      if [ -x "$file" ]; then "$file"; else . "$file"; fi
      ;;
    *.sql)
      printf 'running %s\n' "$file"
      "${query[@]}" -d "$db" -f "$file"
      ;;
    *.sql.gz)
      printf 'running %s\n' "$file"
      gunzip -c "$file" | "${query[@]}" -d "$db"
      ;;
    */\*) ;;
    *) printf 'ignoring %s\n' "$file" ;;
    esac
  done
  PGUSER="$user" pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD PGHOST
}

main() {
  case "${1-}" in
  -*) set -- postgres "$@" ;; # options alone are the server's
  esac
  [ "${1-}" = postgres ] || exec "$@"
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA"
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user="$(from_file POSTGRES_USER postgres)"
    db="$(from_file POSTGRES_DB "$user")"
    password="$(from_file POSTGRES_PASSWORD '')"
    auth="${POSTGRES_HOST_AUTH_METHOD-}"
    export POSTGRES_USER="$user" POSTGRES_DB="$db" POSTGRES_PASSWORD="$password"
    make_cluster
    run_init_scripts "${@:2}"
    unset POSTGRES_PASSWORD PGPASSWORD
  fi
  exec "$@"
}

main "$@"
