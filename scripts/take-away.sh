#!/usr/bin/env bash
# Stops or kills PostgreSQL and starts it again, whatever ends it but SIGKILL.
# usage: scripts/take-away.sh restart|kill|by-hand [HOLD-SECONDS]
#    ie: scripts/take-away.sh kill 20
#
# restart: a fast shutdown, as an operator does it. kill: SIGKILL, so that it must recover.
# by-hand: a restart, and once new sessions work, HOLD-SECONDS later, one of the dashboard too.
# Run by `recovery-lab watch`, which refuses a daemon that is not this machine's own.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_stack.sh

bring_back() {
  docker compose --progress quiet start postgres
}

# held SECONDS: in the background, so that a signal is answered at once and not after the hold.
held() {
  sleep "$1" &
  wait $!
}

main() {
  local fault="${1-}" hold="${2-0}" tries=0
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
  by-hand)
    docker compose --progress quiet restart postgres
    until fresh_session >/dev/null; do
      [ "$((tries += 1))" -le 60 ] || die "no new session a minute after the restart" "make logs"
      held 1
    done
    held "$hold"
    docker compose --progress quiet restart dashboard
    return
    ;;
  *) die "unknown fault: '$fault'" "say restart, kill or by-hand" ;;
  esac
  held "$hold"
}

main "$@"
