#!/usr/bin/env bash
# Brings what tests/strangers stands on: a PostgreSQL server's programs, environments of its own.
# usage: scripts/strangers.sh [postgresql] [django] [pools] [older-pools]
#    ie: scripts/strangers.sh postgresql django pools older-pools
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_apt.sh
. scripts/lib_build.sh

readonly NEW_CLUSTERS=/etc/postgresql-common/createcluster.conf

have_postgresql() { python_now tests/strangers/binaries.py >/dev/null; }

# The programs alone: Debian's package would start a server of the system's own as well.
install_postgresql() {
  local before
  apt_install postgresql-common
  before="$(mktemp)"
  cp -p "$NEW_CLUSTERS" "$before"
  # shellcheck disable=SC2064 # its name as it is now
  trap "cp -p '$before' '$NEW_CLUSTERS'; rm -f '$before'" EXIT # its setting is the host's
  printf '%s\n' 'create_main_cluster = false' >>"$NEW_CLUSTERS"
  apt_install postgresql
}

bring_postgresql() {
  ! have_postgresql || return 0
  may_use_apt postgresql || die "no PostgreSQL server's programs (initdb, pg_ctl), which tests/strangers needs" \
    "on Debian and Ubuntu: sudo bash scripts/strangers.sh postgresql (it starts no server)" \
    "elsewhere: put them on PATH (macOS: brew install postgresql@17)"
  (install_postgresql)
  have_postgresql || die "the package postgresql has brought no server's programs" \
    "look for them: dpkg --listfiles \"postgresql-*\""
}

# bring_environment NAME: exactly what its file locks, with .venv's Python.
bring_environment() {
  local home=".lab/build/strangers/$1" locked="requirements/strangers-$1.txt" wanted
  [ -f "$locked" ] || die "no environment $1 for tests/strangers" "name one of: django pools older-pools"
  [ -x .venv/bin/uv ] || die "no .venv/bin/uv" "run: make environment"
  wanted="$(content "$locked") $(.venv/bin/python -c 'import sys; print(sys.version.splitlines()[0])')"
  [ "$wanted" != "$(cat "$home/recovery-lab.stamp" 2>/dev/null)" ] || return 0
  eval "$(python_now scripts/index_settings.py --export)"
  .venv/bin/uv venv -q --clear --python .venv/bin/python "$home"
  VIRTUAL_ENV="$PWD/$home" .venv/bin/uv pip sync -q --require-hashes "$locked"
  printf '%s\n' "$wanted" >"$home/recovery-lab.stamp"
}

main() {
  local name
  for name in "$@"; do
    case "$name" in
    postgresql) bring_postgresql ;;
    *) bring_environment "$name" ;;
    esac
  done
}

main "$@"
