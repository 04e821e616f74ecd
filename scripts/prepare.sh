#!/usr/bin/env bash
# Brings what the verbs with stacks of their own stand on: host, settings, project, secrets, images.
# usage: scripts/prepare.sh [browser] [second] [versions]
#    ie: scripts/prepare.sh browser second
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_postgres.sh

# Only make up gives a new volume to the server.
check_version() {
  local image major
  image="$(setting POSTGRES_IMAGE)"
  major="$(image_major "$image")"
  ! roots_volume "$major" ||
    die "POSTGRES_IMAGE=$image is PostgreSQL $major: make up can use it, the verbs with stacks of their own cannot" \
      "name one of 14 to 17: POSTGRES_IMAGE=$OFFICIAL_POSTGRES make ..."
}

main() {
  bash scripts/preflight.sh
  bash scripts/check.sh
  own_project name
  bash scripts/secrets.sh
  bash scripts/images.sh "$@"
  check_version
}

main "$@"
