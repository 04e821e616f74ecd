#!/usr/bin/env bash
# Makes the lab's images and the host's environment, side by side; does nothing where all are current.
# usage: scripts/images.sh [prometheus] [browser] [second] [versions]
#    ie: POSTGRES_IMAGE=mirror.example/postgres:17-trixie scripts/images.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_build.sh
. scripts/lib_test_images.sh

readonly INSTRUMENT=(docker compose --project-name recovery-lab-instrument --file recovery_lab/compose.yml)
readonly STAND_INS=(docker compose --project-name recovery-lab-standins --file scripts/standins/compose.yml)

# An answer of a registry (no such image, no right to it, too many requests) is no such word.
readonly NO_REGISTRY='no such host|dial tcp|connection refused|network is unreachable|i/o timeout'
readonly NO_REGISTRY_EITHER='TLS handshake timeout|Client.Timeout|deadline exceeded|server misbehaving'

# choose NAME OFFICIAL STAND_IN: pulls what NAME asks for, and keeps the choice in .env.
choose() {
  local name="$1" official="$2" stand_in="$3" image answer
  image="$(setting "$name" "$official")"
  if [ "$image" != "$stand_in" ] && ! have_image "$image"; then
    say pulls "$image"
    if ! answer="$(docker pull --quiet "$image" 2>&1)"; then
      grep -Eq "$NO_REGISTRY|$NO_REGISTRY_EITHER" <<<"$answer" ||
        die "the registry refused $name=$image: $answer" "name an image that it has: $name=... make up"
      [ "$image" = "$official" ] ||
        die "no registry answers for $name=$image: $answer" "load that image, or unset $name"
      say stand-in "no image registry answers: $stand_in, from Debian's packages, stands in for $official"
      image="$stand_in"
    fi
  fi
  keep "$name" "$image"
  export "$name=$image"
}

stand_in() {
  build_with "$(base_id)$(content "$2")" "$3" "${STAND_INS[@]}" build --progress plain "$1"
}

make_postgres() {
  [ "$POSTGRES_IMAGE" != "$STAND_IN_POSTGRES" ] ||
    stand_in postgres postgres/standin "$STAND_IN_POSTGRES"
}

# python_id: makes the stand-in where it is the one chosen. All that stand on it ask at once; the
# builder does the steps that they share once.
python_id() {
  [ "$PYTHON_IMAGE" != "$STAND_IN_PYTHON" ] ||
    stand_in python scripts/standins "$STAND_IN_PYTHON" >&2 || return 1
  docker image inspect --format '{{ .Id }}' "$PYTHON_IMAGE" | cut -c 8-19
}

make_dashboard() {
  local python files=(dashboard steadypool/src requirements/dashboard.txt requirements/installer.txt)
  python="$(python_id)"
  build_with "$python$(content "${files[@]}")" "$DASHBOARD_IMAGE" \
    docker compose build --progress plain dashboard
}

make_instrument() { # its code is mounted
  local python files=(recovery_lab/Dockerfile requirements/instrument.txt requirements/installer.txt)
  python="$(python_id)"
  build_with "$python$(content "${files[@]}")" "$INSTRUMENT_IMAGE" \
    "${INSTRUMENT[@]}" build --progress plain instrument
}

main() {
  local asked
  mkdir -p "$BUILD_DIR"
  choose POSTGRES_IMAGE "$OFFICIAL_POSTGRES" "$STAND_IN_POSTGRES"
  choose PYTHON_IMAGE "$OFFICIAL_PYTHON" "$STAND_IN_PYTHON"
  case " $* " in *" prometheus "*) choose PROMETHEUS_IMAGE "$OFFICIAL_PROMETHEUS" "$STAND_IN_PROMETHEUS" ;; esac
  (umask 077 && python_now scripts/index_settings.py --secret >"$BUILD_DIR/index_settings")
  LAB_INDEX_SETTINGS="$PWD/$BUILD_DIR/index_settings"
  LAB_CA_BUNDLE="$(python_now scripts/index_settings.py --ca-bundle)"
  export LAB_INDEX_SETTINGS LAB_CA_BUNDLE
  in_background environment bash scripts/venv.sh
  case "$POSTGRES_IMAGE $PYTHON_IMAGE ${PROMETHEUS_IMAGE-}" in *recovery-lab/*) bash scripts/base.sh ;; esac
  in_background postgres-image make_postgres
  in_background dashboard-image make_dashboard
  in_background instrument-image make_instrument
  for asked in "$@"; do in_background "$asked-image" "make_$asked"; done
  together
  # What a new build has replaced; where a container still runs from it, the next time.
  docker image prune --force --filter label=recovery-lab=1 >/dev/null
}

main "$@"
