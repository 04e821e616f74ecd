#!/usr/bin/env bash
# Stops or kills PostgreSQL and starts it again, whatever ends it but SIGKILL.
# usage: scripts/take-away.sh restart|kill [HOLD-SECONDS]
#    ie: scripts/take-away.sh kill 20
#
# restart: a fast shutdown, as an operator does it. kill: SIGKILL, so that it must recover.
# Run by `recovery-lab watch`, which refuses a daemon that is not this machine's own.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

bring_back() {
  docker compose --progress quiet start postgres
}

main() {
  local fault="${1-}" hold="${2-0}"
  trap 'exit 143' TERM INT
  case "$fault" in
  restart)
    if [ "$hold" = 0 ]; then
      docker compose --progress quiet restart postgres
      return
    fi
    trap bring_back EXIT
    docker compose --progress quiet stop postgres
    ;;
  kill)
    trap bring_back EXIT
    docker compose --progress quiet kill --signal KILL postgres
    ;;
  *) die "unknown fault: '$fault'" "say restart or kill" ;;
  esac
  # In the background, so that a signal is answered at once and not after the hold.
  sleep "$hold" &
  wait $!
}

main "$@"
