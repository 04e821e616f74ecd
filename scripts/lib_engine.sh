# shellcheck shell=bash
# Docker Engine for the preflight: is it there, new enough, and running?

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
  allowed "start Docker Engine" || return 1
  say starts "Docker Engine"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    mkdir -p "$BUILD_DIR"
    nohup dockerd >"$BUILD_DIR/dockerd.log" 2>&1 </dev/null 9>&- & # 9: lib_alone.sh's lock
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
    have docker || apt_install docker-cli # newer suites keep it apart
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
