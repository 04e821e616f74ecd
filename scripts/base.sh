#!/usr/bin/env bash
# Makes the stand-ins' base image from Debian's packages, without any image registry.
# usage: scripts/base.sh
#    ie: scripts/base.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_apt.sh

readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

main() {
  umask 022 # the image's files are for all of its users
  local mirror image options=(--quiet --variant=minbase --include=ca-certificates)
  ! docker image inspect "$STAND_IN_BASE" >/dev/null 2>&1 || return 0
  if ! have mmdebstrap; then
    may_use_apt mmdebstrap || die "the stand-in images need mmdebstrap" \
      "sudo apt-get install mmdebstrap" \
      "or name images that this Engine has: POSTGRES_IMAGE=... PYTHON_IMAGE=... make up"
    apt_install mmdebstrap
  fi
  # As slim images do it: neither manuals nor translations.
  options+=(--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright')
  [ ! -r "$KEYRING" ] || options+=(--keyring="$KEYRING")
  mirror="$(debian_mirror)"
  say builds "$STAND_IN_BASE"
  # Tagged only when whole: a broken stream makes an image as well.
  image="$(mmdebstrap "${options[@]}" trixie - ${mirror:+"$mirror"} |
    docker import --change 'LABEL recovery-lab=1' --change 'CMD ["bash"]' -)"
  docker tag "$image" "$STAND_IN_BASE"
}

main "$@"
