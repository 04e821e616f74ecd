#!/usr/bin/env bash
# Finds what the lab stands on (Docker Engine, Compose v2, Python) and brings what is missing.
# usage: scripts/preflight.sh [--verbose]
#    ie: LAB_AUTO_INSTALL=0 scripts/preflight.sh --verbose
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_apt.sh
. scripts/lib_engine.sh

verbose=""

# What is there is told only to who asked; what is brought is told always.
found() { [ -z "$verbose" ] || say "$@"; }

check_checkout() { bash scripts/modes.sh; }

check_compose() {
  local version remedy="install the package docker-compose-plugin (or docker-compose-v2)"
  if ! version="$(docker compose version --short 2>/dev/null)"; then
    ! on_mac || remedy="update Docker Desktop, which brings it"
    if [ -z "$(debian_mirror)" ] || ! allowed "install Compose v2 into ${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"; then
      die "no Compose v2 (docker compose)" "$remedy"
    fi
    bash scripts/compose-plugin.sh
    version="$(docker compose version --short)"
  fi
  at_least "$version" 2 17 || die "Compose is $version" "update it to 2.17 or newer"
  found compose "$version"
}

python_version() {
  python3 -c 'import platform, ensurepip, venv; print(platform.python_version())' 2>/dev/null
}

check_python() {
  local version remedy="sudo apt-get install python3 python3-venv"
  ! on_mac || remedy="brew install python@3.13"
  if ! version="$(python_version)"; then
    may_use_apt python3 python3-venv || die "no python3 with venv" "$remedy"
    apt_install python3 python3-venv
    version="$(python_version)"
  fi
  at_least "$version" 3 11 || die "python3 is $version" \
    "put Python 3.11 or newer first on PATH as python3"
  found python "$version"
}

# Who builds on it stops at the first trouble; who asks wants to hear of each.
main() {
  local step status=0
  verbose="${1-}"
  for step in check_checkout check_engine check_compose check_python; do
    if [ -z "$verbose" ]; then "$step"; else ("$step") || status=1; fi
  done
  return "$status"
}

main "$@"
