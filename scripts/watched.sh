# shellcheck shell=bash
# What restart-db.sh, crash-db.sh and by-hand.sh share; sourced after lib.sh.
. scripts/lib_alone.sh
. scripts/lib_stack.sh

# whole NAME VALUE MAX: stops unless VALUE is a whole number of at most MAX.
whole() {
  case "$2" in
  '' | *[!0-9]*) ;;
  *) [ "${#2}" -gt 4 ] || [ "$2" -gt "$3" ] || return 0 ;;
  esac
  die "$1=$2: expected a whole number from 0 to $3" "say for instance: $1=10 make restart-db"
}

# watched FAULT NAME NEXT TARGET [OPTION...]: causes an outage while the lab watches.
watched() {
  local status=0 fault="$1" name="$2" next="$3" target="$4"
  shift 4
  whole HOLD "${HOLD:-0}" 600
  whole REPEAT "${REPEAT:-1}" 100
  [ "${REPEAT:-1}" != 0 ] || die "REPEAT=0: expected a whole number from 1 to 100" "REPEAT=10 make restart-db"
  bash scripts/preflight.sh
  alone "$target"
  own_project name
  up_if_down
  .venv/bin/recovery-lab watch --name "$name" --repeat "${REPEAT:-1}" ${1+"$@"} \
    -- bash scripts/take-away.sh "$fault" "${HOLD:-0}" || status=$?
  [ "$status" -ne 0 ] || [ "${REPEAT:-1}" != 1 ] || say evidence "one run is none: REPEAT=10 make $target"
  [ "$status" -ne 0 ] || say next "$next"
  exit "$status"
}
