#!/usr/bin/env bash
# Puts Debian's Compose v2 plug-in into the user's own cli-plugins folder; no root needed.
# usage: scripts/compose-plugin.sh
#    ie: DOCKER_CONFIG=/tmp/docker scripts/compose-plugin.sh
#
# apt-get runs on a scratch configuration: the host's own sources, lists and packages stay as
# they are. It verifies the suite's signature, and by the signed index the package's SHA-256.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_apt.sh

readonly SUITE=trixie KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
scratch=""

scratch_apt() {
  APT_CONFIG="$scratch/apt.conf" apt-get -qq "$@"
}

main() {
  local mirror target package
  target="${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"
  mirror="$(debian_mirror)"
  [ -n "$mirror" ] && [ -r "$KEYRING" ] ||
    die "no Debian mirror among this host's apt sources" "install Docker's Compose v2 plug-in by hand"
  scratch="$(mktemp -d)"
  trap 'rm -rf "$scratch"' EXIT
  mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
  : >"$scratch/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$mirror" "$SUITE" >"$scratch/sources.list"
  cat >"$scratch/apt.conf" <<APT
Dir::Etc::SourceList "$scratch/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$scratch/lists";
Dir::State::Status "$scratch/status";
Dir::Cache "$scratch/cache";
Acquire::Languages "none";
APT::Sandbox::User "";
APT
  scratch_apt update
  (cd "$scratch" && scratch_apt download docker-compose)
  package="$(find "$scratch" -maxdepth 1 -name 'docker-compose_*.deb')"
  dpkg-deb --fsys-tarfile "$package" |
    tar -xO ./usr/libexec/docker/cli-plugins/docker-compose >"$scratch/docker-compose"
  chmod 0755 "$scratch/docker-compose"
  mkdir -p "$target"
  mv -f "$scratch/docker-compose" "$target/docker-compose"
  say installed "$target/docker-compose ($(docker compose version --short))"
}

main "$@"
