#!/usr/bin/env bash
# Brings what the verbs with stacks of their own stand on: host, settings, project, secrets, images.
# usage: scripts/prepare.sh [prometheus] [browser] [second] [versions]
#    ie: scripts/prepare.sh prometheus browser second
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_postgres.sh

# The tests start stacks without giving a new volume to the server.
check_version() {
  local image major
  image="$(setting POSTGRES_IMAGE)"
  major="$(image_major "$image")"
  ! roots_volume "$major" ||
    die "POSTGRES_IMAGE=$image is PostgreSQL $major: make up, make matrix, make demo and make bench can use it, the tests cannot" \
      "name one of 14 to 17: POSTGRES_IMAGE=$OFFICIAL_POSTGRES make ..."
}

main() {
  bash scripts/preflight.sh
  bash scripts/check.sh
  own_project name
  bash scripts/secrets.sh
  bash scripts/images.sh "$@"
  [ "$#" -eq 0 ] || check_version
}

main "$@"
