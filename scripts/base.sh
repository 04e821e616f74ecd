#!/usr/bin/env bash
# Makes the stand-ins' base image from Debian's packages, without any image registry.
# usage: scripts/base.sh
#    ie: scripts/base.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

main() {
  local mirror options=(--variant=minbase --include=ca-certificates)
  docker image inspect "$STAND_IN_BASE" >/dev/null 2>&1 && return 0
  have mmdebstrap || die "no mmdebstrap to make the stand-ins with" \
    "install the package mmdebstrap, or name images that you have: POSTGRES_IMAGE=... PYTHON_IMAGE=... make up"
  # As slim images do it: neither manuals nor translations.
  options+=(--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright')
  [ ! -r "$KEYRING" ] || options+=(--keyring="$KEYRING")
  mirror="$(debian_mirror)"
  mmdebstrap "${options[@]}" trixie - ${mirror:+"$mirror"} |
    docker import --change 'LABEL recovery-lab=1' --change 'CMD ["bash"]' - "$STAND_IN_BASE"
}

main "$@"
