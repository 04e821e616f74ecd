#!/usr/bin/env bash
# Tells in a word what the data folder holds; it runs in a container of the database's service.
# usage: look.sh [MAJOR-OF-THE-IMAGE [alone]]
#    ie: docker compose run --rm --no-deps --entrypoint bash postgres -c "$(cat postgres/look_inside.sh postgres/look.sh)" look 17 alone
#
# empty | complete | starting WHY | vacant | held LIST | major NUMBER | unknown WORDS
# Alone it has the folder to itself and starts a server without a listener; else one runs.
set -Eeuo pipefail
shopt -s dotglob nullglob

readonly MARK="$PGDATA/recovery-lab.complete" LOG=/tmp/look.log
export PGHOST=/var/run/postgresql
untouched=""

# Initdb's own names and no other, and no table beyond its own (their files' numbers begin at
# 16384): no server has ever served this folder, so nobody's row is in it.
is_untouched() {
  local name number
  for name in *; do
    case "$name" in
    PG_VERSION | base | global | pg_* | postgresql.conf | postgresql.auto.conf | postmaster.pid) ;;
    *) return 1 ;;
    esac
  done
  for name in base/*/* pg_tblspc/*; do
    number="${name##*/}"
    number="${number%%[._]*}"
    case "$number" in '' | *[!0-9]*) continue ;; esac
    [ "$number" -lt 16384 ] || return 1
  done
}

# The server that runs init scripts has no TCP address, in the sixth line of its file.
is_listening() { [ -n "$(sed -n 6p postmaster.pid 2>/dev/null)" ]; }

# A look leaves no trace but the mark.
stop() {
  pg_ctl -D "$PGDATA" -s -m fast -w stop 2>/dev/null || true
  [ -z "$untouched" ] || rm -f "$PGDATA/postmaster.opts"
}

start() {
  printf 'local all all trust\n' >/tmp/look.hba
  PGHOST=/tmp
  trap stop EXIT
  # shellcheck disable=SC2094 # both append
  pg_ctl -D "$PGDATA" -s -w -t 90 -l "$LOG" -o "-c config_file=/etc/postgresql/postgresql.conf \
    -c hba_file=/tmp/look.hba -c listen_addresses= -c unix_socket_directories=/tmp" start >>"$LOG" 2>&1
}

judge() {
  local held
  if is_complete; then
    ask "$POSTGRES_DB" -c 'VACUUM (ANALYZE) orders, orders_daily'
    touch "$MARK"
    printf 'complete\n'
  elif held="$(rows)"; then
    if [ -n "$held" ]; then printf 'held %s\n' "$held"; else printf 'vacant\n'; fi
  else
    printf 'unknown %s\n' "$(last_words)"
  fi
}

main() {
  local major=""
  cd "$PGDATA"
  [ ! -s PG_VERSION ] || major="$(cat PG_VERSION)"
  : >"$LOG"
  if [ -z "$(ls -A)" ]; then
    printf 'empty\n'
  elif [ -n "$major" ] && [ -n "${1-}" ] && [ "$major" != "$1" ]; then
    printf 'major %s\n' "$major"
  elif [ -e "$MARK" ]; then
    printf 'complete\n'
  elif [ "${2-}" != alone ]; then
    if is_listening && ask template1 -c ''; then judge; else
      printf 'starting %s\n' "$(last_words)"
    fi
  else
    if is_untouched; then untouched=yes; fi
    if start && ask template1 -c ''; then judge; elif [ -n "$untouched" ]; then
      printf 'vacant\n'
    else
      printf 'unknown %s\n' "$(last_words)"
    fi
  fi
}

main "$@"
