#!/usr/bin/env bash
# Finds what the lab stands on (Docker Engine, Compose v2, Python) and brings what is missing.
# usage: scripts/preflight.sh [--verbose]
#    ie: LAB_AUTO_INSTALL=0 scripts/preflight.sh --verbose
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_apt.sh

verbose=""

# What is there is told only to who asked; what is brought is told always.
found() { [ -z "$verbose" ] || say "$@"; }

# at_least VERSION MAJOR MINOR
at_least() {
  local major minor
  IFS=. read -r major minor _ <<<"${1#v}"
  major="${major%%[!0-9]*}" minor="${minor%%[!0-9]*}"
  [ "${major:-0}" -gt "$2" ] || { [ "${major:-0}" -eq "$2" ] && [ "${minor:-0}" -ge "$3" ]; }
}

on_mac() { [ "$(uname -s)" = Darwin ]; }

engine_version() { docker version --format '{{ .Server.Version }}' 2>&1; }

start_engine() {
  if [ -n "${DOCKER_HOST-}" ] || ! have dockerd || [ "$(id -u)" -ne 0 ]; then return 1; fi
  may_install "nothing, but start Docker Engine" || return 1
  say starts "Docker Engine"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    mkdir -p "$BUILD_DIR"
    nohup dockerd >"$BUILD_DIR/dockerd.log" 2>&1 </dev/null &
  fi
  local i
  for ((i = 0; i < 60; i++)); do
    engine_version >/dev/null && return 0
    sleep 0.5
  done
  return 1
}

check_engine() {
  local version remedy="start it: sudo systemctl start docker"
  if ! have docker; then
    if on_mac; then die "no docker command" "brew install --cask docker, then open Docker Desktop"; fi
    may_use_apt docker.io || die "no docker command" \
      "sudo apt-get install docker.io, or your distribution's Docker Engine (20.10 or newer)"
    apt_install docker.io
  fi
  if ! version="$(engine_version)"; then
    case "$version" in
    *"permission denied"*) die "this user may not use Docker Engine: $version" \
      "sudo usermod -aG docker $(id -un), then log in again" ;;
    esac
    [ -z "${DOCKER_HOST-}" ] || remedy="check DOCKER_HOST=$DOCKER_HOST"
    ! on_mac || remedy="open Docker Desktop"
    start_engine || die "Docker Engine does not answer: $version" "$remedy"
    version="$(engine_version)"
  fi
  at_least "$version" 20 10 || die "Docker Engine is $version" "update it to 20.10 or newer"
  found engine "$version · context $(context)"
}

check_compose() {
  local version remedy="install the package docker-compose-plugin (or docker-compose-v2)"
  if ! version="$(docker compose version --short 2>/dev/null)"; then
    ! on_mac || remedy="update Docker Desktop, which brings it"
    if [ -z "$(debian_mirror)" ] || ! may_install "Compose v2 into ${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"; then
      die "no Compose v2 (docker compose)" "$remedy"
    fi
    scripts/compose-plugin.sh
    version="$(docker compose version --short)"
  fi
  at_least "$version" 2 17 || die "Compose is $version" "update it to 2.17 or newer"
  found compose "$version"
}

check_python() {
  local version remedy="sudo apt-get install python3 python3-venv"
  ! on_mac || remedy="brew install python@3.13"
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    may_use_apt python3 python3-venv || die "no python3 with venv" "$remedy"
    apt_install python3 python3-venv
  fi
  version="$(python3 -c 'import platform; print(platform.python_version())')"
  at_least "$version" 3 11 || die "python3 is $version" \
    "put Python 3.11 or newer first on PATH as python3"
  found python "$version"
}

main() {
  verbose="${1-}"
  check_engine
  check_compose
  check_python
}

main "$@"
