# shellcheck shell=bash
# Verbs that measure, one at a time on a daemon. Sourced after lib.sh.

# alone VERB: from here on, until this shell and its children end. What a verb starts is part of it.
alone() {
  local lock
  [ -z "${LAB_ALONE-}" ] || return 0
  lock="$(python3 scripts/alone.py path)" || exit 1
  exec 9>>"$lock"
  python3 scripts/alone.py take "$1" || exit $?
  export LAB_ALONE=$$
}
