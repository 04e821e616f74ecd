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
  # Those that are down: by their marks, which Python wrote with the folder's path as it really is.
  docker volume ls --filter "label=recovery-lab.folder=$(pwd -P)" --format '{{ .Name }}' | sed 's/_owner$//'
  printf '%s\n' "$PROJECT"
  COMPOSE_PROJECT_NAME="" setting COMPOSE_PROJECT_NAME # the one kept, where another is exported
}

# A project's containers can be this folder's while its data is another's: both are asked for.
remove_stacks() {
  local name owner data
  projects | sort -u | sed '/^$/d' | while IFS= read -r name; do
    if ! owner="$(python3 scripts/folder.py owns "$name" 2>&1 </dev/null)"; then
      say kept "project $name with its data, which is of $owner"
      continue
    fi
    data="no data"
    ! docker volume inspect "${name}_data" >/dev/null 2>&1 ||
      data="$(python3 scripts/folder.py data "$name" </dev/null)"
    remove_helpers "$name"
    docker compose --project-name "$name" --profile observe --progress quiet down --volumes --remove-orphans </dev/null
    docker volume rm --force "${name}_owner" >/dev/null
    say removed "project $name of this folder: containers, network, $data"
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
  local name living
  bash scripts/preflight.sh
  say context "$(context)"
  # Their stacks and images would be removed under them.
  living="$(python3 scripts/alone.py living)" || die "$living; nothing was removed" \
    "wait for it, or end it and type: make heal"
  own_project name
  bash scripts/secrets.sh # Compose wants to see the files, even to remove what uses them
  remove_stacks
  remove_images
  rm -rf .venv .secrets "$BUILD_DIR" .mypy_cache .ruff_cache .pytest_cache
  for name in COMPOSE_PROJECT_NAME $KEPT_SETTINGS; do keep "$name"; done
  [ -s .env ] || rm -f .env
  say removed ".venv, .secrets, this lab's lines of .env"
  [ ! -d .lab ] || rmdir .lab 2>/dev/null || say kept ".lab, the records of your runs"
}

main "$@"
