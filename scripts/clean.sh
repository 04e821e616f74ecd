#!/usr/bin/env bash
# Removes all that the lab made in this folder and on this Engine, and only that.
# usage: scripts/clean.sh
#    ie: scripts/clean.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

# The stack of `make up`, and what a test's own stack may have left: this folder's projects.
projects() {
  docker ps --all --filter label=com.docker.compose.project \
    --format '{{ .Label "com.docker.compose.project" }}	{{ .Label "com.docker.compose.project.working_dir" }}' |
    while IFS='	' read -r name folder; do
      if [ "$folder" -ef "$PWD" ]; then printf '%s\n' "$name"; fi
    done
  project
}

remove_stacks() {
  local name
  projects | sort -u | while IFS= read -r name; do
    remove_helpers "$name"
    docker compose --project-name "$name" --progress quiet down --volumes --remove-orphans </dev/null
    say removed "project $name: containers, network, data"
  done
}

remove_images() {
  local image
  docker image ls --quiet --filter label=recovery-lab=1 | sort -u | while IFS= read -r image; do
    docker image rm --force "$image" >/dev/null || say kept "image $image, which another stack uses"
  done
  say removed "the lab's images (pulled ones and the builder's cache stay)"
}

main() {
  local name
  LAB_AUTO_INSTALL=0 scripts/preflight.sh
  say context "$(context)"
  check_ownership
  scripts/secrets.sh # Compose wants to see the files, even to remove what uses them
  remove_stacks
  remove_images
  rm -rf .venv .secrets "$BUILD_DIR" .mypy_cache .ruff_cache .pytest_cache
  for name in $KEPT_SETTINGS; do keep "$name"; done
  [ -s .env ] || rm -f .env
  say removed ".venv, .secrets, this lab's lines of .env"
  [ ! -d .lab ] || rmdir .lab 2>/dev/null || say kept ".lab, the records of your runs"
}

main "$@"
