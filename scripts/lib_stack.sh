# shellcheck shell=bash
# What is asked of the running stack, and of the ports it is to have. Sourced after lib.sh.

# check_port NAME SERVICE INNER VERB: stops where a program other than this stack's service has the port.
check_port() {
  local name="$1" port
  port="$(setting "$name" "$3")"
  [ "$(docker compose port "$2" "$3" 2>/dev/null)" != "127.0.0.1:$port" ] || return 0
  python3 -IS -c 'import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null ||
    die "$name=$port is taken on 127.0.0.1" "$name=$((port % 65535 + 1)) make $4"
}

# fresh_session: up means that new sessions work, and only one tells: over TCP, with a password, it
# reads a row. Its trouble is on standard output.
fresh_session() { docker compose exec -T postgres healthcheck.sh 2>&1 </dev/null; }

# heal_half_shut TROUBLE: a smart shutdown (SIGTERM) keeps old sessions and refuses new ones for as
# long as any is left, and a dashboard's pool and monitor never leave. A restart is a fast shutdown.
heal_half_shut() {
  case "$1" in
  *"system is shutting down"*)
    say heals "PostgreSQL is half shut: old sessions live on, new ones are refused; restarts it"
    docker compose --progress quiet restart postgres
    ;;
  esac
}

# up_if_down: starts the stack where it is not up. A running stack is left as it is: `up` would
# put its settings back to those of .env.
up_if_down() {
  local running trouble
  running="$(docker compose ps --status running --services 2>/dev/null)" || running=""
  case "$running" in
  *dashboard*postgres* | *postgres*dashboard*)
    [ -x .venv/bin/python ] || bash scripts/up.sh
    # Or the lab would wait for a steady state that never comes.
    trouble="$(fresh_session)" || heal_half_shut "$trouble"
    ;;
  *) bash scripts/up.sh ;;
  esac
}
