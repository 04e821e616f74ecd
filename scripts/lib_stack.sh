# shellcheck shell=bash
# What is asked of the running stack, and of the port it is to have. Sourced after lib.sh.

# check_port PORT: stops where a program other than this stack has it.
check_port() {
  local port="$1"
  [ "$(docker compose port dashboard 8501 2>/dev/null)" != "127.0.0.1:$port" ] || return 0
  python3 -IS -c 'import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null ||
    die "DASHBOARD_PORT=$port is taken on 127.0.0.1" "DASHBOARD_PORT=$((port % 65535 + 1)) make up"
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
