#!/usr/bin/env bash
# Brings what the verbs with stacks of their own stand on: host, settings, project, secrets, images.
# usage: scripts/prepare.sh [browser]
#    ie: scripts/prepare.sh browser
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

main() {
  bash scripts/preflight.sh
  bash scripts/check.sh
  own_project name
  bash scripts/secrets.sh
  bash scripts/images.sh "$@"
}

main "$@"
